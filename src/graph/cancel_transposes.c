/* Two Transposes with nothing but functions of single elements between them are one, or none: networks that come from
 * a framework with another layout are full of them. Reshapes of what has been reshaped are one, too. */
#include "graph/rewrite.h"
#include "graph/uses.h"

#include <string.h>

/* ---- Transpose ------------------------------------------------------------------------------- */

/* The order of a Transpose that says it. */
static const dv_attribute *order_of(const dv_node *node)
{
    const dv_attribute *order = dv_attribute_find(&node->attributes, "perm", DV_ATTRIBUTE_INTS);
    return order && order->count <= DV_MAX_RANK ? order : NULL;
}

/* first, then second, as one; false if they do not fit together. */
static bool join_orders(const dv_attribute *first, const dv_attribute *second, int64_t *joined, bool *nothing)
{
    int rank = second->count;
    *nothing = true;
    if (first->count != rank)
        return false;
    for (int d = 0; d < rank; d++) {
        if (second->ints[d] < 0 || second->ints[d] >= rank)
            return false;
        joined[d] = first->ints[second->ints[d]];
        *nothing = *nothing && joined[d] == d;
    }
    return true;
}

typedef struct way {
    dv_node *first, *last; /* the Transpose that is met, and the node that reads it: perhaps the second Transpose */
} way;

/* Up from a Transpose, through functions of single elements whose results nobody else reads. */
static bool find_way(const dv_uses *uses, dv_node *second, way *it)
{
    it->last = second;
    for (;;) {
        int from = it->last->input[0];
        if ((it->first = dv_uses_producer(uses, from, "Transpose")))
            return true;
        bool has = from >= 0 && from < uses->value_count && uses->producer[from] >= 0 && uses->readers[from] == 1;
        dv_node *node = has ? &uses->graph->node[uses->producer[from]] : NULL;
        if (!node || !node->op || !node->op->pointwise)
            return false;
        it->last = node;
    }
}

/* Shapes on the way are others now. */
static void forget_shapes(const dv_uses *uses, const dv_node *second)
{
    for (int v = second->input[0]; v >= 0 && v < uses->value_count && uses->producer[v] >= 0;) {
        const dv_node *node = &uses->graph->node[uses->producer[v]];
        if (!node->op->pointwise)
            return;
        uses->graph->value[v].has_shape = false;
        v = node->input[0];
    }
}

static bool join(dv_uses *uses, dv_node *second, dv_error *error)
{
    way it;
    int64_t joined[DV_MAX_RANK];
    bool nothing;
    const dv_attribute *order = order_of(second), *before;
    if (!order || !find_way(uses, second, &it) || !(before = order_of(it.first)) ||
        !join_orders(before, order, joined, &nothing))
        return true;
    int count = order->count;
    forget_shapes(uses, second);
    it.last->input[0] = it.first->input[0];
    if (nothing)
        return dv_node_become(uses->graph, second, second->opset, "Identity", 0, NULL, 1, second->input, error);
    int64_t *ints = dv_arena_alloc(uses->graph->arena, (size_t)count, sizeof *ints, error);
    if (!ints)
        return false;
    memcpy(ints, joined, (size_t)count * sizeof *ints);
    dv_attribute perm = {.name = "perm", .kind = DV_ATTRIBUTE_INTS, .count = count, .ints = ints};
    return dv_node_become(uses->graph, second, second->opset, "Transpose", 1, &perm, 1, second->input, error);
}

/* ---- Reshape ------------------------------------------------------------------------------------- */

/* Gives the elements of its first input in their order. */
static dv_node *find_view(const dv_uses *uses, int value)
{
    static const char *const names[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
    dv_node *view = NULL;
    for (size_t k = 0; !view && k < sizeof names / sizeof *names; k++)
        view = dv_uses_producer(uses, value, names[k]);
    return view;
}

/* Takes no size from the tensor that it reshapes. */
static bool says_all_sizes(const dv_graph *graph, const dv_node *reshape)
{
    const dv_tensor *sizes = reshape->input_count == 2 ? graph->value[reshape->input[1]].constant : NULL;
    if (!sizes || sizes->type != DV_TYPE_INT64)
        return false;
    for (int64_t k = 0; k < dv_shape_elements(&sizes->shape); k++)
        if (sizes->i[k] == 0)
            return false;
    return true;
}

/* ---- the whole -------------------------------------------------------------------------------------- */

bool dv_rewrite_cancel_transposes(dv_graph *graph, dv_error *error)
{
    dv_uses uses = {0};
    bool ok = dv_uses_init(&uses, graph, error);
    for (int n = 0; ok && n < graph->node_count; n++) {
        dv_node *node = &graph->node[n], *view;
        if (strcmp(node->op->name, "Transpose") == 0)
            ok = join(&uses, node, error);
        else if (strcmp(node->op->name, "Reshape") == 0 && says_all_sizes(graph, node))
            while ((view = find_view(&uses, node->input[0])))
                node->input[0] = view->input[0];
    }
    dv_uses_clear(&uses);
    return ok;
}

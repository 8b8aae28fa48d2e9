/* Layer normalization as exporters write it for opsets that have no operator for it:
 *   d = x - mean(x), y = d / sqrt(mean(d * d) + epsilon) * scale + shift, over the last dimensions. */
#include "graph/rewrite.h"
#include "graph/uses.h"

#include <string.h>

enum { MOST_NODES = 9 };

typedef struct match {
    const dv_uses *uses;
    int x, axes; /* the last `axes` dimensions */
    int scale, shift;
    double epsilon;
    int count;
    dv_node *node[MOST_NODES]; /* all but the last, for it alone */
} match;

/* Notes a node; NULL is none of what is looked for. */
static dv_node *note(match *it, dv_node *node)
{
    if (!node || it->count == MOST_NODES)
        return NULL;
    it->node[it->count++] = node;
    return node;
}

/* The node that computes a value for a node that was noted, and for nobody else. */
static dv_node *note_producer(match *it, int value, const char *op)
{
    return note(it, dv_uses_own_producer(it->uses, value, op));
}

/* ---- the parts ----------------------------------------------------------------------------------- */

/* How many of the last dimensions a mean is over: -1 or -2, -1 and so on. 0: it is another. */
static int last_axes(const dv_graph *graph, const dv_node *mean)
{
    const dv_attribute *given = dv_attribute_find(&mean->attributes, "axes", DV_ATTRIBUTE_INTS);
    const dv_tensor *constant =
        mean->input_count > 1 && mean->input[1] >= 0 ? graph->value[mean->input[1]].constant : NULL;
    const dv_value *x = &graph->value[mean->input[0]];
    int64_t count = given ? given->count : constant ? dv_shape_elements(&constant->shape) : 0;
    const int64_t *axes = given ? given->ints : count ? constant->i : NULL;
    bool found[DV_MAX_RANK] = {false};
    if (!given && constant && dv_type_is_float(constant->type)) /* wrong; told when the node is planned */
        return 0;
    if (!dv_attribute_int(&mean->attributes, "keepdims", 1) || count < 1 || count > DV_MAX_RANK)
        return 0;
    for (int64_t k = 0; k < count; k++) {
        int64_t from_end = axes[k] < 0 ? -1 - axes[k] : x->has_shape ? x->shape.rank - 1 - axes[k] : -1;
        if (from_end < 0 || from_end >= count || found[from_end])
            return 0;
        found[from_end] = true;
    }
    return (int)count;
}

/* d = x - mean(x) */
static bool match_difference(match *it, int difference)
{
    dv_node *sub = note(it, dv_uses_producer(it->uses, difference, "Sub"));
    dv_node *mean = sub ? note_producer(it, sub->input[1], "ReduceMean") : NULL;
    if (!mean || mean->input[0] != sub->input[0])
        return false;
    it->x = sub->input[0];
    it->axes = last_axes(it->uses->graph, mean);
    return it->axes > 0;
}

/* d * d */
static bool match_square(match *it, int square, int difference)
{
    double power;
    dv_node *pow = note_producer(it, square, "Pow");
    if (pow)
        return pow->input[0] == difference && dv_node_scalar(it->uses->graph, pow, 1, &power) && power == 2 &&
               it->uses->readers[difference] == 2;
    dv_node *mul = note_producer(it, square, "Mul");
    return mul && mul->input[0] == difference && mul->input[1] == difference && it->uses->readers[difference] == 3;
}

/* sqrt(mean(d * d) + epsilon) */
static bool match_deviation(match *it, int deviation, int difference)
{
    int average;
    const dv_graph *graph = it->uses->graph;
    dv_node *root = note_producer(it, deviation, "Sqrt");
    dv_node *sum = root ? note_producer(it, root->input[0], "Add") : NULL;
    if (!sum || !dv_node_either_scalar(graph, sum, &it->epsilon, &average))
        return false;
    dv_node *mean = note_producer(it, average, "ReduceMean");
    return mean && last_axes(graph, mean) == it->axes && match_square(it, mean->input[0], difference);
}

/* A constant for each element of the last dimensions; the other operand is *rest. */
static bool match_weight(const match *it, const dv_node *node, int *weight, int *rest)
{
    for (int i = 0; i < 2; i++)
        if (dv_graph_float_constant(it->uses->graph, node->input[i])) {
            *weight = node->input[i];
            *rest = node->input[1 - i];
            return true;
        }
    return false;
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static bool has_size_of_axes(const match *it, int weight)
{
    const dv_value *x = &it->uses->graph->value[it->x];
    const dv_shape *shape = &it->uses->graph->value[weight].constant->shape;
    if (!x->has_shape || shape->rank != it->axes || x->shape.rank < it->axes)
        return false;
    for (int d = 0; d < it->axes; d++)
        if (x->shape.dim[x->shape.rank - it->axes + d] != shape->dim[d])
            return false;
    return true;
}

static bool match_all(match *it, const dv_node *last)
{
    int product, quotient;
    if (last->opset < 7 || !match_weight(it, last, &it->shift, &product))
        return false;
    dv_node *mul = note_producer(it, product, "Mul");
    if (!mul || !match_weight(it, mul, &it->scale, &quotient))
        return false;
    dv_node *div = note_producer(it, quotient, "Div");
    if (!div || !match_difference(it, div->input[0]) || !match_deviation(it, div->input[1], div->input[0]))
        return false;
    return has_size_of_axes(it, it->scale) && has_size_of_axes(it, it->shift);
}

static bool fuse(dv_uses *uses, dv_node *node, const match *it, dv_error *error)
{
    const int input[] = {it->x, it->scale, it->shift};
    const dv_attribute attribute[] = {{.name = "axis", .kind = DV_ATTRIBUTE_INT, .i = -it->axes},
                                      {.name = "epsilon", .kind = DV_ATTRIBUTE_FLOAT, .f = (float)it->epsilon}};
    if (!dv_node_become(uses->graph, node, 17, "LayerNormalization", 2, attribute, 3, input, error))
        return false;
    for (int n = 0; n < it->count; n++)
        dv_rewrite_remove(it->node[n]);
    return true;
}

bool dv_rewrite_fuse_layer_normalization(dv_graph *graph, dv_error *error)
{
    dv_uses uses = {0};
    bool ok = dv_uses_init(&uses, graph, error);
    for (int n = 0; ok && n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        match it = {.uses = &uses};
        if (!dv_rewrite_is_removed(node) && strcmp(node->op->name, "Add") == 0 && match_all(&it, node))
            ok = fuse(&uses, node, &it, error);
    }
    dv_uses_clear(&uses);
    dv_rewrite_compact(graph);
    return ok;
}

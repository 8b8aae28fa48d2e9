/* x times a function of x, times a number, as exporters write activations that have an operator of their own by now:
 * Swish, HardSwish, Gelu, Mish. */
#include "graph/rewrite.h"
#include "graph/uses.h"

#include <math.h>
#include <string.h>

enum { FACTORS = 4 };

/* The factors of a product that are not numbers, and the product of those that are. */
typedef struct product {
    int count;
    int factor[FACTORS]; /* values */
    double number;
    int node_count;
    dv_node *node[FACTORS]; /* that compute parts of it for it alone */
} product;

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-4 * fabs(b);
}

/* ---- products --------------------------------------------------------------------------------- */

static bool is_product(const dv_node *node)
{
    return node && (strcmp(node->op->name, "Mul") == 0 || strcmp(node->op->name, "Div") == 0) && node->opset >= 7;
}

static bool add_factor(const dv_uses *uses, product *it, int value);

static bool add_factors(const dv_uses *uses, product *it, const dv_node *node)
{
    double number;
    if (strcmp(node->op->name, "Div") == 0) {
        if (!dv_node_scalar(uses->graph, node, 1, &number) || number == 0)
            return false;
        it->number /= number;
        return add_factor(uses, it, node->input[0]);
    }
    return add_factor(uses, it, node->input[0]) && add_factor(uses, it, node->input[1]);
}

static bool add_factor(const dv_uses *uses, product *it, int value)
{
    double number;
    if (dv_graph_scalar(uses->graph, value, &number)) {
        it->number *= number;
        return true;
    }
    dv_node *node = dv_uses_own_producer(uses, value, "Mul");
    if (!node)
        node = dv_uses_own_producer(uses, value, "Div");
    if (node && it->node_count < FACTORS) {
        product tried = *it;
        tried.node[tried.node_count++] = node;
        if (is_product(node) && add_factors(uses, &tried, node)) {
            *it = tried;
            return true;
        }
    }
    if (it->count == FACTORS)
        return false;
    it->factor[it->count++] = value;
    return true;
}

/* ---- gates: g(x), as the value g; nodes that compute it for it alone are noted ------------------- */

typedef struct gate {
    const dv_uses *uses;
    int x;
    int count;
    dv_node *node[FACTORS];
} gate;

static bool note(gate *it, dv_node *node)
{
    if (node && it->count < FACTORS)
        it->node[it->count++] = node;
    return node != NULL;
}

static bool is_sigmoid(gate *it, int g)
{
    return note(it, dv_uses_own_producer(it->uses, g, "Sigmoid")) && it->node[0]->input[0] == it->x;
}

static bool is_hard_sigmoid(gate *it, int g)
{
    if (!note(it, dv_uses_own_producer(it->uses, g, "HardSigmoid")) || it->node[0]->input[0] != it->x)
        return false;
    const dv_attributes *attributes = &it->node[0]->attributes;
    return is_near((double)dv_attribute_float(attributes, "alpha", 0.2f), 1.0 / 6) &&
           is_near((double)dv_attribute_float(attributes, "beta", 0.5f), 0.5);
}

/* x + number */
static bool is_shifted(gate *it, int value, double number)
{
    double found;
    int from;
    return note(it, dv_uses_own_producer(it->uses, value, "Add")) &&
           dv_node_either_scalar(it->uses->graph, it->node[it->count - 1], &found, &from) && found == number &&
           from == it->x;
}

/* min(max(x + 3, 0), 6) */
static bool is_clipped(gate *it, int g)
{
    const dv_graph *graph = it->uses->graph;
    if (!note(it, dv_uses_own_producer(it->uses, g, "Clip")))
        return false;
    const dv_node *clip = it->node[0];
    double low = (double)dv_attribute_float(&clip->attributes, "min", -INFINITY),
           high = (double)dv_attribute_float(&clip->attributes, "max", INFINITY);
    if (clip->input_count == 3 && !(dv_node_scalar(graph, clip, 1, &low) && dv_node_scalar(graph, clip, 2, &high)))
        return false;
    return low == 0 && high == 6 && is_shifted(it, clip->input[0], 3);
}

/* 1 + erf(x / sqrt(2)) */
static bool is_error_function(gate *it, int g)
{
    double number;
    int from;
    const dv_graph *graph = it->uses->graph;
    if (!note(it, dv_uses_own_producer(it->uses, g, "Add")) ||
        !dv_node_either_scalar(graph, it->node[0], &number, &from) || number != 1 ||
        !note(it, dv_uses_own_producer(it->uses, from, "Erf")))
        return false;
    from = it->node[1]->input[0];
    if (note(it, dv_uses_own_producer(it->uses, from, "Div")))
        return dv_node_scalar(graph, it->node[2], 1, &number) && is_near(number, sqrt(2)) &&
               it->node[2]->input[0] == it->x;
    return note(it, dv_uses_own_producer(it->uses, from, "Mul")) &&
           dv_node_either_scalar(graph, it->node[2], &number, &from) && is_near(number, sqrt(0.5)) && from == it->x;
}

/* tanh(log(1 + exp(x))) */
static bool is_tanh_of_softplus(gate *it, int g)
{
    return note(it, dv_uses_own_producer(it->uses, g, "Tanh")) &&
           note(it, dv_uses_own_producer(it->uses, it->node[0]->input[0], "Softplus")) &&
           it->node[1]->input[0] == it->x;
}

static const struct {
    const char *op;
    int opset;
    bool (*is_gate)(gate *it, int g);
    double number;
} gates[] = {
    {"Swish", 24, is_sigmoid, 1},         {"HardSwish", 14, is_hard_sigmoid, 1}, {"HardSwish", 14, is_clipped, 1.0 / 6},
    {"Gelu", 20, is_error_function, 0.5}, {"Mish", 18, is_tanh_of_softplus, 1},
};

/* ---- the whole ----------------------------------------------------------------------------------- */

static bool fuse(const dv_uses *uses, dv_node *node, const product *all, dv_error *error)
{
    for (size_t k = 0; k < sizeof gates / sizeof *gates; k++)
        for (int which = 0; is_near(all->number, gates[k].number) && which < 2; which++) {
            gate it = {.uses = uses, .x = all->factor[1 - which]};
            const dv_value *x = &uses->graph->value[it.x];
            if (x->has_shape && !x->shape.rank)
                continue; /* the product may have a dimension more */
            if (!gates[k].is_gate(&it, all->factor[which]))
                continue;
            for (int n = 0; n < it.count; n++)
                dv_rewrite_remove(it.node[n]);
            for (int n = 0; n < all->node_count; n++)
                dv_rewrite_remove(all->node[n]);
            return dv_node_become(uses->graph, node, gates[k].opset, gates[k].op, 0, NULL, 1, &it.x, error);
        }
    return true;
}

bool dv_rewrite_fuse_gates(dv_graph *graph, dv_error *error)
{
    dv_uses uses = {0};
    bool ok = dv_uses_init(&uses, graph, error);
    for (int n = 0; ok && n < graph->node_count; n++) {
        dv_node *node = &graph->node[n];
        product all = {.number = 1};
        if (!dv_rewrite_is_removed(node) && is_product(node) && add_factors(&uses, &all, node) && all.count == 2)
            ok = fuse(&uses, node, &all, error);
    }
    dv_uses_clear(&uses);
    dv_rewrite_compact(graph);
    return ok;
}

/* Nodes of random shapes, types and attributes, some of them absurd, for every row of the table: infer refuses them
 * with a message, or what follows does no harm. Sanitizers see the most of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "op/op.h"

enum {
    MOST_INPUTS = 9 /* as many as any operator wants */,
    MOST_OUTPUTS = 5,
    MOST_ELEMENTS = 100000,
    MOST_WORKSPACE = 1 << 24,
    LIST = 8
};

static uint64_t drawn;

static int below(int n)
{
    return (int)(dv_random_bits(5, DV_PURPOSE_TEST, drawn++) % (uint64_t)n);
}

/* ---- parts of a node ---------------------------------------------------------------- */

static int64_t draw_integer(bool wild)
{
    static const int64_t odd[] = {INT64_MAX,
                                  INT64_MIN,
                                  INT64_MAX - 1,
                                  INT64_C(1) << 40,
                                  -(INT64_C(1) << 40),
                                  INT64_C(1) << 31,
                                  INT64_C(1) << 62,
                                  1000,
                                  65536,
                                  -1};
    return wild && below(7) == 0 ? odd[below(sizeof odd / sizeof *odd)] : below(9) - 2;
}

static float draw_float(void)
{
    static const float odd[] = {INFINITY, -INFINITY, NAN, 1e30F, -1e30F, 1e-30F, 0, -0.0F};
    return below(12) == 0 ? odd[below(sizeof odd / sizeof *odd)] : (float)below(2000) / 500 - 2;
}

static dv_shape draw_shape(void)
{
    dv_shape shape = {.rank = below(5)};
    for (int i = 0; i < shape.rank; i++)
        shape.dim[i] = below(8) == 0 ? 0 : 1 + below(5);
    return shape;
}

static dv_type draw_type(void)
{
    static const dv_type types[] = {DV_TYPE_FLOAT, DV_TYPE_FLOAT,  DV_TYPE_FLOAT, DV_TYPE_INT64, DV_TYPE_INT32,
                                    DV_TYPE_UINT8, DV_TYPE_UINT64, DV_TYPE_INT8,  DV_TYPE_BOOL,  DV_TYPE_FLOAT16};
    return types[below(sizeof types / sizeof *types)];
}

/* Input i of a node: like the first, or a list, or a number, or nearly like the first. */
static dv_tensor *draw_input(dv_arena *arena, int i, dv_type type, dv_shape shape, bool wild)
{
    const int kind = i == 0 ? 3 : below(4);
    if (kind == 0)
        shape = (dv_shape){1, {below(2) ? below(6) : shape.rank * (1 + below(2))}};
    else if (kind == 1)
        shape = (dv_shape){0};
    for (int d = 0; d < shape.rank && kind == 2; d++)
        if (below(3) == 0)
            shape.dim[d] = below(2) ? 1 : below(5);
    if (kind != 3 && below(2))
        type = DV_TYPE_INT64;
    dv_tensor *tensor = dv_tensor_new(arena, type, &shape, NULL);
    assert_non_null(tensor);
    for (int64_t k = 0; k < dv_shape_elements(&shape); k++) {
        if (dv_type_is_float(type))
            tensor->f[k] = draw_float();
        else
            tensor->i[k] = dv_type_wrap(type, draw_integer(wild));
    }
    return tensor;
}

/* Names with the kinds that operators ask for. */
static const struct {
    const char *name;
    dv_attribute_kind kind;
} names[] = {
    {"allowzero", DV_ATTRIBUTE_INT},
    {"align_corners", DV_ATTRIBUTE_INT},
    {"alpha", DV_ATTRIBUTE_FLOAT},
    {"antialias", DV_ATTRIBUTE_INT},
    {"auto_pad", DV_ATTRIBUTE_TEXT},
    {"axes", DV_ATTRIBUTE_INTS},
    {"axis", DV_ATTRIBUTE_INT},
    {"batch_axis", DV_ATTRIBUTE_INT},
    {"batch_dims", DV_ATTRIBUTE_INT},
    {"blocksize", DV_ATTRIBUTE_INT},
    {"broadcast", DV_ATTRIBUTE_INT},
    {"ceil_mode", DV_ATTRIBUTE_INT},
    {"coordinate_transformation_mode", DV_ATTRIBUTE_TEXT},
    {"dilations", DV_ATTRIBUTE_INTS},
    {"direction", DV_ATTRIBUTE_TEXT},
    {"dtype", DV_ATTRIBUTE_INT},
    {"end", DV_ATTRIBUTE_INT},
    {"ends", DV_ATTRIBUTE_INTS},
    {"equation", DV_ATTRIBUTE_TEXT},
    {"exclude_outside", DV_ATTRIBUTE_INT},
    {"group", DV_ATTRIBUTE_INT},
    {"k", DV_ATTRIBUTE_INT},
    {"keep_aspect_ratio_policy", DV_ATTRIBUTE_TEXT},
    {"keepdims", DV_ATTRIBUTE_INT},
    {"kernel_shape", DV_ATTRIBUTE_INTS},
    {"kv_num_heads", DV_ATTRIBUTE_INT},
    {"mode", DV_ATTRIBUTE_TEXT},
    {"nearest_mode", DV_ATTRIBUTE_TEXT},
    {"num_groups", DV_ATTRIBUTE_INT},
    {"num_outputs", DV_ATTRIBUTE_INT},
    {"output_padding", DV_ATTRIBUTE_INTS},
    {"output_shape", DV_ATTRIBUTE_INTS},
    {"padding_mode", DV_ATTRIBUTE_TEXT},
    {"pads", DV_ATTRIBUTE_INTS},
    {"perm", DV_ATTRIBUTE_INTS},
    {"q_num_heads", DV_ATTRIBUTE_INT},
    {"reduction", DV_ATTRIBUTE_TEXT},
    {"scales", DV_ATTRIBUTE_FLOATS},
    {"shape", DV_ATTRIBUTE_INTS},
    {"size", DV_ATTRIBUTE_INT},
    {"split", DV_ATTRIBUTE_INTS},
    {"start", DV_ATTRIBUTE_INT},
    {"starts", DV_ATTRIBUTE_INTS},
    {"storage_order", DV_ATTRIBUTE_INT},
    {"strides", DV_ATTRIBUTE_INTS},
    {"time_axis", DV_ATTRIBUTE_INT},
    {"to", DV_ATTRIBUTE_INT},
    {"transA", DV_ATTRIBUTE_INT},
    {"transB", DV_ATTRIBUTE_INT},
    {"upper", DV_ATTRIBUTE_INT},
};
enum { NAMES = sizeof names / sizeof *names };

static const char *const texts[] = {
    "",          "constant",   "reflect", "edge",        "wrap",  "linear",        "nearest",
    "cubic",     "half_pixel", "floor",   "asymmetric",  "ceil",  "align_corners", "tf_crop_and_resize",
    "zeros",     "border",     "add",     "reflection",  "mul",   "max",           "min",
    "DCR",       "CRD",        "LEFT",    "RIGHT",       "VALID", "SAME_UPPER",    "not_larger",
    "ij,jk->ik", "bij,bjk",    "i,j->ij", "...ij->...ji"};

typedef struct lists {
    int64_t ints[NAMES][LIST];
    float floats[NAMES][LIST];
} lists;

static int draw_attributes(dv_attribute *attribute, lists *l, int rank, bool wild)
{
    int count = 0;
    for (int k = 0; k < NAMES; k++) {
        if (below(4))
            continue;
        dv_attribute *a = &attribute[count++];
        *a = (dv_attribute){.name = names[k].name, .kind = names[k].kind};
        const int lengths[] = {rank, 2 * rank, rank > 2 ? rank - 2 : 1, rank > 2 ? 2 * (rank - 2) : 2, below(LIST)};
        for (int j = 0; j < LIST; j++) {
            l->ints[k][j] = draw_integer(wild);
            l->floats[k][j] = draw_float();
        }
        if (a->kind == DV_ATTRIBUTE_INT)
            a->i = below(3) ? below(3) - (below(4) == 0) : draw_integer(wild);
        else if (a->kind == DV_ATTRIBUTE_FLOAT)
            a->f = draw_float();
        else if (a->kind == DV_ATTRIBUTE_TEXT)
            a->text = texts[below(sizeof texts / sizeof *texts)];
        else
            a->count = lengths[below(5)];
        if (a->kind == DV_ATTRIBUTE_INTS)
            a->ints = l->ints[k];
        else if (a->kind == DV_ATTRIBUTE_FLOATS)
            a->floats = l->floats[k];
    }
    return count;
}

/* ---- a node -------------------------------------------------------------------------- */

typedef struct hostile {
    dv_arena *arena;
    const dv_operator *op;
    dv_call call;
    dv_tensor *input[MOST_INPUTS];
    void *data[MOST_INPUTS]; /* of the inputs, some of which infer does not see */
    dv_tensor result[MOST_OUTPUTS];
    dv_tensor *output[MOST_OUTPUTS];
    dv_attribute attribute[NAMES];
    dv_attributes attributes;
    lists lists;
} hostile;

static int between(int low, int high)
{
    return low + (high > low ? below(high - low + 1) : 0);
}

static void draw_node(hostile *h, dv_team *team)
{
    const bool wild = below(3) > 0;
    const dv_operator *op = h->op;
    const dv_shape shape = draw_shape();
    const dv_type type = draw_type();
    const int inputs = between(op->min_inputs, op->max_inputs < MOST_INPUTS ? op->max_inputs : MOST_INPUTS);
    const int outputs = between(op->min_outputs, op->max_outputs < MOST_OUTPUTS ? op->max_outputs : MOST_OUTPUTS);
    for (int i = 0; i < inputs; i++) {
        if (i >= op->min_inputs && below(4) == 0)
            continue;
        h->input[i] = draw_input(h->arena, i, type, shape, wild);
        h->data[i] = h->input[i]->data;
        if (below(3) == 0)
            h->input[i]->data = NULL;
    }
    for (int o = 0; o < outputs; o++)
        h->output[o] = o >= op->min_outputs && below(4) == 0 ? NULL : &h->result[o];
    h->attributes = (dv_attributes){draw_attributes(h->attribute, &h->lists, shape.rank, wild), h->attribute};
    h->call = (dv_call){
        .attributes = &h->attributes,
        .opset = between(op->since, op->until ? op->until : DV_OPSET_NEWEST),
        .node_name = "node",
        .input_count = inputs,
        .input = (const dv_tensor *const *)h->input,
        .output_count = outputs,
        .output = h->output,
        .arena = h->arena,
        .team = below(2) ? team : NULL,
    };
}

/* Memory for the outputs and the workspace; false if that is more than a test should take. */
static bool make_room(hostile *h)
{
    int64_t sum = 0, count = 0;
    for (int o = 0; o < h->call.output_count; o++) {
        if (!h->output[o])
            continue;
        assert_true(dv_shape_count(&h->output[o]->shape, &count));
        sum += count;
        if (!dv_type_is_known(h->output[o]->type) || sum > MOST_ELEMENTS)
            return false;
    }
    if (h->call.workspace_size > MOST_WORKSPACE)
        return false;
    for (int o = 0; o < h->call.output_count; o++)
        if (h->output[o])
            *h->output[o] = *dv_tensor_new(h->arena, h->output[o]->type, &h->output[o]->shape, NULL);
    h->call.workspace = dv_arena_alloc(h->arena, h->call.workspace_size, 1, NULL);
    assert_non_null(h->call.workspace);
    return true;
}

static void run_backward(const hostile *h)
{
    const dv_tensor *above[MOST_OUTPUTS] = {NULL};
    dv_tensor *below_it[MOST_INPUTS] = {NULL};
    for (int o = 0; o < h->call.output_count; o++)
        if (h->output[o] && dv_type_is_float(h->output[o]->type) && below(5))
            above[o] = dv_tensor_new(h->arena, h->output[o]->type, &h->output[o]->shape, NULL);
    for (int i = 0; i < h->call.input_count; i++)
        if (h->input[i] && dv_type_is_float(h->input[i]->type) && below(5))
            below_it[i] = dv_tensor_new(h->arena, h->input[i]->type, &h->input[i]->shape, NULL);
    h->op->backward(&h->call, above, below_it);
}

/* True if the node was run. */
static bool try_node(hostile *h)
{
    dv_error error = {0};
    if (!h->op->infer(&h->call, &error)) {
        if (!*error.message)
            fail_msg("%s refuses without a message", h->op->name);
        return false;
    }
    if (!make_room(h))
        return false;
    for (int i = 0; i < h->call.input_count; i++)
        if (h->input[i])
            h->input[i]->data = h->data[i];
    h->op->forward(&h->call);
    if (h->op->backward)
        run_backward(h);
    return true;
}

static void random_nodes_do_no_harm(void **state)
{
    (void)state;
    dv_team *team = dv_team_new(2, NULL);
    const dv_operator *op;
    int ran = 0, rows = 0;
    for (; (op = dv_operator_at(rows)) != NULL; rows++) {
        bool once = false;
        for (int k = 0; k < 400; k++) {
            hostile h = {.arena = dv_arena_new(NULL), .op = op};
            assert_non_null(h.arena);
            draw_node(&h, team);
            once = try_node(&h) || once;
            dv_arena_free(h.arena);
        }
        ran += once;
    }
    dv_team_free(team);
    assert_true(ran > rows / 2); /* or the test tests nothing but refusals */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_nodes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Random nodes: whatever the shapes, types and attributes, infer answers, and what it accepts can be run and
 * differentiated. The sanitizers see to the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "trial.h"

enum { NODES_A_ROW = 3000, LARGEST = 4096 /* elements of a tensor of a node that is run */ };

static uint64_t drawn;

static int64_t pick(int64_t low, int64_t high)
{
    return low + (int64_t)(dv_random_bits(11, DV_PURPOSE_TEST, drawn++) % (uint64_t)(high - low + 1));
}

#define PICK(LIST) (LIST)[pick(0, (int64_t)(sizeof(LIST) / sizeof((LIST)[0])) - 1)]

static int64_t pick_number(void)
{
    static const int64_t strange[] = {-1, -2, 100, INT32_MAX, INT64_C(1) << 40, INT64_MAX, INT64_MIN};
    return pick(0, 24) == 0 ? PICK(strange) : pick(0, 3);
}

static int64_t pick_size(void)
{
    static const int64_t strange[] = {0, 64, INT64_C(1) << 20, INT64_C(1) << 40};
    return pick(0, 60) == 0 ? PICK(strange) : pick(1, 6);
}

static const dv_type types[] = {DV_TYPE_FLOAT, DV_TYPE_FLOAT, DV_TYPE_FLOAT,  DV_TYPE_FLOAT, DV_TYPE_FLOAT,
                                DV_TYPE_FLOAT, DV_TYPE_INT64, DV_TYPE_UINT64, DV_TYPE_INT8,  DV_TYPE_BOOL};

/* A tensor of the arena; without data when it is large, or known during the run only. */
static dv_tensor *random_tensor(trial *t, dv_type type, const dv_shape *shape)
{
    int64_t count;
    dv_tensor *tensor = dv_arena_alloc(t->arena, 1, sizeof *tensor, NULL);
    assert_non_null(tensor);
    tensor->type = type;
    tensor->shape = *shape;
    if (!dv_shape_count(shape, &count) || count > LARGEST)
        return tensor;
    tensor->data = dv_arena_alloc(t->arena, (size_t)count, dv_type_stored_size(type), NULL);
    assert_non_null(tensor->data);
    for (int64_t i = 0; i < count; i++) {
        if (dv_type_is_float(type))
            tensor->f[i] = (float)dv_random_normal(12, DV_PURPOSE_TEST, drawn++);
        else
            tensor->i[i] = dv_type_wrap(type, pick_number());
    }
    return tensor;
}

/* Mostly close to the shape of the input before, so that some nodes fit: a few sizes changed, its channels first as in
 * weights, or its channels alone. */
static dv_shape random_shape(const dv_shape *before)
{
    dv_shape shape = *before;
    const int64_t kind = before->rank > 1 ? pick(0, 7) : 0;
    if (kind == 0) {
        shape.rank = pick(0, 2) ? (int)pick(3, 4) : (int)pick(0, 5);
        for (int i = 0; i < shape.rank; i++)
            shape.dim[i] = pick_size();
    } else if (kind == 1) {
        shape.dim[0] = before->dim[1];
    } else if (kind <= 3) {
        shape = dv_shape_make(1, &before->dim[1]);
    } else if (kind <= 5) {
        for (int i = 0; i < shape.rank; i++)
            if (pick(0, 3) == 0)
                shape.dim[i] = pick_size();
    }
    int64_t count;
    while (!dv_shape_count(&shape, &count)) /* no such tensor can be: whoever calls infer has checked */
        shape.dim[pick(0, shape.rank - 1)] = 1;
    return shape;
}

static void add_text(trial *t)
{
    static const char *const texts[][2] = {
        {"auto_pad", "SAME_UPPER"}, {"auto_pad", "SAME_LOWER"},
        {"auto_pad", "VALID"},      {"auto_pad", "x"},
        {"equation", "i,i->i"},     {"equation", "...ij,...jk"},
        {"equation", "ij,kj"},      {"equation", "...i->i"},
        {"equation", "abc->cab"},   {"equation", "i,j,k->"},
        {"equation", "x->y"},       {"mode", "linear"},
        {"mode", "nearest"},        {"mode", "cubic"},
        {"mode", "reflect"},        {"mode", "CRD"},
        {"direction", "LEFT"},      {"direction", "RIGHT"},
        {"approximate", "tanh"},    {"reduction", "sum"},
        {"reduction", "none"},      {"reduction", "add"},
        {"nearest_mode", "ceil"},   {"coordinate_transformation_mode", "align_corners"},
    };
    const char *const *text = PICK(texts);
    trial_text(t, text[0], text[1]);
}

static void add_attributes(trial *t)
{
    static const char *const integers[] = {"group",
                                           "axis",
                                           "ceil_mode",
                                           "count_include_pad",
                                           "transA",
                                           "transB",
                                           "allowzero",
                                           "keepdims",
                                           "storage_order",
                                           "value_int",
                                           "training_mode",
                                           "is_test",
                                           "size",
                                           "num_groups",
                                           "to",
                                           "k",
                                           "blocksize",
                                           "noop_with_empty_axes",
                                           "p",
                                           "fmod",
                                           "num_outputs",
                                           "start",
                                           "end",
                                           "batch_dims",
                                           "exclusive",
                                           "reverse",
                                           "largest",
                                           "select_last_index",
                                           "upper",
                                           "block_size",
                                           "dtype",
                                           "sample_size",
                                           "is_causal",
                                           "q_num_heads",
                                           "kv_num_heads"};
    static const char *const lists[] = {"kernel_shape", "strides", "pads", "dilations",  "output_padding", "ends",
                                        "output_shape", "perm",    "axes", "value_ints", "shape",          "starts"};
    for (int k = (int)pick(0, 3); k > 0; k--)
        trial_int(t, PICK(integers), pick_number());
    for (int k = (int)pick(0, 3); k > 0; k--) {
        int64_t values[8];
        const int spatial = t->input[0] && t->input[0]->shape.rank > 2 ? t->input[0]->shape.rank - 2 : 1;
        const int count = pick(0, 3) ? spatial * (int)pick(1, 2) : (int)pick(0, 6);
        for (int i = 0; i < count; i++)
            values[i] = pick_number();
        trial_int_list(t, PICK(lists), count, values);
    }
    if (pick(0, 3) == 0)
        add_text(t);
}

static bool is_small(const dv_tensor *tensor)
{
    int64_t count;
    return !tensor || (tensor->data && dv_shape_count(&tensor->shape, &count) && count <= LARGEST);
}

/* Runs the node if all of it is small. */
static bool run(trial *t)
{
    const dv_tensor *output_gradient[TRIAL_OUTPUTS] = {NULL};
    dv_tensor *input_gradient[TRIAL_INPUTS] = {NULL};
    for (int i = 0; i < t->call.input_count; i++)
        if (!is_small(t->input[i]))
            return false;
    for (int o = 0; o < t->call.output_count; o++) {
        if (t->output[o]->type != DV_TYPE_NONE)
            t->output[o] = random_tensor(t, t->output[o]->type, &t->output[o]->shape);
        if (!is_small(t->output[o]))
            return false;
    }
    if (t->call.workspace_size > 1 << 24)
        return false;
    t->call.workspace = dv_arena_alloc(t->arena, 1, t->call.workspace_size, NULL);
    assert_non_null(t->call.workspace);
    t->op->forward(&t->call);
    if (!t->op->backward || !dv_type_is_float(t->output[0]->type))
        return true;
    output_gradient[0] = random_tensor(t, DV_TYPE_FLOAT, &t->output[0]->shape);
    for (int i = 0; i < t->call.input_count; i++)
        if (t->input[i] && dv_type_is_float(t->input[i]->type) && pick(0, 3))
            input_gradient[i] = random_tensor(t, DV_TYPE_FLOAT, &t->input[i]->shape);
    t->op->backward(&t->call, output_gradient, input_gradient);
    return true;
}

static void random_nodes_do_no_harm(void **state)
{
    (void)state;
    int rows = 0, ran = 0;
    while (dv_operator_at(rows))
        rows++;
    bool *row_ran = calloc((size_t)rows, sizeof *row_ran);
    assert_non_null(row_ran);
    for (int n = 0; n < NODES_A_ROW * rows; n++) {
        const int index = n % rows;
        const dv_operator *op = dv_operator_at(index);
        trial *t =
            trial_new(op->name, op->since > DV_OPSET_OLDEST ? op->since : (int)pick(1, op->until ? op->until : 24));
        dv_shape shape = {0};
        const dv_type type = PICK(types);
        t->call.input_count = (int)pick(0, op->max_inputs < 5 ? op->max_inputs : 5);
        for (int i = 0; i < t->call.input_count; i++) {
            shape = random_shape(i > 0 && t->input[0] ? &t->input[0]->shape : &shape);
            if (pick(0, 20))
                t->input[i] = random_tensor(t, pick(0, 8) ? type : PICK(types), &shape);
        }
        add_attributes(t);
        const bool accepted = trial_infer(t, (int)pick(op->min_outputs, op->max_outputs < 5 ? op->max_outputs : 5));
        assert_true(accepted || (t->error.code != DV_OK && strlen(t->error.message) > 0));
        if (accepted && run(t)) {
            row_ran[index] = true;
            ran++;
        }
        trial_free(t);
    }
    assert_true(ran > NODES_A_ROW * rows / 50);
    int rows_ran = 0;
    for (int i = 0; i < rows; i++) {
        rows_ran += row_ran[i];
        if (!row_ran[i])
            print_message("%s of opset %d never ran\n", dv_operator_at(i)->name, dv_operator_at(i)->since);
    }
    assert_true(rows_ran >= rows * 9 / 10);
    free(row_ran);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_nodes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

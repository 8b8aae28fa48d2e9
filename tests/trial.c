#include "trial.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"

trial *trial_new(const char *op, int opset)
{
    dv_error error = {0};
    dv_arena *arena = dv_arena_new(&error);
    assert_non_null(arena);
    trial *t = dv_arena_alloc(arena, 1, sizeof *t, &error);
    assert_non_null(t);
    t->arena = arena;
    t->op = dv_operator_find(op, opset, &error);
    if (!t->op)
        fail_msg("%s", error.message);
    t->attributes.item = t->attribute;
    t->call = (dv_call){
        .attributes = &t->attributes,
        .opset = opset,
        .node_name = "node",
        .input = t->input,
        .output = t->output,
        .arena = arena,
    };
    return t;
}

void trial_free(trial *t)
{
    dv_arena_free(t->arena);
}

static dv_tensor *add_input(trial *t, dv_type type, const dv_shape *shape, const void *data)
{
    assert_true(t->call.input_count < TRIAL_INPUTS);
    dv_tensor *tensor = dv_tensor_new(t->arena, type, shape, NULL);
    assert_non_null(tensor);
    if (data)
        memcpy(tensor->data, data, (size_t)dv_shape_elements(shape) * dv_type_stored_size(type));
    t->input[t->call.input_count++] = tensor;
    return tensor;
}

dv_tensor *trial_floats(trial *t, dv_shape shape, const float *data)
{
    return add_input(t, DV_TYPE_FLOAT, &shape, data);
}

dv_tensor *trial_ints(trial *t, dv_type type, dv_shape shape, const int64_t *data)
{
    return add_input(t, type, &shape, data);
}

dv_tensor *trial_random(trial *t, dv_shape shape, double low, double high)
{
    dv_tensor *tensor = add_input(t, DV_TYPE_FLOAT, &shape, NULL);
    for (int64_t i = 0; i < dv_shape_elements(&shape); i++)
        tensor->f[i] = (float)(low + (high - low) * dv_random_uniform(1, DV_PURPOSE_TEST, t->drawn++));
    return tensor;
}

dv_tensor *trial_distinct(trial *t, dv_shape shape)
{
    dv_tensor *tensor = add_input(t, DV_TYPE_FLOAT, &shape, NULL);
    const int64_t count = dv_shape_elements(&shape);
    int64_t *order = calloc((size_t)count + 1, sizeof *order);
    assert_non_null(order);
    dv_random_order(2, DV_PURPOSE_TEST, t->drawn++, count, order);
    for (int64_t i = 0; i < count; i++)
        tensor->f[i] = 0.25F * (float)(order[i] - count / 2) + 0.125F;
    free(order);
    return tensor;
}

void trial_left_out(trial *t)
{
    assert_true(t->call.input_count < TRIAL_INPUTS);
    t->input[t->call.input_count++] = NULL;
}

static dv_attribute *add_attribute(trial *t, const char *name, dv_attribute_kind kind)
{
    assert_true(t->attributes.count < TRIAL_ATTRIBUTES);
    dv_attribute *a = &t->attribute[t->attributes.count++];
    a->name = name;
    a->kind = kind;
    return a;
}

void trial_int(trial *t, const char *name, int64_t value)
{
    add_attribute(t, name, DV_ATTRIBUTE_INT)->i = value;
}

void trial_float(trial *t, const char *name, float value)
{
    add_attribute(t, name, DV_ATTRIBUTE_FLOAT)->f = value;
}

void trial_text(trial *t, const char *name, const char *value)
{
    add_attribute(t, name, DV_ATTRIBUTE_TEXT)->text = value;
}

void trial_int_list(trial *t, const char *name, int count, const int64_t *values)
{
    dv_attribute *a = add_attribute(t, name, DV_ATTRIBUTE_INTS);
    int64_t *copy = dv_arena_alloc(t->arena, (size_t)count, sizeof *copy, NULL);
    assert_non_null(copy);
    memcpy(copy, values, (size_t)count * sizeof *copy);
    a->count = count;
    a->ints = copy;
}

bool trial_infer(trial *t, int outputs)
{
    t->call.output_count = outputs;
    for (int o = 0; o < outputs; o++) {
        t->output[o] = dv_arena_alloc(t->arena, 1, sizeof *t->output[o], NULL);
        assert_non_null(t->output[o]);
    }
    return t->op->infer(&t->call, &t->error);
}

void trial_run(trial *t, int outputs)
{
    if (!trial_infer(t, outputs))
        fail_msg("%s: %s", t->op->name, t->error.message);
    for (int o = 0; o < outputs; o++)
        t->output[o] = dv_tensor_new(t->arena, t->output[o]->type, &t->output[o]->shape, NULL);
    t->call.workspace = dv_arena_alloc(t->arena, 1, t->call.workspace_size, NULL);
    assert_non_null(t->call.workspace);
    t->op->forward(&t->call);
}

void trial_expect_shape(const trial *t, int output, dv_shape shape)
{
    char got[160], wanted[160];
    assert_string_equal(dv_shape_text(&t->output[output]->shape, got, sizeof got),
                        dv_shape_text(&shape, wanted, sizeof wanted));
}

void trial_expect_floats(const trial *t, int output, dv_shape shape, const float *expected)
{
    trial_expect_shape(t, output, shape);
    assert_true(dv_type_is_float(t->output[output]->type));
    for (int64_t i = 0; i < dv_shape_elements(&shape); i++) {
        const float got = t->output[output]->f[i], wanted = expected[i];
        if (isnan(wanted) != isnan(got) || fabsf(got - wanted) > 1e-5F * (1 + fabsf(wanted)))
            fail_msg("%s: element %d is %.9g, expected %.9g", t->op->name, (int)i, (double)got, (double)wanted);
    }
}

void trial_expect_ints(const trial *t, int output, dv_type type, dv_shape shape, const int64_t *expected)
{
    trial_expect_shape(t, output, shape);
    assert_int_equal(t->output[output]->type, type);
    for (int64_t i = 0; i < dv_shape_elements(&shape); i++)
        assert_int_equal(t->output[output]->i[i], expected[i]);
}

void trial_expect_error(trial *t, const char *part)
{
    if (trial_infer(t, 1))
        fail_msg("%s: expected an error with \"%s\"", t->op->name, part);
    if (!strstr(t->error.message, part))
        fail_msg("%s: \"%s\" does not hold \"%s\"", t->op->name, t->error.message, part);
}

/* ---- gradients -------------------------------------------------------------- */

/* The loss: every output weighted by its gradient. */
static double loss(const trial *t, int outputs, const dv_tensor *const *weight)
{
    double sum = 0;
    t->op->forward(&t->call);
    for (int o = 0; o < outputs; o++)
        for (int64_t i = 0; i < dv_shape_elements(&weight[o]->shape); i++)
            sum += (double)weight[o]->f[i] * (double)t->output[o]->f[i];
    return sum;
}

static double slope(trial *t, int outputs, const dv_tensor *const *weight, float *x, double step)
{
    const float before = *x;
    volatile float up = (float)(before + step), down = (float)(before - step);
    *x = up;
    const double above = loss(t, outputs, weight);
    *x = down;
    const double below = loss(t, outputs, weight);
    *x = before;
    return (above - below) / ((double)up - (double)down);
}

void trial_check_gradients(trial *t, int outputs, double step, unsigned skip)
{
    const dv_tensor *weight[TRIAL_OUTPUTS] = {NULL};
    dv_tensor *gradient[TRIAL_INPUTS] = {NULL};
    const float before = 0.5F; /* backward adds to what is there */
    for (int o = 0; o < outputs; o++) {
        dv_tensor *w = dv_tensor_new(t->arena, DV_TYPE_FLOAT, &t->output[o]->shape, NULL);
        for (int64_t i = 0; i < dv_shape_elements(&w->shape); i++)
            w->f[i] = (float)(2 * dv_random_uniform(3, DV_PURPOSE_TEST, t->drawn++) - 1);
        weight[o] = w;
    }
    for (int k = 0; k < t->call.input_count; k++) {
        if (!t->input[k] || !dv_type_is_float(t->input[k]->type) || (skip >> k & 1))
            continue;
        gradient[k] = dv_tensor_new(t->arena, DV_TYPE_FLOAT, &t->input[k]->shape, NULL);
        for (int64_t i = 0; i < dv_shape_elements(&gradient[k]->shape); i++)
            gradient[k]->f[i] = before;
    }
    t->op->forward(&t->call);
    if (t->call.workspace_size > 0)
        memset(t->call.workspace, 0xff, t->call.workspace_size); /* NaN: backward must not read forward's leftovers */
    t->op->backward(&t->call, weight, gradient);
    for (int k = 0; k < t->call.input_count; k++) {
        double scale = 0, worst = 0;
        for (int64_t i = 0; gradient[k] && i < dv_shape_elements(&gradient[k]->shape); i++) {
            const double expected = slope(t, outputs, weight, &t->input[k]->f[i], step);
            const double got = (double)gradient[k]->f[i] - before;
            scale = fmax(scale, fabs(expected));
            worst = isnan(got) ? INFINITY : fmax(worst, fabs(got - expected));
        }
        if (worst > 1e-2 * (scale + 1e-2))
            fail_msg("%s: the gradient of input %d is off by %g of %g", t->op->name, k, worst, scale);
    }
}

/* Functions of one element. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

enum { POINTS = 6 };

/* f(x) to nine digits, by mpmath from the definitions in ONNX's Operators.md. */
static const float x[POINTS] = {-2.5F, -0.75F, -0.25F, 0.5F, 0.875F, 3};
static const struct {
    const char *name;
    float y[POINTS];
} functions[] = {
    {"Abs", {2.5F, 0.75F, 0.25F, 0.5F, 0.875F, 3}},
    {"Neg", {2.5F, 0.75F, 0.25F, -0.5F, -0.875F, -3}},
    {"Sign", {-1, -1, -1, 1, 1, 1}},
    {"Sqrt", {NAN, NAN, NAN, 0.707106781F, 0.935414347F, 1.73205081F}},
    {"Exp", {0.0820849986F, 0.472366553F, 0.778800783F, 1.64872127F, 2.39887529F, 20.0855369F}},
    {"Log", {NAN, NAN, NAN, -0.693147181F, -0.133531393F, 1.09861229F}},
    {"Erf", {-0.999593048F, -0.711155634F, -0.27632639F, 0.520499878F, 0.784075061F, 0.99997791F}},
    {"Reciprocal", {-0.4F, -1.33333333F, -4, 2, 1.14285714F, 0.333333333F}},
    {"Sin", {-0.598472144F, -0.68163876F, -0.247403959F, 0.479425539F, 0.767543502F, 0.141120008F}},
    {"Cos", {-0.801143616F, 0.731688869F, 0.968912422F, 0.877582562F, 0.640996858F, -0.989992497F}},
    {"Tan", {0.747022297F, -0.93159646F, -0.255341921F, 0.54630249F, 1.19742163F, -0.142546543F}},
    {"Asin", {NAN, -0.848062079F, -0.252680255F, 0.523598776F, 1.06543582F, NAN}},
    {"Acos", {NAN, 2.41885841F, 1.82347658F, 1.04719755F, 0.50536051F, NAN}},
    {"Atan", {-1.19028995F, -0.643501109F, -0.244978663F, 0.463647609F, 0.71883F, 1.24904577F}},
    {"Sinh", {-6.05020448F, -0.822316732F, -0.252612317F, 0.521095305F, 0.991006637F, 10.0178749F}},
    {"Cosh", {6.13228948F, 1.29468328F, 1.0314131F, 1.12762597F, 1.40786866F, 10.067662F}},
    {"Tanh", {-0.986614298F, -0.635148952F, -0.244918662F, 0.462117157F, 0.703905604F, 0.995054754F}},
    {"Asinh", {-1.64723115F, -0.693147181F, -0.247466462F, 0.481211825F, 0.790168725F, 1.81844646F}},
    {"Acosh", {NAN, NAN, NAN, NAN, NAN, 1.76274717F}},
    {"Atanh", {NAN, -0.972955075F, -0.255412812F, 0.549306144F, 1.3540251F, NAN}},
    {"Ceil", {-2, 0, 0, 1, 1, 3}},
    {"Floor", {-3, -1, -1, 0, 0, 3}},
    {"Softsign", {-0.714285714F, -0.428571429F, -0.2F, 0.333333333F, 0.466666667F, 0.75F}},
    {"Sigmoid", {0.07585818F, 0.320821301F, 0.437823499F, 0.622459331F, 0.705785028F, 0.952574127F}},
    {"Softplus", {0.0788897343F, 0.386871006F, 0.57593942F, 0.974076984F, 1.22344458F, 3.04858735F}},
    {"Elu", {-0.917915001F, -0.527633447F, -0.221199217F, 0.5F, 0.875F, 3}},
    {"Selu", {-1.61378576F, -0.927632019F, -0.388890199F, 0.525350511F, 0.919363394F, 3.15210307F}},
    {"Celu", {-0.917915001F, -0.527633447F, -0.221199217F, 0.5F, 0.875F, 3}},
    {"Swish", {-0.18964545F, -0.240615976F, -0.109455875F, 0.311229666F, 0.617561899F, 2.85772238F}},
    {"Mish", {-0.196816204F, -0.276494715F, -0.129926964F, 0.375245211F, 0.735583911F, 2.986535F}},
    {"Gelu", {-0.0155241633F, -0.169970514F, -0.100323419F, 0.345731231F, 0.708061416F, 2.99595031F}},
    {"HardSwish", {-0.208333333F, -0.28125F, -0.114583333F, 0.291666667F, 0.565104167F, 3}},
    {"HardSigmoid", {0, 0.35F, 0.45F, 0.6F, 0.675F, 1}},
    {"ThresholdedRelu", {0, 0, 0, 0, 0, 3}},
    {"Shrink", {-2.5F, -0.75F, 0, 0, 0.875F, 3}},
    {"LeakyRelu", {-0.025F, -0.0075F, -0.0025F, 0.5F, 0.875F, 3}},
    {"Relu", {0, 0, 0, 0.5F, 0.875F, 3}},
};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

static void expect(const char *name, float at, float y, float wanted)
{
    if (isnan(wanted)   ? !isnan(y)
        : isinf(wanted) ? y != wanted
                        : !(fabsf(y - wanted) <= 1e-6F * (1e-3F + fabsf(wanted))))
        fail_msg("%s(%g) is %.9g, expected %.9g", name, (double)at, (double)y, (double)wanted);
}

static void functions_are_right(void **state)
{
    (void)state;
    for (int k = 0; k < FUNCTIONS; k++) {
        trial *t = trial_new(functions[k].name, DV_OPSET_NEWEST);
        trial_floats(t, SHAPE(2, 3), x);
        trial_run(t, 1);
        for (int i = 0; i < POINTS; i++)
            expect(functions[k].name, x[i], t->output[0]->f[i], functions[k].y[i]);
        trial_free(t);
    }
}

static void functions_keep_nan(void **state)
{
    (void)state;
    for (int k = 0; k < FUNCTIONS; k++) {
        trial *t = trial_new(functions[k].name, DV_OPSET_NEWEST);
        trial_floats(t, SHAPE(1), FLOATS(NAN));
        trial_run(t, 1);
        expect(functions[k].name, NAN, t->output[0]->f[0], NAN);
        trial_free(t);
    }
}

static void functions_have_limits(void **state)
{
    (void)state;
    const struct {
        const char *name;
        float low, high;
    } limits[] = {
        {"Relu", 0, INFINITY},  {"LeakyRelu", -INFINITY, INFINITY},
        {"Exp", 0, INFINITY},   {"Sigmoid", 0, 1},
        {"Tanh", -1, 1},        {"Log", NAN, INFINITY},
        {"Erf", -1, 1},         {"Elu", -1, INFINITY},
        {"Celu", -1, INFINITY}, {"Softplus", 0, INFINITY},
        {"HardSigmoid", 0, 1},  {"Reciprocal", 0, 0},
    };
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        trial *t = trial_new(limits[k].name, DV_OPSET_NEWEST);
        trial_floats(t, SHAPE(2), FLOATS(-INFINITY, INFINITY));
        trial_run(t, 1);
        expect(limits[k].name, -INFINITY, t->output[0]->f[0], limits[k].low);
        expect(limits[k].name, INFINITY, t->output[0]->f[1], limits[k].high);
        trial_free(t);
    }
    trial *t = trial_new("Log", 13);
    trial_floats(t, SHAPE(3), FLOATS(0, 1e-40F, -0.0F));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-INFINITY, -92.1034037F, -INFINITY));
    trial_free(t);
}

static void attributes_shape_functions(void **state)
{
    (void)state;
    const struct {
        const char *name, *attribute[2];
        float value[2], x, y;
    } cases[] = {
        {"LeakyRelu", {"alpha"}, {-0.5F}, -2, 1},
        {"ThresholdedRelu", {"alpha"}, {-1}, -0.5F, -0.5F},
        {"Shrink", {"lambd", "bias"}, {1, 0.25F}, 1.5F, 1.25F},
        {"HardSigmoid", {"alpha", "beta"}, {0.5F, 0.25F}, 1, 0.75F},
        {"Elu", {"alpha"}, {2}, -1, -1.26424112F},              /* 2 (1/e - 1) */
        {"Selu", {"alpha", "gamma"}, {2, 3}, -1, -3.79272335F}, /* 6 (1/e - 1) */
        {"Celu", {"alpha"}, {2}, -2, -1.26424112F},
        {"Swish", {"alpha"}, {2}, 0.5F, 0.365529289F}, /* 0.5 / (1 + 1/e) */
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        trial *t = trial_new(cases[k].name, DV_OPSET_NEWEST);
        for (int i = 0; i < 2 && cases[k].attribute[i]; i++)
            trial_float(t, cases[k].attribute[i], cases[k].value[i]);
        trial_floats(t, SHAPE(1), &cases[k].x);
        trial_run(t, 1);
        expect(cases[k].name, cases[k].x, t->output[0]->f[0], cases[k].y);
        trial_free(t);
    }
    trial *t = trial_new("Gelu", 20); /* 0.5 (1 + tanh(sqrt(2 / pi) 1.044715)) by bc(1) */
    trial_text(t, "approximate", "tanh");
    trial_floats(t, SHAPE(2), FLOATS(1, -1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(2), FLOATS(0.841191991F, -0.158808009F));
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);
    t = trial_new("Gelu", 20);
    trial_text(t, "approximate", "erf");
    trial_floats(t, SHAPE(1), FLOATS(1));
    trial_expect_error(t, "approximate is 'erf'");
    trial_free(t);
    t = trial_new("Round", 11);
    trial_floats(t, SHAPE(6), FLOATS(0.5F, 1.5F, 2.5F, -0.5F, -1.5F, 1.25F));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(6), FLOATS(0, 2, 2, 0, -2, 1));
    trial_free(t);
}

/* More than a chunk, and more than what one thread takes; the same bits for any team. */
static void functions_do_not_depend_on_the_team(void **state)
{
    (void)state;
    enum { COUNT = 40001 };
    float *alone = NULL;
    for (int threads = 1; threads <= 3; threads++) {
        dv_team *team = dv_team_new(threads, NULL);
        trial *t = trial_new("Mish", 18);
        t->call.team = team;
        trial_random(t, SHAPE(COUNT), -4, 4);
        trial_run(t, 1);
        if (!alone) {
            alone = malloc(COUNT * sizeof *alone);
            assert_non_null(alone);
            memcpy(alone, t->output[0]->f, COUNT * sizeof *alone);
        }
        assert_memory_equal(alone, t->output[0]->f, COUNT * sizeof *alone);
        trial_free(t);
        dv_team_free(team);
    }
    free(alone);
}

static void functions_have_gradients(void **state)
{
    (void)state;
    const float anywhere[] = {-2.25F, -0.7F, -0.3F, 0.3F, 0.6F, 1.7F}, positive[] = {0.5F, 0.75F, 1, 1.5F, 2, 4};
    const float around_zero[] = {-0.8F, -0.6F, -0.1F, 0.2F, 0.5F, 0.75F}, above_one[] = {1.25F, 1.5F, 2, 2.5F, 3, 4};
    for (int k = 0; k < FUNCTIONS; k++) {
        const float *y = functions[k].y;
        trial *t = trial_new(functions[k].name, DV_OPSET_NEWEST);
        trial_floats(t, SHAPE(POINTS),
                     isnan(y[3])                  ? above_one
                     : isnan(y[1])                ? positive
                     : isnan(y[0]) && isnan(y[5]) ? around_zero
                                                  : anywhere);
        trial_run(t, 1);
        trial_check_gradients(t, 1, 1e-2, 0);
        trial_free(t);
    }
    trial *t = trial_new("Clip", 6);
    trial_distinct(t, SHAPE(3, 5));
    trial_float(t, "min", -1);
    trial_float(t, "max", 0.5F);
    trial_run(t, 1);
    trial_check_gradients(t, 1, 1e-2, 0);
    trial_free(t);
}

static void integers_have_signs(void **state)
{
    (void)state;
    trial *t = trial_new("Abs", 13);
    trial_ints(t, DV_TYPE_INT8, SHAPE(3), INTS(-3, 4, -128));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(3), INTS(3, 4, -128));
    trial_free(t);
    t = trial_new("Neg", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(2), INTS(-3, INT64_MIN));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT64, SHAPE(2), INTS(3, INT64_MIN));
    trial_free(t);
    t = trial_new("Sign", 13);
    trial_ints(t, DV_TYPE_UINT64, SHAPE(3), INTS(-1, 0, 7));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(3), INTS(1, 0, 1));
    trial_free(t);
    t = trial_new("Abs", 13);
    trial_ints(t, DV_TYPE_BOOL, SHAPE(1), INTS(1));
    trial_expect_error(t, "bool");
    trial_free(t);
}

static void clip_takes_bounds_of_any_version(void **state)
{
    (void)state;
    trial *t = trial_new("Clip", 6);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_float(t, "max", 1);
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-2, 0, 1));
    trial_free(t);

    t = trial_new("Clip", 11);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_left_out(t);
    trial_floats(t, SCALAR, FLOATS(1));
    trial_run(t, 1);
    trial_expect_floats(t, 0, SHAPE(3), FLOATS(-2, 0, 1));
    trial_free(t);

    t = trial_new("Clip", 13); /* bounds the wrong way round: the upper one wins */
    trial_ints(t, DV_TYPE_INT8, SHAPE(3), INTS(-2, 0, 2));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(1));
    trial_ints(t, DV_TYPE_INT8, SCALAR, INTS(-1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT8, SHAPE(3), INTS(-1, -1, -1));
    trial_free(t);

    t = trial_new("Clip", 13); /* -1 is the largest uint64 */
    trial_ints(t, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 3));
    trial_ints(t, DV_TYPE_UINT64, SCALAR, INTS(5));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_UINT64, SHAPE(2), INTS(-1, 5));
    trial_free(t);

    t = trial_new("Clip", 13);
    trial_floats(t, SHAPE(3), FLOATS(-2, 0, 2));
    trial_floats(t, SHAPE(2), FLOATS(0, 1));
    trial_expect_error(t, "a bound, must be one number");
    trial_free(t);
}

static void float_functions_refuse_integers(void **state)
{
    (void)state;
    trial *t = trial_new("Exp", 13);
    trial_ints(t, DV_TYPE_INT64, SHAPE(1), INTS(1));
    trial_expect_error(t, "must be floating-point, but it is int64");
    trial_free(t);
    t = trial_new("Relu", 14);
    trial_ints(t, DV_TYPE_INT32, SHAPE(2), INTS(-1, 1));
    trial_run(t, 1);
    trial_expect_ints(t, 0, DV_TYPE_INT32, SHAPE(2), INTS(0, 1));
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_right),
        cmocka_unit_test(functions_keep_nan),
        cmocka_unit_test(functions_have_limits),
        cmocka_unit_test(attributes_shape_functions),
        cmocka_unit_test(functions_do_not_depend_on_the_team),
        cmocka_unit_test(functions_have_gradients),
        cmocka_unit_test(integers_have_signs),
        cmocka_unit_test(clip_takes_bounds_of_any_version),
        cmocka_unit_test(float_functions_refuse_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

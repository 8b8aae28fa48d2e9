/* Attention against its definition. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trial.h"

enum { BATCH = 2, QUERIES = 3, KEYS = 4, SIZE = 2, VALUE_SIZE = 3, MOST = 16 };

typedef struct setting {
    int heads, kv_heads, past;
    bool flat; /* rank 3: heads side by side */
    bool causal;
    float softcap, scale; /* 0: left out */
    int mask;             /* 0: none; 1: queries x keys; 2: batch x 1 x queries x keys; 3: bool, one key short */
    int filled;           /* of the first sample; the second has all; 0: left out */
} setting;

static trial *new_trial(const setting *s)
{
    trial *t = trial_new("Attention", 24);
    if (s->flat) {
        trial_random(t, SHAPE(BATCH, QUERIES, s->heads * SIZE), -1, 1);
        trial_random(t, SHAPE(BATCH, KEYS, s->kv_heads * SIZE), -1, 1);
        trial_random(t, SHAPE(BATCH, KEYS, s->kv_heads * VALUE_SIZE), -1, 1);
        trial_int(t, "q_num_heads", s->heads);
        trial_int(t, "kv_num_heads", s->kv_heads);
    } else {
        trial_random(t, SHAPE(BATCH, s->heads, QUERIES, SIZE), -1, 1);
        trial_random(t, SHAPE(BATCH, s->kv_heads, KEYS, SIZE), -1, 1);
        trial_random(t, SHAPE(BATCH, s->kv_heads, KEYS, VALUE_SIZE), -1, 1);
    }
    const int total = s->past + KEYS;
    if (s->mask == 1)
        trial_random(t, SHAPE(QUERIES, total), -1, 1);
    else if (s->mask == 2)
        trial_random(t, SHAPE(BATCH, 1, QUERIES, total), -1, 1);
    else if (s->mask == 3)
        trial_ints(t, DV_TYPE_BOOL, SHAPE(QUERIES, 3), INTS(1, 0, 1, 1, 1, 0, 0, 1, 1));
    else
        trial_left_out(t);
    if (s->past > 0) {
        trial_random(t, SHAPE(BATCH, s->kv_heads, s->past, SIZE), -1, 1);
        trial_random(t, SHAPE(BATCH, s->kv_heads, s->past, VALUE_SIZE), -1, 1);
    } else {
        trial_left_out(t);
        trial_left_out(t);
    }
    if (s->filled)
        trial_ints(t, DV_TYPE_INT64, SHAPE(BATCH), INTS(s->filled, total));
    trial_int(t, "is_causal", s->causal);
    if (s->softcap > 0)
        trial_float(t, "softcap", s->softcap);
    if (s->scale > 0)
        trial_float(t, "scale", s->scale);
    return t;
}

/* Element i of a row of a head. */
static double row_element(const dv_tensor *x, bool flat, int heads, int length, int size, int b, int h, int r, int i)
{
    return (double)x->f[flat ? ((b * length + r) * heads + h) * size + i : ((b * heads + h) * length + r) * size + i];
}

static double key_element(const trial *t, const setting *s, int what, int size, int b, int h, int r, int i)
{
    if (r < s->past)
        return row_element(t->input[what + 3], false, s->kv_heads, s->past, size, b, h, r, i);
    return row_element(t->input[what], s->flat, s->kv_heads, KEYS, size, b, h, r - s->past, i);
}

static double bias(const trial *t, const setting *s, int b, int q, int k)
{
    const int total = s->past + KEYS, filled = s->filled && b == 0 ? s->filled : total;
    const int before = s->past ? s->past : s->filled ? filled - QUERIES : 0;
    if ((s->causal && k > q + before) || k >= filled)
        return -INFINITY;
    if (s->mask == 3)
        return k < 3 && t->input[3]->i[q * 3 + k] ? 0 : -INFINITY;
    return s->mask ? (double)t->input[3]->f[((s->mask == 2 ? b * QUERIES : 0) + q) * total + k] : 0;
}

static void check_row(const trial *t, const setting *s, int b, int h, int q)
{
    const int total = s->past + KEYS, kv = h / (s->heads / s->kv_heads);
    double score[MOST], sum = 0;
    for (int k = 0; k < total; k++) {
        double dot = 0;
        for (int i = 0; i < SIZE; i++)
            dot += row_element(t->input[0], s->flat, s->heads, QUERIES, SIZE, b, h, q, i) *
                   key_element(t, s, 1, SIZE, b, kv, k, i);
        dot *= s->scale > 0 ? (double)s->scale : 1 / sqrt(SIZE);
        if (s->softcap > 0)
            dot = (double)s->softcap * tanh(dot / (double)s->softcap);
        score[k] = exp(dot + bias(t, s, b, q, k));
        sum += score[k];
    }
    for (int i = 0; i < VALUE_SIZE; i++) {
        double y = 0;
        for (int k = 0; k < total; k++)
            y += sum > 0 ? score[k] / sum * key_element(t, s, 2, VALUE_SIZE, b, kv, k, i) : 0;
        const double got = row_element(t->output[0], s->flat, s->heads, QUERIES, VALUE_SIZE, b, h, q, i);
        if (!(fabs(got - y) < 1e-5))
            fail_msg("sample %d, head %d, query %d: %g, not %g", b, h, q, got, y);
    }
}

static void attention_is_what_it_is_defined_as(void **state)
{
    (void)state;
    const setting settings[] = {
        {.heads = 2, .kv_heads = 2},
        {.heads = 4, .kv_heads = 2, .flat = true},
        {.heads = 3, .kv_heads = 1, .mask = 1, .scale = 0.3F},
        {.heads = 2, .kv_heads = 2, .mask = 2, .softcap = 0.5F},
        {.heads = 2, .kv_heads = 1, .mask = 3, .flat = true},
        {.heads = 2, .kv_heads = 2, .causal = true},
        {.heads = 2, .kv_heads = 2, .causal = true, .past = 3, .mask = 1},
        {.heads = 4, .kv_heads = 2, .past = 2, .flat = true, .softcap = 1},
        {.heads = 2, .kv_heads = 2, .filled = 2},
        {.heads = 2, .kv_heads = 2, .filled = 3, .causal = true, .mask = 1},
        {.heads = 1, .kv_heads = 1, .filled = 1, .causal = true}, /* queries that may attend to nothing */
    };
    for (size_t k = 0; k < sizeof settings / sizeof *settings; k++) {
        const setting *s = &settings[k];
        for (int outputs = 1; outputs <= 3; outputs += 2) {
            dv_team *team = dv_team_new(outputs, NULL);
            trial *t = new_trial(s);
            t->call.team = team;
            trial_run(t, outputs);
            for (int b = 0; b < BATCH; b++)
                for (int h = 0; h < s->heads; h++)
                    for (int q = 0; q < QUERIES; q++)
                        check_row(t, s, b, h, q);
            trial_check_gradients(t, outputs, 1e-2, 0);
            trial_free(t);
            dv_team_free(team);
        }
    }
}

static void past_and_present_are_joined(void **state)
{
    (void)state;
    trial *t = trial_new("Attention", 23);
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(0, 0));
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(3, 4));
    trial_floats(t, SHAPE(1, 1, 2), FLOATS(7, 8));
    trial_left_out(t);
    trial_floats(t, SHAPE(1, 2, 1, 1), FLOATS(1, 2));
    trial_floats(t, SHAPE(1, 2, 1, 1), FLOATS(5, 6));
    trial_int(t, "q_num_heads", 2);
    trial_int(t, "kv_num_heads", 2);
    trial_run(t, 3);
    trial_expect_floats(t, 0, SHAPE(1, 1, 2), FLOATS(6, 7));
    trial_expect_floats(t, 1, SHAPE(1, 2, 2, 1), FLOATS(1, 3, 2, 4));
    trial_expect_floats(t, 2, SHAPE(1, 2, 2, 1), FLOATS(5, 7, 6, 8));
    trial_free(t);
}

/* Query 1, keys 1 and 2, scale 1, mask 0 and -1: by hand. */
static void scores_are_shown_at_any_stage(void **state)
{
    (void)state;
    const float shown[4][2] = {{1, 2}, {0.7615942F, 0.9640276F}, {0.7615942F, -0.0359724F}, {0.6894F, 0.3106F}};
    for (int mode = 0; mode < 4; mode++) {
        trial *t = trial_new("Attention", 24);
        trial_floats(t, SHAPE(1, 1, 1, 1), FLOATS(1));
        trial_floats(t, SHAPE(1, 1, 2, 1), FLOATS(1, 2));
        trial_floats(t, SHAPE(1, 1, 2, 1), FLOATS(1, 1));
        trial_floats(t, SHAPE(1, 2), FLOATS(0, -1));
        trial_float(t, "scale", 1);
        trial_float(t, "softcap", 1);
        trial_int(t, "qk_matmul_output_mode", mode);
        trial_run(t, 4);
        trial_expect_shape(t, 3, SHAPE(1, 1, 1, 2));
        for (int i = 0; i < 2; i++)
            assert_true(fabsf(t->output[3]->f[i] - shown[mode][i]) < 1e-4F);
        trial_free(t);
    }
}

static void attention_refuses_what_does_not_fit(void **state)
{
    (void)state;
    trial *t = trial_new("Attention", 23);
    for (int i = 0; i < 3; i++)
        trial_random(t, SHAPE(1, 2, 4), 0, 1);
    trial_int(t, "q_num_heads", 3);
    trial_expect_error(t, "q_num_heads 3 does not divide the 4 numbers");
    trial_free(t);
    t = trial_new("Attention", 23);
    trial_random(t, SHAPE(1, 3, 2, 4), 0, 1);
    trial_random(t, SHAPE(1, 2, 2, 4), 0, 1);
    trial_random(t, SHAPE(1, 2, 2, 4), 0, 1);
    trial_expect_error(t, "3 heads of 4 numbers do not go with keys of 2 x 2 x 4");
    trial_free(t);
    t = trial_new("Attention", 23);
    for (int i = 0; i < 3; i++)
        trial_random(t, SHAPE(1, 2, 2, 4), 0, 1);
    trial_random(t, SHAPE(2, 5), 0, 1);
    trial_expect_error(t, "a mask of shape [2, 5] does not go with the scores");
    trial_free(t);
    t = trial_new("Attention", 23);
    for (int i = 0; i < 3; i++)
        trial_random(t, SHAPE(1, 2, 2, 4), 0, 1);
    trial_left_out(t);
    trial_random(t, SHAPE(1, 2, 2, 4), 0, 1);
    trial_expect_error(t, "a past of keys or values alone");
    trial_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_is_what_it_is_defined_as),
        cmocka_unit_test(past_and_present_are_joined),
        cmocka_unit_test(scores_are_shown_at_any_stage),
        cmocka_unit_test(attention_refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A trial of one operator: a node built by hand, inferred, run, differentiated. */
#ifndef DV_TESTS_TRIAL_H
#define DV_TESTS_TRIAL_H

#include "op/op.h"

enum { TRIAL_INPUTS = 9, TRIAL_OUTPUTS = 5, TRIAL_ATTRIBUTES = 8 };

typedef struct trial {
    dv_arena *arena;
    const dv_operator *op;
    dv_attribute attribute[TRIAL_ATTRIBUTES];
    dv_attributes attributes;
    const dv_tensor *input[TRIAL_INPUTS];
    dv_tensor *output[TRIAL_OUTPUTS];
    dv_call call;
    uint64_t drawn; /* random numbers used so far */
    dv_error error; /* of infer */
} trial;

#define LIST(TYPE, ...) ((const TYPE[]){__VA_ARGS__})
#define LIST_LENGTH(TYPE, ...) ((int)(sizeof((const TYPE[]){__VA_ARGS__}) / sizeof(TYPE)))
#define SHAPE(...) dv_shape_make(LIST_LENGTH(int64_t, __VA_ARGS__), LIST(int64_t, __VA_ARGS__))
#define SCALAR dv_shape_make(0, NULL)
#define FLOATS(...) LIST(float, __VA_ARGS__)
#define INTS(...) LIST(int64_t, __VA_ARGS__)

/* Fails the test when there is no such operator. */
trial *trial_new(const char *op, int opset);
void trial_free(trial *t);

/* Inputs in order; each returns the tensor, to be changed at will. The data is copied. */
dv_tensor *trial_floats(trial *t, dv_shape shape, const float *data);
dv_tensor *trial_ints(trial *t, dv_type type, dv_shape shape, const int64_t *data);
/* Uniform between low and high. */
dv_tensor *trial_random(trial *t, dv_shape shape, double low, double high);
/* Different multiples of 1/4 in random order around zero, none of them zero: no ties and no kinks nearby. */
dv_tensor *trial_distinct(trial *t, dv_shape shape);
void trial_left_out(trial *t);

void trial_int(trial *t, const char *name, int64_t value);
void trial_float(trial *t, const char *name, float value);
void trial_text(trial *t, const char *name, const char *value);
/* Borrowed. */
void trial_int_list(trial *t, const char *name, int count, const int64_t *values);
#define TRIAL_LIST(T, NAME, ...) trial_int_list(T, NAME, LIST_LENGTH(int64_t, __VA_ARGS__), LIST(int64_t, __VA_ARGS__))

/* infer alone, with `outputs` outputs; its answer is left in t->error. */
bool trial_infer(trial *t, int outputs);
/* infer, which must succeed, and forward. */
void trial_run(trial *t, int outputs);

/* The results, after trial_run. */
void trial_expect_floats(const trial *t, int output, dv_shape shape, const float *expected);
void trial_expect_ints(const trial *t, int output, dv_type type, dv_shape shape, const int64_t *expected);
void trial_expect_shape(const trial *t, int output, dv_shape shape);
/* infer must fail with a message that holds `part`. */
void trial_expect_error(trial *t, const char *part);

/* After trial_run: backward against central differences of forward, for every float input, of a random
 * combination of the first `outputs` outputs. Steps by `step`; inputs in the bits of `skip` are left alone. */
void trial_check_gradients(trial *t, int outputs, double step, unsigned skip);

#endif

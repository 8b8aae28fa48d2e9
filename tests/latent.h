/* What the tests of latent space share: bundles, wishes, and a linear world with closed forms. Include after tiny.h. */
#ifndef DV_TESTS_LATENT_H
#define DV_TESTS_LATENT_H

#include "vid/softmax.h"
#include "vid/teacher.h"

#include <math.h>

static inline dv_bundle *open_bundle(const char *folder, int threads)
{
    dv_error error;
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder, .threads = threads}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    return bundle;
}

static inline dv_bundle *open_tiny(const char *folder)
{
    tiny it = tiny_defaults();
    tiny_write(folder, &it);
    return open_bundle(folder, 1);
}

static inline dv_explain_options wish_for(int64_t index)
{
    dv_explain_options wish = dv_explain_defaults();
    wish.index = index;
    wish.neighbors = 300;
    wish.fresh = 150;
    return wish;
}

static inline dv_explanation *explain(dv_bundle *bundle, const dv_explain_options *wish)
{
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, wish, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    return explanation;
}

static inline void assert_near(const float *a, const float *b, size_t count, double tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)a[i] - b[i]) <= tolerance))
            fail_msg("%g and %g differ at %zu", a[i], b[i], i);
}

/* The teacher's probabilities on one picture, without any of the tools. */
static inline void ask(dv_bundle *bundle, const float *picture, float *probabilities)
{
    dv_error error;
    assert_true(dv_teacher_run(bundle, picture, 1, probabilities, NULL, &error));
    dv_softmax(probabilities, bundle->facts.classes, 1, probabilities);
}

static inline bool stop_at_once(void *context, const char *stage, double fraction)
{
    (void)context;
    (void)stage;
    (void)fraction;
    return false;
}

static const dv_progress stopping = {.report = stop_at_once};

/* Takes the gradient from an operator of the bundle's teacher, as if it had none. */
static inline void take_gradient(dv_bundle *bundle, dv_operator *copy, const char *name)
{
    for (int n = 0; n < bundle->teacher.graph->node_count; n++) {
        dv_node *node = &bundle->teacher.graph->node[n];
        if (strcmp(node->op->name, name) != 0)
            continue;
        *copy = *node->op;
        copy->backward = NULL;
        node->op = copy;
    }
}

/* ---- a linear world ----------------------------------------------------------- */

/* A linear teacher of a linear decoder, so that borders are planes: the logits of x + decode(z) - decode(mean) are
 * those of x plus (z - mean) A. Pictures stay away from black and white, so that nothing is clipped. */
struct linear {
    double slope[TINY_LATENT][TINY_CLASSES];    /* A */
    float by_pixel[TINY_PIXELS * TINY_CLASSES]; /* of the teacher's preprocessed input */
    float by_latent[TINY_LATENT * TINY_PIXELS]; /* of the decoder */
};

static inline int linear_constant(dv_graph *graph, int rank, const int64_t *dims, const float *data)
{
    dv_error error;
    dv_shape shape = dv_shape_make(rank, dims);
    return tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &shape, data, &error), &error);
}

static inline int linear_affine(dv_graph *graph, int x, int64_t inputs, int64_t outputs, const float *weight,
                                const float *bias)
{
    dv_error error;
    const int64_t weight_dims[] = {inputs, outputs}, bias_dims[] = {outputs};
    const int values[] = {x, linear_constant(graph, 2, weight_dims, weight),
                          linear_constant(graph, 1, bias_dims, bias)};
    return tiny_check(dv_graph_add_node(graph, "Gemm", NULL, 3, values, 0, NULL, 1, NULL, &error), &error);
}

static inline void linear_write_pictures(const char *folder)
{
    uint8_t file[16 + TINY_COUNT * TINY_PIXELS] = {[2] = 8, 3, [7] = TINY_COUNT, [11] = TINY_SIDE, [15] = TINY_SIDE};
    char path[256];
    for (int i = 0; i < TINY_COUNT * TINY_PIXELS; i++)
        file[16 + i] = (uint8_t)(115 + dv_random_bits(13, DV_PURPOSE_TEST, i) % 25);
    put_file(scratch_path(path, folder, "images"), file, sizeof file);
}

/* `last` NULL: linear; else that operator makes the teacher's outputs of the logits. Class 1 is favoured by so much. */
static inline void linear_write(const char *folder, struct linear *it, const char *last, float favour)
{
    const float bias[TINY_CLASSES] = {0, favour, 0, 0};
    tiny defaults = tiny_defaults();
    float middle[TINY_PIXELS];
    dv_error error;
    int x;
    tiny_write(folder, &defaults);
    linear_write_pictures(folder);
    *it = (struct linear){0};
    for (int i = 0; i < TINY_LATENT * TINY_PIXELS; i++)
        it->by_latent[i] = (float)(0.01 * dv_random_normal(11, DV_PURPOSE_TEST, i));
    for (int i = 0; i < TINY_PIXELS * TINY_CLASSES; i++)
        it->by_pixel[i] = (float)(0.3 * dv_random_normal(12, DV_PURPOSE_TEST, i));
    for (int d = 0; d < TINY_LATENT; d++)
        for (int k = 0; k < TINY_CLASSES; k++)
            for (int p = 0; p < TINY_PIXELS; p++)
                it->slope[d][k] +=
                    (double)it->by_latent[d * TINY_PIXELS + p] * it->by_pixel[p * TINY_CLASSES + k] / 0.25;
    for (int p = 0; p < TINY_PIXELS; p++)
        middle[p] = 0.5f;

    dv_graph *decoder = tiny_graph(2, (const int64_t[]){-1, TINY_LATENT}, &x);
    dv_graph_add_output(decoder, linear_affine(decoder, x, TINY_LATENT, TINY_PIXELS, it->by_latent, middle), &error);
    tiny_save(decoder, folder, "decoder.onnx");
    dv_graph *teacher = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(teacher, "Flatten", x, NULL);
    x = linear_affine(teacher, x, TINY_PIXELS, TINY_CLASSES, it->by_pixel, bias);
    dv_graph_add_output(teacher, last ? tiny_apply(teacher, last, x, NULL) : x, &error);
    tiny_save(teacher, folder, "teacher.onnx");
}

/* The teacher's logits on a picture, by hand. */
static inline void linear_logits(const struct linear *it, const float *picture, double *logits)
{
    for (int k = 0; k < TINY_CLASSES; k++) {
        logits[k] = 0;
        for (int p = 0; p < TINY_PIXELS; p++)
            logits[k] += (picture[p] - 0.5) / 0.25 * it->by_pixel[p * TINY_CLASSES + k];
    }
}

static inline int linear_word(const double *logits)
{
    int best = 0;
    for (int k = 1; k < TINY_CLASSES; k++)
        if (logits[k] > logits[best])
            best = k;
    return best;
}

#endif

/* Classes that are templates with noise, and the teacher that names them right by construction: the nearest template of
 * pictures that are normalised in one way. Include after scratch.h and tiny.h. */
#ifndef DV_TESTS_TEMPLATES_H
#define DV_TESTS_TEMPLATES_H

#include "data/data.h"
#include "vid/inspect.h"

#define TEMPLATE_NOISE 1.2 /* the width of its uniform distribution */
enum { TEMPLATE_SIDE = 8, TEMPLATE_CLASSES = 5, TEMPLATE_PLANE = TEMPLATE_SIDE * TEMPLATE_SIDE };

/* Class k is k + 1 times as bright as class 0, so that the range of the pictures matters. */
static inline double template_shade(int class, int channel, int pixel)
{
    uint64_t index = (uint64_t)(class * DV_MAX_CHANNELS + channel) * TEMPLATE_PLANE + (uint64_t)pixel;
    return dv_random_uniform(7, DV_PURPOSE_TEST, index) * (class + 1) / TEMPLATE_CLASSES;
}

/* channels x 8 x 8 bytes each, labels that go round. */
static inline void template_pictures(int count, int channels, uint8_t *pixels, int *label)
{
    int values = channels * TEMPLATE_PLANE;
    for (int i = 0; i < count; i++) {
        label[i] = i % TEMPLATE_CLASSES;
        for (int p = 0; p < values; p++) {
            double noise = TEMPLATE_NOISE * (dv_random_uniform(8, DV_PURPOSE_TEST, (uint64_t)i * values + p) - 0.5);
            double shade = template_shade(label[i], p / TEMPLATE_PLANE, p % TEMPLATE_PLANE) + noise;
            pixels[(size_t)i * values + p] = (uint8_t)(255 * fmin(1, fmax(0, shade)) + 0.5);
        }
    }
}

static inline dv_dataset *template_dataset(int count, int channels)
{
    dv_error error;
    uint8_t *pixels = malloc((size_t)count * channels * TEMPLATE_PLANE);
    int *label = malloc((size_t)count * sizeof *label);
    template_pictures(count, channels, pixels, label);
    dv_dataset *data = dv_dataset_from_bytes(count, channels, TEMPLATE_SIDE, TEMPLATE_SIDE, pixels, label, &error);
    assert_non_null(data);
    free(pixels);
    free(label);
    return data;
}

/* What the teacher was made for. */
typedef struct template_taste {
    dv_network_input input; /* of 8 x 8 */
    bool transposed;
} template_taste;

static inline template_taste template_plain(int channels)
{
    return (template_taste){.input = {.type = DV_TYPE_FLOAT,
                                      .channels = channels,
                                      .height = TEMPLATE_SIDE,
                                      .width = TEMPLATE_SIDE,
                                      .deviation = {1, 1, 1},
                                      .scale = 1}};
}

/* Where a value of a picture goes in what the teacher takes. */
static inline int template_place(const template_taste *taste, int channel, int pixel)
{
    const dv_network_input *to = &taste->input;
    int x = pixel % TEMPLATE_SIDE, y = pixel / TEMPLATE_SIDE;
    int at = taste->transposed ? x * TEMPLATE_SIDE + y : pixel, c = to->reversed ? to->channels - 1 - channel : channel;
    return to->layout == DV_LAYOUT_NHWC ? at * to->channels + c : c * TEMPLATE_PLANE + at;
}

/* logit = (<x, t> - <t, t> / 2) / variance: x is nearest to that template whose logit is the largest. */
static inline int template_add_logits(dv_graph *graph, int x, const template_taste *taste, const char *name)
{
    const dv_network_input *to = &taste->input;
    int values = to->channels * TEMPLATE_PLANE;
    float *weight = calloc((size_t)values * TEMPLATE_CLASSES, sizeof *weight), bias[TEMPLATE_CLASSES] = {0};
    double variance = TEMPLATE_NOISE * TEMPLATE_NOISE / 12;
    dv_error error;
    for (int k = 0; k < TEMPLATE_CLASSES; k++)
        for (int c = 0; c < to->channels; c++)
            for (int p = 0; p < TEMPLATE_PLANE; p++) {
                double factor = (double)to->scale / (double)to->deviation[c];
                double t = (template_shade(k, c, p) - (double)to->mean[c]) * factor,
                       spread = variance * factor * factor;
                weight[template_place(taste, c, p) * TEMPLATE_CLASSES + k] = (float)(t / spread);
                bias[k] -= (float)(t * t / spread / 2);
            }
    const int64_t weight_dims[] = {values, TEMPLATE_CLASSES}, bias_dims[] = {TEMPLATE_CLASSES};
    dv_shape weight_shape = dv_shape_make(2, weight_dims), bias_shape = dv_shape_make(1, bias_dims);
    const int inputs[] = {x, dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &weight_shape, weight, &error),
                          dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &bias_shape, bias, &error)};
    free(weight);
    return tiny_check(dv_graph_add_node(graph, "Gemm", NULL, 3, inputs, 0, NULL, 1, &name, &error), &error);
}

/* [-1, channels, 8, 8], or [-1, 8, 8, channels], or all in a row -> logits [-1, 5]. */
static inline dv_graph *template_teacher(const template_taste *taste)
{
    const dv_network_input *to = &taste->input;
    bool last = to->layout == DV_LAYOUT_NHWC;
    const int64_t first_dims[] = {-1, to->channels, TEMPLATE_SIDE, TEMPLATE_SIDE},
                  last_dims[] = {-1, TEMPLATE_SIDE, TEMPLATE_SIDE, to->channels},
                  flat_dims[] = {-1, (int64_t)to->channels * TEMPLATE_PLANE};
    dv_error error;
    int x;
    dv_graph *graph = tiny_graph(to->flat ? 2 : 4, to->flat ? flat_dims : last ? last_dims : first_dims, &x);
    x = to->flat ? x : tiny_apply(graph, "Flatten", x, NULL);
    assert_true(dv_graph_add_output(graph, template_add_logits(graph, x, taste, "logits"), &error));
    assert_true(dv_graph_sort(graph, &error));
    return graph;
}

#endif

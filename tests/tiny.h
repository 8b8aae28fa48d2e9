/* A bundle of small networks and pictures, written into a folder. Include after scratch.h. */
#ifndef DV_TESTS_TINY_H
#define DV_TESTS_TINY_H

#include "base/random.h"
#include "onnx/onnx.h"

#include <math.h>

enum { TINY_SIDE = 14, TINY_PIXELS = TINY_SIDE * TINY_SIDE, TINY_LATENT = 3, TINY_CLASSES = 4, TINY_COUNT = 12 };

/* What may be changed for a test; tiny_defaults has the right ones. */
typedef struct tiny {
    int channels;        /* of all pictures */
    int teacher_side;    /* side of the pictures the teacher takes */
    int teacher_classes; /* that it puts out */
    int decoder_latent;  /* that the decoder takes */
    int decoder_side;    /* side of the pictures it puts out */
    double decoder_gain; /* scale of its weights */
    double encoder_gain;
    bool variance_first; /* the encoder's outputs in the other order, told apart by name */
    bool sigmoid;        /* at the decoder's end */
} tiny;

static inline tiny tiny_defaults(void)
{
    return (tiny){.channels = 1,
                  .teacher_side = TINY_SIDE,
                  .teacher_classes = TINY_CLASSES,
                  .decoder_latent = TINY_LATENT,
                  .decoder_side = TINY_SIDE,
                  .decoder_gain = 0.5,
                  .encoder_gain = 0.05,
                  .sigmoid = true};
}

static inline int tiny_check(int value, const dv_error *error)
{
    if (value < 0)
        fail_msg("%s", error->message);
    return value;
}

/* x [N, inputs] -> [N, outputs], weights normal with the given deviation. */
static inline int tiny_dense(dv_graph *graph, int x, int64_t inputs, int64_t outputs, double deviation, uint64_t seed,
                             const char *name)
{
    dv_error error;
    float *weight = calloc(inputs * outputs, sizeof *weight), *bias = calloc(outputs, sizeof *bias);
    const int64_t weight_dims[] = {inputs, outputs}, bias_dims[] = {outputs};
    dv_shape weight_shape = dv_shape_make(2, weight_dims), bias_shape = dv_shape_make(1, bias_dims);
    for (int64_t i = 0; i < inputs * outputs; i++)
        weight[i] = (float)(deviation * dv_random_normal(seed, DV_PURPOSE_TEST, i));
    for (int64_t i = 0; i < outputs; i++)
        bias[i] = (float)(deviation * dv_random_normal(seed + 1, DV_PURPOSE_TEST, i));
    const int values[] = {
        x,
        tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &weight_shape, weight, &error), &error),
        tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &bias_shape, bias, &error), &error),
    };
    free(weight);
    free(bias);
    return tiny_check(dv_graph_add_node(graph, "Gemm", NULL, 3, values, 0, NULL, 1, name ? &name : NULL, &error),
                      &error);
}

static inline int tiny_apply(dv_graph *graph, const char *op, int x, const char *name)
{
    dv_error error;
    return tiny_check(dv_graph_add_node(graph, op, NULL, 1, &x, 0, NULL, 1, name ? &name : NULL, &error), &error);
}

static inline dv_graph *tiny_graph(int rank, const int64_t *dims, int *input)
{
    dv_error error;
    dv_shape shape = dv_shape_make(rank, dims);
    dv_graph *graph = dv_graph_new(DV_OPSET_WRITTEN, &error);
    assert_non_null(graph);
    *input = tiny_check(dv_graph_add_input(graph, "x", DV_TYPE_FLOAT, &shape, &error), &error);
    return graph;
}

static inline void tiny_save(dv_graph *graph, const char *folder, const char *name)
{
    char path[256];
    dv_error error;
    if (!dv_graph_sort(graph, &error) || !dv_onnx_write(graph, scratch_path(path, folder, name), NULL, NULL, 0, &error))
        fail_msg("%s", error.message);
    dv_graph_free(graph);
}

static inline void tiny_write_teacher(const char *folder, const tiny *it)
{
    dv_error error;
    int x, side = it->teacher_side;
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, it->channels, side, side}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, it->channels * side * side, 20, 0.1, 100, NULL), NULL);
    dv_graph_add_output(graph, tiny_dense(graph, x, 20, it->teacher_classes, 1.5, 200, "logits"), &error);
    tiny_save(graph, folder, "teacher.onnx");
}

static inline void tiny_write_encoder(const char *folder, const tiny *it)
{
    dv_error error;
    int x;
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, it->channels, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    int mean = tiny_dense(graph, x, it->channels * TINY_PIXELS, TINY_LATENT, it->encoder_gain, 300, "z_mean");
    int variance =
        tiny_dense(graph, x, it->channels * TINY_PIXELS, TINY_LATENT, it->encoder_gain / 5, 400, "z_log_variance");
    dv_graph_add_output(graph, it->variance_first ? variance : mean, &error);
    dv_graph_add_output(graph, it->variance_first ? mean : variance, &error);
    tiny_save(graph, folder, "encoder.onnx");
}

static inline void tiny_write_decoder(const char *folder, const tiny *it)
{
    dv_error error;
    int x, side = it->decoder_side;
    const int64_t dims[] = {-1, it->channels, side, side}, rank[] = {4};
    dv_shape rank_shape = dv_shape_make(1, rank);
    dv_graph *graph = tiny_graph(2, (const int64_t[]){-1, it->decoder_latent}, &x);
    x = tiny_dense(graph, x, it->decoder_latent, it->channels * side * side, it->decoder_gain, 500, NULL);
    if (it->sigmoid)
        x = tiny_apply(graph, "Sigmoid", x, NULL);
    const int values[] = {
        x, tiny_check(dv_graph_add_constant(graph, NULL, DV_TYPE_INT64, &rank_shape, dims, &error), &error)};
    x = tiny_check(dv_graph_add_node(graph, "Reshape", NULL, 2, values, 0, NULL, 1, NULL, &error), &error);
    dv_graph_add_output(graph, x, &error);
    tiny_save(graph, folder, "decoder.onnx");
}

/* IDX: pictures of random pixels, labels that go round. */
static inline void tiny_write_data(const char *folder, const tiny *it)
{
    char path[256];
    int pixels = TINY_COUNT * it->channels * TINY_PIXELS;
    const uint8_t header[20] = {
        [2] = 8, 4, [7] = TINY_COUNT, [11] = (uint8_t)it->channels, [15] = TINY_SIDE, [19] = TINY_SIDE};
    uint8_t labels[8 + TINY_COUNT] = {0, 0, 8, 1, [7] = TINY_COUNT}, *file = calloc(sizeof header + pixels, 1);
    memcpy(file, header, sizeof header);
    for (int i = 0; i < pixels; i++)
        file[sizeof header + i] = (uint8_t)dv_random_bits(600, DV_PURPOSE_TEST, i);
    for (int i = 0; i < TINY_COUNT; i++)
        labels[8 + i] = i % TINY_CLASSES;
    put_file(scratch_path(path, folder, "images"), file, sizeof header + pixels);
    put_file(scratch_path(path, folder, "labels"), labels, sizeof labels);
    free(file);
}

static inline void tiny_put_text(const char *folder, const char *name, const char *text)
{
    char path[256];
    put_file(scratch_path(path, folder, name), text, strlen(text));
}

static inline void tiny_write(const char *folder, const tiny *it)
{
    tiny_write_teacher(folder, it);
    tiny_write_encoder(folder, it);
    tiny_write_decoder(folder, it);
    tiny_write_data(folder, it);
    tiny_put_text(folder, "names", "ash\nbirch\ncedar\ndouglas\n");
    tiny_put_text(folder, "deepvid.ini",
                  "[bundle]\nname = Trees ; of four kinds\n\n[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\n"
                  "labels = names\n[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n"
                  "[data]\nimages = images\nlabels = labels\n");
}

#endif

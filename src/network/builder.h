/* Building networks layer by layer, with parameters drawn at random. */
#ifndef DV_NETWORK_BUILDER_H
#define DV_NETWORK_BUILDER_H

#include "train/train.h"

enum { DV_BUILDER_MAX_PARAMETERS = 64 };

/* Every function takes and returns values of the graph. After an error all of them return -1, so that one look
 * at the last value, or at `failed`, is enough. */
typedef struct dv_builder {
    dv_graph *graph; /* the caller's to free */
    uint64_t seed;   /* of the parameters */
    uint64_t drawn;  /* random numbers used so far */
    int parameter_count;
    int parameter[DV_BUILDER_MAX_PARAMETERS]; /* constants of the graph */
    int running_count;
    dv_running running[DV_BUILDER_MAX_PARAMETERS]; /* `output` is a value until dv_builder_running */
    bool failed;
    dv_error *error;
} dv_builder;

/* The standard deviation of the weights drawn is sqrt(gain / fan): He et al. 2015 for layers that end in a
 * Relu, Glorot and Bengio 2010 for those that do not. */
typedef enum dv_start { DV_START_HE, DV_START_GLOROT } dv_start;

/* False and the builder's error without memory. */
bool dv_builder_init(dv_builder *builder, uint64_t seed, dv_error *error);

/* A float input [-1, dims...]. */
int dv_builder_input(dv_builder *builder, const char *name, int rank, const int64_t *dims);
/* [N, inputs] -> [N, outputs]; `name` is that of the result, its parameters are name.weight and name.bias. */
int dv_builder_dense(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs, dv_start start);
/* [N, inputs, H, W] -> [N, outputs, ceil(H / stride), ceil(W / stride)], 3 x 3. */
int dv_builder_convolution(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs,
                           int64_t stride, dv_start start);
/* What undoes the size of a convolution of stride 2: [N, inputs, ceil(height / 2), ceil(width / 2)] ->
 * [N, outputs, height, width], 4 x 4, so that every pixel is made of as many values. */
int dv_builder_upsampling(dv_builder *builder, int x, const char *name, int64_t inputs, int64_t outputs, int64_t height,
                          int64_t width, dv_start start);
/* [N, inputs] -> [N, 1], one trained number for all samples, `start` at first. It learns `pace` times as fast as if it
 * were a parameter itself. */
int dv_builder_shared(dv_builder *builder, int x, const char *name, int64_t inputs, double start, double pace);
/* [N, channels, ...] normalised channel by channel: by the statistics of the micro-batch while training, by their
 * running mean later (Ioffe and Szegedy 2015); then scaled and shifted, by numbers that are trained. */
int dv_builder_normalization(dv_builder *builder, int x, const char *name, int64_t channels);
/* 2 x 2, stride 2; an odd last row or column is dropped. */
int dv_builder_max_pool(dv_builder *builder, int x);
/* Drops values with that probability while training; `x` itself for 0. */
int dv_builder_dropout(dv_builder *builder, int x, double probability);
/* [N, ...] -> [N, dims...]. */
int dv_builder_reshape(dv_builder *builder, int x, const char *name, int rank, const int64_t *dims);
/* A node of one input (b -1) or two and no attributes; name NULL makes one up. */
int dv_builder_apply(dv_builder *builder, const char *op, int a, int b, const char *name);
int dv_builder_scalar(dv_builder *builder, float value);
void dv_builder_output(dv_builder *builder, int value);
/* Makes the running statistics outputs of the graph, behind all others; builder->running then is what dv_train takes.
 */
void dv_builder_running(dv_builder *builder);
/* After the training: the graph without these outputs. */
void dv_builder_end_running(dv_builder *builder);

#endif

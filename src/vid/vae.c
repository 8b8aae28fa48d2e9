/* The variational auto-encoder: its network, its training, its two files.
 * D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014. */
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "train/loss.h"
#include "vid/builder.h"
#include "vid/elbo.h"
#include "vid/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the network ---------------------------------------------------------- */

/* The names of the values that the trained network is cut at. */
static const char name_mean[] = "mean", name_log_variance[] = "log_variance", name_latent[] = "z";

/* Channels, height and width behind `layer` halvings. */
static void size_behind(const dv_dataset *data, const dv_layers *channels, int layer, int64_t dims[3])
{
    dims[0] = layer == 0 ? data->channels : channels->width[layer - 1];
    dims[1] = data->height;
    dims[2] = data->width;
    for (int i = 0; i < layer; i++) {
        dims[1] = (dims[1] + 1) / 2;
        dims[2] = (dims[2] + 1) / 2;
    }
}

/* A dense layer with Relu. */
static int dense_relu(dv_builder *builder, int x, const char *part, int number, int64_t inputs, int64_t outputs)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", part, number);
    return dv_builder_apply(builder, "Relu", dv_builder_dense(builder, x, name, inputs, outputs, DV_START_HE), -1,
                            NULL);
}

/* Pictures -> features; *count tells how many. */
static int build_encoder(dv_builder *builder, int x, const dv_dataset *data, const dv_vae_options *options,
                         int64_t *count)
{
    int64_t dims[3];
    for (int layer = 0; layer < options->channels.count; layer++) {
        char name[32];
        snprintf(name, sizeof name, "encoder_convolution%d", layer + 1);
        size_behind(data, &options->channels, layer, dims);
        x = dv_builder_convolution(builder, x, name, dims[0], options->channels.width[layer], 2, DV_START_HE);
        x = dv_builder_apply(builder, "Relu", x, -1, NULL);
    }
    size_behind(data, &options->channels, options->channels.count, dims);
    x = dv_builder_apply(builder, "Flatten", x, -1, NULL);
    *count = dims[0] * dims[1] * dims[2];
    for (int layer = 0; layer < options->hidden.count; layer++) {
        x = dense_relu(builder, x, "encoder", layer + 1, *count, options->hidden.width[layer]);
        *count = options->hidden.width[layer];
    }
    return x;
}

/* Latent -> logits of the pixels, shaped as pictures. */
static int build_decoder(dv_builder *builder, int z, const dv_dataset *data, const dv_vae_options *options)
{
    const int convolutions = options->channels.count;
    int64_t count = options->latent, dims[3];
    int x = z;
    for (int layer = options->hidden.count; layer > 0; layer--) {
        x = dense_relu(builder, x, "decoder", options->hidden.count - layer + 1, count,
                       options->hidden.width[layer - 1]);
        count = options->hidden.width[layer - 1];
    }
    size_behind(data, &options->channels, convolutions, dims);
    if (convolutions == 0) {
        x = dv_builder_dense(builder, x, "pixels", count, dims[0] * dims[1] * dims[2], DV_START_GLOROT);
        return dv_builder_reshape(builder, x, "logits", 3, dims);
    }
    x = dense_relu(builder, x, "decoder", options->hidden.count + 1, count, dims[0] * dims[1] * dims[2]);
    x = dv_builder_reshape(builder, x, NULL, 3, dims);
    for (int layer = convolutions; layer > 0; layer--) {
        char name[32];
        snprintf(name, sizeof name, "decoder_convolution%d", convolutions - layer + 1);
        int64_t inputs = dims[0];
        size_behind(data, &options->channels, layer - 1, dims);
        bool last = layer == 1;
        x = dv_builder_upsampling(builder, x, last ? "logits" : name, inputs, dims[0], dims[1], dims[2],
                                  last ? DV_START_GLOROT : DV_START_HE);
        x = last ? x : dv_builder_apply(builder, "Relu", x, -1, NULL);
    }
    return x;
}

bool dv_vae_build(dv_builder *builder, const dv_dataset *data, const dv_vae_options *options, dv_error *error)
{
    if (!dv_builder_init(builder, options->training.seed, error))
        return false;
    const int64_t latent = options->latent, dims[] = {data->channels, data->height, data->width};
    int64_t features;
    int picture = dv_builder_input(builder, "picture", 3, dims);
    int noise = dv_builder_input(builder, "noise", 1, &latent);

    int x = build_encoder(builder, picture, data, options, &features);
    int mean = dv_builder_dense(builder, x, name_mean, features, latent, DV_START_GLOROT);
    int log_variance = dv_builder_dense(builder, x, name_log_variance, features, latent, DV_START_GLOROT);
    int half = dv_builder_apply(builder, "Mul", log_variance, dv_builder_scalar(builder, 0.5f), NULL);
    int deviation = dv_builder_apply(builder, "Exp", half, -1, NULL);
    int moved = dv_builder_apply(builder, "Mul", deviation, noise, NULL);
    int z = dv_builder_apply(builder, "Add", mean, moved, name_latent);
    int logits = build_decoder(builder, z, data, options);
    dv_builder_output(builder, logits);
    dv_builder_output(builder, mean);
    dv_builder_output(builder, log_variance);
    return !builder->failed;
}

/* ---- what it is trained on ------------------------------------------------ */

static int64_t pixels_of(const dv_dataset *data)
{
    return (int64_t)data->channels * data->height * data->width;
}

static void fill(void *context, const int64_t *index, const uint64_t *draw, int64_t count, dv_tensor *const *inputs)
{
    const dv_vae_task *task = context;
    const int64_t pixels = pixels_of(task->data), latent = task->latent;
    for (int64_t i = 0; i < count; i++) {
        dv_dataset_picture(task->data, index[i], NULL, inputs[0]->f + i * pixels, NULL);
        for (int64_t l = 0; l < latent; l++)
            inputs[1]->f[i * latent + l] =
                (float)dv_random_normal(task->seed, DV_PURPOSE_LATENT_NOISE, draw[i] * (uint64_t)latent + (uint64_t)l);
    }
}

/* The pictures again: the targets of their own reconstruction. */
static double loss(void *context, const int64_t *index, int64_t count, const dv_tensor *const *outputs,
                   dv_tensor *const *gradients)
{
    const dv_vae_task *task = context;
    const int64_t pixels = pixels_of(task->data), latent = task->latent;
    double sum = 0;
    uint8_t *pixel = malloc((size_t)pixels);
    if (!pixel)
        return NAN;
    for (int64_t i = 0; i < count; i++) {
        dv_dataset_bytes(task->data, index[i], NULL, pixel, NULL);
        sum += dv_loss_bernoulli(pixels, outputs[0]->f + i * pixels, pixel, gradients[0]->f + i * pixels);
        sum += dv_loss_normal_kl(latent, outputs[1]->f + i * latent, outputs[2]->f + i * latent, task->beta,
                                 gradients[1]->f + i * latent, gradients[2]->f + i * latent);
    }
    free(pixel);
    return sum;
}

dv_objective dv_vae_objective(dv_vae_task *task)
{
    const int size[] = {task->data->channels, task->data->height, task->data->width};
    uint64_t hash = dv_hash(DV_HASH_START, size, sizeof size);
    hash = dv_hash(hash, &task->beta, sizeof task->beta);
    hash = dv_dataset_hash(task->data, true, hash);
    return (dv_objective){
        .context = task,
        .count = task->data->count,
        .fingerprint = hash,
        .fill = fill,
        .loss = loss,
    };
}

/* ---- training ------------------------------------------------------------- */

static bool check_options(const dv_dataset *data, const dv_vae_options *options, dv_error *error)
{
    if (options->latent < 1 || options->latent > DV_MODEL_MAX_WIDTH)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there can be 1 to %d latent dimensions, not %d",
                            DV_MODEL_MAX_WIDTH, options->latent);
    if (!(options->beta >= 0 && options->beta <= 1e6))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "beta must lie between 0 and 1e6, not %g", options->beta);
    int side = data->height < data->width ? data->height : data->width;
    if (side >> options->channels.count < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "%d halvings leave nothing of pictures of %d x %d pixels; use fewer convolutions",
                            options->channels.count, data->width, data->height);
    return true;
}

/* The part of the trained graph between two places, as a network of its own, its input named `input`. */
static dv_graph *cut(const dv_graph *graph, int from, const char *input, int count, const int *to, dv_error *error)
{
    dv_graph *part = dv_graph_extract(graph, 1, &from, count, to, error);
    if (part && !(dv_graph_rename(part, part->input[0], input, error) && dv_graph_simplify(part, error))) {
        dv_graph_free(part);
        return NULL;
    }
    return part;
}

/* Takes the trained graph apart. */
static bool split(dv_vae *vae, dv_builder *builder, dv_error *error)
{
    dv_graph *graph = builder->graph;
    const int picture = graph->input[0], logits = graph->output[0], latent = dv_graph_find(graph, name_latent);
    const int posterior[] = {graph->output[1], graph->output[2]};
    const int probability = dv_builder_apply(builder, "Sigmoid", logits, -1, "x");
    if (probability < 0)
        return false;
    /* An input has a declared shape; z had none as long as it was computed. */
    graph->value[latent].type = DV_TYPE_FLOAT;
    graph->value[latent].has_shape = true;
    graph->value[latent].shape = dv_shape_make(2, (const int64_t[]){-1, vae->latent});
    vae->encoder = cut(graph, picture, "x", 2, posterior, error);
    vae->decoder = vae->encoder ? cut(graph, latent, name_latent, 1, &probability, error) : NULL;
    return vae->decoder != NULL;
}

dv_vae *dv_vae_train(const dv_dataset *data, const dv_vae_options *options, dv_team *team,
                     const dv_training_observer *observer, dv_error *error)
{
    dv_vae *vae = check_options(data, options, error) ? dv_alloc(1, sizeof *vae, error) : NULL;
    if (!vae)
        return NULL;
    vae->channels = data->channels;
    vae->height = data->height;
    vae->width = data->width;
    vae->latent = options->latent;
    dv_vae_task task = {.data = data, .latent = options->latent, .beta = options->beta, .seed = options->training.seed};
    dv_builder builder;
    bool stopped = false, good = dv_vae_build(&builder, data, options, error);
    if (good) {
        const dv_objective objective = dv_vae_objective(&task);
        good = dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, &options->training, team,
                        observer, &stopped, error) &&
               (stopped || split(vae, &builder, error));
    }
    dv_graph_free(builder.graph);
    if (!good || stopped) {
        dv_vae_free(vae);
        return NULL;
    }
    return vae;
}

void dv_vae_free(dv_vae *vae)
{
    if (!vae)
        return;
    dv_graph_free(vae->encoder);
    dv_graph_free(vae->decoder);
    free(vae);
}

bool dv_vae_write(const dv_vae *vae, const char *folder, dv_error *error)
{
    char *encoder = dv_path_join(folder, "encoder.onnx"), *decoder = dv_path_join(folder, "decoder.onnx");
    bool good = encoder && decoder;
    if (!good)
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    good = good && dv_folder_create(folder, error) && dv_onnx_write(vae->encoder, encoder, NULL, NULL, 0, error) &&
           dv_onnx_write(vae->decoder, decoder, NULL, NULL, 0, error);
    free(encoder);
    free(decoder);
    return good;
}

/* ---- how good it is ------------------------------------------------------- */

bool dv_vae_negative_elbo(const dv_vae *vae, const dv_dataset *data, uint64_t seed, dv_team *team,
                          const dv_progress *progress, double *negative_elbo, dv_error *error)
{
    if (data->channels != vae->channels || data->height != vae->height || data->width != vae->width)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "the test pictures need the size of the training pictures, %d x %d x %d", vae->channels,
                            vae->height, vae->width);
    dv_auto_encoder networks = {
        .encoder_outputs = vae->encoder->output_count,
        .mean = 0,
        .log_variance = 1,
        .decoder_outputs = vae->decoder->output_count,
        .latent = vae->latent,
        .team = team,
    };
    bool good = (networks.encoder = dv_runner_new(vae->encoder, team, error)) &&
                (networks.decoder = dv_runner_new(vae->decoder, team, error)) &&
                dv_negative_elbo(&networks, data, seed, progress, negative_elbo, error);
    dv_runner_free(networks.encoder);
    dv_runner_free(networks.decoder);
    return good;
}

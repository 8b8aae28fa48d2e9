/* The variational auto-encoder as a network: pictures and noise -> logits of the pixels, mean, log-variance. */
#include "network/builder.h"
#include "network/model.h"
#include "network/vae.h"

#include <stdio.h>

/* Channels, height and width behind `layer` halvings. */
static void size_behind(const dv_picture_set *set, const dv_layers *channels, int layer, int64_t dims[3])
{
    dims[0] = layer == 0 ? set->form.channels : channels->width[layer - 1];
    dims[1] = set->form.height;
    dims[2] = set->form.width;
    for (int i = 0; i < layer; i++) {
        dims[1] = (dims[1] + 1) / 2;
        dims[2] = (dims[2] + 1) / 2;
    }
}

/* What follows a convolution of the network: normalisation where it is asked for, Relu. */
static int activate(dv_builder *builder, int x, const char *name, int64_t maps, const dv_vae_options *options)
{
    char layer[64];
    snprintf(layer, sizeof layer, "%s_normalization", name);
    if (options->normalization)
        x = dv_builder_normalization(builder, x, layer, maps);
    return dv_builder_apply(builder, "Relu", x, -1, NULL);
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
static int build_encoder(dv_builder *builder, int x, const dv_picture_set *set, const dv_vae_options *options,
                         int64_t *count)
{
    int64_t dims[3];
    for (int layer = 0; layer < options->channels.count; layer++) {
        char name[32];
        snprintf(name, sizeof name, "encoder_convolution%d", layer + 1);
        size_behind(set, &options->channels, layer, dims);
        x = dv_builder_convolution(builder, x, name, dims[0], options->channels.width[layer], 2, DV_START_HE);
        x = activate(builder, x, name, options->channels.width[layer], options);
    }
    size_behind(set, &options->channels, options->channels.count, dims);
    x = dv_builder_apply(builder, "Flatten", x, -1, NULL);
    *count = dims[0] * dims[1] * dims[2];
    for (int layer = 0; layer < options->hidden.count; layer++) {
        x = dense_relu(builder, x, "encoder", layer + 1, *count, options->hidden.width[layer]);
        *count = options->hidden.width[layer];
    }
    return x;
}

/* Feature maps behind all halvings -> logits: doublings, and a convolution that makes colours of the last maps. */
static int build_doublings(dv_builder *builder, int x, const dv_picture_set *set, const dv_vae_options *options)
{
    const dv_layers *channels = &options->channels;
    char name[32];
    int64_t dims[3], maps = channels->width[channels->count - 1];
    for (int layer = channels->count; layer > 0; layer--) {
        snprintf(name, sizeof name, "decoder_convolution%d", channels->count - layer + 1);
        size_behind(set, channels, layer - 1, dims);
        const int64_t outputs = layer > 1 ? channels->width[layer - 2] : channels->width[0] / 2;
        x = dv_builder_upsampling(builder, x, name, maps, outputs, dims[1], dims[2], DV_START_HE);
        x = activate(builder, x, name, outputs, options);
        maps = outputs;
    }
    return dv_builder_convolution(builder, x, "logits", maps, set->form.channels, 1, DV_START_GLOROT);
}

/* Latent -> logits of the pixels, shaped as pictures. */
static int build_decoder(dv_builder *builder, int z, const dv_picture_set *set, const dv_vae_options *options)
{
    int64_t count = options->latent, dims[3];
    int x = z;
    for (int layer = options->hidden.count; layer > 0; layer--) {
        x = dense_relu(builder, x, "decoder", options->hidden.count - layer + 1, count,
                       options->hidden.width[layer - 1]);
        count = options->hidden.width[layer - 1];
    }
    size_behind(set, &options->channels, options->channels.count, dims);
    const int64_t features = dims[0] * dims[1] * dims[2];
    if (options->channels.count == 0)
        return dv_builder_reshape(builder, dv_builder_dense(builder, x, "pixels", count, features, DV_START_GLOROT),
                                  "logits", 3, dims);
    x = dense_relu(builder, x, "decoder", options->hidden.count + 1, count, features);
    return build_doublings(builder, dv_builder_reshape(builder, x, NULL, 3, dims), set, options);
}

bool dv_vae_build(dv_builder *builder, const dv_picture_set *set, const dv_vae_options *options, dv_error *error)
{
    /* A pixel is off by a quarter of its range at first; a deviation of a hundredth is reached within 200 steps. */
    static const double log_deviation_start = -1.4, log_deviation_pace = 16;
    if (!dv_builder_init(builder, options->training.seed, error))
        return false;
    const int64_t latent = options->latent, dims[] = {set->form.channels, set->form.height, set->form.width};
    int64_t features;
    int picture = dv_builder_input(builder, "picture", 3, dims);
    int noise = dv_builder_input(builder, "noise", 1, &latent);

    int x = build_encoder(builder, picture, set, options, &features);
    int mean = dv_builder_dense(builder, x, DV_VAE_MEAN, features, latent, DV_START_GLOROT);
    int log_variance = dv_builder_dense(builder, x, DV_VAE_LOG_VARIANCE, features, latent, DV_START_GLOROT);
    int half = dv_builder_apply(builder, "Mul", log_variance, dv_builder_scalar(builder, 0.5f), NULL);
    int deviation = dv_builder_apply(builder, "Exp", half, -1, NULL);
    int moved = dv_builder_apply(builder, "Mul", deviation, noise, NULL);
    int z = dv_builder_apply(builder, "Add", mean, moved, DV_VAE_LATENT);
    int logits = build_decoder(builder, z, set, options);
    dv_builder_output(builder, logits);
    dv_builder_output(builder, mean);
    dv_builder_output(builder, log_variance);
    if (options->likelihood == DV_LIKELIHOOD_GAUSSIAN)
        dv_builder_output(
            builder, dv_builder_shared(builder, z, "log_deviation", latent, log_deviation_start, log_deviation_pace));
    dv_builder_running(builder);
    return !builder->failed;
}

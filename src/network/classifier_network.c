/* A convolutional classifier as a network: normalised pictures -> logits. */
#include "network/builder.h"
#include "network/classifier.h"

#include <stdio.h>

static void layer_name(char name[32], const char *kind, int layer)
{
    snprintf(name, 32, "%s%d", kind, layer + 1);
}

/* Feature maps behind all poolings; *features tells how many numbers they are. */
static int build_stages(dv_builder *builder, int x, const dv_picture_form *form, const dv_classifier_options *options,
                        int64_t *features)
{
    int64_t channels = form->channels, height = form->height, width = form->width;
    int layer = 0;
    for (int stage = 0; stage < options->channels.count; stage++) {
        /* The first pictures are large and their maps few: more than one layer there costs much and brings little. */
        for (int c = 0; c < (stage == 0 ? 1 : options->depth); c++) {
            char name[32];
            layer_name(name, "convolution", layer);
            x = dv_builder_convolution(builder, x, name, channels, options->channels.width[stage], 1, DV_START_HE);
            channels = options->channels.width[stage];
            layer_name(name, "normalization", layer++);
            x = options->normalization ? dv_builder_normalization(builder, x, name, channels) : x;
            x = dv_builder_apply(builder, "Relu", x, -1, NULL);
        }
        x = dv_builder_max_pool(builder, x);
        height /= 2;
        width /= 2;
    }
    *features = channels * height * width;
    return x;
}

bool dv_classifier_build(dv_builder *builder, const dv_picture_form *form, int classes,
                         const dv_classifier_options *options, dv_error *error)
{
    if (!dv_builder_init(builder, options->training.seed, error))
        return false;
    const int64_t dims[] = {form->channels, form->height, form->width};
    int64_t features;
    int x = build_stages(builder, dv_builder_input(builder, "x", 3, dims), form, options, &features);
    x = dv_builder_apply(builder, "Flatten", x, -1, NULL);
    for (int layer = 0; layer < options->dense.count; layer++) {
        char name[32];
        layer_name(name, "dense", layer);
        x = dv_builder_dense(builder, x, name, features, options->dense.width[layer], DV_START_HE);
        x = dv_builder_apply(builder, "Relu", x, -1, NULL);
        x = dv_builder_dropout(builder, x, options->dropout);
        features = options->dense.width[layer];
    }
    dv_builder_output(builder, dv_builder_dense(builder, x, "logits", features, classes, DV_START_GLOROT));
    dv_builder_running(builder);
    return !builder->failed;
}

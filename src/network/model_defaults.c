/* What is trained where nobody says more: by the size and the number of the pictures. */
#include "network/model.h"

#include <stdlib.h>

enum {
    SMALL_GREY = 32,      /* grey pictures below this are learned well enough by dense layers */
    LARGEST_NATIVE = 128, /* pictures up to this are taken as they are */
    REDUCED = 64,         /* what others are brought to */
    LEAST_SIDE = 4,       /* that convolutions leave of a picture */
};

static int shorter_side(const dv_picture_form *form)
{
    return form->height < form->width ? form->height : form->width;
}

static bool is_small_grey(const dv_picture_form *form)
{
    return form->channels == 1 && shorter_side(form) < SMALL_GREY;
}

dv_picture_form dv_model_form(const dv_dataset *data, int size)
{
    dv_picture_form form = dv_dataset_native(data);
    const bool fits = !data->mixed && form.height <= LARGEST_NATIVE && form.width <= LARGEST_NATIVE;
    if (size > 0 || !fits)
        form.height = form.width = size > 0 ? size : REDUCED;
    return form;
}

/* Twice as many maps for each halving, up to `most`. */
static dv_layers pyramid(const dv_picture_form *form, int first, int most)
{
    dv_layers layers = {0};
    int width = first;
    for (int side = shorter_side(form); side / 2 >= LEAST_SIDE && layers.count < DV_MODEL_MAX_LAYERS; side /= 2) {
        layers.width[layers.count++] = width;
        width = 2 * width < most ? 2 * width : most;
    }
    return layers;
}

/* So many epochs that there are about `steps` steps. */
static int epochs_for(int64_t count, int batch, int64_t steps, int least, int most)
{
    const int64_t of_epoch = (count + batch - 1) / batch, epochs = (steps + of_epoch - 1) / of_epoch;
    return (int)(epochs < least ? least : epochs > most ? most : epochs);
}

static dv_training_options training_defaults(void)
{
    return (dv_training_options){
        .optimizer = DV_OPTIMIZER_ADAM, .batch = 128, .learning_rate = 1e-3, .momentum = 0.9, .seed = 1};
}

/* More steps bring more than larger batches; of these, four threads can have a part each. */
static void suit_convolutions(dv_training_options *training)
{
    training->batch = 64;
    training->micro_batch = 16;
}

dv_vae_options dv_vae_defaults(const dv_picture_form *form, int64_t count)
{
    const int side = shorter_side(form);
    const double pixels = (double)dv_picture_form_values(form);
    dv_vae_options options = {.beta = 1, .guide_weight = pixels / 8, .training = training_defaults()};
    if (is_small_grey(form)) {
        options.latent = 32;
        options.likelihood = DV_LIKELIHOOD_BERNOULLI;
        options.hidden = (dv_layers){2, {512, 256}};
        options.training.epochs = epochs_for(count, options.training.batch, 5000, 10, 200);
        return options;
    }
    options.latent = side < 96 && form->channels == 1 ? 64 : 128;
    options.likelihood = DV_LIKELIHOOD_GAUSSIAN;
    options.warm_up = 0.1;
    options.guide_weight = pixels / 3;
    options.channels = pyramid(form, side < 96 ? 32 : 16, 128);
    options.normalization = true;
    options.training.learning_rate = 2e-3;
    suit_convolutions(&options.training);
    options.training.epochs = epochs_for(count, options.training.batch, 6000, 10, 200);
    return options;
}

dv_classifier_options dv_classifier_defaults(const dv_picture_form *form, int64_t count)
{
    dv_classifier_options options = {
        .channels = {2, {16, 32}},
        .depth = 1,
        .dense = {1, {128}},
        .dropout = 0.3,
        .training = training_defaults(),
    };
    if (!is_small_grey(form)) {
        options.channels = pyramid(form, 32, 128);
        options.depth = 2;
        options.normalization = true;
        options.dropout = 0.2;
        options.smoothing = 0.1;
        options.flip = true;
        options.shift = shorter_side(form) / 8;
        options.training.weight_decay = 0.05;
        suit_convolutions(&options.training);
    }
    options.training.epochs = epochs_for(count, options.training.batch, 6000, 10, 100);
    return options;
}

/* The variational auto-encoder: its training, its two files.
 * D. P. Kingma, M. Welling, "Auto-encoding variational Bayes", ICLR 2014. */
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "kernel/vector.h"
#include "onnx/onnx.h"
#include "train/loss.h"
#include "network/elbo.h"
#include "network/model.h"
#include "network/vae.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what it is trained on ------------------------------------------------ */

/* Both need room for the bytes of a picture. Without it training ends: a loss that is no number is an error. */

static void fill(void *context, const int64_t *index, const uint64_t *draw, int64_t count, dv_tensor *const *inputs)
{
    const dv_vae_task *task = context;
    const int64_t pixels = task->set->pixels, latent = task->options->latent;
    uint8_t *room = malloc((size_t)pixels);
    for (int64_t i = 0; i < count; i++) {
        const uint8_t *pixel = room ? dv_picture_set_get(task->set, index[i], room) : NULL;
        float *picture = inputs[0]->f + i * pixels, *noise = inputs[1]->f + i * latent;
        if (pixel)
            dv_vector_of_bytes(pixels, pixel, picture);
        else
            picture[0] = NAN;
        for (int64_t l = 0; l < latent; l++)
            noise[l] = (float)dv_random_normal(task->options->training.seed, DV_PURPOSE_LATENT_NOISE,
                                               draw[i] * (uint64_t)latent + (uint64_t)l);
    }
    free(room);
}

/* Of sample i: the pictures again, they are the targets of their own reconstruction. */
static double sample_loss(const dv_vae_task *task, int64_t i, const uint8_t *pixel, double beta,
                          const dv_tensor *const *outputs, dv_tensor *const *gradients)
{
    const int64_t pixels = task->set->pixels, latent = task->options->latent;
    const float *logits = outputs[0]->f + i * pixels;
    float *gradient = gradients[0]->f + i * pixels;
    const double likelihood =
        task->options->likelihood == DV_LIKELIHOOD_GAUSSIAN
            ? dv_loss_gaussian(pixels, logits, pixel, outputs[3]->f[i], gradient, &gradients[3]->f[i])
            : dv_loss_bernoulli(pixels, logits, pixel, gradient);
    return likelihood + dv_loss_normal_kl(latent, outputs[1]->f + i * latent, outputs[2]->f + i * latent, beta,
                                          gradients[1]->f + i * latent, gradients[2]->f + i * latent);
}

static dv_batch_loss loss(void *context, const int64_t *index, int64_t count, double done, int thread,
                          const dv_tensor *const *outputs, dv_tensor *const *gradients)
{
    const dv_vae_task *task = context;
    const dv_vae_options *options = task->options;
    const double beta = options->beta * (done < options->warm_up ? done / options->warm_up : 1);
    uint8_t *room = malloc((size_t)task->set->pixels);
    dv_batch_loss loss = {.sum = room ? 0 : NAN};
    for (int64_t i = 0; room && i < count; i++)
        loss.sum += sample_loss(task, i, dv_picture_set_get(task->set, index[i], room), beta, outputs, gradients);
    free(room);
    if (options->guide) {
        loss.part = dv_guide_measure(options->guide, thread, index, count, options->guide_weight, outputs[0]->f,
                                     gradients[0]->f);
        loss.sum += options->guide_weight * loss.part;
    }
    return loss;
}

dv_objective dv_vae_objective(dv_vae_task *task)
{
    const dv_vae_options *options = task->options;
    const double weights[] = {options->beta, options->warm_up, options->guide ? options->guide_weight : 0};
    uint64_t fingerprint = dv_picture_set_hash(task->set, dv_hash(DV_HASH_START, weights, sizeof weights));
    if (options->guide)
        fingerprint = dv_guide_hash(options->guide, fingerprint);
    return (dv_objective){
        .context = task,
        .count = task->set->count,
        .fingerprint = fingerprint,
        .part = options->guide ? "teacher" : NULL,
        .fill = fill,
        .loss = loss,
    };
}

/* ---- training ------------------------------------------------------------- */

static bool check_options(const dv_picture_set *set, const dv_vae_options *options, dv_error *error)
{
    if (options->latent < 1 || options->latent > DV_MODEL_MAX_WIDTH)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there can be 1 to %d latent dimensions, not %d",
                            DV_MODEL_MAX_WIDTH, options->latent);
    if (!(options->beta >= 0 && options->beta <= 1e6))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "beta must lie between 0 and 1e6, not %g", options->beta);
    if (options->guide && !(options->guide_weight >= 0 && options->guide_weight <= 1e6))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the teacher's weight must lie between 0 and 1e6, not %g",
                            options->guide_weight);
    int side = set->form.height < set->form.width ? set->form.height : set->form.width;
    if (side >> options->channels.count < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "%d halvings leave nothing of pictures of %d x %d pixels; use fewer convolutions",
                            options->channels.count, set->form.width, set->form.height);
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
    dv_builder_end_running(builder);
    const int picture = graph->input[0], logits = graph->output[0], latent = dv_graph_find(graph, DV_VAE_LATENT);
    const int posterior[] = {graph->output[1], graph->output[2]};
    const int probability = dv_builder_apply(builder, "Sigmoid", logits, -1, "x");
    if (probability < 0)
        return false;
    /* An input has a declared shape; z had none as long as it was computed. */
    graph->value[latent].type = DV_TYPE_FLOAT;
    graph->value[latent].has_shape = true;
    graph->value[latent].shape = dv_shape_make(2, (const int64_t[]){-1, vae->latent});
    vae->encoder = cut(graph, picture, "x", 2, posterior, error);
    vae->decoder = vae->encoder ? cut(graph, latent, DV_VAE_LATENT, 1, &probability, error) : NULL;
    return vae->decoder != NULL;
}

dv_vae *dv_vae_train(const dv_picture_set *set, const dv_vae_options *options, dv_team *team,
                     const dv_training_observer *observer, dv_error *error)
{
    dv_vae *vae = check_options(set, options, error) ? dv_alloc(1, sizeof *vae, error) : NULL;
    if (!vae)
        return NULL;
    vae->channels = set->form.channels;
    vae->height = set->form.height;
    vae->width = set->form.width;
    vae->latent = options->latent;
    vae->likelihood = options->likelihood;
    dv_vae_task task = {.set = set, .options = options};
    dv_builder builder;
    bool stopped = false, good = dv_vae_build(&builder, set, options, error);
    if (good) {
        dv_objective objective = dv_vae_objective(&task);
        objective.running_count = builder.running_count;
        objective.running = builder.running;
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

/* ---- its speed ----------------------------------------------------------------- */

struct stopwatch {
    double started_ms, seconds, pictures_per_second;
};

static bool look_at_watch(void *context, const dv_training_status *status)
{
    struct stopwatch *watch = context;
    watch->pictures_per_second = status->samples_per_second;
    return dv_clock_ms() - watch->started_ms < 1000 * watch->seconds;
}

bool dv_vae_speed(const dv_picture_set *set, const dv_vae_options *options, dv_team *team, double seconds,
                  double *pictures_per_second, dv_error *error)
{
    struct stopwatch watch = {.started_ms = dv_clock_ms(), .seconds = seconds};
    const dv_training_observer observer = {.step = look_at_watch, .context = &watch};
    dv_vae_options trial = *options;
    dv_error none = {.code = DV_OK};
    trial.training.checkpoint = NULL;
    dv_vae_free(dv_vae_train(set, &trial, team, &observer, &none));
    *pictures_per_second = watch.pictures_per_second;
    return none.code == DV_OK || dv_error_set(error, none.code, "%s", none.message);
}

/* ---- its files ------------------------------------------------------------------ */

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
    char *encoder = dv_path_join(folder, DV_VAE_ENCODER), *decoder = dv_path_join(folder, DV_VAE_DECODER);
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

/* The networks, ready to run, and pictures of their form. */
struct test {
    const dv_picture_set *set;
    dv_team *team;
    dv_auto_encoder networks;
    dv_picture_source source;
};

static bool read_set(void *context, int64_t first, int64_t count, float *pictures, dv_error *error)
{
    const struct test *test = context;
    return dv_picture_set_floats(test->set, first, count, test->team, pictures, error);
}

static bool test_open(struct test *test, const dv_vae *vae, const dv_picture_set *set, dv_team *team, dv_error *error)
{
    const dv_picture_form *form = &set->form;
    *test = (struct test){.set = set, .team = team};
    if (form->channels != vae->channels || form->height != vae->height || form->width != vae->width)
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "the test pictures need the size of the training pictures, %d x %d x %d", vae->channels,
                            vae->height, vae->width);
    test->source = (dv_picture_source){set->count, set->pixels, test, read_set};
    test->networks = (dv_auto_encoder){
        .latent = vae->latent,
        .encoder = dv_runner_new(vae->encoder, team, error),
    };
    if (test->networks.encoder)
        test->networks.decoder = dv_runner_new(vae->decoder, team, error);
    return test->networks.decoder != NULL;
}

static void test_close(struct test *test)
{
    dv_runner_free(test->networks.encoder);
    dv_runner_free(test->networks.decoder);
}

bool dv_vae_negative_elbo(const dv_vae *vae, const dv_picture_set *set, uint64_t seed, dv_team *team,
                          const dv_progress *progress, double *negative_elbo, dv_error *error)
{
    struct test test;
    bool good = test_open(&test, vae, set, team, error) &&
                dv_negative_elbo(&test.networks, &test.source, seed, progress, negative_elbo, error);
    test_close(&test);
    return good;
}

bool dv_vae_nearness(const dv_vae *vae, const dv_picture_set *set, dv_team *team, const dv_progress *progress,
                     dv_nearness *nearness, dv_error *error)
{
    struct test test;
    bool good = test_open(&test, vae, set, team, error) &&
                dv_reconstruction_nearness(&test.networks, &test.source, progress, nearness, error);
    test_close(&test);
    return good;
}

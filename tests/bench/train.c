/* One epoch of training, for tests/bench/train.py, which holds it against PyTorch's.
 *
 *   bench-train vae|classifier IMAGES LABELS THREADS [LATENT]
 *
 * The network is that of `deepvid train`. Prints the milliseconds of the epoch by the clock and by the processors, and
 * the mean loss over it. */
#include "base/file.h"
#include "base/team.h"
#include "data/data.h"
#include "network/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static dv_error error;

static int fail(const char *what)
{
    fprintf(stderr, "bench-train: %s: %s\n", what, error.message);
    return 1;
}

static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

/* From the end of the first batch on: what comes before is made once for all epochs. */
struct watch {
    int64_t first; /* samples that were learned by then */
    double clock, processors;
    double loss;
};

static bool look(void *context, const dv_training_status *status)
{
    struct watch *watch = context;
    watch->loss = status->loss;
    if (watch->first == 0) {
        watch->first = status->sample;
        watch->clock = dv_clock_ms();
        watch->processors = processor_ms();
    }
    if (status->epoch_end) {
        const double whole = (double)status->samples / (double)(status->samples - watch->first);
        watch->clock = (dv_clock_ms() - watch->clock) * whole;
        watch->processors = (processor_ms() - watch->processors) * whole;
    }
    return true;
}

static bool train_vae(const dv_picture_set *set, int latent, dv_team *team, const dv_training_observer *observer)
{
    dv_vae_options options = dv_vae_defaults(&set->form, set->count);
    options.training.epochs = 1;
    if (latent)
        options.latent = latent;
    dv_vae *vae = dv_vae_train(set, &options, team, observer, &error);
    const bool ok = vae != NULL;
    dv_vae_free(vae);
    return ok;
}

static bool train_classifier(const dv_picture_set *set, dv_team *team, const dv_training_observer *observer)
{
    dv_classifier_options options = dv_classifier_defaults(&set->form, set->count);
    options.training.epochs = 1;
    dv_classifier *classifier = dv_classifier_train(set, &options, team, observer, &error);
    const bool ok = classifier != NULL;
    dv_classifier_free(classifier);
    return ok;
}

int main(int argc, char **argv)
{
    const bool vae = argc > 1 && strcmp(argv[1], "vae") == 0;
    if (argc < 5 || (!vae && strcmp(argv[1], "classifier") != 0)) {
        fputs("usage: bench-train vae|classifier IMAGES LABELS THREADS [LATENT]\n", stderr);
        return 2;
    }
    const dv_dataset_source source = {.images = argv[2], .labels = argv[3]};
    dv_team *team = dv_team_new(atoi(argv[4]), &error);
    dv_dataset *data = team ? dv_dataset_open(&source, &error) : NULL;
    if (!data)
        return fail(argv[2]);
    const dv_picture_form form = dv_model_form(data, 0);
    dv_picture_set *set = dv_picture_set_open(data, &form, NULL, 0, DV_PICTURE_SET_MEMORY, team, NULL, &error);
    if (!set)
        return fail(argv[2]);
    struct watch watch = {.first = 0};
    const dv_training_observer observer = {.step = look, .context = &watch};
    const int latent = argc > 5 ? atoi(argv[5]) : 0;
    if (!(vae ? train_vae(set, latent, team, &observer) : train_classifier(set, team, &observer)))
        return fail(argv[1]);
    printf("%.1f %.1f %.4f\n", watch.clock, watch.processors, watch.loss);
    dv_picture_set_close(set);
    dv_dataset_close(data);
    dv_team_free(team);
    return 0;
}

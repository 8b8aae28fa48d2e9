/* What a bundle has beside teacher and pictures: whether it opens, and what its auto-encoder makes of the pictures. */
#include "setup/check_parts.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/part.h"
#include "base/random.h"
#include "vid/bundle.h"
#include "network/elbo.h"
#include "vid/latent.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 200 };
/* Shares of reconstructions with another name than their picture: worth a word, and too many. */
static const double some = 0.1, many = 0.4;
/* Share of what differs between pictures, kept by reconstructions: less is too little. */
static const double little = 0.3;

typedef struct sample {
    dv_bundle *bundle;
    int64_t count, *index;
} sample;

static bool draw(sample *it, uint64_t seed, dv_error *error)
{
    int64_t all = it->bundle->facts.count;
    it->count = dv_smaller(all, SAMPLE);
    it->index = dv_alloc((size_t)all, sizeof *it->index, error);
    if (it->index)
        dv_random_order(seed, DV_PURPOSE_SAMPLE, 1, all, it->index);
    return it->index != NULL;
}

static bool read(void *context, int64_t first, int64_t count, float *pictures, dv_error *error)
{
    const sample *it = context;
    const dv_bundle *bundle = it->bundle;
    return dv_dataset_pick(bundle->dataset, it->index + first, count, &bundle->form, bundle->team, pictures, error);
}

/* ---- the teacher's word ---------------------------------------------------------------- */

/* Whether the teacher calls a picture, straight from its file, what it calls its reconstruction. */
static bool compare(sample *it, int64_t i, float *picture, float *mean, float *logits, bool *is_kept, dv_error *error)
{
    dv_bundle *bundle = it->bundle;
    int classes = bundle->facts.classes;
    if (!read(it, i, 1, picture, error) || !dv_teacher_run_files(bundle, it->index[i], 1, logits, NULL, error))
        return false;
    int word = dv_largest(logits, classes);
    if (!dv_latent_encode(bundle, picture, 1, mean, NULL, NULL, error) ||
        !dv_latent_decode(bundle, mean, 1, picture, NULL, error) ||
        !dv_teacher_run(bundle, picture, 1, logits, NULL, error))
        return false;
    *is_kept = dv_largest(logits, classes) == word;
    return true;
}

static bool count_kept(sample *it, dv_check_vae *vae, const dv_progress *progress, dv_error *error)
{
    const dv_bundle *bundle = it->bundle;
    float *picture = dv_alloc((size_t)bundle->pixels, sizeof *picture, error);
    float *mean = dv_alloc((size_t)bundle->facts.latent, sizeof *mean, error);
    float *logits = dv_alloc((size_t)bundle->facts.classes, sizeof *logits, error);
    bool ok = picture && mean && logits;
    for (int64_t i = 0; ok && i < it->count; i++) {
        bool is_kept = false;
        ok = dv_progress_report(progress, "reconstructions", (double)i / (double)it->count, error) &&
             compare(it, i, picture, mean, logits, &is_kept, error);
        vae->shown += ok;
        vae->keeps += is_kept;
    }
    free(picture);
    free(mean);
    free(logits);
    return ok;
}

static bool measure(sample *it, dv_check_vae *vae, const dv_progress *progress, dv_error *error)
{
    const dv_bundle *bundle = it->bundle;
    const dv_auto_encoder networks = {.latent = bundle->facts.latent, .bundle = it->bundle};
    const dv_picture_source source = {it->count, bundle->pixels, it, read};
    dv_nearness nearness;
    if (!count_kept(it, vae, progress, error) ||
        !dv_reconstruction_nearness(&networks, &source, progress, &nearness, error))
        return false;
    vae->kept = nearness.share;
    return true;
}

/* ---- findings -------------------------------------------------------------------------------- */

static void judge(dv_check *check)
{
    const dv_check_vae *vae = &check->vae;
    double lost = vae->shown ? 1 - (double)vae->keeps / (double)vae->shown : 0;
    dv_finding_kind kind = lost > many ? DV_FINDING_PROBLEM : lost > some ? DV_FINDING_NOTE : DV_FINDING_OK;
    dv_check_find(check, kind, "reconstruction",
                  "the teacher calls %.0f %% of %lld reconstructions what it calls their pictures", 100 * (1 - lost),
                  (long long)vae->shown);
    if (kind == DV_FINDING_PROBLEM)
        dv_check_remedy(check, "explanations would be of other pictures than these: train the VAE longer, or on these "
                               "pictures, or with more latent dimensions (deepvid train vae)");
    else if (kind == DV_FINDING_NOTE)
        dv_check_remedy(check, "a VAE that learns what the teacher sees keeps more: deepvid train vae --teacher");
    if (vae->kept < little) {
        dv_check_find(check, DV_FINDING_PROBLEM, "vae",
                      "reconstructions keep %.0f %% of what differs between the pictures: they look alike",
                      100 * fmax(0, vae->kept));
        dv_check_remedy(check, "the VAE was trained on other pictures, takes them in another range ([vae] output), or "
                               "learned nothing");
    }
}

static void tell_sizes(dv_check *check, const dv_bundle_facts *facts)
{
    dv_check_vae *vae = &check->vae;
    vae->is_open = true;
    vae->channels = facts->channels;
    vae->height = facts->height;
    vae->width = facts->width;
    vae->latent = facts->latent;
    for (int n = 0; n < facts->note_count; n++)
        dv_check_find(check, DV_FINDING_NOTE, "inferred", "%s", facts->notes[n]);
    dv_check_find(check, DV_FINDING_OK, "bundle", "the bundle can be opened: all sizes fit together");
}

/* The file that the error begins with has a problem that is known already. */
static bool is_told(dv_check *check, const char *message)
{
    const char *end = strchr(message, ':');
    const char *file = end ? dv_check_text(check, "%.*s", (int)(end - message), message) : message;
    for (int f = 0; f < check->findings; f++)
        if (check->finding[f].kind == DV_FINDING_PROBLEM && strstr(check->finding[f].text, file))
            return true;
    return false;
}

bool dv_check_bundle(dv_check *check, const dv_bundle_source *source, const dv_bundle_settings *settings,
                     const dv_check_options *options, const dv_progress *progress, dv_error *error)
{
    const char *const networks[] = {settings->encoder, settings->decoder, settings->vae};
    for (size_t n = 0; n < sizeof networks / sizeof networks[0]; n++)
        if (networks[n])
            dv_check_survey(check, networks[n]);
    dv_error why;
    sample it = {.bundle = dv_bundle_open(source, &why)};
    check->vae.kept = NAN;
    if (!it.bundle) {
        if (!is_told(check, why.message))
            dv_check_find(check, DV_FINDING_PROBLEM, "bundle", "%s", why.message);
        return true;
    }
    tell_sizes(check, dv_bundle_get_facts(it.bundle));
    bool ok = draw(&it, options->seed, error);
    if (ok && measure(&it, &check->vae, progress, &why))
        judge(check);
    else if (ok && why.code == DV_ERROR_CANCELLED)
        dv_check_find(check, DV_FINDING_NOTE, "stopped", "stopped before the reconstructions were looked at");
    else if (ok)
        dv_check_find(check, DV_FINDING_PROBLEM, "vae", "%s", why.message);
    free(it.index);
    dv_bundle_close(it.bundle);
    return ok;
}

/* Pictures as points of a plane: features, principal components, t-SNE by and by, the cache. */
#include "base/error.h"
#include "embed/pca.h"
#include "embed/tsne.h"
#include "vid/features.h"
#include "vid/limits.h"
#include "vid/project_cache.h"
#include "vid/span.h"

#include <stdlib.h>
#include <string.h>

enum { AXES = 2, REDUCED = 50 };

struct dv_projector {
    dv_project_options options;
    int64_t count;
    float *positions; /* count x 2 */
    dv_tsne *tsne;    /* NULL when nothing is left to do */
    dv_project_key key;
    bool has_key;
};

dv_project_options dv_project_defaults(void)
{
    dv_tsne_options tsne = dv_tsne_defaults();
    return (dv_project_options){.features = DV_FEATURES_LATENT,
                                .tsne = true,
                                .perplexity = tsne.perplexity,
                                .iterations = tsne.iterations,
                                .seed = 1};
}

static bool check(const dv_project_options *options, dv_error *error)
{
    if (!(options->perplexity >= DV_MIN_PERPLEXITY && options->perplexity <= DV_MAX_PERPLEXITY))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a perplexity of %g is not between %g and %g",
                            options->perplexity, DV_MIN_PERPLEXITY, DV_MAX_PERPLEXITY);
    if (options->iterations < DV_MIN_ITERATIONS || options->iterations > DV_MAX_ITERATIONS)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "%d iterations are not between %d and %d", options->iterations,
                            DV_MIN_ITERATIONS, DV_MAX_ITERATIONS);
    return true;
}

/* Moves the middle of the points' box to 0 and scales its longer side to -1..1. */
static void fit(float *positions, int64_t count)
{
    float low[AXES], high[AXES], reach = 0;
    for (int a = 0; a < AXES; a++) {
        low[a] = high[a] = positions[a];
        for (int64_t i = 1; i < count; i++) {
            float value = positions[i * AXES + a];
            low[a] = value < low[a] ? value : low[a];
            high[a] = value > high[a] ? value : high[a];
        }
        reach = (high[a] - low[a]) / 2 > reach ? (high[a] - low[a]) / 2 : reach;
    }
    for (int64_t i = 0; i < count * AXES; i++) {
        float value = positions[i] - (low[i % AXES] + high[i % AXES]) / 2;
        value = reach > 0 ? value / reach : 0;
        positions[i] = value < -1 ? -1 : value > 1 ? 1 : value;
    }
}

/* The descent is laid over the rows, or over their components where these are fewer (count x components). */
static bool start_tsne(dv_projector *it, const float *rows, int64_t size, dv_team *team, dv_error *error)
{
    dv_tsne_options options = dv_tsne_defaults();
    float *start = dv_alloc(it->count * AXES, sizeof *start, error);
    if (!start)
        return false;
    options.perplexity = it->options.perplexity;
    options.iterations = it->options.iterations;
    dv_tsne_start(it->positions, it->count, it->options.seed, start);
    it->tsne = dv_tsne_new(rows, it->count, size, start, &options, team, error);
    free(start);
    return it->tsne != NULL;
}

/* Principal components of the rows, which are centred, and what follows from them. */
static bool lay_out(dv_projector *it, float *rows, int64_t size, dv_team *team, dv_error *error)
{
    bool reduced = it->options.tsne && size > REDUCED;
    int components = reduced ? REDUCED : AXES;
    float *scores = dv_alloc(it->count * components, sizeof *scores, error);
    bool ok = scores && dv_pca(rows, it->count, size, components, scores, NULL, team, error);
    for (int64_t i = 0; ok && i < it->count; i++)
        memcpy(it->positions + i * AXES, scores + i * components, AXES * sizeof *scores);
    if (ok && it->options.tsne)
        ok = start_tsne(it, reduced ? scores : rows, reduced ? components : size, team, error);
    if (ok)
        fit(it->positions, it->count);
    free(scores);
    return ok;
}

static bool compute(dv_projector *it, dv_bundle *bundle, const dv_progress *progress, dv_error *error)
{
    float *rows;
    int64_t size;
    if (!dv_features_make(bundle, it->options.features, &rows, &size, progress, error))
        return false;
    bool ok = dv_progress_report(progress, "components", -1, error) && lay_out(it, rows, size, bundle->team, error);
    free(rows);
    return ok;
}

dv_projector *dv_projector_new(dv_bundle *bundle, const dv_project_options *options, const dv_progress *progress,
                               dv_error *error)
{
    dv_projector *it = check(options, error) ? dv_alloc(1, sizeof *it, error) : NULL;
    dv_error no_key; /* without it nothing is cached, and that is all */
    if (!it)
        return NULL;
    it->options = *options;
    it->count = bundle->facts.count;
    if (!(it->positions = dv_alloc(it->count * AXES, sizeof *it->positions, error)))
        goto fail;
    it->has_key = options->tsne && dv_project_key_make(&it->key, bundle, options, &no_key);
    if (it->has_key && dv_project_cache_load(&it->key, it->positions))
        return it;
    if (compute(it, bundle, progress, error))
        return it;
fail:
    dv_projector_free(it);
    return NULL;
}

void dv_projector_free(dv_projector *projector)
{
    if (!projector)
        return;
    dv_tsne_free(projector->tsne);
    free(projector->positions);
    free(projector);
}

bool dv_projector_step(dv_projector *projector, double milliseconds, dv_error *error)
{
    dv_projector *it = projector;
    if (!it->tsne)
        return true;
    if (!dv_tsne_step(it->tsne, milliseconds, error))
        return false;
    if (dv_tsne_iteration(it->tsne) > 0) {
        dv_tsne_positions(it->tsne, it->positions);
        fit(it->positions, it->count);
    }
    if (!dv_tsne_done(it->tsne))
        return true;
    dv_tsne_free(it->tsne);
    it->tsne = NULL;
    if (it->has_key)
        dv_project_cache_store(&it->key, it->positions);
    return true;
}

bool dv_projector_done(const dv_projector *projector)
{
    return !projector->tsne;
}

double dv_projector_fraction(const dv_projector *projector)
{
    return projector->tsne ? dv_tsne_fraction(projector->tsne) : 1;
}

const float *dv_projector_positions(const dv_projector *projector)
{
    return projector->positions;
}

double dv_projector_perplexity(const dv_projector *projector)
{
    return dv_tsne_perplexity(projector->options.perplexity, projector->count);
}

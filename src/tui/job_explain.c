/* An explanation for the screen: the maps first, what they are worth in a second step. When full maps take longer than
 * a glance, those of fewer neighbours come first. */
#include "base/file.h"
#include "base/memory.h"
#include "figure/figure.h"
#include "tui/job.h"
#include "vid/options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PREVIEW_NEIGHBORS = 256, /* the first of the full ones, which goes on from there */
    PREVIEW_AT_LEAST = 64,
    PREVIEW_SLOW_MS = 80, /* it should follow the keys */
    PREVIEW_FAST_MS = 30,
    PREVIEW_WORTH_MS = 100,    /* full maps that are faster need no preview */
    PREVIEW_PATIENCE_MS = 150, /* a preview that takes longer gives way to a newer request */
};

typedef struct pacing {
    double full_ms; /* of the last full maps of new neighbours, 0: none yet */
    int64_t preview_neighbors;
    dv_wish full; /* the last one that was fully explained; latent 0: none yet */
} pacing;

typedef struct watch {
    const dv_errand *errand;
    double started;
} watch;

/* A preview is rather finished than given up: keys that come without end must not starve the screen. */
static bool report(void *context, const char *stage, double fraction)
{
    const watch *watched = context;
    const dv_progress *progress = watched->errand->progress;
    bool go_on = progress->report(progress->context, stage, fraction);
    return go_on || dv_clock_ms() - watched->started < PREVIEW_PATIENCE_MS;
}

/* Explains what is asked for, with fewer neighbours, and measures it: the full explanation may be long in coming. */
static dv_explanation *preview(const dv_errand *errand, int64_t neighbors, double *took_ms, dv_error *error)
{
    dv_explain_options options = errand->request->wish->options;
    options.neighbors = neighbors;
    if (options.fresh > neighbors)
        options.fresh = neighbors;
    dv_options_forgo_marks(&options);
    watch watched = {.errand = errand, .started = dv_clock_ms()};
    dv_progress progress = {.report = report, .context = &watched};
    dv_explanation *explanation = dv_explain(errand->bundle, &options, &progress, error);
    *took_ms = dv_clock_ms() - watched.started;
    return explanation;
}

/* A preview is there to follow the keys. */
static void fit_preview(pacing *pace, double took_ms)
{
    if (took_ms > PREVIEW_SLOW_MS && pace->preview_neighbors > PREVIEW_AT_LEAST)
        pace->preview_neighbors /= 2;
    else if (took_ms < PREVIEW_FAST_MS && pace->preview_neighbors < PREVIEW_NEIGHBORS)
        pace->preview_neighbors *= 2;
}

/* Whether the bundle still has the neighbours of a wish: it differs from the last one in the student alone. */
static bool has_neighbors(const pacing *pace, const dv_wish *wish)
{
    dv_wish same = *wish;
    if (pace->full.latent == 0 || wish->options.until > 0)
        return false;
    same.options.ridge = pace->full.options.ridge;
    same.options.temperature = pace->full.options.temperature;
    return dv_wish_equal(&same, &pace->full);
}

static bool remember(pacing *pace, const dv_wish *wish, double took_ms, dv_error *error)
{
    if (!has_neighbors(pace, wish))
        pace->full_ms = took_ms;
    if (pace->full.latent == 0 && !dv_wish_init(&pace->full, &wish->options, wish->latent, error))
        return false;
    dv_wish_copy(&pace->full, wish);
    return true;
}

static void forget(void *memory)
{
    pacing *pace = memory;
    dv_wish_clear(&pace->full);
}

static dv_errand_state run(const dv_errand *errand, dv_error *error)
{
    pacing *pace = errand->memory;
    const dv_wish *wish = errand->request->wish;
    double took_ms;
    if (pace->preview_neighbors == 0)
        pace->preview_neighbors = PREVIEW_NEIGHBORS;
    bool is_quick = (pace->full_ms > 0 && pace->full_ms < PREVIEW_WORTH_MS) || has_neighbors(pace, wish);
    if (wish->options.neighbors > PREVIEW_NEIGHBORS && !is_quick) {
        dv_explanation *first = preview(errand, pace->preview_neighbors, &took_ms, error);
        if (!first && error->code != DV_ERROR_ARGUMENT) /* what few neighbours are too few for, all may be enough for */
            return DV_ERRAND_FAILED;
        fit_preview(pace, took_ms);
        if (first)
            errand->post(errand, first, true);
    }
    double start = dv_clock_ms();
    dv_explanation *maps = dv_explain_maps(errand->bundle, &wish->options, errand->progress, error);
    if (!maps)
        return DV_ERRAND_FAILED;
    errand->post(errand, maps, false);
    return remember(pace, wish, dv_clock_ms() - start, error) ? DV_ERRAND_DONE : DV_ERRAND_FAILED;
}

static void free_explanation(void *result)
{
    dv_explanation_free(result);
}

const dv_job_kind dv_job_explain = {
    .doing = "explaining",
    .memory_size = sizeof(pacing),
    .forget = forget,
    .run = run,
    .free_result = free_explanation,
};

/* ---- what they are worth ----------------------------------------------------------- */

static dv_errand_state run_measuring(const dv_errand *errand, dv_error *error)
{
    dv_fidelity *fidelity = dv_alloc(1, sizeof(*fidelity), error);
    if (!fidelity ||
        !dv_explain_measure(errand->bundle, errand->request->explanation, fidelity, errand->progress, error)) {
        free(fidelity);
        return DV_ERRAND_FAILED;
    }
    errand->post(errand, fidelity, false);
    return DV_ERRAND_DONE;
}

const dv_job_kind dv_job_measure = {.doing = "measuring", .run = run_measuring, .free_result = free};

/* ---- the report ------------------------------------------------------------------ */

static dv_errand_state run_export(const dv_errand *errand, dv_error *error)
{
    const dv_request *request = errand->request;
    if (!dv_figure_explain(errand->bundle, &request->wish->options, request->number, request->folder, errand->progress,
                           error))
        return DV_ERRAND_FAILED;
    errand->post(errand, strdup(request->folder), false);
    return DV_ERRAND_DONE;
}

const dv_job_kind dv_job_export = {.doing = "writing", .stays = true, .run = run_export, .free_result = free};

/* ---- other explainers ------------------------------------------------------------- */

static dv_errand_state run_attribution(const dv_errand *errand, dv_error *error)
{
    const dv_request *request = errand->request;
    const dv_attribution_options usual = dv_attribution_defaults();
    dv_attribution *made = dv_attribution_make(errand->bundle, request->number, &request->wish->options, NULL,
                                               request->count, &usual, errand->progress, error);
    if (!made)
        return DV_ERRAND_FAILED;
    errand->post(errand, made, false);
    return DV_ERRAND_DONE;
}

static void free_attribution(void *result)
{
    dv_attribution_free(result);
}

const dv_job_kind dv_job_attribute = {
    .doing = "explaining otherwise", .run = run_attribution, .free_result = free_attribution};

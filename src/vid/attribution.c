/* Other explainers: the table of them, and one attribution from the picture to the map. */
#include "base/error.h"
#include "base/file.h"
#include "vid/explainer.h"
#include "vid/limits.h"
#include "vid/options.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the table ---------------------------------------------------------------- */

static const struct row {
    dv_explainer facts;
    dv_explainer_function *explain;
    dv_score score; /* that is usual */
} rows[] = {
    {.facts = {.name = "student",
               .title = "Class direction",
               .meaning = "the student's weights: where more brightness would speak for the class",
               .citation = ""},
     .explain = dv_explain_student,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "evidence",
               .title = "Evidence",
               .meaning = "what speaks for the class here: weights of a student of masked copies, times what they hide",
               .citation = "",
               .by_masks = true},
     .explain = dv_explain_evidence,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "evidence-half",
               .title = "Evidence (half the mean)",
               .meaning = "weights times the picture less half the mean neighbour: between black and usual",
               .citation = ""},
     .explain = dv_explain_evidence_half,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "evidence-black",
               .title = "Evidence (black)",
               .meaning = "weights times the picture: what would be missed if pixels were black",
               .citation = ""},
     .explain = dv_explain_evidence_black,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "evidence-mean",
               .title = "Evidence (the mean)",
               .meaning =
                   "weights times the picture less the mean neighbour: what would be missed if pixels were usual",
               .citation = ""},
     .explain = dv_explain_evidence_mean,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "odds",
               .title = "One against the rest",
               .meaning = "the log-odds against all others: their slope times the picture less half the mean neighbour",
               .citation = ""},
     .explain = dv_explain_odds,
     .score = DV_SCORE_LOGIT},
    {.facts = {.name = "versus",
               .title = "Against the runner-up",
               .meaning =
                   "weights less the runner-up's (if wrong: the truth's) times picture less half the mean neighbour",
               .citation = ""},
     .explain = dv_explain_versus,
     .score = DV_SCORE_LOGIT},
    {.facts = {.name = "lime",
               .title = "LIME",
               .meaning = "what each superpixel adds to the score, by a linear fit to pictures with some filled in",
               .citation = "Ribeiro, Singh, Guestrin 2016",
               .samples = 1000,
               .has_baseline = true},
     .explain = dv_explain_lime,
     .score = DV_SCORE_PROBABILITY},
    {.facts = {.name = "rise",
               .title = "RISE",
               .meaning = "the mean score of masked pictures that show the pixel, less that of all of them",
               .citation = "Petsiuk, Das, Saenko 2018",
               .samples = 2000,
               .has_baseline = true},
     .explain = dv_explain_rise,
     .score = DV_SCORE_PROBABILITY},
    {.facts = {.name = "occlusion",
               .title = "Occlusion",
               .meaning = "how far the score falls when a window around the pixel is covered",
               .citation = "Zeiler, Fergus 2014",
               .has_baseline = true},
     .explain = dv_explain_occlusion,
     .score = DV_SCORE_LOGIT},
    {.facts = {.name = "gradient",
               .title = "Gradient",
               .meaning = "how fast the score grows with the pixel's brightness",
               .citation = "Simonyan, Vedaldi, Zisserman 2014",
               .by_gradient = true},
     .explain = dv_explain_gradient,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "gradient-input",
               .title = "Gradient x input",
               .meaning = "the gradient times the pixel",
               .citation = "Shrikumar, Greenside, Shcherbina, Kundaje 2016",
               .by_gradient = true,
               .has_baseline = true},
     .explain = dv_explain_gradient_input,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "integrated-gradients",
               .title = "Integrated gradients",
               .meaning =
                   "the gradient's mean on the way from the baseline, times the way: adds up to the score's change",
               .citation = "Sundararajan, Taly, Yan 2017",
               .by_gradient = true,
               .samples = 50,
               .has_baseline = true},
     .explain = dv_explain_integrated_gradients,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "smoothgrad",
               .title = "SmoothGrad",
               .meaning = "the gradient's mean over noisy copies of the picture",
               .citation = "Smilkov, Thorat, Kim, Viegas, Wattenberg 2017",
               .by_gradient = true,
               .samples = 50},
     .explain = dv_explain_smoothgrad,
     .score = DV_SCORE_LOG_PROBABILITY},
    {.facts = {.name = "grad-cam",
               .title = "Grad-CAM",
               .meaning =
                   "the last feature maps, weighted by the score's gradient: where they speak for the class, coarsely",
               .citation = "Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra 2017",
               .by_gradient = true},
     .explain = dv_explain_grad_cam,
     .score = DV_SCORE_LOGIT},
};

enum { ROWS = sizeof rows / sizeof rows[0] };

const dv_explainer *dv_explainer_at(int index)
{
    return index >= 0 && index < ROWS ? &rows[index].facts : NULL;
}

int dv_explainer_find(const char *name, dv_error *error)
{
    char names[256] = "";
    size_t length = 0;
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].facts.name, name) == 0)
            return i;
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s", i ? ", " : "", rows[i].facts.name);
    }
    dv_error_set(error, DV_ERROR_ARGUMENT, "there is no explainer '%s'; there are %s", name, names);
    return -1;
}

/* ---- names and options ---------------------------------------------------------- */

const char *dv_score_name(dv_score score)
{
    static const char *const names[] = {[DV_SCORE_USUAL] = "usual",
                                        [DV_SCORE_LOGIT] = "logit",
                                        [DV_SCORE_LOG_PROBABILITY] = "log-probability",
                                        [DV_SCORE_PROBABILITY] = "probability"};
    return names[score];
}

const char *dv_baseline_name(dv_baseline baseline)
{
    static const char *const names[] = {[DV_BASELINE_USUAL] = "usual",
                                        [DV_BASELINE_BLACK] = "black",
                                        [DV_BASELINE_MEAN] = "mean",
                                        [DV_BASELINE_BLURRED] = "blurred",
                                        [DV_BASELINE_BOTH] = "both"};
    return names[baseline];
}

const char *dv_baseline_words(dv_baseline baseline)
{
    return baseline == DV_BASELINE_BOTH ? "black and blurred" : dv_baseline_name(baseline);
}

dv_attribution_options dv_attribution_defaults(void)
{
    return (dv_attribution_options){0};
}

static bool check(const dv_bundle *bundle, int explainer, int class_index, const dv_attribution_options *options,
                  dv_error *error)
{
    const struct {
        const char *what;
        int64_t value, least, most;
    } limits[] = {{"the number of an explainer", explainer, 0, ROWS - 1},
                  {"the class", class_index, -1, bundle->facts.classes - 1},
                  {"the score", options->score, DV_SCORE_USUAL, DV_SCORE_PROBABILITY},
                  {"the baseline", options->baseline, DV_BASELINE_USUAL, DV_BASELINE_BOTH},
                  {"the segmenter", options->segmenter, DV_SEGMENTER_SLIC, DV_SEGMENTER_QUICKSHIFT},
                  {"the number of samples", options->samples, 0, DV_MAX_SAMPLES},
                  {"the window", options->window, 0, DV_MAX_WINDOW},
                  {"the stride", options->stride, 0, DV_MAX_WINDOW}};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limits[i].value < limits[i].least || limits[i].value > limits[i].most)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "%s must be from %lld to %lld, not %lld", limits[i].what,
                                (long long)limits[i].least, (long long)limits[i].most, (long long)limits[i].value);
    return true;
}

/* ---- an attribution --------------------------------------------------------------- */

bool dv_attribution_map(dv_attribution *attribution, int channels, dv_error *error)
{
    size_t plane = (size_t)attribution->height * (size_t)attribution->width;
    attribution->channels = channels;
    attribution->map = dv_alloc(plane, (size_t)channels * sizeof *attribution->map, error);
    return attribution->map != NULL;
}

void dv_attribution_free(dv_attribution *attribution)
{
    if (!attribution)
        return;
    free(attribution->map);
    free(attribution->segments);
    free(attribution);
}

static dv_attribution *make_attribution(int height, int width, int explainer, int class_index,
                                        const dv_attribution_options *options, dv_error *error)
{
    const struct row *row = &rows[explainer];
    dv_attribution *attribution = dv_alloc(1, sizeof *attribution, error);
    if (!attribution)
        return NULL;
    dv_baseline baseline = options->baseline == DV_BASELINE_USUAL ? DV_BASELINE_BLACK : options->baseline;
    *attribution = (dv_attribution){
        .explainer = &row->facts,
        .class_index = class_index,
        .against = -1,
        .score = options->score == DV_SCORE_USUAL ? row->score : options->score,
        .baseline = row->facts.has_baseline ? baseline : DV_BASELINE_USUAL,
        .samples = row->facts.samples && options->samples ? options->samples : row->facts.samples,
        .channels = 1,
        .height = height,
        .width = width,
        .r2 = NAN,
        .fitted = NAN,
        .goal = NAN,
    };
    return attribution;
}

/* The class that is meant by -1: the teacher's word. */
static bool choose_class(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    if (attribution->class_index >= 0)
        return true;
    int classes = inquiry->bundle->facts.classes;
    float *logits = dv_alloc(classes, sizeof *logits, error);
    bool ok = logits && dv_teacher_run(inquiry->bundle, inquiry->picture, 1, logits, inquiry->progress, error);
    if (ok)
        attribution->class_index = dv_largest(logits, classes);
    free(logits);
    return ok;
}

/* A map that cannot be made with this teacher is no failure. */
static bool is_problem(dv_attribution *attribution, const dv_error *error)
{
    if (error->code != DV_ERROR_UNSUPPORTED)
        return false;
    snprintf(attribution->problem, sizeof attribution->problem, "%.*s", (int)sizeof attribution->problem - 1,
             error->message);
    free(attribution->map);
    free(attribution->segments);
    attribution->map = NULL;
    attribution->segments = NULL;
    attribution->segment_count = 0;
    return true;
}

/* ---- against both baselines ------------------------------------------------------- */

/* Against its own baseline alone, by half of the samples: one half of the work. */
static bool explain_half(const dv_inquiry *inquiry, const struct row *row, int half, dv_attribution *attribution,
                         dv_error *error)
{
    dv_span span = {inquiry->progress, 0.5 * half, 0.5};
    dv_progress progress = dv_span_progress(&span);
    dv_inquiry part = *inquiry;
    part.progress = &progress;
    attribution->samples = (attribution->samples + 1) / 2;
    return row->explain(&part, attribution, error);
}

/* Superpixels are the same for both. */
static void average(dv_attribution *attribution, const dv_attribution *other)
{
    for (int64_t i = 0; i < (int64_t)attribution->channels * attribution->height * attribution->width; i++)
        attribution->map[i] = 0.5f * (attribution->map[i] + other->map[i]);
    attribution->samples += other->samples;
    attribution->teacher_calls += other->teacher_calls;
    attribution->r2 = 0.5 * (attribution->r2 + other->r2);
    attribution->fitted = 0.5 * (attribution->fitted + other->fitted);
    attribution->goal = 0.5 * (attribution->goal + other->goal);
}

static bool explain_class(const dv_inquiry *inquiry, const struct row *row, dv_attribution *attribution,
                          dv_error *error)
{
    if (attribution->baseline != DV_BASELINE_BOTH)
        return row->explain(inquiry, attribution, error);
    dv_attribution blurred = *attribution;
    attribution->baseline = DV_BASELINE_BLACK;
    blurred.baseline = DV_BASELINE_BLURRED;
    bool ok = explain_half(inquiry, row, 0, attribution, error) && explain_half(inquiry, row, 1, &blurred, error);
    if (ok)
        average(attribution, &blurred);
    attribution->baseline = DV_BASELINE_BOTH;
    free(blurred.map);
    free(blurred.segments);
    return ok;
}

/* ---- one row of the table ----------------------------------------------------------- */

static bool explain(const dv_inquiry *inquiry, const struct row *row, dv_attribution *attribution, dv_error *error)
{
    double start = dv_clock_ms();
    dv_error problem;
    bool ok = choose_class(inquiry, attribution, &problem) && explain_class(inquiry, row, attribution, &problem);
    attribution->milliseconds = dv_clock_ms() - start;
    if (ok || is_problem(attribution, &problem))
        return true;
    return dv_error_set(error, problem.code, "%s", problem.message);
}

dv_attribution *dv_attribution_make(dv_bundle *bundle, int explainer, const dv_explain_options *wish,
                                    const dv_explanation *explanation, int class_index,
                                    const dv_attribution_options *options, const dv_progress *progress, dv_error *error)
{
    if (!check(bundle, explainer, class_index, options, error) || !dv_options_check(wish, bundle, error))
        return NULL;
    dv_attribution *attribution =
        make_attribution(bundle->facts.height, bundle->facts.width, explainer, class_index, options, error);
    float *picture = attribution ? dv_alloc(bundle->pixels, sizeof *picture, error) : NULL;
    dv_inquiry inquiry = {.bundle = bundle,
                          .picture = picture,
                          .seed = wish->seed,
                          .options = options,
                          .wish = wish,
                          .explanation = explanation,
                          .progress = progress};
    bool ok = picture && dv_bundle_get_picture(bundle, wish->index, picture, error) &&
              explain(&inquiry, &rows[explainer], attribution, error);
    free(picture);
    if (ok)
        return attribution;
    dv_attribution_free(attribution);
    return NULL;
}

dv_attribution *dv_attribution_own(const dv_explanation *explanation, const char *name, dv_error *error)
{
    const dv_attribution_options usual = dv_attribution_defaults();
    const dv_inquiry inquiry = {.explanation = explanation, .options = &usual, .wish = &explanation->options};
    int row = dv_explainer_find(name, error);
    dv_attribution *attribution = row < 0 ? NULL
                                          : make_attribution(explanation->height, explanation->width, row,
                                                             explanation->teacher_class, &usual, error);
    if (attribution && explain(&inquiry, &rows[row], attribution, error))
        return attribution;
    dv_attribution_free(attribution);
    return NULL;
}

bool dv_attributions_make(dv_bundle *bundle, int count, const int *explainers, const dv_explain_options *wish,
                          const dv_explanation *explanation, const dv_attribution_options *options,
                          const dv_progress *progress, dv_attributions *attributions, dv_error *error)
{
    *attributions = (dv_attributions){.item = dv_alloc(count, sizeof(dv_attribution *), error)};
    if (!attributions->item)
        return false;
    for (int i = 0; i < count; i++) {
        dv_attribution *made = dv_attribution_make(bundle, explainers[i], wish, explanation, explanation->teacher_class,
                                                   options, progress, error);
        if (!made)
            return false;
        attributions->item[attributions->count++] = made;
    }
    return true;
}

void dv_attributions_clear(dv_attributions *attributions)
{
    for (int i = 0; i < attributions->count; i++)
        dv_attribution_free(attributions->item[i]);
    free(attributions->item);
    *attributions = (dv_attributions){0};
}

/* ---- regions ------------------------------------------------------------------------ */

enum { THIRDS = 3 };

static int compare_regions(const void *a, const void *b)
{
    const dv_map_region *left = a, *right = b;
    double difference = right->share - left->share;
    return difference > 0 ? 1 : difference < 0 ? -1 : strcmp(left->name, right->name);
}

void dv_attribution_regions(const dv_attribution *attribution, dv_map_region region[DV_MAP_REGIONS])
{
    static const char *const names[DV_MAP_REGIONS] = {"upper left", "top",        "upper right", "left",       "middle",
                                                      "right",      "lower left", "bottom",      "lower right"};
    int height = attribution->height, width = attribution->width;
    double all = 0;
    for (int r = 0; r < DV_MAP_REGIONS; r++)
        region[r] = (dv_map_region){.name = names[r]};
    for (int row = 0; attribution->map && row < attribution->channels * height; row++)
        for (int x = 0; x < width; x++) {
            double value = attribution->map[(size_t)row * width + x];
            region[row % height * THIRDS / height * THIRDS + x * THIRDS / width].share += value;
            all += fabs(value);
        }
    for (int r = 0; r < DV_MAP_REGIONS; r++)
        region[r].share = all > 0 ? region[r].share / all : 0;
    qsort(region, DV_MAP_REGIONS, sizeof *region, compare_regions);
}

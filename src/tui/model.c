/* The state of the screen. */
#include "tui/model.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STALE_MS = 300 }; /* so long may another picture's explanation stay while the new one is made */

static const double TURN_LIMIT = 6; /* of a knob, in latent units */

static const double bands[] = {.05, .1, .15, .2, .25, .3, .4, .5, .6, .7, .8, .9, 1, 1.25, 1.5, 1.75, 2};
static const double temperatures[] = {.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20};
static const double neighbor_counts[] = {32, 64, 128, 256, 512, 1000, 2000, 4000, 8000};
static const double ridges[] = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3,
                                5e-3, 1e-2, 2e-2, 5e-2, .1,   .2,   .5,   1,    2,    5,    10};

#define STEP(values, current, direction) step(values, sizeof(values) / sizeof(*(values)), current, direction)

/* The next of the rising values above (direction 1) or below (-1) `current`; `current` itself when there is none. */
static double step(const double *values, size_t count, double current, int direction)
{
    double margin = fabs(current) * 1e-6;
    if (direction > 0) {
        for (size_t i = 0; i < count; i++)
            if (values[i] > current + margin)
                return values[i];
    } else {
        for (size_t i = count; i-- > 0;)
            if (values[i] < current - margin)
                return values[i];
    }
    return current;
}

dv_model *dv_model_new(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error)
{
    dv_model *model = dv_alloc(1, sizeof(*model), error);
    if (!model)
        return NULL;
    model->bundle = bundle;
    model->facts = dv_bundle_get_facts(bundle);
    assert(options->index >= 0 && options->index < model->facts->count);
    model->offset = dv_alloc((size_t)model->facts->latent, sizeof(*model->offset), error);
    model->predictions = dv_alloc((size_t)model->facts->count, sizeof(*model->predictions), error);
    if (!model->offset || !model->predictions) {
        dv_model_free(model);
        return NULL;
    }
    model->options = *options;
    model->options.offset = model->offset;
    model->work.fraction = -1;
    model->update_ms = -1;
    dv_model_want(model);
    return model;
}

void dv_model_free(dv_model *model)
{
    if (!model)
        return;
    dv_explanation_free(model->explanation);
    free(model->offset);
    free(model->predictions);
    free(model);
}

/* ---- what the user turns ------------------------------------------------------- */

void dv_model_want(dv_model *model)
{
    model->wanted++;
    model->wanted_at = dv_clock_ms();
    model->failed = false;
}

/* Sets a number and asks for a new explanation if that changes it. */
static void set(dv_model *model, double *target, double value)
{
    if (*target != value) {
        *target = value;
        dv_model_want(model);
    }
}

void dv_model_go(dv_model *model, int64_t index)
{
    int64_t last = model->facts->count - 1;
    index = index < 0 ? 0 : index > last ? last : index;
    if (index == model->options.index)
        return;
    model->options.index = index;
    memset(model->offset, 0, (size_t)model->facts->latent * sizeof(*model->offset));
    dv_model_want(model);
}

void dv_model_choose(dv_model *model, int step)
{
    int latent = model->facts->latent;
    model->dimension = ((model->dimension + step) % latent + latent) % latent;
}

void dv_model_turn(dv_model *model, double step)
{
    float *knob = &model->offset[model->dimension];
    double turned = round((*knob + step) * 10) / 10; /* a way there and back ends at zero */
    turned = fmax(-TURN_LIMIT, fmin(TURN_LIMIT, turned));
    if ((float)turned != *knob) {
        *knob = (float)turned;
        dv_model_want(model);
    }
}

void dv_model_reset(dv_model *model, bool all)
{
    bool changes = false;
    for (int i = 0; i < model->facts->latent; i++)
        if ((all || i == model->dimension) && model->offset[i] != 0) {
            model->offset[i] = 0;
            changes = true;
        }
    if (changes)
        dv_model_want(model);
}

void dv_model_step_band(dv_model *model, int direction)
{
    set(model, &model->options.band, STEP(bands, model->options.band, direction));
}

void dv_model_step_temperature(dv_model *model, int direction)
{
    set(model, &model->options.temperature, STEP(temperatures, model->options.temperature, direction));
}

void dv_model_step_neighbors(dv_model *model, int direction)
{
    double count = (double)model->options.neighbors;
    set(model, &count, STEP(neighbor_counts, count, direction));
    model->options.neighbors = (int64_t)count;
}

void dv_model_step_ridge(dv_model *model, int direction)
{
    double now = model->options.ridge;
    if (now == 0 && model->explanation)
        now = model->explanation->lambda;
    if (model->options.method == DV_STUDENT_RIDGE && now > 0)
        set(model, &model->options.ridge, STEP(ridges, now, direction));
}

void dv_model_ridge_by_rule(dv_model *model)
{
    set(model, &model->options.ridge, 0);
}

void dv_model_step_seed(dv_model *model, int direction)
{
    model->options.seed += (uint64_t)(int64_t)direction;
    dv_model_want(model);
}

void dv_model_next_method(dv_model *model)
{
    model->options.method = (model->options.method + 1) % (DV_STUDENT_GD + 1);
    dv_model_want(model);
}

void dv_model_next_sampling(dv_model *model)
{
    model->options.sampling = (model->options.sampling + 1) % (DV_SAMPLING_NORMAL + 1);
    dv_model_want(model);
}

void dv_model_next_neighborhood(dv_model *model)
{
    model->options.neighborhood = (model->options.neighborhood + 1) % (DV_NEIGHBORHOOD_MIXED + 1);
    dv_model_want(model);
}

/* ---- what comes back --------------------------------------------------------------- */

void dv_model_accept(dv_model *model, const dv_outcome *outcome)
{
    bool newest = outcome->generation == model->wanted;
    if (outcome->explanation) {
        dv_explanation_free(model->explanation);
        model->explanation = outcome->explanation;
        model->shown = outcome->generation;
        model->preview = outcome->preview;
    } else if (newest) {
        model->failed = true;
        bool cancelled = outcome->error.code == DV_ERROR_CANCELLED;
        dv_model_say(model, !cancelled, "%s", cancelled ? "Cancelled. Enter explains again." : outcome->error.message);
    }
}

int dv_model_expire(dv_model *model, double now)
{
    if (!model->explanation || model->explanation->options.index == model->options.index)
        return -1;
    double left = model->wanted_at + STALE_MS - now;
    if (left > 0)
        return (int)ceil(left);
    dv_explanation_free(model->explanation);
    model->explanation = NULL;
    return -1;
}

void dv_model_count(dv_model *model, int64_t known)
{
    for (int64_t i = model->classified; i < known; i++)
        if (model->facts->labels && model->facts->labels[i] >= 0) {
            model->labelled++;
            model->right += model->facts->labels[i] == model->predictions[i];
        }
    model->classified = known;
}

void dv_model_say(dv_model *model, bool is_error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(model->message, sizeof(model->message), format, arguments);
    va_end(arguments);
    dv_text_clean(model->message);
    model->message_is_error = is_error;
}

/* ---- questions ----------------------------------------------------------------------- */

int dv_model_label(const dv_model *model, int64_t index)
{
    return model->facts->labels ? model->facts->labels[index] : -1;
}

int dv_model_prediction(const dv_model *model, int64_t index)
{
    return index < model->classified ? model->predictions[index] : -1;
}

bool dv_model_is_wrong(const dv_model *model, int64_t index)
{
    int label = dv_model_label(model, index), prediction = dv_model_prediction(model, index);
    return label >= 0 && prediction >= 0 && label != prediction;
}

int64_t dv_model_find_wrong(const dv_model *model, int direction)
{
    int64_t count = model->facts->count;
    for (int64_t step = 1; step < count; step++) {
        int64_t index = (model->options.index + count + direction * step) % count;
        if (dv_model_is_wrong(model, index))
            return index;
    }
    return -1;
}

const char *dv_model_class_name(const dv_model *model, int class)
{
    return class >= 0 && class < model->facts->classes ? model->facts->class_names[class] : "?";
}

bool dv_model_is_current(const dv_model *model)
{
    return model->explanation && model->shown == model->wanted;
}

bool dv_model_is_turned(const dv_model *model)
{
    const dv_explanation *explanation = model->explanation;
    for (int i = 0; explanation && i < explanation->latent; i++)
        if (explanation->center[i] != explanation->latent_mean[i])
            return true;
    return false;
}

static bool holds(const int *classes, int count, int class)
{
    for (int i = 0; i < count; i++)
        if (classes[i] == class)
            return true;
    return false;
}

/* The class of the largest probability that is not among the first `count` of `classes`. */
static int next_best(const dv_explanation *explanation, const int *classes, int count)
{
    int best = -1;
    for (int k = 0; k < explanation->classes; k++)
        if (!holds(classes, count, k) &&
            (best < 0 || explanation->student_probabilities[k] > explanation->student_probabilities[best]))
            best = k;
    return best;
}

int dv_model_rank_classes(const dv_model *model, int count, int *classes)
{
    const dv_explanation *explanation = model->explanation;
    int all = model->facts->classes;
    if (count >= all || !explanation) {
        count = count < all ? count : all;
        for (int k = 0; k < count; k++)
            classes[k] = k;
        return count;
    }
    const int first[] = {explanation->teacher_class, explanation->student_class, explanation->label};
    int found = 0;
    for (size_t i = 0; i < sizeof(first) / sizeof(*first) && found < count; i++)
        if (first[i] >= 0 && !holds(classes, found, first[i]))
            classes[found++] = first[i];
    for (; found < count; found++)
        classes[found] = next_best(explanation, classes, found);
    return count;
}

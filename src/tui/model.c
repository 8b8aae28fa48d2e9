/* The state of the screen. */
#include "tui/model.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "tui/maps.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STALE_MS = 300,   /* so long may another picture's explanation stay while the new one is made */
    PREVIEW_MS = 500, /* so long may a full one stay beside the preview that follows it */
    FEW_AXES = 12,    /* so many keep the order of their numbers */
    FEW_CLASSES = 32, /* likewise */
};

dv_model *dv_model_new(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error)
{
    dv_model *model = dv_alloc(1, sizeof(*model), error);
    if (!model)
        return NULL;
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    model->bundle = model->by_bundle[0] = bundle;
    model->facts = model->teacher_facts[0] = facts;
    assert(options->index >= 0 && options->index < facts->count);
    size_t numbers;
    if (!dv_size_multiply((size_t)facts->count, (size_t)facts->latent, &numbers))
        numbers = SIZE_MAX; /* dv_alloc tells that this is too much */
    if (!dv_wish_init(&model->wish, options, facts->latent, error) ||
        !dv_axes_init(&model->vae.axes, facts->latent, error) || !(model->pictures = dv_pictures_new(facts, error)) ||
        !(model->means = dv_alloc(numbers, sizeof(*model->means), error))) {
        dv_model_free(model);
        return NULL;
    }
    model->by_teacher[0] = model->pictures;
    model->marked = -1;
    model->teacher.project = dv_project_defaults();
    model->teacher.window.reach = 1;
    model->teacher.by_errors = facts->classes > FEW_CLASSES;
    model->student.class_index = model->student.against = model->student.explainer = -1;
    model->vae.frame = model->vae.flip_class = -1;
    model->vae.flip_index = -1;
    model->vae.by_influence = facts->latent > FEW_AXES;
    model->work.fraction = -1;
    model->cost.maps = model->cost.figures = -1;
    dv_model_want(model);
    return model;
}

void dv_model_free(dv_model *model)
{
    if (!model)
        return;
    for (int job = 0; job < DV_JOB_COUNT; job++)
        dv_job_free_result(job, model->answer[job].result);
    dv_explanation_free(model->explanation);
    dv_explanation_free(model->settled);
    if (!model->by_teacher[0]) /* there was no memory for all */
        dv_pictures_free(model->pictures);
    for (int teacher = 0; teacher < DV_TEACHERS; teacher++)
        dv_pictures_free(model->by_teacher[teacher]);
    dv_wish_clear(&model->wish);
    dv_axes_clear(&model->vae.axes);
    dv_neighbor_list_clear(&model->vae.neighbors);
    dv_cells_clear(&model->cells);
    free(model->means);
    free(model);
}

/* The teacher that is to be looked at from now on; filter and order are those of before. */
static void look_at(dv_model *model, const dv_pictures *before)
{
    model->facts = model->teacher_facts[model->looked_at];
    model->pictures = model->by_teacher[model->looked_at];
    dv_pictures_select_like(model->pictures, before);
    model->vae.flip_index = -1;
    dv_model_want(model);
}

static void drop_answers(dv_model *model, int teacher)
{
    for (int job = 0; job < DV_JOB_COUNT; job++) {
        dv_answer *answer = &model->answer[job];
        if (!answer->result || answer->teacher != teacher)
            continue;
        dv_job_free_result(job, answer->result);
        *answer = (dv_answer){0};
    }
}

void dv_model_take_teacher(dv_model *model, const dv_bundle *second, dv_pictures *pictures)
{
    dv_pictures *before = model->by_teacher[1], *first = model->by_teacher[0];
    drop_answers(model, 1);
    model->by_bundle[1] = second;
    model->by_teacher[1] = pictures;
    model->teacher_facts[1] = dv_bundle_get_facts(second);
    model->seconds++;
    pictures->other = first;
    first->other = pictures;
    if (model->looked_at == 1)
        look_at(model, before);
    else
        dv_pictures_select(first); /* it may ask for what changed */
    dv_pictures_free(before);
}

uint64_t dv_model_teacher(const dv_model *model, int teacher)
{
    return teacher ? model->seconds : 0;
}

/* ---- changes ------------------------------------------------------------------- */

void dv_model_want(dv_model *model)
{
    model->wanted++;
    model->wanted_at = dv_clock_ms();
    model->failed = false;
}

void dv_model_swap_teachers(dv_model *model)
{
    const dv_pictures *before = model->pictures;
    assert(before->other);
    dv_maps_hold_scale(model);
    model->looked_at = !model->looked_at;
    look_at(model, before);
}

void dv_model_go(dv_model *model, int64_t index)
{
    int64_t last = model->facts->count - 1;
    if (dv_wish_go(&model->wish, index < 0 ? 0 : index > last ? last : index))
        dv_model_want(model);
}

void dv_model_set_center(dv_model *model, const float *latent)
{
    const float *mean = dv_model_mean(model);
    bool changed = false;
    for (int d = 0; mean && d < model->facts->latent; d++)
        changed |= dv_wish_set_knob(&model->wish, d, (float)(round(((double)latent[d] - (double)mean[d]) * 1e4) / 1e4));
    if (changed)
        dv_model_want(model);
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

/* ---- what comes back --------------------------------------------------------------- */

static void drop_settled(dv_model *model)
{
    dv_explanation_free(model->settled);
    model->settled = NULL;
}

/* Of the newest explanation. */
static void accept_figures(dv_model *model, const dv_fidelity *fidelity)
{
    model->fidelity = *fidelity;
    model->measured = model->taken;
}

static void accept_explanation(dv_model *model, dv_outcome *outcome)
{
    if (!outcome->result) {
        model->failed |= outcome->key == model->wanted;
        return;
    }
    dv_explanation *before = model->explanation, *next = outcome->result;
    if (outcome->preview && before && !model->preview && before->options.index == next->options.index) {
        drop_settled(model);
        model->settled_realism = *dv_model_realism(model);
        model->settled = before;
        model->settled_taken = model->taken;
        model->settled_until = dv_clock_ms() + PREVIEW_MS;
    } else {
        dv_explanation_free(before);
        if (!outcome->preview || (model->settled && model->settled->options.index != next->options.index))
            drop_settled(model);
    }
    model->explanation = next;
    model->taken++;
    model->shown = outcome->key;
    model->preview = outcome->preview;
    if (next->fidelity.fresh > 0)
        accept_figures(model, &next->fidelity);
}

static void accept_scores(dv_model *model, int teacher, const dv_scores_part *part)
{
    dv_teacher_state *state = &model->teacher;
    int64_t noted = model->pictures->noted;
    dv_pictures_learn(model->by_teacher[teacher], part->first, part->count, part->score, part->given);
    if (teacher != model->looked_at)
        return;
    /* In a matrix of many classes the cursor rests on the most frequent error until it is moved. */
    if (model->facts->classes <= FEW_CLASSES || state->is_moved || noted == model->pictures->noted)
        return;
    state->row = state->column = -1;
    if (!dv_confusion_next(&model->pictures->confusion, 1, &state->row, &state->column))
        state->row = state->column = 0;
}

static void accept_means(dv_model *model, const dv_means_part *part)
{
    size_t latent = (size_t)model->facts->latent;
    memcpy(model->means + (size_t)part->first * latent, part->mean, (size_t)part->count * latent * sizeof(float));
    model->surveyed = part->first + part->count;
}

/* Of what adds up: the whole is in the model. */
static void accept_part(dv_model *model, dv_outcome *outcome)
{
    model->answer[outcome->job].failed = !outcome->result;
    dv_job_free_result(outcome->job, outcome->result);
}

/* Those of other cells stay, so that the model has them all. */
static void accept_cell(dv_model *model, dv_outcome *outcome)
{
    dv_answer *answer = &model->answer[DV_JOB_CELL];
    answer->failed = !outcome->result && outcome->key == answer->asked;
    if (outcome->result) {
        answer->key = outcome->key;
        dv_cells_keep(&model->cells, outcome->key, outcome->result);
    }
}

static void accept_answer(dv_model *model, dv_outcome *outcome)
{
    dv_answer *answer = &model->answer[outcome->job];
    answer->failed = !outcome->result && outcome->key == answer->asked;
    if (!outcome->result)
        return;
    dv_job_free_result(outcome->job, answer->result);
    answer->result = outcome->result;
    answer->key = outcome->key;
    answer->teacher = outcome->teacher;
}

void dv_model_accept(dv_model *model, dv_outcome *outcome)
{
    switch (outcome->job) {
    case DV_JOB_EXPLAIN:
        accept_explanation(model, outcome);
        break;
    case DV_JOB_CLASSIFY:
        if (outcome->result)
            accept_scores(model, outcome->teacher, outcome->result);
        accept_part(model, outcome);
        break;
    case DV_JOB_SURVEY:
        if (outcome->result)
            accept_means(model, outcome->result);
        accept_part(model, outcome);
        break;
    case DV_JOB_MEASURE:
        if (outcome->result && outcome->key == model->shown && !model->preview)
            accept_figures(model, outcome->result);
        accept_answer(model, outcome);
        break;
    case DV_JOB_CELL:
        accept_cell(model, outcome);
        break;
    default:
        accept_answer(model, outcome);
    }
    if (outcome->job == DV_JOB_EXPORT && outcome->result)
        dv_model_say(model, false, "The report is in %s.", (const char *)outcome->result);
    if (outcome->error.code == DV_ERROR_CANCELLED)
        dv_model_say(model, false, "Cancelled; Ctrl-R goes on.");
    else if (outcome->error.code != DV_OK)
        dv_model_say(model, true, "%s", outcome->error.message);
}

/* Those of either teacher. */
static bool knows_all_words(const dv_model *model)
{
    for (int teacher = 0; teacher < DV_TEACHERS; teacher++)
        if (model->by_teacher[teacher] && model->by_teacher[teacher]->known < model->facts->count)
            return false;
    return true;
}

static bool is_whole(const dv_model *model, dv_job job)
{
    if (job == DV_JOB_CLASSIFY)
        return knows_all_words(model);
    if (job == DV_JOB_SURVEY)
        return model->surveyed == model->facts->count;
    if (job == DV_JOB_CELL)
        return model->answer[job].key == model->answer[job].asked;
    return dv_model_is_answered(model, job);
}

void dv_model_give_up(dv_model *model)
{
    for (int job = 0; job < DV_JOB_COUNT; job++)
        if (model->answer[job].asked && job != DV_JOB_EXPLAIN && !dv_job_get(job)->stays)
            model->answer[job].failed |= !is_whole(model, job);
    model->failed |= !dv_model_is_current(model);
}

void dv_model_ask_again(dv_model *model)
{
    for (int job = 0; job < DV_JOB_COUNT; job++)
        if (model->answer[job].failed) {
            model->answer[job].asked = 0;
            model->answer[job].failed = false;
        }
    if (model->failed || (dv_model_is_current(model) && model->preview))
        dv_model_want(model);
}

/* Milliseconds until it is due, at least one. */
static int wait_for(double due, double now)
{
    return (int)fmax(1, ceil(due - now));
}

int dv_model_expire(dv_model *model, double now)
{
    int wait = -1;
    if (model->settled && now >= model->settled_until)
        drop_settled(model);
    if (model->settled)
        wait = wait_for(model->settled_until, now);
    if (!model->explanation || dv_model_has_explanation(model))
        return wait;
    double due = model->wanted_at + STALE_MS;
    if (now < due) {
        int other = wait_for(due, now);
        return wait < 0 || other < wait ? other : wait;
    }
    drop_settled(model);
    dv_explanation_free(model->explanation);
    model->explanation = NULL;
    return -1;
}

/* ---- questions ----------------------------------------------------------------------- */

const void *dv_model_result(const dv_model *model, dv_job job)
{
    return model->answer[job].result;
}

bool dv_model_is_answered(const dv_model *model, dv_job job)
{
    return model->answer[job].result && model->answer[job].key == model->answer[job].asked;
}

bool dv_model_is_awaited(const dv_model *model, dv_job job)
{
    const dv_answer *answer = &model->answer[job];
    return answer->asked && answer->key != answer->asked && !answer->failed;
}

const char *dv_model_class_name(const dv_model *model, int class)
{
    return class >= 0 && class < model->facts->classes ? model->facts->class_names[class] : "?";
}

int dv_model_mark(const dv_model *model, int class)
{
    const dv_explanation *explanation = model->explanation;
    if (model->facts->marks)
        return model->facts->marks[explanation->options.index * model->facts->classes + class];
    return explanation->label < 0 ? -1 : explanation->label == class;
}

int dv_model_teacher_class(const dv_model *model)
{
    return dv_model_has_explanation(model) ? model->explanation->teacher_class
                                           : dv_pictures_prediction(model->pictures, model->wish.options.index);
}

bool dv_model_has_explanation(const dv_model *model)
{
    return model->explanation && model->explanation->options.index == model->wish.options.index;
}

bool dv_model_is_current(const dv_model *model)
{
    return model->explanation && model->shown == model->wanted;
}

const dv_fidelity *dv_model_fidelity(const dv_model *model)
{
    return model->explanation && model->measured == model->taken ? &model->fidelity : NULL;
}

bool dv_model_is_turned(const dv_model *model)
{
    const dv_explanation *explanation = model->explanation;
    for (int i = 0; explanation && i < explanation->latent; i++)
        if (explanation->center[i] != explanation->latent_mean[i])
            return true;
    return false;
}

const dv_explanation *dv_model_settled(const dv_model *model, uint64_t *number)
{
    if (number)
        *number = model->settled ? model->settled_taken : model->taken;
    return model->settled ? model->settled : model->explanation;
}

const dv_realism *dv_model_realism(const dv_model *model)
{
    static const dv_realism none;
    const dv_fidelity *measured = dv_model_fidelity(model);
    if (model->settled)
        return &model->settled_realism;
    return measured ? &measured->realism : model->explanation ? &model->explanation->fidelity.realism : &none;
}

const float *dv_model_mean(const dv_model *model)
{
    int64_t index = model->wish.options.index;
    if (dv_model_has_explanation(model))
        return model->explanation->latent_mean;
    return index < model->surveyed ? model->means + index * model->facts->latent : NULL;
}

double dv_model_band(const dv_model *model, int dimension)
{
    double band = dv_wish_band(&model->wish, dimension);
    if (model->wish.options.band_scale == DV_BAND_PRIOR)
        return band;
    return dv_model_has_explanation(model) ? band * (double)model->explanation->latent_deviation[dimension] : 0;
}

static bool holds(const int *classes, int count, int class)
{
    for (int i = 0; i < count; i++)
        if (classes[i] == class)
            return true;
    return false;
}

static float larger_probability(const dv_explanation *explanation, int row)
{
    return fmaxf(explanation->teacher_soft_label[row], explanation->student_probabilities[row]);
}

/* The class that either finds most probable of those that are not among the first `count` of `classes`. */
static int next_best(const dv_explanation *explanation, const int *classes, int count)
{
    int best = -1;
    for (int row = 0; row < explanation->rows; row++)
        if (explanation->row_class[row] >= 0 && !holds(classes, count, explanation->row_class[row]) &&
            (best < 0 || larger_probability(explanation, row) > larger_probability(explanation, best)))
            best = row;
    return explanation->row_class[best];
}

int dv_model_named_rows(const dv_explanation *explanation)
{
    return explanation->rows - (explanation->row_class[explanation->rows - 1] < 0);
}

bool dv_model_has_row(const dv_explanation *explanation, int class)
{
    int row = class < 0 ? -1 : dv_explanation_row(explanation, class);
    return row >= 0 && explanation->row_class[row] == class;
}

int dv_model_rank_classes(const dv_model *model, int count, int *classes)
{
    const dv_explanation *explanation = model->explanation;
    int all = explanation ? dv_model_named_rows(explanation) : model->facts->classes;
    count = count < all ? count : all;
    for (int i = 0; i < count; i++)
        classes[i] = explanation ? explanation->row_class[i] : i;
    if (!explanation || (count == all && explanation->rows == explanation->classes))
        return count;
    const int first[] = {explanation->teacher_class, explanation->label, explanation->student_class};
    int found = 0;
    for (size_t i = 0; i < sizeof(first) / sizeof(*first) && found < count; i++)
        if (dv_model_has_row(explanation, first[i]) && !holds(classes, found, first[i]))
            classes[found++] = first[i];
    for (; found < count; found++)
        classes[found] = next_best(explanation, classes, found);
    return count;
}

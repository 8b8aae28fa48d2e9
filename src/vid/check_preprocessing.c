/* The search for a preprocessing: few pictures for all, more for those that fare well (successive halving: Jamieson and
 * Talwalkar 2016), variants of the best ones on the way. */
#include "vid/check_preprocessing.h"

#include "base/error.h"
#include "base/part.h"
#include "base/random.h"
#include "data/form.h"
#include "vid/check_trial.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PICTURES = 1000, FEWEST_PICTURES = 100, MEASURED = 256 };
static const double budget = 1e12;    /* multiply-adds that `count` pictures may take, where nobody says how many */
static const double telling = 0.25;   /* kappa from which on accuracies say something */
static const double far_behind = 4;   /* standard errors */
static const double as_good = 2;      /* within so many, others may be as good */
static const double nearly_all = 0.8; /* kappa from which on nobody asks whether the pictures lie on their side */

/* ---- what is usual --------------------------------------------------------------- */

typedef struct usual {
    const char *name, *preset;
    float mean[DV_MAX_CHANNELS], deviation[DV_MAX_CHANNELS], scale;
    bool reversed;
    bool is_color; /* only for three channels */
} usual;

/* As the libraries have them that networks come from: torchvision, timm, and Keras, whose oldest models were Caffe's.
 */
static const usual usuals[] = {
    {"0..1", NULL, {0, 0, 0}, {1, 1, 1}, 1, false, false},
    {"0..255", NULL, {0, 0, 0}, {1, 1, 1}, 255, false, false},
    {"-1..1 (inception)", "inception", {.5f, .5f, .5f}, {.5f, .5f, .5f}, 1, false, false},
    {"imagenet", "imagenet", {.485f, .456f, .406f}, {.229f, .224f, .225f}, 1, false, true},
    {"clip", "clip", {.48145466f, .4578275f, .40821073f}, {.26862954f, .26130258f, .27577711f}, 1, false, true},
    {"caffe", NULL, {.485f, .456f, .406f}, {1, 1, 1}, 255, true, true},
};
enum { USUALS = sizeof usuals / sizeof usuals[0] };

typedef struct search {
    dv_trial_bench bench;
    dv_trials *trials;
    const dv_trial_wish *wish;
    const dv_dataset *data;
    bool is_grey;                    /* the pictures have no colours */
    int teachers;                    /* layouts that are tried */
    dv_trial *active[DV_MAX_TRIALS]; /* those that are shown more pictures */
    int active_count;
} search;

/* ---- the list of trials ------------------------------------------------------------- */

static bool is_same(const dv_trial *a, const dv_trial *b)
{
    const dv_network_input *x = &a->input, *y = &b->input;
    bool same = x->layout == y->layout && x->reversed == y->reversed && fabsf(x->scale - y->scale) < 1e-6f &&
                a->transposed == b->transposed && dv_form_equal(&a->form, &b->form);
    for (int c = 0; same && c < x->channels; c++)
        same = fabsf(x->mean[c] - y->mean[c]) < 1e-5f && fabsf(x->deviation[c] - y->deviation[c]) < 1e-5f;
    return same;
}

/* Puts a copy of the trial on the list, unless it is there or the list is full. */
static bool add(search *it, const dv_trial *trial, dv_error *error)
{
    dv_trials *all = it->trials;
    for (int t = 0; t < all->trials; t++)
        if (is_same(&all->trial[t], trial)) {
            all->trial[t].is_given |= trial->is_given;
            return true;
        }
    if (all->trials == DV_MAX_TRIALS)
        return true;
    dv_trial *made = &all->trial[all->trials++];
    *made = *trial;
    made->shown = 0;
    it->active[it->active_count++] = made;
    return dv_trial_open(&it->bench, made, error);
}

static void append(char name[DV_TRIAL_NAME], const char *text)
{
    size_t length = strlen(name);
    snprintf(name + length, DV_TRIAL_NAME - length, "%s%s", length ? ", " : "", text);
}

/* The first way of a layout: what is told from the graph, all of each picture, bilinear. */
static dv_trial plain_trial(const search *it, int teacher)
{
    const dv_teacher_facts *facts = &it->bench.teacher[teacher].facts;
    dv_trial trial = {.input = facts->input, .teacher = teacher};
    trial.form =
        (dv_picture_form){facts->input.channels, facts->input.height, facts->input.width, 1, DV_FILTER_BILINEAR};
    return trial;
}

static void normalize(dv_trial *trial, const usual *as)
{
    snprintf(trial->name, sizeof trial->name, "%s", as->name);
    trial->preset = as->preset;
    trial->input.scale = as->scale;
    trial->input.reversed = as->reversed;
    memcpy(trial->input.mean, as->mean, sizeof as->mean);
    memcpy(trial->input.deviation, as->deviation, sizeof as->deviation);
}

/* 1 - picture, normalised: (1 - x - m) / s = (x - (1 - m)) / -s. */
static void invert(dv_trial *trial)
{
    trial->inverted = !trial->inverted;
    append(trial->name, "inverted");
    for (int c = 0; c < trial->input.channels; c++) {
        trial->input.mean[c] = 1 - trial->input.mean[c];
        trial->input.deviation[c] = -trial->input.deviation[c];
    }
}

/* With the layout in its name where there are two, and its twin of inverted pictures where these have no colours:
 * nobody inverts photographs. */
static bool add_with_twin(search *it, dv_trial *trial, dv_error *error)
{
    if (it->teachers > 1)
        append(trial->name, dv_layout_name(trial->input.layout));
    bool ok = add(it, trial, error);
    if (!ok || !it->is_grey)
        return ok;
    dv_trial twin = *trial;
    twin.is_given = false;
    invert(&twin);
    return add(it, &twin, error);
}

static bool add_layout(search *it, int teacher, dv_error *error)
{
    dv_trial trial = plain_trial(it, teacher);
    usual own = {.name = "the data's mean and std", .scale = 1};
    memcpy(own.mean, it->trials->mean, sizeof own.mean);
    memcpy(own.deviation, it->trials->deviation, sizeof own.deviation);
    bool is_float = dv_type_is_float(trial.input.type), is_color = trial.input.channels > 1, ok = true;
    if (!is_float) {
        snprintf(trial.name, sizeof trial.name, "0..255");
        return add_with_twin(it, &trial, error);
    }
    for (int u = 0; ok && u < USUALS; u++)
        if (is_color || !usuals[u].is_color) {
            dv_trial as = trial;
            normalize(&as, &usuals[u]);
            ok = add_with_twin(it, &as, error);
        }
    normalize(&trial, &own);
    return ok && add_with_twin(it, &trial, error);
}

/* What the caller would use comes first, whatever it is. */
static bool list_trials(search *it, dv_error *error)
{
    bool ok = true;
    if (it->wish->given) {
        dv_trial given = *it->wish->given;
        given.is_given = true;
        given.teacher = it->teachers > 1 && given.input.layout == it->bench.teacher[1].facts.input.layout;
        if (!*given.name)
            snprintf(given.name, sizeof given.name, "as given");
        ok = add(it, &given, error);
    }
    for (int t = 0; ok && t < it->teachers; t++)
        ok = add_layout(it, t, error);
    return ok;
}

/* ---- ranks ---------------------------------------------------------------------------- */

double dv_trial_lead(const dv_trial *a, const dv_trial *b)
{
    int64_t count = dv_smaller(a->shown, b->shown);
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < count; i++) {
        double gain = (double)a->rightness[i] - (double)b->rightness[i];
        sum += gain;
        squares += gain * gain;
    }
    if (sum == 0 || count < 2)
        return 0;
    double mean = sum / (double)count, variance = squares / (double)count - mean * mean;
    return variance > 0 ? mean / sqrt(variance / (double)count) : copysign(INFINITY, sum);
}

static double kappa_of(const search *it, const dv_trial *trial)
{
    return it->trials->multi_label ? trial->accuracy : dv_label_kappa(trial->accuracy, trial->match.chance);
}

/* How well the answers go with the labels, perhaps of another order. */
static double consistency(const dv_trial *trial)
{
    const dv_label_match *match = &trial->match;
    return fmax(fmax(trial->accuracy, match->matched), fmax(match->shifted[0], match->shifted[1]));
}

static double score(const search *it, const dv_trial *trial)
{
    return it->trials->is_consistent ? consistency(trial) : trial->accuracy;
}

/* Whether labels and classes go by the same numbers is seen from the best of all. */
static void judge_scores(search *it)
{
    double best = 0;
    for (int t = 0; t < it->trials->trials; t++)
        best = fmax(best, kappa_of(it, &it->trials->trial[t]));
    it->trials->is_consistent = best < telling;
}

static bool is_better(const search *it, const dv_trial *a, const dv_trial *b)
{
    double x = score(it, a), y = score(it, b);
    return x != y ? x > y : a->loss < b->loss;
}

/* Few trials: insertion keeps the order of equals. */
static void sort(search *it)
{
    for (int t = 1; t < it->active_count; t++)
        for (int k = t; k > 0 && is_better(it, it->active[k], it->active[k - 1]); k--) {
            dv_trial *moved = it->active[k];
            it->active[k] = it->active[k - 1];
            it->active[k - 1] = moved;
        }
}

/* The better half goes on, and what the caller would use; where accuracies tell nothing, all do. */
static void narrow(search *it)
{
    int kept = 0, half = (it->active_count + 1) / 2;
    judge_scores(it);
    sort(it);
    if (it->trials->is_consistent)
        return;
    for (int t = 0; t < it->active_count; t++) {
        dv_trial *trial = it->active[t];
        bool stays = t < 2 || (t < half && dv_trial_lead(it->active[0], trial) < far_behind);
        if (stays || trial->is_given)
            it->active[kept++] = trial;
    }
    it->active_count = kept;
}

/* ---- variants of those that fare well ---------------------------------------------------- */

static bool add_reversed(search *it, const dv_trial *of, dv_error *error)
{
    dv_trial trial = *of;
    trial.is_given = false;
    trial.input.reversed = !of->input.reversed;
    append(trial.name, trial.input.reversed ? "BGR" : "RGB");
    return add(it, &trial, error);
}

static bool add_transposed(search *it, const dv_trial *of, dv_error *error)
{
    dv_trial trial = *of;
    trial.is_given = false;
    trial.transposed = true;
    append(trial.name, "transposed");
    return add(it, &trial, error);
}

static bool add_variants(search *it, dv_error *error)
{
    judge_scores(it);
    sort(it);
    const dv_trial *best[] = {it->active[0], it->active_count > 1 ? it->active[1] : it->active[0]};
    bool colors = best[0]->input.channels > 1 && !it->is_grey, ok = true;
    bool may_lie = best[0]->form.height == best[0]->form.width && kappa_of(it, best[0]) < nearly_all;
    for (int b = 0; ok && b < 2; b++) {
        ok = !colors || add_reversed(it, best[b], error);
        ok = ok && (!may_lie || add_transposed(it, best[b], error));
    }
    return ok;
}

static bool add_form(search *it, const dv_trial *of, double crop, dv_filter filter, dv_error *error)
{
    dv_trial trial = *of;
    trial.is_given = false;
    trial.form.crop = crop;
    trial.form.filter = filter;
    if (crop != of->form.crop) {
        char text[24];
        snprintf(text, sizeof text, "crop %g", crop);
        append(trial.name, crop > 0 ? text : "squeezed");
    }
    if (filter != of->form.filter)
        append(trial.name, dv_filter_name(filter));
    return add(it, &trial, error);
}

/* Other parts of the pictures, and the other filter, where these are made smaller. */
static bool add_forms(search *it, dv_error *error)
{
    judge_scores(it);
    sort(it);
    const dv_dataset *data = it->data;
    const dv_trial best = *it->active[0];
    const dv_picture_form *form = &best.form;
    bool same_sides = (int64_t)data->height * form->width == (int64_t)data->width * form->height;
    if (!it->trials->shrinks)
        return true;
    return add_form(it, &best, form->crop == 1 ? 0.875 : 1, form->filter, error) &&
           ((same_sides && !data->mixed) || add_form(it, &best, 0, form->filter, error)) &&
           add_form(it, &best, form->crop, form->filter == DV_FILTER_BICUBIC ? DV_FILTER_BILINEAR : DV_FILTER_BICUBIC,
                    error);
}

/* ---- the search ----------------------------------------------------------------------------- */

/* Pictures that will be shown, where half of the trials stay each time. */
static double expect(const search *it, int64_t first)
{
    int64_t count = it->trials->count, variants = it->trials->shrinks ? 3 : 0;
    double trials = it->active_count + 2, total = trials * (double)first;
    for (int64_t size = first; size < count; size *= 2) {
        trials = it->trials->is_consistent ? trials : fmax(2, ceil(trials / 2));
        total += trials * (double)(dv_smaller(2 * size, count) - size);
    }
    return total + (double)variants * (double)count;
}

static bool show(search *it, int64_t count, dv_error *error)
{
    return dv_trial_show(&it->bench, it->active, it->active_count, count, error);
}

static bool go_on(search *it, int64_t first, dv_error *error)
{
    int64_t count = it->trials->count;
    if (!add_variants(it, error))
        return false;
    it->bench.expected = it->bench.done + expect(it, first);
    if (!show(it, first, error))
        return false;
    for (int64_t size = first; size < count;) {
        narrow(it);
        size = dv_smaller(2 * size, count);
        if (!show(it, size, error))
            return false;
    }
    return add_forms(it, error) && show(it, count, error);
}

/* False where not every way of the list was tried. */
static bool run(search *it, bool *is_stopped, dv_error *error)
{
    dv_error why;
    int64_t count = it->trials->count,
            first = dv_smaller(count, count / 8 > FEWEST_PICTURES ? count / 8 : FEWEST_PICTURES);
    it->bench.expected = expect(it, first);
    if (!show(it, first, error))
        return false;
    *is_stopped = !go_on(it, first, &why);
    if (*is_stopped && why.code != DV_ERROR_CANCELLED) {
        *error = why;
        return false;
    }
    return true;
}

/* What may be as good as the best is chosen among by what the caller would use, and by the likelihood of the labels. */
static void choose(search *it)
{
    dv_trial **list = it->active;
    int best = 0;
    for (int t = 1; t < it->active_count && list[t]->shown == list[0]->shown; t++) {
        bool rivals = !it->trials->is_consistent && dv_trial_lead(list[0], list[t]) < as_good;
        if (rivals && !list[best]->is_given && (list[t]->is_given || list[t]->loss < list[best]->loss))
            best = t;
    }
    dv_trial *chosen = list[best];
    memmove(list + 1, list, (size_t)best * sizeof *list);
    list[0] = chosen;
    it->trials->is_sure = it->active_count < 2 || it->trials->is_consistent || list[1]->shown < list[0]->shown ||
                          dv_trial_lead(list[0], list[1]) >= as_good;
}

static int compare_shown(const dv_trial *a, const dv_trial *b)
{
    return (b->shown > a->shown) - (b->shown < a->shown);
}

/* All trials in the order of the result. */
static bool put_in_order(search *it, dv_error *error)
{
    dv_trials *all = it->trials;
    it->active_count = all->trials;
    for (int t = 0; t < all->trials; t++)
        it->active[t] = &all->trial[t];
    judge_scores(it);
    sort(it);
    for (int t = 1; t < it->active_count; t++)
        for (int k = t; k > 0 && compare_shown(it->active[k], it->active[k - 1]) < 0; k--) {
            dv_trial *moved = it->active[k];
            it->active[k] = it->active[k - 1];
            it->active[k - 1] = moved;
        }
    choose(it);
    dv_trial *ordered = dv_arena_alloc(all->arena, (size_t)all->trials, sizeof *ordered, error);
    if (!ordered)
        return false;
    for (int t = 0; t < all->trials; t++)
        ordered[t] = *it->active[t];
    while (all->trials > 1 && !ordered[all->trials - 1].shown)
        all->trials--; /* a variant that was stopped before it began */
    all->trial = ordered;
    return true;
}

/* ---- what is tried on --------------------------------------------------------------------------- */

static bool prepare(dv_trial_teacher *teacher, dv_team *team, dv_error *error)
{
    return dv_inspect_prepare(teacher->graph, &teacher->facts, error) &&
           (teacher->runner = dv_runner_new(teacher->graph, team, error));
}

/* The other layout, where shapes do not tell. */
static bool open_other_layout(search *it, dv_graph *graph, dv_error *error)
{
    dv_trial_teacher *one = &it->bench.teacher[0], *other = &it->bench.teacher[1];
    dv_inspect_wish wish = *it->wish->inspect;
    wish.layout = one->facts.input.layout == DV_LAYOUT_NCHW ? "nhwc" : "nchw";
    if (it->wish->inspect->layout || one->facts.input.channels == 1 ||
        !dv_inspect_teacher(graph, &wish, &other->facts, NULL))
        return true;
    it->teachers = 2;
    other->is_own = true;
    other->graph = dv_graph_extract(graph, graph->input_count, graph->input, graph->output_count, graph->output, error);
    return other->graph && dv_inspect_teacher(other->graph, &wish, &other->facts, error) &&
           prepare(other, it->bench.team, error);
}

static bool open_teachers(search *it, dv_graph *graph, dv_error *error)
{
    dv_trial_teacher *teacher = &it->bench.teacher[0];
    teacher->graph = graph;
    it->teachers = 1;
    return dv_inspect_teacher(graph, it->wish->inspect, &teacher->facts, error) &&
           open_other_layout(it, graph, error) && prepare(teacher, it->bench.team, error);
}

static void close_teachers(search *it)
{
    for (int t = 0; t < DV_TRIAL_TEACHERS; t++) {
        dv_runner_free(it->bench.teacher[t].runner);
        if (it->bench.teacher[t].is_own)
            dv_graph_free(it->bench.teacher[t].graph);
    }
}

/* A class of the teacher, 0 where several labels a picture are known, -1 where nothing is. */
static int label_of(const search *it, int64_t i)
{
    const dv_dataset *data = it->data;
    if (!it->trials->multi_label)
        return data->labels && data->labels[i] < it->trials->classes ? data->labels[i] : -1;
    for (int k = 0; k < data->class_count; k++)
        if (data->marks[i * data->class_count + k] >= 0)
            return 0;
    return -1;
}

static int64_t choose_count(const search *it, int64_t labelled)
{
    const dv_graph *graph = it->bench.teacher[0].graph;
    int64_t batch = graph->value[graph->input[0]].shape.dim[0];
    double each = (double)dv_graph_multiply_adds(graph, 1, NULL) / (batch > 0 ? (double)batch : 1);
    double affordable = fmin(MOST_PICTURES, fmax(FEWEST_PICTURES, budget / fmax(1, each)));
    return dv_smaller(labelled, it->wish->count ? it->wish->count : (int64_t)affordable);
}

/* A random sample of the pictures with a label. */
static bool draw_sample(search *it, dv_error *error)
{
    dv_trials *all = it->trials;
    int64_t count = it->data->count, labelled = 0;
    int64_t *order = dv_alloc((size_t)count, sizeof *order, error);
    if (!order)
        return false;
    dv_random_order(it->wish->seed, DV_PURPOSE_SAMPLE, 0, count, order);
    for (int64_t i = 0; i < count; i++)
        if (label_of(it, order[i]) >= 0)
            order[labelled++] = order[i];
    all->count = choose_count(it, labelled);
    all->index = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *all->index, error);
    all->label = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *all->label, error);
    bool ok = all->index && all->label;
    for (int64_t i = 0; ok && i < all->count; i++) {
        all->index[i] = order[i];
        all->label[i] = label_of(it, order[i]);
    }
    free(order);
    if (ok && !all->count)
        ok = dv_error_set(error, DV_ERROR_FORMAT, "no picture has a label that is one of the %d classes", all->classes);
    return ok;
}

/* ---- the pictures' own mean and deviation ---------------------------------------------------------- */

static float rounded(double value)
{
    return (float)(round(value * 1e4) / 1e4);
}

static void measure_channels(search *it, const dv_picture_form *form, const float *pictures, int64_t count)
{
    int channels = form->channels;
    size_t plane = (size_t)form->height * (size_t)form->width;
    for (int c = 0; c < channels; c++) {
        double sum = 0, squares = 0, total = (double)count * (double)plane;
        for (int64_t i = 0; i < count; i++) {
            const float *from = pictures + ((size_t)i * (size_t)channels + (size_t)c) * plane;
            for (size_t p = 0; p < plane; p++) {
                sum += from[p];
                squares += (double)from[p] * from[p];
            }
        }
        double mean = sum / total, variance = squares / total - mean * mean;
        it->trials->mean[c] = rounded(mean);
        it->trials->deviation[c] = fmaxf(rounded(sqrt(fmax(0, variance))), 1e-4f);
    }
}

/* Within what JPEG makes of grey. */
static bool has_no_colors(const dv_picture_form *form, const float *pictures, int64_t count)
{
    size_t plane = (size_t)form->height * (size_t)form->width;
    for (int64_t i = 0; form->channels > 1 && i < count; i++) {
        const float *red = pictures + (size_t)i * 3 * plane;
        for (size_t p = 0; p < plane; p++)
            if (fabsf(red[p] - red[p + plane]) > 0.02f || fabsf(red[p] - red[p + 2 * plane]) > 0.02f)
                return false;
    }
    return form->channels > 1 || count > 0;
}

static bool measure(search *it, dv_error *error)
{
    const dv_dataset *data = it->data;
    dv_picture_form form = plain_trial(it, 0).form;
    int64_t count = dv_smaller(it->trials->count, MEASURED);
    float *pictures = dv_alloc((size_t)count * dv_picture_form_values(&form), sizeof *pictures, error);
    bool ok = pictures && dv_dataset_pick(data, it->trials->index, count, &form, it->bench.team, pictures, error);
    if (ok) {
        measure_channels(it, &form, pictures, count);
        it->is_grey = data->channels == 1 || has_no_colors(&form, pictures, count);
    }
    it->trials->shrinks = data->mixed || (data->height > form.height && data->width > form.width);
    free(pictures);
    return ok;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static dv_trials *new_trials(dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_trials *trials = arena ? dv_arena_alloc(arena, 1, sizeof *trials, error) : NULL;
    if (!trials) {
        dv_arena_free(arena);
        return NULL;
    }
    trials->arena = arena;
    trials->trial = dv_arena_alloc(arena, DV_MAX_TRIALS, sizeof *trials->trial, error);
    if (trials->trial)
        return trials;
    dv_arena_free(arena);
    return NULL;
}

dv_trials *dv_preprocessing_try(dv_graph *graph, const dv_dataset *data, const dv_trial_wish *wish, dv_team *team,
                                const dv_progress *progress, dv_error *error)
{
    dv_trials *trials = new_trials(error);
    if (!trials)
        return NULL;
    search it = {.trials = trials, .wish = wish, .data = data};
    it.bench = (dv_trial_bench){.trials = trials, .data = data, .team = team, .progress = progress};
    bool ok = open_teachers(&it, graph, error);
    if (ok) {
        trials->classes = it.bench.teacher[0].facts.classes;
        trials->multi_label = data->marks && data->class_count == trials->classes;
    }
    ok = ok && draw_sample(&it, error) && measure(&it, error) && list_trials(&it, error) &&
         run(&it, &trials->is_stopped, error) && put_in_order(&it, error);
    close_teachers(&it);
    if (ok)
        return trials;
    dv_trials_free(trials);
    return NULL;
}

void dv_trials_free(dv_trials *trials)
{
    if (trials)
        dv_arena_free(trials->arena);
}

/* The search for a preprocessing: few pictures for all, more for those that fare well (successive halving: Jamieson and
 * Talwalkar 2016), variants of the best ones on the way. */
#include "setup/check_preprocessing.h"

#include "base/error.h"
#include "base/part.h"
#include "base/random.h"
#include "data/form.h"
#include "setup/check_trial.h"
#include "vid/span.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_PICTURES = 24 };         /* at least, that all are shown */
static const double telling = 0.25;   /* kappa from which on accuracies say something */
static const double far_behind = 4;   /* standard errors */
static const double as_good = 2;      /* within so many, others may be as good */
static const double nearly_all = 0.8; /* kappa from which on nobody asks whether the pictures lie on their side */

typedef struct search {
    dv_trial_bench bench;
    dv_trials *trials;
    const dv_trial_wish *wish;
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

static bool is_usual(const search *it, const dv_trial *trial)
{
    dv_trial_setting settings[DV_TRIAL_SETTINGS];
    if (it->wish->given)
        return trial->is_given;
    return !trial->transposed && dv_trial_settings(it->trials, trial, settings) == 0;
}

/* What the caller asked for goes by the name that it has. */
static void take_name(dv_trial *given, const dv_trial *known)
{
    memcpy(given->name, known->name, sizeof given->name);
    given->preset = known->preset;
    given->inverted = known->inverted;
}

/* Puts a copy of the trial on the list, unless it is there or the list is full. */
static bool add(search *it, const dv_trial *trial, dv_error *error)
{
    dv_trials *all = it->trials;
    for (int t = 0; t < all->trials; t++)
        if (is_same(&all->trial[t], trial)) {
            if (all->trial[t].is_given)
                take_name(&all->trial[t], trial);
            return true;
        }
    if (all->trials == DV_MAX_TRIALS)
        return true;
    dv_trial *made = &all->trial[all->trials++];
    *made = *trial;
    made->shown = 0;
    made->is_usual = is_usual(it, trial);
    it->active[it->active_count++] = made;
    return dv_trial_open(&it->bench, made, error);
}

static bool add_layout(search *it, int teacher, dv_error *error)
{
    dv_trial list[DV_MAX_USUALS];
    int count = dv_trial_usuals(&it->bench, teacher, list, error);
    for (int u = 0; u < count; u++)
        if (!add(it, &list[u], error))
            return false;
    return count > 0;
}

static bool add_given(search *it, dv_error *error)
{
    const dv_dataset *data = it->bench.data;
    dv_trial given = *it->wish->given;
    dv_picture_form *form = &given.form;
    bool is_whole = !data->mixed && data->height == form->height && data->width == form->width && form->crop == 1;
    given.is_given = true;
    given.teacher = it->bench.teachers > 1 && given.input.layout == it->bench.teacher[1].facts.input.layout;
    if (is_whole)
        form->filter = DV_FILTER_BILINEAR; /* there is nothing to be filtered: it is what goes by another filter, too */
    if (!*given.name)
        snprintf(given.name, sizeof given.name, "as given");
    return add(it, &given, error);
}

static bool add_hint(search *it, dv_error *error)
{
    dv_trial hint = *it->wish->hint;
    hint.is_hint = true;
    return add(it, &hint, error);
}

/* What the caller would use comes first, whatever it is. */
static bool list_trials(search *it, dv_error *error)
{
    if ((it->wish->given && !add_given(it, error)) || (it->wish->hint && !add_hint(it, error)))
        return false;
    if (!it->wish->is_single) {
        bool ok = true;
        for (int t = 0; ok && t < it->bench.teachers; t++)
            ok = add_layout(it, t, error);
        return ok;
    }
    dv_trial plain = dv_trial_plain(&it->bench, 0);
    snprintf(plain.name, sizeof plain.name, plain.input.scale == 1 ? "0..1" : "0..255");
    return it->wish->given || add(it, &plain, error);
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

/* Those that were shown the most pictures go first. */
static bool is_surer(const search *it, const dv_trial *a, const dv_trial *b)
{
    (void)it;
    return a->shown > b->shown;
}

/* Few trials: insertion keeps the order of equals. */
static void sort_by(search *it, bool (*goes_before)(const search *, const dv_trial *, const dv_trial *))
{
    for (int t = 1; t < it->active_count; t++)
        for (int k = t; k > 0 && goes_before(it, it->active[k], it->active[k - 1]); k--) {
            dv_trial *moved = it->active[k];
            it->active[k] = it->active[k - 1];
            it->active[k - 1] = moved;
        }
}

static void rank(search *it)
{
    judge_scores(it);
    sort_by(it, is_better);
}

/* The better half goes on, and what the caller would use; where the answers tell nothing yet, all do. */
static void narrow(search *it)
{
    int kept = 0, half = (it->active_count + 1) / 2;
    rank(it);
    if (dv_label_kappa(score(it, it->active[0]), it->active[0]->match.chance) < telling)
        return;
    for (int t = 0; t < it->active_count; t++) {
        dv_trial *trial = it->active[t];
        bool is_far = !it->trials->is_consistent && dv_trial_lead(it->active[0], trial) > far_behind;
        bool stays = t < 2 || (t < half && !is_far);
        if (stays || trial->is_usual)
            it->active[kept++] = trial;
    }
    it->active_count = kept;
}

/* ---- variants of those that fare well ---------------------------------------------------- */

static bool add_reversed(search *it, const dv_trial *of, dv_error *error)
{
    dv_trial trial = dv_trial_vary(of);
    trial.input.reversed = !of->input.reversed;
    trial.is_variant = true;
    dv_trial_append(&trial, trial.input.reversed ? "BGR" : "RGB");
    return add(it, &trial, error);
}

static bool add_transposed(search *it, const dv_trial *of, dv_error *error)
{
    dv_trial trial = dv_trial_vary(of);
    trial.is_variant = trial.transposed = true;
    dv_trial_append(&trial, "transposed");
    return add(it, &trial, error);
}

static bool add_variants(search *it, dv_error *error)
{
    rank(it);
    const dv_trial *best[] = {it->active[0], it->active_count > 1 ? it->active[1] : it->active[0]};
    bool colors = best[0]->input.channels > 1 && !it->bench.is_grey, ok = true;
    bool may_lie = best[0]->form.height == best[0]->form.width && kappa_of(it, best[0]) < nearly_all;
    for (int b = 0; ok && b < 2; b++) {
        ok = !colors || add_reversed(it, best[b], error);
        ok = ok && (!may_lie || add_transposed(it, best[b], error));
    }
    return ok;
}

/* Where a variant is the best by now, it may be what all others lacked. */
static bool spread(search *it, dv_error *error)
{
    rank(it);
    const dv_trial *best = it->active[0];
    int count = it->trials->trials;
    bool ok = true;
    for (int t = 0; ok && t < count; t++) {
        const dv_trial *trial = &it->trials->trial[t];
        if (best->transposed && !trial->transposed)
            ok = add_transposed(it, trial, error);
        else if (best->is_variant && best->input.reversed && !trial->input.reversed && !trial->is_variant)
            ok = add_reversed(it, trial, error);
    }
    return ok;
}

static bool add_form(search *it, const dv_trial *of, double crop, dv_filter filter, dv_error *error)
{
    dv_trial trial = dv_trial_vary(of);
    trial.form.crop = crop;
    trial.form.filter = filter;
    if (crop != of->form.crop) {
        char text[24];
        snprintf(text, sizeof text, "crop %g", crop);
        dv_trial_append(&trial, crop > 0 ? text : "squeezed");
    }
    if (filter != of->form.filter)
        dv_trial_append(&trial, dv_filter_name(filter));
    return add(it, &trial, error);
}

/* Other parts of the pictures, and the other filter, where these are made smaller. */
static bool add_forms(search *it, dv_error *error)
{
    rank(it);
    const dv_dataset *data = it->bench.data;
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
    if (!show(it, first, error) || !spread(it, error) || !show(it, first, error))
        return false;
    for (int64_t size = first; size < count;) {
        narrow(it);
        size = dv_smaller(2 * size, count);
        if (!show(it, size, error))
            return false;
    }
    return add_forms(it, error) && show(it, count, error);
}

/* False where no way of showing pictures makes any difference to the answers: there is nothing to be searched. */
static bool is_alive(const search *it)
{
    for (int t = 0; t < it->trials->trials; t++) {
        const dv_trial *trial = &it->trials->trial[t];
        if (trial->varies && trial->strange < trial->shown)
            return true;
    }
    return false;
}

/* False where not every way of the list was tried. */
static bool run(search *it, bool *is_stopped, dv_error *error)
{
    dv_error why;
    int64_t count = it->trials->count,
            first = dv_smaller(count, count / 8 > FIRST_PICTURES ? count / 8 : FIRST_PICTURES);
    it->bench.expected = expect(it, first);
    if (!show(it, first, error))
        return false;
    *is_stopped = !it->wish->is_single && is_alive(it) && !go_on(it, first, &why);
    if (*is_stopped && why.code != DV_ERROR_CANCELLED) {
        *error = why;
        return false;
    }
    return true;
}

static int preference(const dv_trial *trial)
{
    return trial->is_given ? 2 : trial->is_hint ? 1 : 0;
}

/* What may be as good as the best is chosen among by what the caller would use, and by the likelihood of the labels. */
static void choose(search *it)
{
    dv_trial **list = it->active;
    int best = 0;
    for (int t = 1; t < it->active_count && list[t]->shown == list[0]->shown; t++) {
        bool rivals = !it->trials->is_consistent && dv_trial_lead(list[0], list[t]) < as_good;
        int gain = preference(list[t]) - preference(list[best]);
        if (rivals && (gain > 0 || (gain == 0 && list[t]->loss < list[best]->loss)))
            best = t;
    }
    dv_trial *chosen = list[best];
    memmove(list + 1, list, (size_t)best * sizeof *list);
    list[0] = chosen;
    it->trials->is_sure = it->active_count < 2 || it->trials->is_consistent || list[1]->shown < list[0]->shown ||
                          dv_trial_lead(list[0], list[1]) >= as_good;
}

/* All trials in the order of the result. */
static bool put_in_order(search *it, dv_error *error)
{
    dv_trials *all = it->trials;
    it->active_count = 0;
    for (int t = 0; t < all->trials; t++)
        if (all->trial[t].shown) /* else a variant that was stopped before it began */
            it->active[it->active_count++] = &all->trial[t];
    rank(it);
    sort_by(it, is_surer);
    choose(it);
    dv_trial *ordered = dv_arena_alloc(all->arena, (size_t)all->trials, sizeof *ordered, error);
    if (!ordered)
        return false;
    all->trials = it->active_count;
    for (int t = 0; t < all->trials; t++)
        ordered[t] = *it->active[t];
    all->trial = ordered;
    return true;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static dv_trials *new_trials(dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_trials *trials = arena ? dv_arena_alloc(arena, 1, sizeof *trials, error) : NULL;
    if (trials)
        trials->arena = arena;
    if (trials && (trials->trial = dv_arena_alloc(arena, DV_MAX_TRIALS, sizeof *trials->trial, error)))
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
    search it = {.trials = trials, .wish = wish};
    it.bench = (dv_trial_bench){.trials = trials, .data = data, .team = team, .progress = progress};
    bool ok = dv_trial_bench_open(&it.bench, graph, wish, error) && list_trials(&it, error) &&
              run(&it, &trials->is_stopped, error) && put_in_order(&it, error);
    if (ok && !trials->is_stopped)
        dv_progress_report(progress, "trying preprocessings", 1, NULL);
    dv_trial_bench_close(&it.bench);
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

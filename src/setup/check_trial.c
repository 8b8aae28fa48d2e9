/* Showing pictures to a teacher in several ways at once: each is read from its file once for all ways that want it in
 * the same form. */
#include "setup/check_trial.h"

#include "base/error.h"
#include "base/part.h"
#include "data/form.h"
#include "vid/feed.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that are in memory at a time. */
enum { CHUNK_FLOATS = 1 << 24 };

/* ---- pictures into the teacher ------------------------------------------------------ */

typedef struct packing {
    const dv_feed *feed;
    bool transposed;
    const dv_picture_form *form;
    const float *pictures; /* channels x height x width each */
    float *input;
    float *scratch; /* a stretch a thread: of the feed, with room for a picture behind it */
} packing;

static size_t stretch_of(const packing *it)
{
    return dv_feed_scratch(it->feed) + dv_picture_form_values(it->form);
}

/* Rows as columns; the picture is square. */
static const float *transpose(const dv_picture_form *form, const float *picture, float *turned)
{
    int side = form->width;
    for (int c = 0; c < form->channels; c++)
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
                turned[((size_t)c * side + y) * side + x] = picture[((size_t)c * side + x) * side + y];
    return turned;
}

static void pack_picture(void *context, int64_t index, int thread)
{
    const packing *it = context;
    size_t values = dv_picture_form_values(it->form);
    float *scratch = it->scratch + (size_t)thread * stretch_of(it);
    const float *picture = it->pictures + (size_t)index * values;
    if (it->transposed)
        picture = transpose(it->form, picture, scratch + dv_feed_scratch(it->feed));
    dv_feed_forward(it->feed, picture, it->input + (size_t)index * values, scratch);
}

static bool pack(const dv_trial *trial, dv_team *team, const float *pictures, int64_t count, float *input,
                 dv_error *error)
{
    const dv_picture_form *form = &trial->form;
    dv_feed *feed = dv_feed_new(form->channels, form->height, form->width, &trial->input, form->filter, error);
    packing work = {.feed = feed, .transposed = trial->transposed, .form = form, .pictures = pictures, .input = input};
    if (feed)
        work.scratch = dv_alloc((size_t)dv_team_size(team) * stretch_of(&work), sizeof *work.scratch, error);
    if (work.scratch)
        dv_team_run(team, pack_picture, &work, count);
    free(work.scratch);
    dv_feed_free(feed);
    return work.scratch != NULL;
}

/* ---- answers ------------------------------------------------------------------------- */

bool dv_trial_open(dv_trial_bench *bench, dv_trial *trial, dv_error *error)
{
    dv_trials *all = bench->trials;
    trial->answer = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *trial->answer, error);
    trial->sureness = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *trial->sureness, error);
    trial->rightness = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *trial->rightness, error);
    trial->losses = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *trial->losses, error);
    trial->first = dv_arena_alloc(all->arena, (size_t)all->classes, sizeof *trial->first, error);
    return trial->answer && trial->sureness && trial->rightness && trial->losses && trial->first;
}

static bool is_finite(const float *value, int count)
{
    for (int k = 0; k < count; k++)
        if (!isfinite(value[k]))
            return false;
    return true;
}

static bool differs(const float *a, const float *b, int count)
{
    for (int k = 0; k < count; k++)
        if (fabsf(a[k] - b[k]) > 1e-6f * fmaxf(fabsf(a[k]), fabsf(b[k])))
            return true;
    return false;
}

/* One label a picture. */
static void judge_class(dv_trial *trial, int64_t i, int label, const float *logits, int classes, float *probability)
{
    dv_softmax(logits, classes, 1, probability);
    trial->answer[i] = dv_largest(probability, classes);
    trial->sureness[i] = probability[trial->answer[i]];
    trial->rightness[i] = trial->answer[i] == label;
    trial->losses[i] = label < 0 ? 0 : -logf(fmaxf(probability[label], FLT_MIN));
}

/* Several labels a picture; marks NULL: unknown. */
static void judge_marks(dv_trial *trial, int64_t i, const int8_t *marks, const float *logits, int classes)
{
    double right = 0, loss = 0;
    int known = 0;
    trial->answer[i] = dv_largest(logits, classes);
    trial->sureness[i] = 1 / (1 + expf(-fabsf(logits[trial->answer[i]])));
    for (int k = 0; marks && k < classes; k++) {
        if (marks[k] < 0)
            continue;
        double odds = marks[k] ? logits[k] : -(double)logits[k];
        known++;
        right += odds > 0;
        loss += fmax(0, -odds) + log1p(exp(-fabs(odds)));
    }
    trial->rightness[i] = known ? (float)(right / known) : 0;
    trial->losses[i] = known ? (float)(loss / known) : 0;
}

static const int8_t *marks_of(const dv_trial_bench *bench, int64_t i)
{
    const dv_dataset *data = bench->data;
    return data->marks && data->class_count == bench->trials->classes
               ? data->marks + bench->trials->index[i] * data->class_count
               : NULL;
}

/* `room` holds twice as many numbers as there are classes. */
static void judge(const dv_trial_bench *bench, dv_trial *trial, int64_t i, const float *row, float *room)
{
    const dv_teacher_facts *facts = &bench->teacher[trial->teacher].facts;
    int classes = facts->classes;
    float *logits = room;
    dv_head_logits(facts, row, logits);
    if (i == 0)
        memcpy(trial->first, logits, (size_t)classes * sizeof *logits);
    else
        trial->varies |= differs(logits, trial->first, classes);
    if (!is_finite(logits, classes)) {
        trial->answer[i] = -1;
        trial->sureness[i] = trial->rightness[i] = trial->losses[i] = 0;
    } else if (bench->trials->multi_label) {
        judge_marks(trial, i, marks_of(bench, i), logits, classes);
    } else {
        judge_class(trial, i, bench->trials->label[i], logits, classes, room + classes);
    }
}

/* ---- how it fared --------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b)
{
    float one = *(const float *)a, other = *(const float *)b;
    return (one > other) - (one < other);
}

static double median(const float *value, int64_t count, dv_error *error)
{
    float *sorted = dv_alloc((size_t)count, sizeof *sorted, error);
    double middle = 0;
    if (sorted && count) {
        memcpy(sorted, value, (size_t)count * sizeof *sorted);
        qsort(sorted, (size_t)count, sizeof *sorted, compare_floats);
        middle = sorted[count / 2];
    }
    free(sorted);
    return middle;
}

static bool sum_up(const dv_trial_bench *bench, dv_trial *trial, dv_error *error)
{
    const dv_trials *all = bench->trials;
    double right = 0, loss = 0;
    int64_t answered = 0;
    trial->told = trial->strange = 0;
    for (int64_t i = 0; i < trial->shown; i++) {
        trial->strange += trial->answer[i] < 0;
        if (all->label[i] < 0)
            continue;
        trial->told++;
        answered += trial->answer[i] >= 0;
        right += trial->rightness[i];
        loss += trial->losses[i];
    }
    trial->accuracy = trial->told ? right / (double)trial->told : 0;
    trial->loss = answered ? loss / (double)answered : INFINITY;
    trial->confidence = median(trial->sureness, trial->shown, error);
    return all->multi_label ||
           dv_labels_match(all->label, trial->answer, trial->shown, all->classes, &trial->match, error);
}

/* ---- showing ---------------------------------------------------------------------------- */

/* A group of trials that want pictures in the same form. */
typedef struct showing {
    dv_trial_bench *bench;
    dv_trial *const *trial;
    int trials;
    const dv_picture_form *form;
    int64_t first, count;    /* of the sample, in memory now */
    float *pictures, *input; /* of a chunk */
    float *rows, *room;      /* answers of a chunk */
} showing;

static bool is_of_group(const showing *it, const dv_trial *trial)
{
    return dv_form_equal(&trial->form, it->form);
}

/* Shows what is in memory to one trial, from where it left off. */
static bool show_chunk(const showing *it, dv_trial *trial, dv_error *error)
{
    dv_trial_bench *bench = it->bench;
    const dv_trial_teacher *teacher = &bench->teacher[trial->teacher];
    int64_t skipped = trial->shown - it->first, count = it->count - skipped;
    size_t values = dv_picture_form_values(it->form);
    if (count <= 0)
        return true;
    if (!pack(trial, bench->team, it->pictures + (size_t)skipped * values, count, it->input, error))
        return false;
    dv_span span = {bench->progress, bench->done / bench->expected, (double)count / bench->expected};
    dv_progress part = dv_span_progress(&span);
    float *outputs[] = {it->rows};
    if (!dv_runner_run_batch(teacher->runner, it->input, count, outputs, &part, "trying preprocessings", error))
        return false;
    for (int64_t i = 0; i < count; i++)
        judge(bench, trial, trial->shown + i, it->rows + i * teacher->facts.width, it->room);
    trial->shown += count;
    bench->done += (double)count;
    return true;
}

static void leave_out_unreadable(const showing *it)
{
    dv_trials *all = it->bench->trials;
    for (int64_t i = it->first; i < it->first + it->count; i++)
        if (dv_dataset_is_unreadable(it->bench->data, all->index[i]))
            all->label[i] = -1;
}

static bool show_group(showing *it, int64_t from, int64_t to, int64_t chunk, dv_error *error)
{
    const dv_trials *all = it->bench->trials;
    for (it->first = from; it->first < to; it->first += chunk) {
        it->count = dv_smaller(chunk, to - it->first);
        if (!dv_dataset_pick(it->bench->data, all->index + it->first, it->count, it->form, it->bench->team,
                             it->pictures, error))
            return false;
        leave_out_unreadable(it);
        for (int t = 0; t < it->trials; t++)
            if (is_of_group(it, it->trial[t]) && !show_chunk(it, it->trial[t], error))
                return false;
    }
    return true;
}

/* Shows the pictures up to `count` to all that want them in the form of trial `leader`. */
static bool show_form(dv_trial_bench *bench, dv_trial *const *trial, int trials, int leader, int64_t count,
                      dv_error *error)
{
    showing it = {.bench = bench, .trial = trial, .trials = trials, .form = &trial[leader]->form};
    size_t values = dv_picture_form_values(it.form), classes = (size_t)bench->trials->classes;
    int64_t from = count, chunk = CHUNK_FLOATS / (int64_t)values;
    for (int t = 0; t < trials; t++)
        if (is_of_group(&it, trial[t]))
            from = dv_smaller(from, trial[t]->shown);
    chunk = chunk < 1 ? 1 : dv_smaller(chunk, count - from + (count == from));
    it.pictures = dv_alloc((size_t)chunk * values, sizeof *it.pictures, error);
    it.input = dv_alloc((size_t)chunk * values, sizeof *it.input, error);
    it.rows = dv_alloc((size_t)chunk * classes, sizeof *it.rows, error);
    it.room = dv_alloc(2 * classes, sizeof *it.room, error);
    bool ok = it.pictures && it.input && it.rows && it.room && show_group(&it, from, count, chunk, error);
    free(it.pictures);
    free(it.input);
    free(it.rows);
    free(it.room);
    return ok;
}

bool dv_trial_show(dv_trial_bench *bench, dv_trial *const *trial, int trials, int64_t count, dv_error *error)
{
    bool ok = true;
    for (int t = 0; ok && t < trials; t++) {
        bool is_first = true;
        for (int before = 0; before < t; before++)
            is_first &= !dv_form_equal(&trial[before]->form, &trial[t]->form);
        ok = !is_first || show_form(bench, trial, trials, t, count, error);
    }
    for (int t = 0; t < trials; t++)
        ok = sum_up(bench, trial[t], ok ? error : NULL) && ok;
    return ok;
}

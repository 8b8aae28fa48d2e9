/* The classes that a student tells apart. */
#include "vid/shortlist.h"

#include "base/error.h"
#include "vid/neighbors.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_ROWS = 64 };

/* False where every class has a row of its own, whatever the neighbours are. */
static bool is_needed(const dv_bundle *bundle)
{
    return bundle->facts.classes > (bundle->facts.multi_label ? DV_MOST_LABELS : DV_MOST_ROWS);
}

void dv_shortlist_free(dv_shortlist *shortlist)
{
    if (!shortlist)
        return;
    free(shortlist->neighbors);
    free(shortlist->fresh);
    dv_arena_free(shortlist->arena);
}

/* ---- which ------------------------------------------------------------------- */

/* Sums of probabilities, one row of classes a task, so that no sum depends on the team. */
struct summing {
    const dv_neighbors *neighbors;
    int classes;
    bool multi_label;
    double *sum;          /* tasks x classes */
    float *probabilities; /* threads x classes */
};

static void sum_probabilities(void *context, int64_t task, int thread)
{
    const struct summing *work = context;
    int classes = work->classes;
    double *sum = work->sum + task * classes;
    float *probabilities = work->probabilities + (int64_t)thread * classes;
    for (int64_t i = task * TASK_ROWS; i < work->neighbors->count && i < (task + 1) * TASK_ROWS; i++) {
        dv_soften(work->multi_label, work->neighbors->logits + i * classes, classes, 1, probabilities);
        for (int k = 0; k < classes; k++)
            sum[k] += probabilities[k];
    }
}

/* A class and its share; equal ones in their own order. */
typedef struct candidate {
    double share;
    int class_index;
} candidate;

static int compare_candidates(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    if (x->share != y->share)
        return x->share > y->share ? -1 : 1;
    return x->class_index - y->class_index;
}

static bool rank_classes(dv_bundle *bundle, const int *always, candidate *candidates, dv_error *error)
{
    int classes = bundle->facts.classes;
    int64_t tasks = (bundle->neighbors->count + TASK_ROWS - 1) / TASK_ROWS;
    struct summing work = {
        .neighbors = bundle->neighbors, .classes = classes, .multi_label = bundle->facts.multi_label};
    bool ok =
        (work.sum = dv_alloc((size_t)tasks, (size_t)classes * sizeof *work.sum, error)) &&
        (work.probabilities = dv_alloc((size_t)dv_team_size(bundle->team), (size_t)classes * sizeof(float), error));
    if (ok)
        dv_team_run(bundle->team, sum_probabilities, &work, tasks);
    for (int k = 0; ok && k < classes; k++) {
        candidates[k] = (candidate){0, k};
        for (int64_t task = 0; task < tasks; task++)
            candidates[k].share += work.sum[task * classes + k];
    }
    for (int i = 0; ok && i < DV_SHORTLIST_ALWAYS; i++)
        if (always[i] >= 0)
            candidates[always[i]].share = INFINITY;
    if (ok)
        qsort(candidates, (size_t)classes, sizeof *candidates, compare_candidates);
    free(work.probabilities);
    free(work.sum);
    return ok;
}

static int compare_numbers(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static bool choose(dv_shortlist *list, dv_bundle *bundle, const int *always, dv_error *error)
{
    candidate *candidates = dv_alloc((size_t)bundle->facts.classes, sizeof *candidates, error);
    bool ok = candidates && rank_classes(bundle, always, candidates, error);
    for (int row = 0; ok && row < list->names; row++)
        list->row_class[row] = candidates[row].class_index;
    if (ok)
        qsort(list->row_class, (size_t)list->names, sizeof *list->row_class, compare_numbers);
    if (ok && list->names < list->rows)
        list->row_class[list->names] = -1;
    free(candidates);
    return ok;
}

/* ---- their logits -------------------------------------------------------------- */

void dv_shortlist_group(const dv_shortlist *shortlist, int classes, const float *logits, float *grouped)
{
    double largest = -INFINITY, sum = 0;
    int next = 0;
    for (int row = 0; row < shortlist->names; row++)
        grouped[row] = logits[shortlist->row_class[row]];
    if (shortlist->names == shortlist->rows)
        return;
    /* Twice over the classes that have no row: first the largest, so that nothing overflows. */
    for (int pass = 0; pass < 2; pass++, next = 0)
        for (int k = 0; k < classes; k++) {
            if (next < shortlist->names && shortlist->row_class[next] == k)
                next++;
            else if (pass == 0)
                largest = fmax(largest, logits[k]);
            else
                sum += exp(logits[k] - largest);
        }
    grouped[shortlist->names] = (float)(largest + log(sum));
}

struct grouping {
    const dv_shortlist *list;
    int classes;
    int64_t count;
    const float *logits;
    float *grouped;
};

static void group_rows(void *context, int64_t task, int thread)
{
    const struct grouping *work = context;
    (void)thread;
    for (int64_t i = task * TASK_ROWS; i < work->count && i < (task + 1) * TASK_ROWS; i++)
        dv_shortlist_group(work->list, work->classes, work->logits + i * work->classes,
                           work->grouped + i * work->list->rows);
}

static bool group(const dv_shortlist *list, dv_bundle *bundle, const dv_neighbors *set, float **grouped,
                  dv_error *error)
{
    free(*grouped);
    if (!(*grouped = dv_alloc((size_t)set->count * (size_t)list->rows, sizeof(float), error)))
        return false;
    struct grouping work = {list, bundle->facts.classes, set->count, set->logits, *grouped};
    dv_team_run(bundle->team, group_rows, &work, (set->count + TASK_ROWS - 1) / TASK_ROWS);
    return true;
}

const float *dv_shortlist_neighbors(const dv_bundle *bundle)
{
    const float *grouped = bundle->shortlist->neighbors;
    return grouped ? grouped : bundle->neighbors->logits;
}

const float *dv_shortlist_fresh(const dv_bundle *bundle)
{
    const float *grouped = bundle->shortlist->fresh;
    return grouped ? grouped : bundle->fresh->logits;
}

int dv_shortlist_row(const dv_shortlist *shortlist, int class_index)
{
    for (int row = 0; row < shortlist->names; row++)
        if (shortlist->row_class[row] == class_index)
            return row;
    return shortlist->names < shortlist->rows ? shortlist->names : -1;
}

/* ---- the whole -------------------------------------------------------------------- */

static bool is_of(const dv_shortlist *list, const dv_bundle *bundle)
{
    return list && list->neighbors_generation == bundle->neighbors->generation &&
           list->neighbors_count == bundle->neighbors->count;
}

static dv_shortlist *make_list(const dv_bundle *bundle, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_shortlist *list = arena ? dv_arena_alloc(arena, 1, sizeof *list, error) : NULL;
    if (!list) {
        dv_arena_free(arena);
        return NULL;
    }
    bool cut = is_needed(bundle), multi_label = bundle->facts.multi_label;
    list->arena = arena;
    list->rows = !cut ? bundle->facts.classes : multi_label ? DV_MOST_LABELS : DV_MOST_ROWS;
    list->names = cut && !multi_label ? list->rows - 1 : list->rows;
    list->neighbors_generation = bundle->neighbors->generation;
    list->neighbors_count = bundle->neighbors->count;
    if ((list->row_class = dv_arena_alloc(arena, (size_t)list->rows, sizeof *list->row_class, error)) &&
        (list->picture = dv_arena_alloc(arena, (size_t)list->rows, sizeof *list->picture, error)))
        return list;
    dv_arena_free(arena);
    return NULL;
}

static bool fill(dv_shortlist *list, dv_bundle *bundle, const int *always, dv_error *error)
{
    for (int row = 0; row < list->rows; row++)
        list->row_class[row] = row;
    return !is_needed(bundle) ||
           (choose(list, bundle, always, error) && group(list, bundle, bundle->neighbors, &list->neighbors, error));
}

bool dv_shortlist_update(dv_bundle *bundle, const int always[DV_SHORTLIST_ALWAYS], dv_error *error)
{
    dv_shortlist *old = bundle->shortlist;
    if (is_of(old, bundle))
        return true;
    dv_shortlist *list = make_list(bundle, error);
    bool ok = list && fill(list, bundle, always, error);
    if (ok) {
        bool same = old && memcmp(old->row_class, list->row_class, (size_t)list->rows * sizeof(int)) == 0;
        list->version = same ? old->version : ++bundle->generations;
    }
    dv_shortlist_free(old);
    bundle->shortlist = ok ? list : NULL;
    if (!ok)
        dv_shortlist_free(list);
    return ok;
}

bool dv_shortlist_update_fresh(dv_bundle *bundle, dv_error *error)
{
    dv_shortlist *list = bundle->shortlist;
    const dv_neighbors *fresh = bundle->fresh;
    if (!is_needed(bundle) || (list->fresh_generation == fresh->generation && list->fresh_count == fresh->count))
        return true;
    list->fresh_count = -1; /* until all is there */
    if (!group(list, bundle, fresh, &list->fresh, error))
        return false;
    list->fresh_generation = fresh->generation;
    list->fresh_count = fresh->count;
    return true;
}

/* Labels against answers: the best one-to-one matching, and shifts by one. */
#include "setup/check_labels.h"

#include "base/error.h"
#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- assignment ------------------------------------------------------------------ */

/* Columns and rows count from 1; 0 stands for none. */
typedef struct assignment {
    int rows, columns;
    const double *cost;
    double *u, *v, *least; /* potentials of rows and columns; least reduced cost to reach a column */
    int *row_of, *way;     /* of a column: its row, and the column before it on the path */
    bool *done;
} assignment;

static bool assignment_init(assignment *it, int rows, int columns, const double *cost, dv_error *error)
{
    *it = (assignment){.rows = rows, .columns = columns, .cost = cost};
    it->u = dv_alloc((size_t)rows + 1, sizeof *it->u, error);
    it->v = dv_alloc((size_t)columns + 1, sizeof *it->v, error);
    it->least = dv_alloc((size_t)columns + 1, sizeof *it->least, error);
    it->row_of = dv_alloc((size_t)columns + 1, sizeof *it->row_of, error);
    it->way = dv_alloc((size_t)columns + 1, sizeof *it->way, error);
    it->done = dv_alloc((size_t)columns + 1, sizeof *it->done, error);
    return it->u && it->v && it->least && it->row_of && it->way && it->done;
}

static void assignment_clear(assignment *it)
{
    free(it->u);
    free(it->v);
    free(it->least);
    free(it->row_of);
    free(it->way);
    free(it->done);
}

/* One step of the search from column `at`: the nearest column that is not done. */
static int nearest_column(assignment *it, int at)
{
    int row = it->row_of[at], best = 0;
    double step = INFINITY;
    it->done[at] = true;
    for (int c = 1; c <= it->columns; c++) {
        if (it->done[c])
            continue;
        double reduced = it->cost[(size_t)(row - 1) * it->columns + (c - 1)] - it->u[row] - it->v[c];
        if (reduced < it->least[c]) {
            it->least[c] = reduced;
            it->way[c] = at;
        }
        if (it->least[c] < step) {
            step = it->least[c];
            best = c;
        }
    }
    for (int c = 0; c <= it->columns; c++)
        if (it->done[c]) {
            it->u[it->row_of[c]] += step;
            it->v[c] -= step;
        } else {
            it->least[c] -= step;
        }
    return best;
}

static void place_row(assignment *it, int row)
{
    int at = 0;
    it->row_of[0] = row;
    for (int c = 0; c <= it->columns; c++) {
        it->least[c] = INFINITY;
        it->done[c] = false;
    }
    do
        at = nearest_column(it, at);
    while (it->row_of[at]);
    for (; at; at = it->way[at])
        it->row_of[at] = it->row_of[it->way[at]];
}

bool dv_assign(int rows, int columns, const double *cost, int *column, dv_error *error)
{
    assignment it;
    bool ok = assignment_init(&it, rows, columns, cost, error);
    for (int r = 1; ok && r <= rows; r++)
        place_row(&it, r);
    for (int c = 1; ok && c <= columns; c++)
        if (it.row_of[c])
            column[it.row_of[c] - 1] = c - 1;
    assignment_clear(&it);
    return ok;
}

/* ---- labels and answers ------------------------------------------------------------ */

typedef struct answers {
    const int *label, *answer;
    int64_t count;
    int classes;
} answers;

static bool is_told(const answers *it, int64_t i)
{
    return it->label[i] >= 0 && it->answer[i] >= 0;
}

/* Labels or answers that occur among pictures first, first + step, ...: number[k] is that of class k, -1 where it does
 * not occur. */
static int number_classes(const answers *it, const int *of, int64_t first, int step, int *number)
{
    int count = 0;
    memset(number, -1, (size_t)it->classes * sizeof *number);
    for (int64_t i = first; i < it->count; i += step)
        if (is_told(it, i) && number[of[i]] < 0)
            number[of[i]] = count++;
    return count;
}

/* What the matching is made from: rows are the labels that occur, columns the answers. */
typedef struct table {
    int *row, *column; /* by class; -1: does not occur */
    int rows, columns; /* where there are more labels than answers, columns that nobody answered fill up */
    double *cost;
    int *place; /* of each row the column that goes with it */
} table;

static bool table_fill(table *it, const answers *from, int64_t first, int step, dv_error *error)
{
    it->row = dv_alloc((size_t)from->classes, sizeof *it->row, error);
    it->column = dv_alloc((size_t)from->classes, sizeof *it->column, error);
    if (!it->row || !it->column)
        return false;
    it->rows = number_classes(from, from->label, first, step, it->row);
    it->columns = number_classes(from, from->answer, first, step, it->column);
    it->columns = it->columns > it->rows ? it->columns : it->rows;
    it->cost = dv_alloc((size_t)it->rows * (size_t)it->columns, sizeof *it->cost, error);
    it->place = dv_alloc((size_t)it->rows, sizeof *it->place, error);
    if (!it->cost || !it->place)
        return false;
    for (int64_t i = first; i < from->count; i += step)
        if (is_told(from, i))
            it->cost[(size_t)it->row[from->label[i]] * it->columns + it->column[from->answer[i]]] -= 1;
    /* Of matchings as good as each other the one that leaves labels what they are. */
    for (int k = 0; k < from->classes; k++)
        if (it->row[k] >= 0 && it->column[k] >= 0)
            it->cost[(size_t)it->row[k] * it->columns + it->column[k]] -= 0.5 / from->classes;
    return true;
}

static void table_clear(table *it)
{
    free(it->row);
    free(it->column);
    free(it->cost);
    free(it->place);
}

enum { NO_LABEL = -1, NO_CLASS = -2 };

/* Fills class_of by the answers to pictures first, first + step, ...: NO_LABEL where a label does not occur, NO_CLASS
 * where no answer is left for it. */
static bool fit(const answers *from, int64_t first, int step, int *class_of, dv_error *error)
{
    table it = {0};
    bool ok = table_fill(&it, from, first, step, error) && dv_assign(it.rows, it.columns, it.cost, it.place, error);
    int *class_at = ok ? dv_alloc((size_t)it.columns, sizeof *class_at, error) : NULL;
    ok = class_at != NULL;
    for (int c = 0; ok && c < it.columns; c++)
        class_at[c] = NO_CLASS;
    for (int k = 0; ok && k < from->classes; k++)
        if (it.column[k] >= 0)
            class_at[it.column[k]] = k;
    for (int l = 0; ok && l < from->classes; l++)
        class_of[l] = it.row[l] < 0 ? NO_LABEL : class_at[it.place[it.row[l]]];
    free(class_at);
    table_clear(&it);
    return ok;
}

/* Answers that are right by what suits the other half of the pictures, against those that are right anyway. */
typedef struct comparison {
    int64_t seen, matched, gained, lost;
} comparison;

static bool try_half(const answers *it, int64_t half, comparison *with, dv_error *error)
{
    int *class_of = dv_alloc((size_t)it->classes, sizeof *class_of, error);
    bool ok = class_of && fit(it, 1 - half, 2, class_of, error);
    for (int64_t i = half; ok && i < it->count; i += 2) {
        if (!is_told(it, i) || class_of[it->label[i]] == NO_LABEL)
            continue;
        bool matches = class_of[it->label[i]] == it->answer[i], is_right = it->label[i] == it->answer[i];
        with->seen++;
        with->matched += matches;
        with->gained += matches && !is_right;
        with->lost += is_right && !matches;
    }
    free(class_of);
    return ok;
}

static bool count_chance(const answers *it, dv_label_match *match, dv_error *error)
{
    int64_t *labels = dv_alloc((size_t)it->classes, sizeof *labels, error);
    int64_t *given = dv_alloc((size_t)it->classes, sizeof *given, error);
    double product = 0;
    bool ok = labels && given, is_single = false;
    for (int64_t i = 0; ok && i < it->count; i++)
        if (is_told(it, i)) {
            labels[it->label[i]]++;
            given[it->answer[i]]++;
        }
    for (int k = 0; ok && k < it->classes; k++) {
        product += (double)labels[k] * (double)given[k];
        is_single |= labels[k] == match->count;
    }
    if (ok)
        match->chance = is_single ? 1.0 / it->classes : product / ((double)match->count * (double)match->count);
    free(labels);
    free(given);
    return ok;
}

bool dv_labels_match(const int *label, const int *answer, int64_t count, int classes, dv_label_match *match,
                     dv_error *error)
{
    const answers it = {label, answer, count, classes};
    int64_t right[3] = {0};
    comparison with = {0};
    *match = (dv_label_match){.class_of = match->class_of};
    for (int64_t i = 0; i < count; i++) {
        if (!is_told(&it, i))
            continue;
        match->count++;
        int away = answer[i] - label[i];
        if (away >= -1 && away <= 1)
            right[away + 1]++;
    }
    if (!match->count)
        return !match->class_of || fit(&it, 0, 1, match->class_of, error);
    match->accuracy = (double)right[1] / (double)match->count;
    match->shifted[0] = (double)right[0] / (double)match->count;
    match->shifted[1] = (double)right[2] / (double)match->count;
    if (!count_chance(&it, match, error) || !try_half(&it, 0, &with, error) || !try_half(&it, 1, &with, error))
        return false;
    int64_t differ = with.gained + with.lost;
    match->matched = with.seen ? (double)with.matched / (double)with.seen : 0;
    match->lead = differ ? (double)(with.gained - with.lost) / sqrt((double)differ) : 0;
    return !match->class_of || fit(&it, 0, 1, match->class_of, error);
}

double dv_label_kappa(double accuracy, double chance)
{
    return chance < 1 ? (accuracy - chance) / (1 - chance) : 0;
}

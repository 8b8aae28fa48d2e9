/* Counting, putting classes in order, going from error to error. */
#include "tui/confusion.h"
#include "base/memory.h"

#include <stdlib.h>

bool dv_confusion_init(dv_confusion *confusion, const dv_bundle_facts *facts, dv_error *error)
{
    size_t classes = (size_t)facts->classes;
    *confusion = (dv_confusion){.classes = facts->classes};
    if ((!facts->labels && !facts->marks) || facts->classes > DV_MAX_MATRIX_CLASSES)
        return true;
    return (confusion->count = dv_alloc(classes * classes, sizeof(*confusion->count), error)) &&
           (confusion->row_sum = dv_alloc(classes, sizeof(*confusion->row_sum), error)) &&
           (confusion->column_sum = dv_alloc(classes, sizeof(*confusion->column_sum), error));
}

void dv_confusion_clear(dv_confusion *confusion)
{
    free(confusion->count);
    free(confusion->row_sum);
    free(confusion->column_sum);
    *confusion = (dv_confusion){0};
}

void dv_confusion_add(dv_confusion *confusion, int label, int prediction)
{
    if (!confusion->count)
        return;
    int64_t count = ++confusion->count[(size_t)label * (size_t)confusion->classes + (size_t)prediction];
    confusion->row_sum[label]++;
    confusion->column_sum[prediction]++;
    confusion->largest = count > confusion->largest ? count : confusion->largest;
}

void dv_confusion_add_labels(dv_confusion *confusion, const int8_t *marks, const uint8_t *given)
{
    int classes = confusion->classes;
    for (int label = 0; confusion->count && label < classes; label++) {
        int64_t *row = confusion->count + (size_t)label * (size_t)classes;
        if (marks[label] >= 0)
            confusion->column_sum[label] += dv_label_has(given, label);
        if (marks[label] != 1)
            continue;
        confusion->row_sum[label]++;
        for (int other = 0; other < classes; other++)
            if (dv_label_has(given, other) && (other == label || marks[other] == 0)) {
                int64_t count = ++row[other];
                confusion->largest = count > confusion->largest ? count : confusion->largest;
            }
    }
}

int64_t dv_confusion_at(const dv_confusion *confusion, int label, int prediction)
{
    return confusion->count[(size_t)label * (size_t)confusion->classes + (size_t)prediction];
}

static int64_t errors_of(const dv_confusion *confusion, int class)
{
    return confusion->row_sum[class] + confusion->column_sum[class] - 2 * dv_confusion_at(confusion, class, class);
}

static int compare_errors(const void *a, const void *b, void *context)
{
    int x = *(const int *)a, y = *(const int *)b;
    int64_t of_x = errors_of(context, x), of_y = errors_of(context, y);
    return of_x != of_y ? (of_x > of_y ? -1 : 1) : x - y;
}

void dv_confusion_order(const dv_confusion *confusion, bool by_errors, int *order)
{
    for (int k = 0; k < confusion->classes; k++)
        order[k] = k;
    if (by_errors)
        qsort_r(order, (size_t)confusion->classes, sizeof(*order), compare_errors, (void *)confusion);
}

/* Whether a cell comes before another one on the way from the most frequent error to the rarest. */
static bool is_before(const int64_t *count, int64_t cell, int64_t other)
{
    return count[cell] != count[other] ? count[cell] > count[other] : cell < other;
}

bool dv_confusion_next(const dv_confusion *confusion, int direction, int *label, int *prediction)
{
    const int64_t *count = confusion->count;
    int64_t classes = confusion->classes, best = -1;
    bool starts = *label < 0 || *prediction < 0 || *label == *prediction;
    int64_t here = starts ? -1 : *label * classes + *prediction;
    for (int64_t cell = 0; count && cell < classes * classes; cell++) {
        if (cell / classes == cell % classes || count[cell] == 0 || cell == here)
            continue;
        if (here >= 0 && is_before(count, cell, here) != (direction < 0))
            continue;
        if (best < 0 || is_before(count, cell, best) == (direction > 0))
            best = cell;
    }
    if (best < 0)
        return false;
    *label = (int)(best / classes);
    *prediction = (int)(best % classes);
    return true;
}

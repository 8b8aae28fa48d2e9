/* Counts of labels against the teacher's words, filled while it is asked. */
#ifndef DV_TUI_CONFUSION_H
#define DV_TUI_CONFUSION_H

#include "deepvid.h"

#include <stddef.h>

enum { DV_MAX_MATRIX_CLASSES = 4096 };

/* Labels given to a picture: a bit each, in so many bytes. */
static inline size_t dv_label_bytes(int classes)
{
    return ((size_t)classes + 7) / 8;
}
static inline bool dv_label_has(const uint8_t *given, int label)
{
    return given[label / 8] >> label % 8 & 1;
}
static inline void dv_label_set(uint8_t *given, int label)
{
    given[label / 8] |= (uint8_t)(1 << label % 8);
}

/* All NULL where there are no labels, or too many classes for a matrix. Where several labels may hold at once a cell
 * counts the pictures that have the label of its row and are wrongly given that of its column, or rightly the same;
 * the sums count the pictures that have, or are given, a label. */
typedef struct dv_confusion {
    int classes;
    int64_t *count;                /* classes x classes: rows label, columns the teacher's word */
    int64_t *row_sum, *column_sum; /* classes */
    int64_t largest;
} dv_confusion;

bool dv_confusion_init(dv_confusion *confusion, const dv_bundle_facts *facts, dv_error *error);
void dv_confusion_clear(dv_confusion *confusion);
/* One picture more; nothing where there is no matrix. */
void dv_confusion_add(dv_confusion *confusion, int label, int prediction);
/* The same where several labels may hold at once: `marks` as in dv_bundle_facts. */
void dv_confusion_add_labels(dv_confusion *confusion, const int8_t *marks, const uint8_t *given);

int64_t dv_confusion_at(const dv_confusion *confusion, int label, int prediction);
/* Fills `order` (an entry a class) with the classes as they are, or those with the most errors first. */
void dv_confusion_order(const dv_confusion *confusion, bool by_errors, int *order);
/* Goes to the next most frequent error (direction 1; -1: the one before), from a cell that is none to the first (the
 * last) one; equal ones go row by row. False, and the cell stays, where there is none. */
bool dv_confusion_next(const dv_confusion *confusion, int direction, int *label, int *prediction);

#endif

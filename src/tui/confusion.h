/* Counts of labels against the teacher's words, filled while it is asked. */
#ifndef DV_TUI_CONFUSION_H
#define DV_TUI_CONFUSION_H

#include "deepvid.h"

enum { DV_MAX_MATRIX_CLASSES = 4096 };

/* All NULL where there are no labels, or too many classes for a matrix. */
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

int64_t dv_confusion_at(const dv_confusion *confusion, int label, int prediction);
/* Fills `order` (an entry a class) with the classes as they are, or those with the most errors first. */
void dv_confusion_order(const dv_confusion *confusion, bool by_errors, int *order);
/* Goes to the next most frequent error (direction 1; -1: the one before), from a cell that is none to the first (the
 * last) one; equal ones go row by row. False, and the cell stays, where there is none. */
bool dv_confusion_next(const dv_confusion *confusion, int direction, int *label, int *prediction);

#endif

/* What a ridge student with at least as many neighbours as pixels is solved from: sums over neighbours, which need not
 * be there any more. */
#ifndef DV_VID_RIDGE_SUMS_H
#define DV_VID_RIDGE_SUMS_H

#include "vid/neighbors.h"
#include "vid/student.h"

/* Sums of one half of the neighbours: every other chunk, since of Sobol points every other one lies in the same half of
 * each dimension. Pictures x and targets y are taken from origins near their
 * means, so that little is lost when the means are taken off in the end. */
typedef struct dv_ridge_half {
    double weight;   /* sum of w */
    double *picture; /* D: of w x */
    double *target;  /* R: of w y */
    float *gram;     /* the matrix of dv_equations of order D with R columns: of w x x' and of w x y' */
} dv_ridge_half;

typedef struct dv_ridge_sums {
    int64_t count; /* of neighbours so far; they go on from whole stretches only */
    int pixels, rows;
    float *picture_origin; /* D: about the mean of the first chunk */
    double *target_origin; /* R */
    dv_ridge_half half[2];
    const struct dv_gram_way *way;
    float *packed; /* one stretch, in order: rows sqrt(w) (x, y) */
    dv_arena *arena;
} dv_ridge_sums;

dv_ridge_sums *dv_ridge_sums_new(int pixels, int rows, dv_error *error);
void dv_ridge_sums_free(dv_ridge_sums *sums);
/* Whether they are of 16 bits of each number, as in kernel/gram.h. */
bool dv_ridge_sums_are_rough(const dv_ridge_sums *sums);
/* Back to no neighbours. */
void dv_ridge_sums_clear(dv_ridge_sums *sums);
/* Adds the neighbours of the lesson from `first` on. */
bool dv_ridge_sums_add(dv_ridge_sums *sums, const dv_lesson *lesson, int64_t first, dv_error *error);

/* What is taken off the logits of neighbour i of a lesson, so that they are its targets y at temperature 1. */
double dv_ridge_center(const dv_lesson *lesson, int64_t i);

#endif

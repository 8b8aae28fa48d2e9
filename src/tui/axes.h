/* The axes of the parallel coordinates: their order, their pages, and what the data says of each. */
#ifndef DV_TUI_AXES_H
#define DV_TUI_AXES_H

#include "deepvid.h"

typedef struct dv_axes {
    int latent;
    int *order;           /* dimensions from the left */
    float (*quartile)[3]; /* of each dimension, over the latent means of the first `learned` pictures */
    int64_t learned;      /* 0: none yet */
    float *scratch;       /* DV_AXES_SAMPLE entries, for finding quartiles */
} dv_axes;

enum { DV_AXES_SAMPLE = 10000 }; /* quartiles of more pictures than that are those of so many, evenly picked */

/* In the order of their numbers. False without memory. */
bool dv_axes_init(dv_axes *axes, int latent, dv_error *error);
void dv_axes_clear(dv_axes *axes);

/* In the order of their influence, the largest first, those of equal influence by number; NULL: by number. What is no
 * number comes last. */
void dv_axes_sort(dv_axes *axes, const float *influence);
/* The place of a dimension from the left. */
int dv_axes_place(const dv_axes *axes, int dimension);
/* The dimension `step` places from another, round the ends. */
int dv_axes_step(const dv_axes *axes, int dimension, int step);

/* Finds quartiles from `count` latent means (count x latent) of `all` pictures: when those are all, or twice as many as
 * before; else nothing changes. */
void dv_axes_learn(dv_axes *axes, const float *means, int64_t count, int64_t all);

/* Axes side by side where at most `most` fit: as many on each page as on the others, but for the last. */
typedef struct dv_axes_page {
    int page, pages;
    int first, count; /* places */
} dv_axes_page;
dv_axes_page dv_axes_page_of(const dv_axes *axes, int most, int place);

/* How far an axis goes to either side: 4 standard deviations of the prior, or a whole number more that holds all
 * between center - band and center + band. */
float dv_axes_reach(float center, float band);

#endif

/* Parallel coordinates: one upright axis for each latent dimension, the instance's line over them, the band around it
 * and the neighbours' lines behind. */
#ifndef DV_FIGURE_PARALLEL_H
#define DV_FIGURE_PARALLEL_H

#include "figure/plot.h"

/* Arrays over dimensions are in the order of the model; `dimension` says which of them the axes show, from the left.
 * A value that is no number is left out, with its line to both sides. */
typedef struct dv_parallel {
    int axes;
    const int *dimension;
    const float *low, *high;    /* the values at the lower and the upper end of each dimension's axis */
    const float *center;        /* the instance's line */
    const float *band;          /* the envelope is center - band .. center + band; NULL: none */
    const float *mean;          /* where the encoder put it: marked where the centre lies elsewhere; NULL: nowhere */
    const float (*quartile)[3]; /* of the data, for each dimension; NULL: none */
    int64_t lines;              /* the neighbours behind */
    const float *line;          /* the latents of line i from line[i * stride] on */
    int64_t stride;
    const int *line_class; /* lines, -1 unknown */
    int64_t most_lines;    /* of which at most so many are drawn, evenly picked; 0: all */
    int chosen;            /* axis, -1 none */
} dv_parallel;

/* The colours of the band and of what was moved, for a key. */
enum { DV_PARALLEL_BAND_INK = 0x8f7fd0, DV_PARALLEL_MEAN_INK = 0xd55e00 };

dv_image *dv_figure_parallel(const dv_plot *plot, const dv_parallel *parallel, dv_error *error);

/* The pixel column of an axis, each in the middle of a slot of equal width, and the axis in whose slot a column lies.
 */
double dv_parallel_x(const dv_plot *plot, int axes, int axis);
int dv_parallel_axis(const dv_plot *plot, int axes, double x);
/* The pixel row of a value on an axis from low to high, and back; `low` and `high` must differ. */
double dv_parallel_y(const dv_plot *plot, float low, float high, double value);
double dv_parallel_value(const dv_plot *plot, float low, float high, double y);

#endif

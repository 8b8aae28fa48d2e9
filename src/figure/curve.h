/* Curves y(x) with a place on them: lambda's path, the loss, the teacher's word along a morph. */
#ifndef DV_FIGURE_CURVE_H
#define DV_FIGURE_CURVE_H

#include "figure/plot.h"

typedef struct dv_curve {
    int count;
    const double *x; /* ascending; NULL: 0, 1, 2, ... */
    const double *y; /* a value that is no number leaves a gap */
    uint8_t color[3];
    bool markers; /* a dot at each point */
} dv_curve;

/* What is seen. With a logarithmic axis its limits are above zero, and what is not is left out. */
typedef struct dv_limits {
    double x_low, x_high, y_low, y_high;
    bool log_x, log_y;
} dv_limits;

typedef struct dv_curves {
    int count;
    const dv_curve *curve;
    double current; /* an upright line at this x, with a dot where it meets each curve; NaN: none */
    int verticals;  /* dashed upright lines, where something happens */
    const double *vertical;
    double horizontal; /* a dashed level; NaN: none */
} dv_curves;

/* Limits that hold all points, with a little air above and below; some width even where all values are equal. */
dv_limits dv_curve_limits(const dv_curves *curves, bool log_x, bool log_y);

dv_image *dv_figure_curve(const dv_plot *plot, const dv_curves *curves, const dv_limits *limits, dv_error *error);

/* From values to pixels, and from a pixel column to x. */
void dv_curve_pixel(const dv_plot *plot, const dv_limits *limits, double x, double y, double pixel[2]);
double dv_curve_x(const dv_plot *plot, const dv_limits *limits, double pixel_x);
/* y at x on the curve's line, NaN in a gap and beyond its ends. */
double dv_curve_at(const dv_curve *curve, const dv_limits *limits, double x);

#endif

/* Resize along one axis: which elements of the input an element of the output is made of. */
#ifndef DV_OP_RESIZE_AXIS_H
#define DV_OP_RESIZE_AXIS_H

#include "base/memory.h"
#include "kernel/resample.h"

typedef enum dv_resize_filter { DV_RESIZE_NEAREST, DV_RESIZE_LINEAR, DV_RESIZE_CUBIC } dv_resize_filter;

/* coordinate_transformation_mode. */
typedef enum dv_resize_grid {
    DV_RESIZE_HALF_PIXEL,
    DV_RESIZE_HALF_PIXEL_SYMMETRIC,
    DV_RESIZE_PYTORCH_HALF_PIXEL,
    DV_RESIZE_ALIGN_CORNERS,
    DV_RESIZE_ASYMMETRIC,
    DV_RESIZE_TF_HALF_PIXEL_FOR_NN, /* opset 11 and 12 */
    DV_RESIZE_TF_CROP_AND_RESIZE,
} dv_resize_grid;

/* nearest_mode. */
typedef enum dv_resize_rounding {
    DV_RESIZE_ROUND_PREFER_FLOOR,
    DV_RESIZE_ROUND_PREFER_CEIL,
    DV_RESIZE_FLOOR,
    DV_RESIZE_CEIL,
    DV_RESIZE_OUTWARDS, /* before opset 11: down, but up where the axis shrinks */
} dv_resize_rounding;

/* What the attributes of a node say for all of its axes. */
typedef struct dv_resize_style {
    dv_resize_filter filter;
    dv_resize_grid grid;
    dv_resize_rounding rounding;
    double cubic_a;
    bool exclude_outside, antialias;
    float fill;
} dv_resize_style;

/* One axis. */
typedef struct dv_resize_axis {
    int64_t in, out;
    double scale;  /* of output to input */
    bool by_sizes; /* scale is just out / in, rounded */
    float roi[2];  /* start and end of what is cut out by DV_RESIZE_TF_CROP_AND_RESIZE */
} dv_resize_axis;

/* Nothing changes along this axis. */
bool dv_resize_is_identity(const dv_resize_style *style, const dv_resize_axis *axis);
/* in and out are at least 1, scale is positive. Allocates from the arena. */
bool dv_resize_plan_axis(const dv_resize_style *style, const dv_resize_axis *axis, dv_arena *arena,
                         dv_resample *resample, dv_error *error);

#endif

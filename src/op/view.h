/* Views: elements spread over a tensor by strides of their own, read in order or added to.
 * Transposition, slices, repetition and blocks of pixels are all the copy of a view. */
#ifndef DV_OP_VIEW_H
#define DV_OP_VIEW_H

#include "op/op.h"

enum { DV_VIEW_RANK = 2 * DV_MAX_RANK };

/* Element (i, j, ...) of the view, in row-major order of `dim`, is that at start + i * stride[0] + j * stride[1] + ...
 * of the tensor. Strides count elements; 0 repeats, a negative one goes backwards. */
typedef struct dv_view {
    int rank;
    int64_t start;
    int64_t dim[DV_VIEW_RANK], stride[DV_VIEW_RANK];
} dv_view;

/* All elements of a tensor, in order. */
dv_view dv_view_whole(const dv_shape *shape);
/* The elements of a tensor of shape x as it broadcasts to `shape`. */
dv_view dv_view_broadcast(const dv_shape *x, const dv_shape *shape);
/* Adds an innermost dimension. */
void dv_view_append(dv_view *view, int64_t dim, int64_t stride);

/* row[k] = element k of the view, for elements of `size` bytes (4 or 8). */
void dv_view_get(const dv_view *view, size_t size, const void *tensor, void *row, dv_team *team);
/* Element k of the view += row[k], for floats. */
void dv_view_add(const dv_view *view, const float *row, float *tensor);

/* forward and backward of operators whose output is a view of input 0, which infer leaves in `prepared`. */
void dv_view_forward(const dv_call *call);
void dv_view_backward(const dv_call *call, const dv_tensor *const *output_gradient, dv_tensor *const *input_gradient);

#endif

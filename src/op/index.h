/* Indices that are data: how gathering and scattering find elements. */
#ifndef DV_OP_INDEX_H
#define DV_OP_INDEX_H

#include "op/call.h"
#include "op/loop.h"

/* An index counted from the end when negative; -1 outside of 0 .. n-1. Indices that are computed during a run cannot be
 * refused any more: what they would read is nothing (dv_index_nothing), what they would write is left out. */
static inline int64_t dv_index_resolve(int64_t index, int64_t n)
{
    const int64_t at = index < 0 ? index + n : index;
    return at >= 0 && at < n ? at : -1;
}

/* n elements of a value that says there was none: NaN, or 0 for integers. */
void dv_index_nothing(dv_type type, int64_t n, void *to);

/* Input i of the call holds integers; those that are known lie within an axis of n elements. */
bool dv_index_check(const dv_call *call, int i, int64_t n, dv_error *error);

/* The loop over `indices`, whose elements stand for x along `axis`: the first stride is that in x with the axis left
 * out. No other axis of the indices is longer than that of x. */
bool dv_index_loop(const dv_shape *indices, const dv_shape *x, int axis, dv_loop *loop, dv_error *error);

/* Tuples of indices, each the place of a run of elements. */
typedef struct dv_tuples {
    int64_t batches, count; /* tuples in all are batches * count */
    int64_t batch_size;     /* elements of x from one batch to the next */
    int length;             /* of a tuple */
    int64_t run;            /* elements that a tuple stands for */
    int64_t dim[DV_MAX_RANK], stride[DV_MAX_RANK];
} dv_tuples;

/* Input i of the call holds tuples for input 0, behind batch_dims dimensions that both share. */
bool dv_tuples_read(const dv_call *call, int i, int batch_dims, dv_tuples *tuples, dv_error *error);
/* Where tuple t of the indices points to; -1 if an index is outside. */
int64_t dv_tuples_place(const dv_tuples *tuples, const int64_t *indices, int64_t t);

#endif

/* Loops that lead each element of a tensor to a result of many. */
#ifndef DV_OP_REDUCTION_H
#define DV_OP_REDUCTION_H

#include "op/loop.h"

typedef struct dv_reduction {
    dv_loop loop;    /* over x; `a` is the offset in y, with stride 0 along what is reduced */
    int64_t results; /* elements of y */
    int64_t count;   /* elements of x for each of them */
} dv_reduction;

/* Over the marked axes of x. */
dv_reduction dv_reduction_over(const dv_shape *x, const bool *reduced);

/* Runs work(context, part, x, y) on parts of the loop over the team, each with results of its own: `part` is about the
 * elements of the tensor from offset x on and the results from y on. */
void dv_reduction_share(const dv_reduction *r, dv_team *team, void *context,
                        void (*work)(void *context, const dv_loop *part, int64_t x, int64_t y));

#endif

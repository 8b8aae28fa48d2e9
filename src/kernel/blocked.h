/* Convolution of pictures whose channels lie in blocks of 16: vectors run over the channels of a block, so that no
 * width, stride or edge of a plane leaves them empty. A batch of activations is
 *
 *   batch x blocks x height x width x DV_BLOCK,
 *
 * a tensor of rank 5 whose last block is filled up with channels of zero weight: finite numbers that nobody reads. The
 * plain twin is dv_plain_blocked_forward. */
#ifndef DV_KERNEL_BLOCKED_H
#define DV_KERNEL_BLOCKED_H

#include "kernel/convolution.h"
#include "kernel/isa.h"
#include "kernel/rounding.h"

enum { DV_BLOCK = 16 };

static inline int64_t dv_blocks(int64_t channels)
{
    return (channels + DV_BLOCK - 1) / DV_BLOCK;
}

/* y = clamp(w * x + bias + addend), or of each 2 x 2 of them the largest. */
typedef struct dv_blocked {
    dv_convolution c; /* two spatial axes: those of depth are 1. Channels as the network counts them */
    bool planar;      /* x is batch x in_channels x height x width */
    bool halved;      /* y is the largest of each 2 x 2 results; an odd last row or column is left out */
    float low, high;  /* -INFINITY and INFINITY: as it is */
    dv_rounding rounding;
} dv_blocked;

/* A way to do it. Weights are packed once for all batches and sizes of pictures for which the way is chosen. */
typedef struct dv_blocked_way {
    const char *name;
    /* About how many cycles it takes with wide vectors; INFINITY: it does not fit. By shapes alone. */
    double (*cost)(const dv_blocked *b);
    /* Floats of packed weights with the bias; w as in dv_convolution, bias may be NULL. */
    int64_t (*packed)(const dv_blocked *b);
    void (*pack)(const dv_blocked *b, const float *w, const float *bias, float *packed);
    /* Floats of workspace for each thread. */
    int64_t (*workspace)(const dv_blocked *b);
    /* addend: like y, NULL: nothing; not with `halved`. */
    void (*forward)(const dv_blocked *b, const float *x, const float *packed, const float *addend, float *y,
                    float *workspace, dv_team *team);
} dv_blocked_way;

extern const dv_blocked_way dv_blocked_depthwise, dv_blocked_product, dv_blocked_winograd_2, dv_blocked_winograd_4;
#if DV_ISA_HAS_AMX
extern const dv_blocked_way dv_blocked_tiled_product, dv_blocked_tiled_winograd;
enum { DV_BLOCKED_WAYS = 6 };
#else
enum { DV_BLOCKED_WAYS = 4 };
#endif

/* Whether such a convolution can be done in blocks at all: of its channels, groups and kernel alone, whatever the
 * batch and the sizes of its pictures. */
bool dv_blocked_fits(const dv_convolution *c);
/* The way that costs least: 0..DV_BLOCKED_WAYS-1. `packing` are the cycles that count for each packed float: 0 where
 * weights are packed once. dv_blocked_fits holds. */
int dv_blocked_choose(const dv_blocked *b, double packing);
/* Whether a way fits that rounds more than sums of products do. */
bool dv_blocked_rounds(const dv_blocked *b);
const dv_blocked_way *dv_blocked_way_at(int way);

#endif

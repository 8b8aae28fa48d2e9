/* What panel.h does, by the tile registers of kernel/tiles.h: rows of numbers by a pair of blocks of output channels.
 * The numbers of a row come in pairs of blocks as well. Such a pair, 2 x DV_BLOCK floats, takes as many bytes once it
 * is split into two parts of bfloat16, which lie behind each other. */
#ifndef DV_KERNEL_PANEL_TILES_H
#define DV_KERNEL_PANEL_TILES_H

#include "kernel/blocked.h"
#include "kernel/isa.h"

#if DV_ISA_HAS_AMX

enum {
    DV_TILE_ROWS = 16,                           /* of a panel */
    DV_TILE_BLOCKS = 2,                          /* of a pair */
    DV_TILE_FLOATS = DV_TILE_BLOCKS * DV_BLOCK,  /* of a pair of a row */
    DV_TILE_WEIGHTS = DV_TILE_FLOATS * DV_BLOCK, /* of a pair of blocks, for a block of output channels */
    DV_TILE_SUMS = DV_TILE_ROWS * DV_BLOCK,      /* of a panel, for a block of output channels */
};

/* Everything begins at whole lines of the cache. Rows of panels may overlap, and the last panel may go beyond what is
 * wanted, but not beyond memory. */
typedef struct dv_tile_product {
    const float *a;          /* split rows, of the first pair; rows follow each other */
    int64_t pairs, pair_row; /* pairs of blocks of a row; rows from one pair to the next */
    int64_t runs, run_row;   /* all pairs are met so many times, each time so many rows further on: the depth in all */
    int64_t panels;
    int64_t group, group_row; /* panels that follow each other, and rows from such a group to the next */
    const float *b;           /* split weights: DV_TILE_WEIGHTS for each pair of the depth */
    int64_t b_block;          /* from a block of output channels to the other; 0: there is one */
    float *y;                 /* by panel, row, channel of a block */
    int64_t y_block;
} dv_tile_product;

/* Whether the processor has the registers, and may use them. */
bool dv_tiles_usable(void);
/* Splits weights that are floats, by number and output channel, in their place: `count` times DV_TILE_WEIGHTS. */
void dv_tile_split_weights(float *weights, int64_t count);
/* Takes a product, on the calling thread. */
void dv_tile_multiply(const dv_tile_product *p);

/* As dv_panel_cost: about how many cycles it takes to multiply and to write the results. Panels and blocks of output
 * channels are met in pairs, and the weights are read. */
static inline double dv_tile_cost(int64_t rows, int64_t depth_pairs, int64_t blocks)
{
    const int64_t row_pairs = (rows + 2 * DV_TILE_ROWS - 1) / (2 * DV_TILE_ROWS), block_pairs = (blocks + 1) / 2;
    return (double)(row_pairs * block_pairs * depth_pairs) * 4 * 48 + (double)(rows * blocks) * 10 +
           (double)(depth_pairs * blocks) * DV_TILE_WEIGHTS / 4;
}

#endif
#endif

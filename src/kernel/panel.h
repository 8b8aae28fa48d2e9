/* The innermost loop of all products with weights that are packed once: a few rows of numbers by a block or two of 16
 * output channels, whose sums stay in registers. A row is a position of a picture, a tile of one, or a picture; vectors
 * run over the output channels, and the rows' numbers are broadcast one by one. */
#ifndef DV_KERNEL_PANEL_H
#define DV_KERNEL_PANEL_H

#include "kernel/blocked.h"

enum { DV_PANEL_ROWS = 14, DV_PANEL_BLOCKS = 2 };

/* How the rows' numbers lie: in runs, one after the other. */
typedef enum dv_panel_kind {
    DV_PANEL_BLOCKED,  /* a run is DV_BLOCK channels of a row; rows are DV_BLOCK floats apart */
    DV_PANEL_PLANAR,   /* a run is one number of a row; rows are one float apart, */
    DV_PANEL_PLANAR_2, /* or two */
    DV_PANEL_KINDS
} dv_panel_kind;

typedef struct dv_panel {
    int64_t runs;
    const float *a;        /* the first row's; */
    int64_t a_step;        /* from run to run, */
    const int64_t *offset; /* or from the first run to each; NULL: a_step */
    const float *b;        /* of a block: a vector of DV_BLOCK weights for each number of a row */
    int64_t b_step;        /* from block to block */
    const float *start;    /* DV_BLOCK a block: what the sums begin with; NULL: 0, */
    bool add;              /* or what y holds */
    const float *addend;   /* like y, added at the end; NULL: nothing */
    float low, high;       /* bounds of the result, after that */
    bool halved;           /* results are the larger of each two rows, which are even in number. Of planes only; without
                            * addend and places. The next panel takes in, from y, what this one leaves there, */
    bool most;             /* and this is that next one: bounds come here */
    float *y;
    const int64_t *place; /* from y to the result of each row, DV_BLOCK floats; NULL: they follow each other */
    int64_t y_step;       /* from block to block */
} dv_panel;

typedef struct dv_panel_loop {
    int rows, blocks; /* at most: up to DV_PANEL_ROWS and DV_PANEL_BLOCKS */
    /* By kind, blocks - 1, rows - 1. */
    void (*multiply[DV_PANEL_KINDS][DV_PANEL_BLOCKS][DV_PANEL_ROWS])(const dv_panel *panel);
} dv_panel_loop;

/* The one for this processor. */
const dv_panel_loop *dv_panel_choose(void);

/* `count` rows in as few panels as there can be, none larger than another by more than one row: how many, and where
 * panel p begins. */
static inline int64_t dv_panel_count(int64_t count, int64_t rows)
{
    return (count + rows - 1) / rows;
}

static inline int64_t dv_panel_first(int64_t count, int64_t panels, int64_t panel)
{
    return count / panels * panel + (panel < count % panels ? panel : count % panels);
}

/* In how many parts the blocks of the output are shared by a team that has few tasks otherwise, which changes no
 * result. */
int64_t dv_panel_parts(int64_t tasks, int64_t blocks, dv_team *team);

/* About how many cycles products take, with the reading of weights that no cache holds and the bringing in order of the
 * rows' numbers; measured with vectors of 16 floats. */
static inline double dv_panel_cost(double products, double weights, double numbers)
{
    return products / 32 + weights / 2 + numbers / 8;
}

#endif

/* The neighbours of an explanation in an order, and where they stand on a grid. */
#ifndef DV_TUI_NEIGHBOR_LIST_H
#define DV_TUI_NEIGHBOR_LIST_H

#include "deepvid.h"

typedef enum dv_neighbor_order {
    DV_NEIGHBORS_BY_CLASS,      /* those of the most frequent word first; within, as they were drawn: a fair sample */
    DV_NEIGHBORS_BY_DISTANCE,   /* the nearest first */
    DV_NEIGHBORS_BY_CONFIDENCE, /* those the teacher is least sure of first */
    DV_NEIGHBOR_ORDERS
} dv_neighbor_order;

const char *dv_neighbor_order_name(dv_neighbor_order order); /* "by class" */

/* Neighbours that stay together: those of a class, or all. */
typedef struct dv_neighbor_group {
    int class_index; /* -1: all */
    int64_t first, count;
} dv_neighbor_group;

typedef struct dv_neighbor_list {
    dv_neighbor_order order;
    int64_t count;
    int64_t *at;       /* the neighbour at each place of the order */
    float *distance;   /* of each neighbour from the centre, in standard deviations of the prior */
    float *confidence; /* the teacher's largest probability (temperature 1) for each */
    int groups;
    dv_neighbor_group *group; /* in order */
} dv_neighbor_list;

/* Makes the list anew; what it held is freed (a zeroed one holds nothing). False without memory: it is empty then. */
bool dv_neighbor_list_make(dv_neighbor_list *list, const dv_explanation *explanation, dv_neighbor_order order);
void dv_neighbor_list_clear(dv_neighbor_list *list);

/* Writes the teacher's probabilities (an entry for each row of the student, temperature 1) for a neighbour. */
void dv_neighbor_probabilities(const dv_explanation *explanation, int64_t neighbor, float *probabilities);

/* ---- on a grid ------------------------------------------------------------------ */

/* Which part of which group a row of the grid holds. */
typedef struct dv_neighbor_row {
    int group;     /* -1: the row is empty */
    bool begins;   /* it is the first row of the group */
    int64_t first; /* place in the order of its first tile */
    int count;     /* tiles */
} dv_neighbor_row;

/* Fills `row` (rows entries) so that the cursor's place is among what is shown. Each group has rows of its own: one at
 * least, more of what is left for larger ones. Where there are more groups than rows, or more of a group than fit, the
 * page with the cursor is shown. */
void dv_neighbor_list_lay_out(const dv_neighbor_list *list, int rows, int columns, int64_t cursor,
                              dv_neighbor_row *row);
/* The place above (-1) or below (1) the cursor, `row` being what was laid out for it: in the next row that is shown, or
 * else the nearest one that is not shown; the cursor's own at the ends. */
int64_t dv_neighbor_list_step(const dv_neighbor_list *list, const dv_neighbor_row *row, int rows, int64_t cursor,
                              int direction);
/* The nearest place behind (1) or before (-1) what is shown of the cursor's group; the cursor's own at the ends. */
int64_t dv_neighbor_list_turn(const dv_neighbor_list *list, const dv_neighbor_row *row, int rows, int64_t cursor,
                              int direction);
/* The group of a place. */
int dv_neighbor_list_group(const dv_neighbor_list *list, int64_t place);

#endif

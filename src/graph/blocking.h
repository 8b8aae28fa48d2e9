/* A graph while channels are put into blocks (block_channels.c): its nodes are taken out in order, and what becomes of
 * them put back. A value is there as the graph has it, in blocks, or both. For this room only. */
#ifndef DV_GRAPH_BLOCKING_H
#define DV_GRAPH_BLOCKING_H

#include "graph/uses.h"

typedef struct dv_form {
    bool planar;      /* it is there as the graph has it */
    int blocked;      /* the value that holds it in blocks, or -1 */
    int rows_of;      /* it is this value in blocks, N x C x H x W, as rows of a matrix; or -1 */
    int64_t channels; /* of those */
} dv_form;

typedef struct dv_blocking {
    dv_graph *graph;
    dv_uses uses; /* of the old nodes; producers are not to be asked for */
    int old_count;
    dv_node *old;
    int *reader; /* by value: the last old node that reads it */
    dv_form *form;
    int rows; /* the constant by which a tensor becomes a matrix of its rows; -1: not made so far */
} dv_blocking;

/* Takes the nodes out. */
bool dv_blocking_init(dv_blocking *it, dv_graph *graph, dv_error *error);
void dv_blocking_clear(dv_blocking *it);

/* Of a value, NULL for -1 (left out). */
dv_form *dv_blocking_form(const dv_blocking *it, int value);
/* The only reader of a value, if that is not an output and the reader is there still; NULL otherwise. */
dv_node *dv_blocking_only_reader(const dv_blocking *it, int value);

/* Puts a node back as it is. */
bool dv_blocking_keep(dv_blocking *it, const dv_node *node, dv_error *error);
/* Puts in a node that does the work of `of`: with its name, and `count` attributes `more` beside its own. Returns its
 * output, a new value for -1; or -1 and an error. */
int dv_blocking_put(dv_blocking *it, const dv_node *of, const dv_operator *op, int input_count, const int *input,
                    int count, const dv_attribute *more, int output, dv_error *error);

/* Makes a value be there as the graph has it. -1 is left alone. */
bool dv_blocking_unblock(dv_blocking *it, int value, dv_error *error);
/* The value in blocks, `channels` of it, -1 and an error. */
int dv_blocking_block(dv_blocking *it, int value, int64_t channels, dv_error *error);
/* A value in blocks as a matrix: N x (blocks * H * W * DV_BLOCK). */
int dv_blocking_as_rows(dv_blocking *it, const dv_node *of, int blocked, dv_error *error);

/* ---- parts of the rewrite; *done: the node is dealt with ------------------------------------------ */

bool dv_block_conv(dv_blocking *it, dv_node *node, bool *done, dv_error *error);
bool dv_block_conv_transpose(dv_blocking *it, dv_node *node, bool *done, dv_error *error);
bool dv_block_normalization(dv_blocking *it, dv_node *node, bool *done, dv_error *error);
/* Gemm and MatMul of what is in rows. */
bool dv_block_rows_product(dv_blocking *it, dv_node *node, bool *done, dv_error *error);

/* Limits that a value goes through next become part of [*low, *high]: returns the value behind them. */
int dv_blocking_absorb_limits(dv_blocking *it, int value, float *low, float *high);

/* A constant of one number a channel, to be broadcast to N x channels x H x W, in blocks filled up with `filling`;
 * *fits is false if it is none. A constant of one element stays as it is. */
int dv_block_constant(dv_blocking *it, int value, int64_t channels, float filling, bool *fits, dv_error *error);

#endif

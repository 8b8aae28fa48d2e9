/* The system that a ridge student is solved from: made once, solved for any lambda, and goes on with more neighbours.
 */
#ifndef DV_VID_RIDGE_SYSTEM_H
#define DV_VID_RIDGE_SYSTEM_H

#include "kernel/cholesky.h"
#include "vid/ridge_sums.h"

enum { DV_RIDGE_TILE = 128 };

/* Which neighbours: every other chunk, all or none of them. */
typedef enum dv_ridge_part { DV_RIDGE_EVEN, DV_RIDGE_ODD, DV_RIDGE_WHOLE, DV_RIDGE_NONE } dv_ridge_part;

typedef struct dv_ridge_system {
    uint64_t generation, version; /* of the neighbours and of the rows that it was made of */
    int64_t count;                /* N: neighbours in it */
    bool primal;                  /* as many neighbours as pixels at least */
    int pixels, rows;             /* D, R */
    double top_eigenvalue;        /* of the Gram matrix of all of them, without the anchor */
    double bound;                 /* no eigenvalue with the anchor is larger */
    double anchor;                /* share of the picture itself; 0: it is not in it */
    double *gap;                  /* D + R: from the means of neighbours to the picture and its targets */

    dv_ridge_sums *sums;  /* if primal */
    double *origin;       /* else D: the mean picture */
    float *pictures;      /* else (N + 1) x D: less the origin */
    float *kernel;        /* else N x N, upper tiles: products of these */
    float *products;      /* else N + 1: products of the anchor, which stands behind the pictures, with all of them */
    double *share, *root; /* else N + 1 each, of one part: weights that sum to 1, and their roots */
    double *center;       /* else N + 1, of one part: each one's mean product with the others */
    float *solution;      /* else R x (N + 1) */

    int64_t size;         /* of the equations: D if primal, else N at most */
    float *matrix;        /* of dv_equations of that order with R columns: Gram matrix and right-hand sides */
    dv_ridge_part filled; /* which part it is of, as long as nobody has solved it */
    float *workspace;     /* to eliminate them */
    double *mean;         /* D + R: of pictures, and of targets at temperature 1 */
    dv_arena *arena;      /* owns all but the sums */
} dv_ridge_system;

/* The system of the lesson: *kept (NULL at first) if it is that already, brought there if it is of the lesson's first
 * neighbours, else made anew in its place. Neighbours that were added by dv_ridge_system_add need not be there. */
dv_ridge_system *dv_ridge_system_of(const dv_lesson *lesson, dv_ridge_system **kept, dv_error *error);
void dv_ridge_system_free(dv_ridge_system *system);

/* How many neighbours of a generation and rows of a version are in it, if it is primal; 0 where it is NULL. */
int64_t dv_ridge_system_count(const dv_ridge_system *system, uint64_t generation, uint64_t version);
/* Adds the neighbours of a lesson, a stretch, which need not stay, to a primal system. */
bool dv_ridge_system_add(dv_ridge_system *system, const dv_lesson *stretch, dv_error *error);

/* Which neighbour is number t of a part. */
int64_t dv_ridge_part_place(dv_ridge_part part, int64_t t);

/* Fills the matrix and the means from one part, unless they are that part's; returns its equations. */
dv_equations dv_ridge_system_fill(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part);
/* Sum of the weights of a part. */
double dv_ridge_system_weight(const dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part);

/* Tiles of DV_RIDGE_TILE that `size` is made of. */
static inline int64_t dv_ridge_tiles(int64_t size)
{
    return dv_parts(size, DV_RIDGE_TILE);
}

#endif

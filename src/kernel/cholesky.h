/* Linear equations A X = B with a symmetric positive definite matrix, on a team: by A = U' U with U upper triangular.
 * Any team gives the same bits. */
#ifndef DV_KERNEL_CHOLESKY_H
#define DV_KERNEL_CHOLESKY_H

#include "base/team.h"
#include "kernel/gram.h"

/* A and B side by side. */
typedef struct dv_equations {
    int64_t order, columns; /* of A, and of B */
    bool rough;             /* 16 bits of each number will do, as in kernel/gram.h */
    float *matrix; /* dv_equations_size floats: order x (order + columns), rows dv_equations_row floats apart */
} dv_equations;

static inline int64_t dv_equations_row(int64_t order, int64_t columns)
{
    return dv_gram_whole(order + columns);
}

/* Whole blocks: what lies below and beside the matrix is workspace, and so is what lies under its diagonal. */
static inline int64_t dv_equations_size(int64_t order, int64_t columns)
{
    return dv_gram_whole(order) * dv_equations_row(order, columns);
}

/* Floats of workspace for dv_equations_eliminate, aligned to 64 bytes; as many whether rough or not. */
int64_t dv_equations_workspace(int64_t order, int64_t columns);

/* Puts U in place of A and U'^-1 B in place of B. False if A is not positive definite. */
bool dv_equations_eliminate(const dv_equations *equations, float *workspace, dv_team *team);

/* Then the solution: columns first..first+count-1 of X, each contiguous. What lies in B's place is destroyed. */
void dv_equations_substitute(const dv_equations *equations, int64_t first, int64_t count, float *x);

#endif

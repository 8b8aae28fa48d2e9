/* The system that a ridge student is solved from: made once, solved for any lambda. */
#ifndef DV_VID_RIDGE_SYSTEM_H
#define DV_VID_RIDGE_SYSTEM_H

#include "vid/student.h"

enum { DV_RIDGE_TILE = 128 };

typedef struct dv_ridge_system {
    uint64_t generation; /* of the lesson it was made of */
    double temperature;
    bool primal;           /* as many neighbours as pixels at least */
    int64_t size;          /* D if primal, else N */
    double weight_sum;     /* of the lesson's weights */
    double *picture_mean;  /* D, weighted */
    double *target_mean;   /* K */
    float *gram;           /* size x size, upper tiles */
    float *right_side;     /* K x size */
    double top_eigenvalue; /* of the Gram matrix */
    dv_arena *arena;       /* owns it all */
} dv_ridge_system;

dv_ridge_system *dv_ridge_system_new(const dv_lesson *lesson, dv_error *error);
void dv_ridge_system_free(dv_ridge_system *system);

/* The lesson's pictures as the rows (N x D) of which the Gram matrix is made: weighted, less their mean. */
void dv_ridge_system_rows(const dv_ridge_system *system, const dv_lesson *lesson, float *rows);

/* Tiles of DV_RIDGE_TILE that `size` is made of. */
static inline int64_t dv_ridge_tiles(int64_t size)
{
    return (size + DV_RIDGE_TILE - 1) / DV_RIDGE_TILE;
}

#endif

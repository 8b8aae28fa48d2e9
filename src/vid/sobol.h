/* Sobol points, scrambled.
 * I. M. Sobol, "On the distribution of points in a cube and the approximate evaluation of integrals", USSR Comput.
 * Math. Math. Phys. 7 (1967); A. B. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences" (1995);
 * B. Burley, "Practical hash-based Owen scrambling", JCGT 9 (2020), with the hash of S. Laine and T. Karras (2011). */
#ifndef DV_VID_SOBOL_H
#define DV_VID_SOBOL_H

#include <stdint.h>

enum { DV_SOBOL_DIMENSIONS = 256, DV_SOBOL_BITS = 32, DV_SOBOL_MAX_DEGREE = 11 };

typedef struct dv_sobol_row {
    uint8_t degree;
    uint16_t coefficients, first[DV_SOBOL_MAX_DEGREE];
} dv_sobol_row;
extern const dv_sobol_row dv_sobol_table[DV_SOBOL_DIMENSIONS - 1];

/* The direction numbers of a dimension, 0 .. DV_SOBOL_DIMENSIONS-1. */
void dv_sobol_directions(int dimension, uint32_t direction[DV_SOBOL_BITS]);
/* Coordinate of point `index`, in units of 2^-32; points come in the plain binary order. */
uint32_t dv_sobol_coordinate(const uint32_t direction[DV_SOBOL_BITS], uint32_t index);
/* A nested uniform scramble of a coordinate: each bit is flipped or not by the seed and the bits above it. */
uint32_t dv_sobol_scramble(uint32_t coordinate, uint32_t seed);

#endif

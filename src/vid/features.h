/* A row of numbers for every picture of a bundle: what a projection lays out. */
#ifndef DV_VID_FEATURES_H
#define DV_VID_FEATURES_H

#include "vid/bundle.h"

/* *rows (count x *size) is the caller's, freed by free(). An error if the bundle does not have such features, or if
 * they need more memory than is sensible. */
bool dv_features_make(dv_bundle *bundle, dv_features features, float **rows, int64_t *size, const dv_progress *progress,
                      dv_error *error);

/* The value of a graph that feeds the last layer (Gemm, MatMul or Conv) before its first output; -1 if there is none,
 * or if several ways lead there. */
int dv_features_hidden_value(const dv_graph *graph);

#endif

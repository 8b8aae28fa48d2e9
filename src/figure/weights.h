/* Weight maps as numbers. */
#ifndef DV_FIGURE_WEIGHTS_H
#define DV_FIGURE_WEIGHTS_H

#include "figure/figure.h"

#include <stddef.h>

/* count x height x width floats, one map for each of `classes`; freed by the caller. `against` is the class that is
 * subtracted in a difference. A weight that is not finite stays so in its own map and is left out of the mean over the
 * classes. */
float *dv_weight_maps(const dv_explanation *explanation, dv_map_kind kind, int against, const int *classes, int count,
                      dv_error *error);

/* An attribution's map (height x width), summed over channels; freed by the caller. NULL without memory. */
float *dv_attribution_plane(const dv_attribution *attribution, dv_error *error);

/* The largest finite magnitude of `count` values; 0 when there is none. */
double dv_weight_largest(const float *value, size_t count);

#endif

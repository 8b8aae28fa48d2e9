/* Weight maps as they are shown: summed over channels and centred over the classes. */
#ifndef DV_FIGURE_WEIGHTS_H
#define DV_FIGURE_WEIGHTS_H

#include "deepvid.h"

#include <stddef.h>

/* count x height x width floats, one map for each of `classes`; freed by the caller. A weight that is not finite stays
 * so in its own map and is left out of the mean over the classes. */
float *dv_weight_maps(const dv_explanation *explanation, const int *classes, int count, dv_error *error);

/* The largest finite magnitude of `count` values; 0 when there is none. */
double dv_weight_largest(const float *value, size_t count);

#endif

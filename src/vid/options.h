/* Wishes of an explanation, checked against their limits. */
#ifndef DV_VID_OPTIONS_H
#define DV_VID_OPTIONS_H

#include "deepvid.h"

/* False and DV_ERROR_ARGUMENT, naming the first that lies outside; `latent` is the length of bands and offset. */
bool dv_options_check(const dv_explain_options *options, int latent, dv_error *error);

#endif

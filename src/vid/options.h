/* Wishes of an explanation, checked against their limits. */
#ifndef DV_VID_OPTIONS_H
#define DV_VID_OPTIONS_H

#include "vid/bundle.h"

/* False and DV_ERROR_ARGUMENT, naming the first that lies outside; bands and offset are of the bundle's length. */
bool dv_options_check(const dv_explain_options *options, const dv_bundle *bundle, dv_error *error);
/* False and DV_ERROR_MEMORY where so many neighbours and their ridge student do not fit this machine. */
bool dv_options_check_memory(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error);

#endif

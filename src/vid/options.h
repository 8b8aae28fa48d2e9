/* Wishes of an explanation, checked against their limits. */
#ifndef DV_VID_OPTIONS_H
#define DV_VID_OPTIONS_H

#include "deepvid.h"

/* False and DV_ERROR_ARGUMENT, naming the first that lies outside; bands and offset are of the bundle's length. */
bool dv_options_check(const dv_explain_options *options, const dv_bundle *bundle, dv_error *error);
/* False and DV_ERROR_MEMORY where so many neighbours and their ridge student do not fit this machine. */
bool dv_options_check_memory(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error);

/* Whether two explanations are asked for alike, and a hash of what is asked for, which goes on from `hash`: all fields
 * but bands and offset, which are of a bundle's length, and keep_all, which decides nothing. */
bool dv_options_equal(const dv_explain_options *a, const dv_explain_options *b);
uint64_t dv_options_hash(const dv_explain_options *options, uint64_t hash);

/* Where nobody sees which neighbours are unrealistic they are not looked for, unless they are left out. */
void dv_options_forgo_marks(dv_explain_options *options);

#endif

/* What tells one bundle from another. */
#ifndef DV_VID_FINGERPRINT_H
#define DV_VID_FINGERPRINT_H

#include "deepvid.h"

/* A checksum of all that decides what a bundle's explanations are: the bytes of the three network files, how pictures
 * become tensors and outputs logits, the sizes and names, the labels, and a thousand pictures evenly spread. Reads the
 * files, so an error names the one that has gone. */
bool dv_bundle_fingerprint(const dv_bundle *bundle, uint64_t *fingerprint, dv_error *error);
/* A checksum of what a second teacher (dv_bundle_open_second) is: the bytes of its file as it was opened, how it is asked
 * and how its outputs are read. */
uint64_t dv_bundle_second_fingerprint(const dv_bundle *second);

#endif

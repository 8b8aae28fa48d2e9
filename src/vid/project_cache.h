/* Finished projections, kept in the user's cache folder. */
#ifndef DV_VID_PROJECT_CACHE_H
#define DV_VID_PROJECT_CACHE_H

#include "vid/bundle.h"

/* All that decides what a projection is. */
typedef struct dv_project_key {
    uint64_t bundle, pictures; /* checksums of the bundle's files, and of every picture */
    int64_t count;
    dv_project_options options;
} dv_project_key;

/* Reads the bundle's files. */
bool dv_project_key_make(dv_project_key *key, const dv_bundle *bundle, const dv_project_options *options,
                         dv_error *error);

/* Positions (count x 2, the caller's) as they were stored under the key. False if there are none, or if the file is not
 * whole or not of this version: such a file is as good as none. */
bool dv_project_cache_load(const dv_project_key *key, float *positions);
/* Stores them; a cache that cannot be written is no reason to fail. */
void dv_project_cache_store(const dv_project_key *key, const float *positions);

#endif

/* How pictures are made into what a teacher was trained on: presets by name, numbers a channel. */
#ifndef DV_VID_PREPROCESSING_H
#define DV_VID_PREPROCESSING_H

#include "vid/bundle_settings.h"
#include "vid/inspect.h"

#include "data/data.h"

/* A kind of preprocessing that goes by a name. */
typedef struct dv_preset {
    const char *name;
    float mean[DV_MAX_CHANNELS], deviation[DV_MAX_CHANNELS];
    double crop; /* of pictures that are made smaller */
    dv_filter filter;
} dv_preset;

/* Row `index` of the table, NULL behind the last; the first does nothing. */
const dv_preset *dv_preset_at(int index);
/* NULL and an error that names those there are. */
const dv_preset *dv_preset_find(const char *name, dv_error *error);

/* Whether pictures are made smaller, so that crop and filter matter: what is shown in its own size, or made larger, is
 * shown whole. */
bool dv_preprocessing_shrinks(const dv_dataset *data, const dv_picture_form *form);

/* Sets mean, deviation, scale and order of the input and crop and filter of the form by what the settings say, above all by
 * their preset. Size and channels of both are there; `data` tells whether pictures are made smaller. */
bool dv_preprocessing_set(const dv_bundle_settings *settings, const dv_dataset *data, dv_network_input *input,
                          dv_picture_form *form, dv_error *error);

#endif

/* A picture as it is in a file, brought to what a network takes. */
#ifndef DV_DATA_FORM_H
#define DV_DATA_FORM_H

#include "data/data.h"

/* Writes the image in this form, channels x height x width bytes: channels converted first, then scaled and cut. */
bool dv_form_apply(const dv_picture_form *form, const dv_image *image, uint8_t *picture, dv_error *error);

bool dv_form_equal(const dv_picture_form *a, const dv_picture_form *b);

#endif

/* The network of a classifier that is trained here. */
#ifndef DV_VID_CLASSIFIER_H
#define DV_VID_CLASSIFIER_H

#include "vid/builder.h"
#include "vid/model.h"

/* Input x, output logits. */
bool dv_classifier_build(dv_builder *builder, const dv_picture_form *form, int classes,
                         const dv_classifier_options *options, dv_error *error);

#endif

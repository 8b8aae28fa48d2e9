/* The network of a classifier that is trained here. */
#ifndef DV_NETWORK_CLASSIFIER_H
#define DV_NETWORK_CLASSIFIER_H

#include "network/builder.h"
#include "network/model.h"

/* Input x, output logits. */
bool dv_classifier_build(dv_builder *builder, const dv_picture_form *form, int classes,
                         const dv_classifier_options *options, dv_error *error);

#endif

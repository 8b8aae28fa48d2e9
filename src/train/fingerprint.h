/* What a training is known by when it goes on from a file. */
#ifndef DV_TRAIN_FINGERPRINT_H
#define DV_TRAIN_FINGERPRINT_H

#include "train/train.h"

/* Of everything that decides the outcome: the options, what is learned from, and the network with the values that it
 * starts from. */
uint64_t dv_training_fingerprint(const dv_graph *graph, const dv_objective *objective,
                                 const dv_training_options *options);

#endif

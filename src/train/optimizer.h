/* Optimisers: how parameters follow their gradients. */
#ifndef DV_TRAIN_OPTIMIZER_H
#define DV_TRAIN_OPTIMIZER_H

#include "train/train.h"

enum { DV_OPTIMIZER_MAX_SLOTS = 2 };

/* Numbers that an optimiser remembers for each parameter, 0..DV_OPTIMIZER_MAX_SLOTS. They start at zero. */
int dv_optimizer_slots(dv_optimizer optimizer);
const char *dv_optimizer_name(dv_optimizer optimizer); /* "adam", "sgd" */

typedef struct dv_optimizer_step {
    int64_t number;       /* 1 for the first */
    double learning_rate; /* of this step */
    double weight_decay;  /* decoupled: the parameter shrinks by learning rate times this, beside the gradient */
    double momentum;      /* SGD */
    int64_t samples;      /* that the gradient is a sum over; 0: it is a mean */
} dv_optimizer_step;

/* One step of `count` parameters, elementwise: any split gives the same bits. state[s] are the `count` remembered
 * numbers of slot s.
 * Adam: Kingma and Ba 2015, algorithm 1, with their constants. SGD: v = momentum v + g, p = p - rate v. */
void dv_optimizer_update(dv_optimizer optimizer, const dv_optimizer_step *step, int64_t count, float *parameter,
                         const float *gradient, float *const *state);

/* The rate of step `number` (from 1) of `steps`: half a cosine from the initial rate down to a hundredth of it. */
double dv_learning_rate(double initial, int64_t number, int64_t steps);

#endif

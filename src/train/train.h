/* Training: batches, losses, optimisers, checkpoints, on any graph. */
#ifndef DV_TRAIN_TRAIN_H
#define DV_TRAIN_TRAIN_H

#include "graph/run.h"

/* A constant of the graph that takes the value of one of its outputs after each batch, the mean over the micro-batches:
 * the running statistics of batch normalisation. */
typedef struct dv_running {
    int constant; /* the value */
    int output;   /* place among the graph's outputs */
} dv_running;

/* Of some samples, summed. */
typedef struct dv_batch_loss {
    double sum;
    double part; /* a share of it that is worth telling by itself, in a measure of its own */
} dv_batch_loss;

/* What is trained and on what. The graph's outputs meet `loss`, its inputs are filled by `fill`;
 * both are called from several threads, for one micro-batch at a time. What the network makes of a sample may depend on
 * the others of its micro-batch by batch normalisation alone. */
typedef struct dv_objective {
    void *context;
    int64_t count; /* samples of an epoch */
    /* Of whatever decides the outcome and is neither in the graph nor in the options: the data, weights of the loss.
     * A checkpoint with another one belongs to another run. */
    uint64_t fingerprint;
    const char *part; /* what that part of the loss is called; NULL: there is none */
    int running_count;
    const dv_running *running;
    /* Writes `count` samples to the first rows of the inputs (graph order). `index` are sample numbers; `draw` differs
     * for each (epoch, sample) and keys the random numbers that fill may need: draw[i] belongs to sample i. The last
     * micro-batch of an epoch is filled up with samples that it, or the batch, has already: they do not count. */
    void (*fill)(void *context, const int64_t *index, const uint64_t *draw, int64_t count, dv_tensor *const *inputs);
    /* The losses of the `count` samples in the first rows; writes the gradients of their sum by the outputs to the same
     * rows. The rows that follow hold zeros and must stay so. `done` is the share of the training's steps that lies
     * behind, for what is changed on the way; `thread` is that of the team, for memory that no other one may use. */
    dv_batch_loss (*loss)(void *context, const int64_t *index, int64_t count, double done, int thread,
                          const dv_tensor *const *outputs, dv_tensor *const *gradients);
} dv_objective;

typedef enum dv_optimizer { DV_OPTIMIZER_ADAM, DV_OPTIMIZER_SGD } dv_optimizer;

typedef struct dv_training_options {
    dv_optimizer optimizer;
    int epochs, batch;
    int micro_batch;      /* samples that one thread works on, about; 0: 64 */
    double learning_rate; /* at the start; falls along a half cosine to a hundredth at the end */
    double weight_decay;  /* decoupled (Loshchilov and Hutter 2019), on tensors of rank >= 2 */
    double momentum;      /* SGD */
    uint64_t seed;
    const char *checkpoint; /* path; resumed from if it is there and belongs to the same run; NULL: none */
} dv_training_options;

/* What the caller is told after each batch; returning false stops after this batch. */
typedef struct dv_training_status {
    int epoch, epochs;       /* from 0 */
    int64_t sample, samples; /* of this epoch */
    double loss;             /* mean of this epoch so far */
    const char *part_name;   /* of a part of the loss, whose mean of this epoch so far is `part`; NULL: none */
    double part;
    double samples_per_second, seconds_left;
    bool epoch_end;
} dv_training_status;
typedef struct dv_training_observer {
    bool (*step)(void *context, const dv_training_status *status);
    void *context;
} dv_training_observer;

/* Trains the constants `parameters` of the graph in place. Same seed, same bits, for any team. A checkpoint is written
 * after each epoch and when the observer stops it, which returns true with *stopped set. It is left there, also after
 * the last epoch: whoever has saved the result removes it. A loss that is not finite is an error; the checkpoint
 * then is the last good one. */
bool dv_train(dv_graph *graph, int parameter_count, const int *parameters, const dv_objective *objective,
              const dv_training_options *options, dv_team *team, const dv_training_observer *observer, bool *stopped,
              dv_error *error);

#endif

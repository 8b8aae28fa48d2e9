/* The models of a bundle, made here: a classifier to be the teacher, and the variational auto-encoder. */
#ifndef DV_VID_MODEL_H
#define DV_VID_MODEL_H

#include "data/data.h"
#include "train/train.h"

enum { DV_MODEL_MAX_LAYERS = 8, DV_MODEL_MAX_WIDTH = 65536, DV_MODEL_MAX_SHIFT = 64 };

/* Widths of consecutive layers. */
typedef struct dv_layers {
    int count;
    int width[DV_MODEL_MAX_LAYERS];
} dv_layers;

/* ---- the classifier ------------------------------------------------------- */

typedef struct dv_classifier_options {
    dv_layers channels; /* 3 x 3 convolutions, each with Relu and 2 x 2 maximum pooling; none: dense layers only */
    dv_layers dense;    /* hidden dense layers with Relu */
    double dropout;     /* share of values dropped after each of these while training */
    double smoothing;   /* of the labels, 0..1 */
    bool flip;          /* show every other picture mirrored, at random */
    int shift;          /* move pictures by up to so many pixels each way, at random */
    dv_training_options training;
} dv_classifier_options;

typedef struct dv_classifier {
    dv_graph *graph; /* x [-1, C, H, W], (picture - mean) / deviation of 0..1 pictures -> logits [-1, K] */
    int channels, height, width, classes;
    float *mean, *deviation; /* per channel, of the training data */
} dv_classifier;

/* Trains on a dataset with labels. NULL without an error when the observer stopped it. */
dv_classifier *dv_classifier_train(const dv_dataset *data, const dv_classifier_options *options, dv_team *team,
                                   const dv_training_observer *observer, dv_error *error);
/* Share of the labelled pictures that it names right. */
bool dv_classifier_accuracy(const dv_classifier *classifier, dv_dataset *data, dv_team *team,
                            const dv_progress *progress, double *accuracy, dv_error *error);
/* As ONNX; mean and standard deviation go into its metadata. */
bool dv_classifier_write(const dv_classifier *classifier, const char *path, dv_error *error);
void dv_classifier_free(dv_classifier *classifier);

/* ---- the variational auto-encoder ----------------------------------------- */

typedef struct dv_vae_options {
    int latent;         /* L */
    double beta;        /* weight of the divergence (Higgins et al. 2017); 1: the evidence lower bound */
    dv_layers channels; /* 3 x 3 convolutions of stride 2, undone in the decoder; none: dense layers only */
    dv_layers hidden;   /* dense layers between them and the latent; the decoder has them in reverse */
    dv_training_options training;
} dv_vae_options;

typedef struct dv_vae {
    dv_graph *encoder; /* x [-1, C, H, W] in 0..1 -> mean, log_variance [-1, L] */
    dv_graph *decoder; /* z [-1, L] -> x [-1, C, H, W] in 0..1 */
    int channels, height, width, latent;
} dv_vae;

/* Kingma and Welling 2014: normal posterior, standard normal prior, Bernoulli pixels. NULL without an error when the
 * observer stopped it. */
dv_vae *dv_vae_train(const dv_dataset *data, const dv_vae_options *options, dv_team *team,
                     const dv_training_observer *observer, dv_error *error);
/* Mean over the pictures of -log p(x | z) + KL, in nats, one draw of z per picture. */
bool dv_vae_negative_elbo(const dv_vae *vae, const dv_dataset *data, uint64_t seed, dv_team *team,
                          const dv_progress *progress, double *negative_elbo, dv_error *error);
/* encoder.onnx and decoder.onnx in the folder, which is made if need be. */
bool dv_vae_write(const dv_vae *vae, const char *folder, dv_error *error);
void dv_vae_free(dv_vae *vae);

/* What dv_vae_train trains, for the test of its gradient: pictures and noise -> logits, mean, log-variance. */
struct dv_builder;
bool dv_vae_build(struct dv_builder *builder, const dv_dataset *data, const dv_vae_options *options, dv_error *error);
typedef struct dv_vae_task {
    const dv_dataset *data;
    int latent;
    double beta;
    uint64_t seed;
} dv_vae_task;
dv_objective dv_vae_objective(dv_vae_task *task);

#endif

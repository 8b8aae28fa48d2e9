/* The models of a bundle, made here: a classifier to be the teacher, and the variational auto-encoder. */
#ifndef DV_NETWORK_MODEL_H
#define DV_NETWORK_MODEL_H

#include "train/train.h"
#include "network/elbo.h"
#include "network/guide.h"
#include "network/picture_set.h"

enum { DV_MODEL_MAX_LAYERS = 8, DV_MODEL_MAX_WIDTH = 65536, DV_MODEL_MAX_SHIFT = 64, DV_MODEL_MAX_DEPTH = 4 };

/* Widths of consecutive layers. */
typedef struct dv_layers {
    int count;
    int width[DV_MODEL_MAX_LAYERS];
} dv_layers;

/* The form that networks take where nobody says more: the pictures as they are if all have one size of at most 128,
 * else the middle square of 64 x 64 of each; or that of `size` x `size`, unless size is 0. */
dv_picture_form dv_model_form(const dv_dataset *data, int size);

/* ---- the classifier ------------------------------------------------------- */

typedef struct dv_classifier_options {
    dv_layers channels; /* of the stages: 3 x 3 convolutions with Relu, then 2 x 2 maximum pooling; none: dense only */
    int depth;          /* convolutions of a stage, 1 .. DV_MODEL_MAX_DEPTH; the first stage has one */
    bool normalization; /* batch normalisation behind each convolution */
    dv_layers dense;    /* hidden dense layers with Relu */
    double dropout;     /* share of values dropped after each of these while training */
    double smoothing;   /* of the labels, 0..1 */
    bool flip;          /* show every other picture mirrored, at random */
    int shift;          /* move pictures by up to so many pixels each way, at random */
    dv_training_options training;
} dv_classifier_options;

typedef struct dv_classifier {
    dv_graph *graph;      /* x [-1, C, H, W], (picture - mean) / deviation of 0..1 pictures -> [-1, K] */
    dv_picture_form form; /* of the pictures */
    int classes;
    bool multi_label;        /* the graph puts out a probability of each label, else logits */
    float *mean, *deviation; /* per channel, of the training data */
    char *names;             /* of the classes, one a line; NULL: nobody named them */
} dv_classifier;

/* By the size and number of the pictures. */
dv_classifier_options dv_classifier_defaults(const dv_picture_form *form, int64_t count);
/* Trains on a set with labels, or on the marks of several labels a picture: those are independent of each other, and
 * unknown ones do not count. NULL without an error when the observer stopped it. */
dv_classifier *dv_classifier_train(const dv_picture_set *set, const dv_classifier_options *options, dv_team *team,
                                   const dv_training_observer *observer, dv_error *error);
/* Share of the labelled pictures that it names right; of several labels, the share of all known marks. */
bool dv_classifier_accuracy(const dv_classifier *classifier, const dv_picture_set *set, dv_team *team,
                            const dv_progress *progress, double *accuracy, dv_error *error);
/* As ONNX; mean, standard deviation and the names of the classes go into its metadata: mean, std, classes. */
bool dv_classifier_write(const dv_classifier *classifier, const char *path, dv_error *error);
void dv_classifier_free(dv_classifier *classifier);

/* ---- the variational auto-encoder ----------------------------------------- */

/* How pixels scatter around what the decoder paints. */
typedef enum dv_likelihood {
    DV_LIKELIHOOD_BERNOULLI, /* grey as a chance of white: for pictures that are nearly black and white */
    DV_LIKELIHOOD_GAUSSIAN   /* by one standard deviation, learned with the rest (Rybkin et al. 2021) */
} dv_likelihood;

typedef struct dv_vae_options {
    int latent; /* L */
    dv_likelihood likelihood;
    double beta;        /* weight of the divergence (Higgins et al. 2017); 1: the evidence lower bound */
    double warm_up;     /* share of the training in which that weight rises from 0 (Bowman et al. 2016) */
    dv_layers channels; /* 3 x 3 convolutions of stride 2, undone in the decoder; none: dense layers only */
    bool normalization; /* batch normalisation behind these */
    dv_layers hidden;   /* dense layers between them and the latent; the decoder has them in reverse */
    const dv_guide
        *guide; /* of the same set and team: a teacher that should say the same of reconstructions; NULL: none */
    double guide_weight; /* of the divergence of its soft labels, beside nats of the whole picture */
    dv_training_options training;
} dv_vae_options;

typedef struct dv_vae {
    dv_graph *encoder; /* x [-1, C, H, W] in 0..1 -> mean, log_variance [-1, L] */
    dv_graph *decoder; /* z [-1, L] -> x [-1, C, H, W] in 0..1 */
    int channels, height, width, latent;
    dv_likelihood likelihood;
} dv_vae;

/* By the size and number of the pictures: dense layers and Bernoulli pixels for grey pictures below 32 pixels, else
 * convolutions and Gaussian pixels. */
dv_vae_options dv_vae_defaults(const dv_picture_form *form, int64_t count);
/* Kingma and Welling 2014: normal posterior, standard normal prior, Bernoulli pixels. NULL without an error when the
 * observer stopped it. */
dv_vae *dv_vae_train(const dv_picture_set *set, const dv_vae_options *options, dv_team *team,
                     const dv_training_observer *observer, dv_error *error);
/* Mean over the pictures of -log p(x | z) + KL, in nats, one draw of z per picture, with Bernoulli pixels. */
bool dv_vae_negative_elbo(const dv_vae *vae, const dv_picture_set *set, uint64_t seed, dv_team *team,
                          const dv_progress *progress, double *negative_elbo, dv_error *error);
/* How near its reconstructions come to the pictures. */
bool dv_vae_nearness(const dv_vae *vae, const dv_picture_set *set, dv_team *team, const dv_progress *progress,
                     dv_nearness *nearness, dv_error *error);
/* How many pictures a second are learned, measured for about so long. Nothing is kept of it. */
bool dv_vae_speed(const dv_picture_set *set, const dv_vae_options *options, dv_team *team, double seconds,
                  double *pictures_per_second, dv_error *error);
#define DV_VAE_ENCODER "encoder.onnx"
#define DV_VAE_DECODER "decoder.onnx"
/* encoder.onnx and decoder.onnx in the folder, which is made if need be. */
bool dv_vae_write(const dv_vae *vae, const char *folder, dv_error *error);
void dv_vae_free(dv_vae *vae);

#endif

/* What is trained when a variational auto-encoder is: for network/vae.c, and for the test of its gradient. */
#ifndef DV_NETWORK_VAE_H
#define DV_NETWORK_VAE_H

#include "network/builder.h"
#include "network/model.h"

/* The values that the trained network is cut at. */
#define DV_VAE_MEAN "mean"
#define DV_VAE_LOG_VARIANCE "log_variance"
#define DV_VAE_LATENT "z"

/* Inputs: pictures, noise. Outputs: logits, mean, log-variance; for Gaussian pixels the logarithm of their deviation.
 */
bool dv_vae_build(dv_builder *builder, const dv_picture_set *set, const dv_vae_options *options, dv_error *error);

typedef struct dv_vae_task {
    const dv_picture_set *set;
    const dv_vae_options *options;
} dv_vae_task;

dv_objective dv_vae_objective(dv_vae_task *task);

#endif

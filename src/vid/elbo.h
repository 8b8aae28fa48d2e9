/* How well an auto-encoder fits pictures. */
#ifndef DV_VID_ELBO_H
#define DV_VID_ELBO_H

#include "data/data.h"
#include "graph/run.h"

/* An auto-encoder ready to run; `mean` and `log_variance` are outputs of the encoder, the decoder's is its first. */
typedef struct dv_auto_encoder {
    dv_runner *encoder, *decoder;
    int encoder_outputs, mean, log_variance;
    int decoder_outputs;
    int latent;
    dv_team *team; /* for reading pictures */
} dv_auto_encoder;

/* Mean over all pictures, in nats, of -log p(x | z) + KL(q(z | x) | N(0, 1)), with Bernoulli pixels and one draw of z a
 * picture by `seed` (Kingma and Welling 2014, eq. 10). */
bool dv_negative_elbo(const dv_auto_encoder *networks, const dv_dataset *data, uint64_t seed,
                      const dv_progress *progress, double *negative_elbo, dv_error *error);

#endif

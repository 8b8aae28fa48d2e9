/* How well an auto-encoder fits pictures. */
#ifndef DV_NETWORK_ELBO_H
#define DV_NETWORK_ELBO_H

#include "graph/run.h"
#include "vid/nearness.h"

/* An auto-encoder ready to run: the encoder puts out mean and log-variance, the decoder pictures. */
typedef struct dv_auto_encoder {
    dv_runner *encoder, *decoder;
    int latent;
    struct dv_bundle *bundle; /* whose networks are run instead, as it runs them; NULL: those above */
} dv_auto_encoder;

/* Pictures of `pixels` floats in 0..1 each. `read` writes pictures first .. first + count - 1. */
typedef struct dv_picture_source {
    int64_t count, pixels;
    void *context;
    bool (*read)(void *context, int64_t first, int64_t count, float *pictures, dv_error *error);
} dv_picture_source;

/* Mean over all pictures, in nats, of -log p(x | z) + KL(q(z | x) | N(0, 1)), with Bernoulli pixels and one draw of z a
 * picture by `seed` (Kingma and Welling 2014, eq. 10). */
bool dv_negative_elbo(const dv_auto_encoder *networks, const dv_picture_source *source, uint64_t seed,
                      const dv_progress *progress, double *negative_elbo, dv_error *error);

/* How near decode(mean of encode(x)) comes to x, for all pictures. */
bool dv_reconstruction_nearness(const dv_auto_encoder *networks, const dv_picture_source *source,
                                const dv_progress *progress, dv_nearness *nearness, dv_error *error);

#endif

/* A picture, where it lies in latent space, and where the knobs have taken it. */
#ifndef DV_VID_PLACE_H
#define DV_VID_PLACE_H

#include "vid/bundle.h"

typedef struct dv_place {
    int64_t index;           /* of the picture in the bundle */
    bool residual;           /* what is decoded here keeps what the auto-encoder loses of the picture */
    float *picture;          /* D */
    float *mean, *deviation; /* L each, of the encoder */
    float *center, *band;    /* L each */
    float *mean_picture;     /* D, decode(mean) */
    float *center_picture;   /* D, decode(center) */
    dv_arena *arena;         /* owns the arrays of dv_place_new */
} dv_place;

/* Fills the arrays, which the caller has provided, by picture, knobs, bands and neighbourhood of the options. Adds to
 * the times of encoder and decoder. */
bool dv_place_find(dv_place *place, dv_bundle *bundle, const dv_explain_options *options, dv_timing *timing,
                   const dv_progress *progress, dv_error *error);
/* The same with arrays of its own, after checking the options. */
dv_place *dv_place_new(dv_bundle *bundle, const dv_explain_options *options, const dv_progress *progress,
                       dv_error *error);
void dv_place_free(dv_place *place);

/* x + decode(z) - decode(mean), clipped to 0..1, of `count` pictures decode(z), in place. */
void dv_place_add_residual(const dv_place *place, int64_t count, int pixels, float *pictures);
/* latents (count x L) -> pictures (count x D), with the residual where place->residual says so. */
bool dv_place_decode(const dv_place *place, dv_bundle *bundle, const float *latents, int64_t count, float *pictures,
                     const dv_progress *progress, dv_error *error);

#endif

/* A wish: what is to be explained and how. Everything that decides the bits of an explanation, and that undo brings
 * back, is in it. */
#ifndef DV_SESSION_WISH_H
#define DV_SESSION_WISH_H

#include "deepvid.h"

typedef struct dv_wish {
    dv_explain_options options; /* .offset is the field below; .bands is, too, or NULL: one band for all dimensions */
    int latent;
    float *offset; /* the knobs, latent entries */
    float *bands;  /* latent entries; what they hold counts only while options.bands points here */
} dv_wish;

/* A wish with the options given, what they point to included; a pointer that is NULL there means no knob turned, or
 * one band for all. False without memory. */
bool dv_wish_init(dv_wish *wish, const dv_explain_options *options, int latent, dv_error *error);
/* Frees what it holds; a zeroed wish is allowed. */
void dv_wish_clear(dv_wish *wish);
/* Both were initialised for the same number of dimensions. */
void dv_wish_copy(dv_wish *wish, const dv_wish *from);
/* Own bands that are the common one are no difference. */
bool dv_wish_equal(const dv_wish *a, const dv_wish *b);
/* A number that equal wishes share, and others hardly ever. */
uint64_t dv_wish_digest(const dv_wish *wish);

/* ---- changes: true if there was anything to change ---- */

/* To another picture; knobs and own bands are the old picture's, so they go back. */
bool dv_wish_go(dv_wish *wish, int64_t index);

/* Turns a knob by so much, to a hundredth, so that the way there and back ends at zero. Turning ends at 6 on either
 * side; a knob that was set beyond can only be turned back. */
bool dv_wish_turn(dv_wish *wish, int dimension, double step);
/* Sets a knob, held to what the engine takes. */
bool dv_wish_set_knob(dv_wish *wish, int dimension, float value);
bool dv_wish_reset_knob(dv_wish *wish, int dimension);
bool dv_wish_reset_knobs(dv_wish *wish);
bool dv_wish_is_turned(const dv_wish *wish);

/* The band in force along a dimension. */
double dv_wish_band(const dv_wish *wish, int dimension);
/* Whether its band may be zero: whether another dimension moves. */
bool dv_wish_can_still(const dv_wish *wish, int dimension);
/* Gives one dimension its own band, and all others theirs with it; 0 keeps it still. Held to what the engine takes;
 * the last dimension that moves cannot be stilled. */
bool dv_wish_set_band(dv_wish *wish, int dimension, double band);
/* One dimension goes back to the band for all. */
bool dv_wish_reset_band(dv_wish *wish, int dimension);
/* All dimensions do. */
bool dv_wish_reset_bands(dv_wish *wish);

#endif

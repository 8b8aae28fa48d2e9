/* Cursors and choices of the VAE view. */
#ifndef DV_TUI_STATE_VAE_H
#define DV_TUI_STATE_VAE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct dv_vae_state {
    int dimension; /* the chosen one */
} dv_vae_state;

#endif

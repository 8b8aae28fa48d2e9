/* Whether an auto-encoder is good enough for explanations, in numbers and in words. */
#ifndef DV_SETUP_VAE_JUDGEMENT_H
#define DV_SETUP_VAE_JUDGEMENT_H

#include "vid/bundle.h"
#include "vid/nearness.h"

typedef enum dv_vae_grade { DV_VAE_GOOD, DV_VAE_FAIR, DV_VAE_POOR } dv_vae_grade;
const char *dv_vae_grade_name(dv_vae_grade grade); /* "good", "fair", "poor" */

/* On some pictures of a bundle. */
typedef struct dv_vae_judgement {
    dv_arena *arena;      /* owns everything below and this */
    int64_t count;        /* pictures looked at */
    dv_nearness nearness; /* of their reconstructions */
    double keeps_word;    /* share of them whose reconstruction the teacher gives the picture's name; of several labels,
                           * the share of yes and no that stays as it is */
    double neighbors_keep;        /* share of neighbours with the default bands that keep the picture's word, */
    double residual_keep;         /* and of those with the picture's residual */
    dv_neighborhood neighborhood; /* which of them explanations should start from */
    dv_vae_grade grade;
    char advice[256]; /* a sentence */
    /* The first of them, to be shown. */
    int shown;
    float *picture, *again;    /* shown x pixels */
    int *word, *word_on_again; /* shown classes */
} dv_vae_judgement;

/* Judges by the `count` pictures numbered in `index`, at least one; the first `shown` of them are kept to be shown. */
dv_vae_judgement *dv_vae_judge(dv_bundle *bundle, const int64_t *index, int64_t count, int shown,
                               const dv_progress *progress, dv_error *error);
void dv_vae_judgement_free(dv_vae_judgement *judgement);

#endif

/* t-SNE: points of a plane whose neighbourhoods are those of rows of many numbers.
 * Van der Maaten and Hinton, Visualizing data using t-SNE, JMLR 9, 2008; van der Maaten, Accelerating t-SNE using
 * tree-based algorithms, JMLR 15, 2014. */
#ifndef DV_EMBED_TSNE_H
#define DV_EMBED_TSNE_H

#include "embed/affinity.h"

typedef struct dv_tsne_options {
    double perplexity; /* 1 or more; never above a third of the other rows' number */
    int iterations;    /* 1 or more; the first 250 with P exaggerated twelvefold */
    double theta;      /* of the Barnes-Hut approximation; 0: exact. Small sets are always exact */
} dv_tsne_options;

/* Perplexity 30, 1000 iterations. */
dv_tsne_options dv_tsne_defaults(void);

typedef struct dv_tsne dv_tsne;

/* Gradient descent on the Kullback-Leibler divergence from `start` (count x 2), with a momentum of 0.5 and, after the
 * exaggeration, 0.8, gains for every coordinate, and a rate of count / 48 but at least 50 (Belkina et al., Nature
 * Communications 10, 2019). rows (count x size) are copied. The same rows, start and options give the same bits for
 * any team. An error for rows that are not finite, or where the neighbours would take gigabytes. Borrows the team. */
dv_tsne *dv_tsne_new(const float *rows, int64_t count, int64_t size, const float *start, const dv_tsne_options *options,
                     dv_team *team, dv_error *error);
void dv_tsne_free(dv_tsne *tsne);

/* A start from the first two principal components (count x 2): scaled to a standard deviation of 1e-4 along the first,
 * and shaken by a hundredth of it, which parts equal rows. */
void dv_tsne_start(const float *components, int64_t count, uint64_t seed, float *start);

/* Goes on for about so long; at least one step of some milliseconds is done. How the work is cut into calls changes no
 * bit. False and an error without memory. */
bool dv_tsne_step(dv_tsne *tsne, double milliseconds, dv_error *error);
bool dv_tsne_done(const dv_tsne *tsne);
/* 0..1, by the time that is needed. */
double dv_tsne_fraction(const dv_tsne *tsne);
/* Iterations done; 0 while neighbours are searched for. */
int dv_tsne_iteration(const dv_tsne *tsne);
/* The perplexity that is used for so many rows when one is asked for. */
double dv_tsne_perplexity(double perplexity, int64_t count);
/* count x 2. */
void dv_tsne_positions(const dv_tsne *tsne, float *positions);

/* P, after the first iteration; NULL before. Owned by `tsne`. */
const dv_affinities *dv_tsne_affinities(const dv_tsne *tsne);
/* The gradient of the divergence at the positions (count x 2), as the descent finds it, without exaggeration. Only
 * after the first iteration. */
void dv_tsne_gradient(dv_tsne *tsne, float *gradient);

#endif

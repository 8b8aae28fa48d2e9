/* Principal components. */
#ifndef DV_EMBED_PCA_H
#define DV_EMBED_PCA_H

#include "base/team.h"

/* Values beyond this are refused: squares of differences must stay far from the end of single precision. */
#define DV_EMBED_LARGEST 1e12

/* The coordinates of the rows (count x size; centred in place) along their `components` principal axes, in descending
 * order of variance: scores is count x components. variance[c], unless NULL, is that of component c over the rows
 * (divided by count). Components that the rows do not have are zero.
 *
 * Where the smaller of count and size is at most 2048 this is exact: eigenvectors of the covariance, or of the Gram
 * matrix of the rows. Beyond, by subspace iteration (Halko, Martinsson and Tropp, SIAM Review 53, 2011, algorithm 4.4)
 * until the variances stand still. An axis has two directions; the one is chosen that makes the score of largest
 * magnitude positive. The same rows give the same bits for any team. An error for a value that is not finite or
 * beyond DV_EMBED_LARGEST, naming its row. */
bool dv_pca(float *rows, int64_t count, int64_t size, int components, float *scores, double *variance, dv_team *team,
            dv_error *error);

/* False and an error as above. */
bool dv_embed_check(const float *rows, int64_t count, int64_t size, dv_error *error);

#endif

/* Rows of numbers in groups of like direction. */
#ifndef DV_EMBED_CLUSTERS_H
#define DV_EMBED_CLUSTERS_H

#include "deepvid.h"

#include <stddef.h>

enum { DV_CLUSTERS_MOST = 8 };

typedef struct dv_clusters {
    int count;      /* groups, the one of most rows first */
    double quality; /* the mean silhouette, below 1; 0 of a single group */
    double gain;    /* by how much that is more than of a single cloud; likewise */
} dv_clusters;

/* Puts the rows (count x size, each of length 1 or all zero) into 1 .. `most` groups: member[i] is that of row i.
 * Spherical k-means (Dhillon and Modha 2001) from some starts (Arthur and Vassilvitskii 2007) drawn by the seed, for
 * each number of groups, and its mean silhouette (Rousseeuw 1987), where distances are 1 - cosine, of a row to the mean
 * of the others of a group, so that a group of one row gains nothing. Any cloud falls into halves; so each number of
 * groups must do better by `least` than with one normal cloud of the same mean and covariance (after Tibshirani,
 * Walther and Hastie 2001), and the one is taken that does so by most, else a single group; and so are rows that differ
 * by a thousandth of their length at most. The same arguments give the same bits. */
bool dv_clusters_find(const float *rows, int64_t count, size_t size, int most, double least, uint64_t seed, int *member,
                      dv_clusters *clusters, dv_error *error);

#endif

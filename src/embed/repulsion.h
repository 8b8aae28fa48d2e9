/* The force by which every point of a plane pushes every other away, of the Student t kernel: Barnes and Hut's
 * approximation over a tree of near points. */
#ifndef DV_EMBED_REPULSION_H
#define DV_EMBED_REPULSION_H

#include "base/team.h"

typedef struct dv_repulsion dv_repulsion;

/* For `count` points. A group of points takes the points of a tree's node for one, in their centre, if the node's
 * larger side is below theta * sqrt(d^2 + c), d being the distance of that centre from the group's box and c a small
 * constant: the kernel hardly changes over a node that is small beside it, however near. theta 0: every pair. */
dv_repulsion *dv_repulsion_new(int64_t count, double theta, int threads, dv_error *error);
void dv_repulsion_free(dv_repulsion *repulsion);

/* Orders the points anew so that the tree's nodes are small. The forces are right without; it saves time to do it now
 * and then while the points move. Must be called once before the first `place`. */
void dv_repulsion_sort(dv_repulsion *repulsion, const float *x, const float *y);
/* Builds the tree. */
void dv_repulsion_place(dv_repulsion *repulsion, const float *x, const float *y, dv_team *team);

/* The points are worked on by groups, any group on any thread. */
int64_t dv_repulsion_groups(const dv_repulsion *repulsion);
/* With q = 1 / (1 + d^2) for each pair: force_x[i] = sum over j of q^2 (x_i - x_j), and the same for y, for the points
 * i of a group; returns the sum of q over its pairs, without those of a point with itself. */
double dv_repulsion_push(dv_repulsion *repulsion, int64_t group, int thread, float *force_x, float *force_y);

#endif

/* Looking for the nearest point in latent space where the teacher says something else. */
#ifndef DV_VID_FLIP_SEARCH_H
#define DV_VID_FLIP_SEARCH_H

#include "vid/place.h"

#define DV_FLIP_REACH 6.0 /* nothing is looked for farther away */

typedef struct dv_flip_search {
    dv_bundle *bundle;
    const dv_place *place; /* its centre is the start */
    int from;              /* the teacher's word there */
    const float *start;    /* K, its probabilities there */
    int target;            /* the class that is to be reached; -1: any but `from` */
    uint64_t seed;
    const dv_progress *progress;

    bool found;
    double distance;  /* from the centre to the border; the other word holds there, but not 1e-4 before */
    float *direction; /* L, a unit vector; the caller's array */
    int to;           /* the teacher's word at the border */
    int64_t calls;    /* pictures that the teacher was shown */
} dv_flip_search;

/* Each looks for a border and sets what follows `progress` above. */

/* Along the gradient of the margin of the three likeliest other classes, or of the target. An error where there is no
 * gradient. */
bool dv_flip_by_gradient(dv_flip_search *search, dv_error *error);
/* In random directions, farther and farther, until one meets another word. Needs no gradient, and lands about a third
 * farther away. */
bool dv_flip_by_directions(dv_flip_search *search, dv_error *error);
/* In directions around the best one so far, closer and closer to it: what is found comes nearer or stays. */
bool dv_flip_refine(dv_flip_search *search, dv_error *error);

/* On the straight ways to `count` points (count x L) where the teacher's words are known to be others. */
bool dv_flip_settle(dv_flip_search *search, int count, const float *point, const int *word, dv_error *error);

static inline bool dv_flip_is_reached(const dv_flip_search *search, int word)
{
    return search->target < 0 ? word != search->from : word == search->target;
}

#endif

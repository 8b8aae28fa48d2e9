/* The classes that a student tells apart: all of a few; of many those that matter around a picture, and the rest as
 * one. */
#ifndef DV_VID_SHORTLIST_H
#define DV_VID_SHORTLIST_H

#include "vid/bundle.h"

/* Rows at most, where there are more classes; of labels that may hold at once. */
enum { DV_MOST_ROWS = 32, DV_MOST_LABELS = 64, DV_SHORTLIST_ALWAYS = 5 };

typedef struct dv_shortlist {
    int rows;                 /* R */
    int names;                /* of them that are a class: all but the rest */
    int *row_class;           /* R, in the order of the classes; -1: the rest, which is last */
    float *picture;           /* R logits of the picture itself, grouped */
    float *neighbors, *fresh; /* count x R logits of the two sets, grouped; NULL where every class has a row, and
                               * before those of the fresh ones are asked for */

    uint64_t neighbors_generation, fresh_generation; /* of the sets that they are of */
    int64_t neighbors_count, fresh_count;
    uint64_t version; /* differs where the classes of the rows do */
    dv_arena *arena;
} dv_shortlist;

/* Brings bundle->shortlist to the bundle's neighbours. With more classes than rows those are told apart that
 * `always` names (-1: none), then those with the largest mean probability over the neighbours, at temperature 1. */
bool dv_shortlist_update(dv_bundle *bundle, const int always[DV_SHORTLIST_ALWAYS], dv_error *error);
/* Brings its logits of the fresh neighbours to the bundle's. */
bool dv_shortlist_update_fresh(dv_bundle *bundle, dv_error *error);
void dv_shortlist_free(dv_shortlist *shortlist);

/* Logits (count x R) of the sets that the bundle's shortlist was brought to: the rest's is log sum exp. Until the sets
 * change. */
const float *dv_shortlist_neighbors(const dv_bundle *bundle);
const float *dv_shortlist_fresh(const dv_bundle *bundle);

/* The row of a class that is on the list, else of the rest; -1: there is neither. */
int dv_shortlist_row(const dv_shortlist *shortlist, int class_index);

/* Logits of R rows from those of all classes, of one picture. */
void dv_shortlist_group(const dv_shortlist *shortlist, int classes, const float *logits, float *grouped);

#endif

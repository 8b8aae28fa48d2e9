/* Two teachers of the same classes: where they differ over all pictures, and why on one of them. The first and the
 * second are 0 and 1 in arrays of two. */
#ifndef DV_STUDY_COMPARE_H
#define DV_STUDY_COMPARE_H

#include "deepvid.h"

/* ---- all pictures ----------------------------------------------------------------- */

/* Which of the two is right. */
typedef enum dv_right { DV_RIGHT_BOTH, DV_RIGHT_FIRST, DV_RIGHT_SECOND, DV_RIGHT_NEITHER } dv_right;
enum { DV_RIGHTS = DV_RIGHT_NEITHER + 1 };
const char *dv_right_name(dv_right right); /* "both", "only_first", "only_second", "neither" */

/* A teacher's word is its likeliest class, or label; pictures that could not be read are left out. */
typedef struct dv_comparison {
    int classes;
    int64_t count;            /* pictures */
    int64_t compared;         /* of these: that could be read, */
    int64_t changed;          /* and on which the words differ */
    int *word[2];             /* count each; -1: not read */
    float *divergence;        /* count: dv_jensen_shannon of the probabilities; NaN: not read */
    int64_t *order;           /* changed: their indices, the most divergent first */
    int64_t *changes;         /* classes x classes: rows the first's word, columns the second's */
    int64_t labelled;         /* pictures with a known label, or marks */
    int64_t right[DV_RIGHTS]; /* of these pictures; where several labels may hold at once, of known marks */
    double accuracy[2];       /* likewise; NaN where nothing is known */
    double p_value;           /* dv_mcnemar of those that only one is right about; NaN where nothing is known, and for
                               * marks, which are not independent */
} dv_comparison;

/* From the probabilities of both (count x classes) on all pictures of the bundle, which is only read. */
dv_comparison *dv_compare(const dv_bundle *bundle, const float *first, const float *second, dv_error *error);
void dv_comparison_free(dv_comparison *comparison);

/* Jensen-Shannon divergence in bits (Lin 1991), 0: the same, 1: nothing in common; mean over the labels of that of yes
 * and no where several may hold at once. */
double dv_jensen_shannon(const float *p, const float *q, int classes, bool multi_label);
/* McNemar's exact test (1947): the chance, were both as good, of pictures that one alone is right about falling as
 * unevenly as this, two-sided. */
double dv_mcnemar(int64_t only_first, int64_t only_second);

/* ---- one picture ------------------------------------------------------------------ */

/* The same map of both teachers. */
typedef struct dv_map_pair {
    const dv_explainer *explainer;
    int class_index;
    dv_attribution *map[2];
    float *difference; /* second less first, in the form of the maps; NULL unless there are both */
    double largest;    /* magnitude in both and in their difference, summed over channels: the one scale */
    double cosine;     /* between the maps; NaN where one is zero or missing */
} dv_map_pair;

typedef struct dv_contrast {
    dv_explanation *explanation[2];
    double divergence; /* of what both say to the picture */
    int count;
    dv_map_pair *pair; /* count: each explainer for the first's word, then for the second's if that is another */
} dv_contrast;

/* Explains the wish's picture by both: `second` is of dv_bundle_open_second(first), so that neighbours are the same
 * pictures and only the labels differ. `explainers` are rows of the table. */
dv_contrast *dv_contrast_make(dv_bundle *first, dv_bundle *second, const dv_explain_options *wish, int explainer_count,
                              const int *explainers, const dv_attribution_options *options, const dv_progress *progress,
                              dv_error *error);
void dv_contrast_free(dv_contrast *contrast);

/* ---- as JSON ---------------------------------------------------------------------- */

/* The names the two go by ("file" of each). Freed by free(). */
char *dv_json_comparison(const dv_comparison *comparison, const dv_bundle_facts *first, const dv_bundle_facts *second,
                         dv_error *error);
char *dv_json_contrast(const dv_contrast *contrast, const dv_bundle_facts *first, const dv_bundle_facts *second,
                       dv_error *error);

#endif

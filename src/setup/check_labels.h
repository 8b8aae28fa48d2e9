/* Whether the numbers of pictures' labels are those of a teacher's classes, told from its answers. */
#ifndef DV_SETUP_CHECK_LABELS_H
#define DV_SETUP_CHECK_LABELS_H

#include "deepvid.h"

/* The assignment of least total cost of every row to a column of its own, rows <= columns: shortest augmenting paths
 * (Jonker and Volgenant 1987). column[r] is that of row r. */
bool dv_assign(int rows, int columns, const double *cost, int *column, dv_error *error);

/* Shares are of the pictures with a label. */
typedef struct dv_label_match {
    int64_t count;   /* pictures with a label */
    double accuracy; /* answers that are the label */
    double chance;   /* the same for answers drawn blindly, each as often as it was given; where all labels are the
                      * same, for answers that are any class */
    /* Answers that are the class that goes with the label when each label goes with a class of its own, as suits the
     * other half of the pictures best: no better than `accuracy` by mere choice. */
    double matched;
    double lead;       /* how many standard errors `matched` is better than the labels as they are */
    double shifted[2]; /* answers that are the label - 1, and the label + 1 */
    int *class_of;     /* of each label the class that goes with it, by all pictures; negative: there is none */
} dv_label_match;

/* Labels and answers 0 .. classes - 1; pictures with a label or an answer of -1 are left out. class_of has room for
 * `classes` entries, or is NULL. */
bool dv_labels_match(const int *label, const int *answer, int64_t count, int classes, dv_label_match *match,
                     dv_error *error);

/* Accuracy of an answer beyond chance: 1 when all are right, 0 when they could as well be drawn blindly (Cohen 1960).
 */
double dv_label_kappa(double accuracy, double chance);

#endif

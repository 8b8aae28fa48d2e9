/* Which two classes some pictures are about. */
#ifndef DV_TUI_CLASS_PAIRS_H
#define DV_TUI_CLASS_PAIRS_H

#include "tui/pictures.h"

typedef struct dv_class_pair {
    int truth, said;
    int64_t count; /* of the pictures */
} dv_class_pair;

/* What the pictures (`count` indices) are taken for that they are not: label and the teacher's word, the most frequent
 * pair first, equally frequent ones by their classes. Where none of them is known to be wrong, the teacher's word in
 * place of the label, and its runner-up in place of the word: `*rivals`. Pictures that it was not asked about are left
 * out. Fills `pair`, which has room for `count`; returns how many there are. */
int64_t dv_class_pairs_find(const dv_pictures *pictures, const int64_t *index, int64_t count, dv_class_pair *pair,
                            bool *rivals);

#endif

/* Which two classes some pictures are about. */
#include "tui/class_pairs.h"

#include <stdlib.h>

static int by_class(const void *a, const void *b)
{
    const dv_class_pair *x = a, *y = b;
    return x->truth != y->truth ? x->truth - y->truth : x->said - y->said;
}

static int by_count(const void *a, const void *b)
{
    const dv_class_pair *x = a, *y = b;
    return x->count != y->count ? (x->count < y->count) - (x->count > y->count) : by_class(a, b);
}

/* One entry a picture. */
static int64_t list_confusions(const dv_pictures *pictures, const int64_t *index, int64_t count, dv_class_pair *pair)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++)
        if (dv_pictures_label(pictures, index[i]) >= 0 && dv_pictures_is_wrong(pictures, index[i]))
            pair[found++] =
                (dv_class_pair){dv_pictures_label(pictures, index[i]), dv_pictures_prediction(pictures, index[i]), 1};
    return found;
}

static int64_t list_rivals(const dv_pictures *pictures, const int64_t *index, int64_t count, dv_class_pair *pair)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++)
        if (index[i] < pictures->known)
            pair[found++] =
                (dv_class_pair){pictures->score[index[i]].prediction, pictures->score[index[i]].runner_up, 1};
    return found;
}

/* Equal entries, which follow each other, become one. */
static int64_t join(dv_class_pair *pair, int64_t count)
{
    int64_t joined = 0;
    for (int64_t i = 0; i < count; i++)
        if (joined > 0 && by_class(&pair[joined - 1], &pair[i]) == 0)
            pair[joined - 1].count++;
        else
            pair[joined++] = pair[i];
    return joined;
}

int64_t dv_class_pairs_find(const dv_pictures *pictures, const int64_t *index, int64_t count, dv_class_pair *pair,
                            bool *rivals)
{
    int64_t found = list_confusions(pictures, index, count, pair);
    *rivals = found == 0;
    if (*rivals)
        found = list_rivals(pictures, index, count, pair);
    qsort(pair, (size_t)found, sizeof(*pair), by_class);
    found = join(pair, found);
    qsort(pair, (size_t)found, sizeof(*pair), by_count);
    return found;
}

/* Labels as a file has them, before it is known which picture each belongs to. */
#ifndef DV_DATA_LABEL_LIST_H
#define DV_DATA_LABEL_LIST_H

#include "base/memory.h"
#include "data/data.h"

/* One of number, text and marks is there. Everything lives in the arena. */
typedef struct dv_label_list {
    dv_arena *arena;
    int64_t count;
    const char **key;  /* names of pictures; NULL: labels stand in the order of the pictures */
    int *number;       /* class numbers, -1 unknown */
    const char **text; /* names of classes, "" unknown; all of them may be numbers */
    int8_t *marks;     /* count x mark_count: 1, 0, -1 unknown */
    int mark_count;
    const char **mark_name; /* mark_count; NULL: nobody named them */
} dv_label_list;

/* Sets the arena up; cleared in any case. */
bool dv_label_list_init(dv_label_list *list, dv_error *error);
void dv_label_list_clear(dv_label_list *list);

/* Gives the pictures of a dataset their labels in place of those they had. Errors do not name the file of the labels;
 * `images` is what they call that of the pictures. */
bool dv_label_list_apply(dv_label_list *list, dv_dataset *dataset, const char *images, dv_error *error);

#endif

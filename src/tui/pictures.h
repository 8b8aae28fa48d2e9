/* All pictures of the bundle as the teacher sees them, and the selection: those that pass a filter, in an order. */
#ifndef DV_TUI_PICTURES_H
#define DV_TUI_PICTURES_H

#include "deepvid.h"

typedef enum dv_order {
    DV_ORDER_INDEX,
    DV_ORDER_CONFIDENCE, /* the least confident first */
    DV_ORDER_MARGIN,     /* the closest race first */
    DV_ORDER_ENTROPY,    /* the most uncertain first */
    DV_ORDER_LOSS,       /* the worst first */
    DV_ORDER_COUNT
} dv_order;

const char *dv_order_name(dv_order order);

typedef struct dv_filter {
    int label, prediction; /* -1: any */
    bool wrong;            /* only those that the teacher gets wrong */
    bool by_region;        /* only those of `region` */
    bool *region;          /* count entries, owned by the pictures */
} dv_filter;

typedef struct dv_pictures {
    const dv_bundle_facts *facts;
    dv_scores *score; /* count entries; the first `known` are there */
    int64_t known;
    int64_t labelled, right; /* among those */
    dv_filter filter;
    dv_order order;
    int64_t *selected; /* indices in order */
    int64_t selected_count;
    int64_t *place; /* of each picture among the selected, -1: not selected */
} dv_pictures;

dv_pictures *dv_pictures_new(const dv_bundle_facts *facts, dv_error *error);
void dv_pictures_free(dv_pictures *pictures);

/* Takes the teacher's answers on pictures known .. known + count - 1. */
void dv_pictures_learn(dv_pictures *pictures, int64_t first, int64_t count, const dv_scores *score);

int dv_pictures_label(const dv_pictures *pictures, int64_t index);      /* -1: unknown */
int dv_pictures_prediction(const dv_pictures *pictures, int64_t index); /* -1: not yet */
bool dv_pictures_is_wrong(const dv_pictures *pictures, int64_t index);

/* Makes the selection anew after a change of filter or order. What is not known yet passes no filter that asks for it,
 * and comes last. */
void dv_pictures_select(dv_pictures *pictures);
bool dv_pictures_is_filtered(const dv_pictures *pictures);
/* Passes all again; the order stays. */
void dv_pictures_clear_filter(dv_pictures *pictures);
/* The selected picture `step` places from `index` on; where that is not selected, the nearest by number. The ends stop.
 * -1 when none is selected. */
int64_t dv_pictures_step(const dv_pictures *pictures, int64_t index, int64_t step);
/* The next picture from `index` on (direction 1 or -1, round the end) that is wrong, or has the label; -1: none. */
int64_t dv_pictures_find_wrong(const dv_pictures *pictures, int64_t index, int direction);
int64_t dv_pictures_find_label(const dv_pictures *pictures, int64_t index, int label);

#endif

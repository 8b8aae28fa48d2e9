/* All pictures of the bundle as the teacher sees them, and the selection: those that pass a filter, in an order. */
#ifndef DV_TUI_PICTURES_H
#define DV_TUI_PICTURES_H

#include "deepvid.h"
#include "tui/confusion.h"

typedef enum dv_order {
    DV_ORDER_INDEX,
    DV_ORDER_CONFIDENCE, /* the least confident first */
    DV_ORDER_MARGIN,     /* the closest race first */
    DV_ORDER_ENTROPY,    /* the most uncertain first */
    DV_ORDER_LOSS,       /* the worst first */
    DV_ORDER_CHANGE,     /* what both teachers are sure of, and name otherwise, first */
    DV_ORDER_COUNT
} dv_order;

const char *dv_order_name(dv_order order);
const char *dv_order_meaning(dv_order order); /* a sentence */

typedef struct dv_picture_filter {
    int label, prediction; /* -1: any */
    bool wrong;            /* only those that the teacher gets wrong */
    bool changed;          /* only those that the other teacher calls otherwise */
    bool by_region;        /* only those of `region` */
    bool *region;          /* count entries, owned by the pictures */
} dv_picture_filter;

/* A picture, and what it is put in order by. */
typedef struct dv_ranked {
    double rank;
    int64_t index;
} dv_ranked;

/* Arrays have facts->count entries. */
typedef struct dv_pictures {
    const dv_bundle_facts *facts;
    struct dv_pictures *other; /* the same by the other teacher; NULL: there is none */
    dv_scores *score;          /* the first `known` are there */
    int64_t known;
    int *prediction;         /* -1: not known yet */
    bool *wrong;             /* known to be */
    bool *marked;            /* the same, though up to a tenth of all answers late: for what costs much to show */
    uint8_t *given;          /* dv_label_bytes for each, the labels it is given; NULL where one holds */
    int64_t labelled, right; /* among the known ones; of several labels, marks and not pictures */
    dv_confusion confusion;  /* of those among them that have a label */
    dv_picture_filter filter;
    dv_order order;
    int64_t *selected; /* indices in order */
    int64_t selected_count;
    int64_t *place; /* of each picture among the selected, -1: not selected */
    bool *chosen;   /* whether it is selected */

    dv_ranked *ranked; /* room for putting them in order */
    int64_t weighed;   /* `known` when the selection was made */
    int64_t noted;     /* `known` when `marked` was */
} dv_pictures;

dv_pictures *dv_pictures_new(const dv_bundle_facts *facts, dv_error *error);
void dv_pictures_free(dv_pictures *pictures);

/* Takes the teacher's answers on pictures known .. known + count - 1; `given` as in dv_scores_part. A selection that
 * depends on them follows, with a few answers more or at the last one. */
void dv_pictures_learn(dv_pictures *pictures, int64_t first, int64_t count, const dv_scores *score,
                       const uint8_t *given);

bool dv_pictures_have_labels(const dv_pictures *pictures);
int dv_pictures_label(const dv_pictures *pictures, int64_t index);      /* -1: unknown, or several may hold */
int dv_pictures_prediction(const dv_pictures *pictures, int64_t index); /* -1: not yet */
bool dv_pictures_is_wrong(const dv_pictures *pictures, int64_t index);  /* about any label */
/* Labels that the teacher is wrong about, of several; 0 where the answer is not known yet. */
int dv_pictures_wrong_labels(const dv_pictures *pictures, int64_t index);
/* Whether both teachers were asked about it, and their words differ. */
bool dv_pictures_is_changed(const dv_pictures *pictures, int64_t index);

/* Makes the selection anew after a change of filter or order. What is not known yet passes no filter that asks for it,
 * and comes last. */
void dv_pictures_select(dv_pictures *pictures);
/* The same with the filter and order of others. */
void dv_pictures_select_like(dv_pictures *pictures, const dv_pictures *others);
bool dv_pictures_is_filtered(const dv_pictures *pictures);
/* Passes all again; the order stays. */
void dv_pictures_clear_filter(dv_pictures *pictures);
/* Passes only the pictures of a label (-1: any) that the teacher calls so (-1: anything), whatever passed before. */
void dv_pictures_filter_cell(dv_pictures *pictures, int label, int prediction);
enum { DV_FILTER_TEXT_SIZE = 256 };
/* "Shirt called Coat, wrong, in the region"; "" for no filter. */
void dv_pictures_write_filter(const dv_pictures *pictures, char text[DV_FILTER_TEXT_SIZE]);
/* The place of a picture among the selected ones; of one that is not selected, that of the nearest by number. -1 when
 * none is selected. */
int64_t dv_pictures_place_near(const dv_pictures *pictures, int64_t index);
/* The selected picture `step` places from `index` on; where that is not selected, the nearest by number. The ends stop.
 * -1 when none is selected. */
int64_t dv_pictures_step(const dv_pictures *pictures, int64_t index, int64_t step);
/* The next picture from `index` on (direction 1 or -1, round the end) that is wrong, or has the label; -1: none. */
int64_t dv_pictures_find_wrong(const dv_pictures *pictures, int64_t index, int direction);
int64_t dv_pictures_find_label(const dv_pictures *pictures, int64_t index, int label);

#endif

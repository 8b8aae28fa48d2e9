/* Cells of the confusion matrix and selections of pictures that were explained in this session, and what of them is
 * looked at. */
#ifndef DV_TUI_CELLS_H
#define DV_TUI_CELLS_H

#include "tui/class_pairs.h"

enum { DV_CELLS_KEPT = 32 };

typedef struct dv_cells {
    int truth, said;     /* the cell that is looked at, or what a selection is asked about */
    int64_t chosen;      /* pictures of the selection; 0: those of the cell */
    int64_t *index;      /* chosen, ascending */
    dv_class_pair *pair; /* pairs: what the selection is confused about, */
    int64_t pairs;
    bool rivals;             /* or, where nothing in it is known to be wrong, the answers and their runners-up */
    uint64_t digest;         /* of index */
    int prototype, exemplar; /* the cursor; at most what there is */
    int count;               /* kept, the newest first */
    struct {
        uint64_t key;
        dv_cell_findings *findings;
    } kept[DV_CELLS_KEPT];
} dv_cells;

/* Takes over what was found; the oldest makes room. */
void dv_cells_keep(dv_cells *cells, uint64_t key, dv_cell_findings *findings);
/* NULL: not kept. */
const dv_cell_findings *dv_cells_find(const dv_cells *cells, uint64_t key);
void dv_cells_clear(dv_cells *cells);

/* Looks at the pictures that pass the filter, as they are now, and at the pair of classes most of them are about. False
 * without memory, and where the teacher was asked about none of them, with an error; what was looked at stays. */
bool dv_cells_select(dv_cells *cells, const dv_pictures *pictures, dv_error *error);
/* Looks at pictures of a cell again. */
void dv_cells_select_none(dv_cells *cells);
/* The place of the classes that are looked at among the pairs of the selection; -1: no picture is about them. */
int64_t dv_cells_pair(const dv_cells *cells);

/* What explains a cell by the settings of a picture's wish: its own place, knobs and bands are the picture's. */
dv_cell_wish dv_cells_wish(const dv_explain_options *options, int truth, int said);
/* What is looked at has, by the same settings and the same teacher, the same key, never 0. */
uint64_t dv_cells_key(const dv_cells *cells, const dv_explain_options *options, int latent, uint64_t teacher);

#endif

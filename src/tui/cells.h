/* Cells of the confusion matrix that were explained in this session, and what of them is looked at. */
#ifndef DV_TUI_CELLS_H
#define DV_TUI_CELLS_H

#include "deepvid.h"

enum { DV_CELLS_KEPT = 32 };

typedef struct dv_cells {
    int truth, said;         /* the cell that is looked at */
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

/* What explains a cell by the settings of a picture's wish: its own place, knobs and bands are the picture's. */
dv_cell_wish dv_cells_wish(const dv_explain_options *options, int truth, int said);
/* The same cell by the same settings and the same teacher has the same key, never 0. */
uint64_t dv_cells_key(const dv_explain_options *options, int latent, int teacher, int truth, int said);

#endif

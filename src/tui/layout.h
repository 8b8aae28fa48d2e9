/* Where the panes go on a screen of any size. */
#ifndef DV_TUI_LAYOUT_H
#define DV_TUI_LAYOUT_H

#include <stdbool.h>

/* A rectangle of cells. */
typedef struct dv_area {
    int row, column, rows, columns;
} dv_area;

typedef enum dv_place {
    DV_PLACE_HEADER,
    DV_PLACE_INSTANCES,
    DV_PLACE_PICTURE,
    DV_PLACE_CLASSES,
    DV_PLACE_LATENTS,
    DV_PLACE_WEIGHTS,
    DV_PLACE_NEIGHBORS,
    DV_PLACE_SETTINGS,
    DV_PLACE_FIDELITY,
    DV_PLACE_FOOTER,
    DV_PLACE_COUNT
} dv_place;

enum { DV_LAYOUT_MIN_ROWS = 16, DV_LAYOUT_MIN_COLUMNS = 60 };

/* Fills `areas`; places that find no room get 0 rows. `table_rows` is what classes and latent dimensions need to show
 * all of theirs, their heading included. False when the screen is too small for anything. */
bool dv_layout(int rows, int columns, int table_rows, dv_area areas[DV_PLACE_COUNT]);

#endif

/* How many pictures fit into a rectangle of cells, and how large. */
#ifndef DV_TUI_GRID_H
#define DV_TUI_GRID_H

#include "figure/figure.h"
#include "term/screen.h"
#include "tui/layout.h"

/* Rows of tiles. With captions each row is a picture of its own below a row of text, and tiles start at cells, so that
 * text can stand over them; without, all rows are one picture. */
typedef struct dv_grid {
    dv_tiles tiles; /* of one picture: a single row with captions, all of them without */
    int count;      /* tiles in all */
    int rows, columns;
    int pitch_rows, pitch_columns; /* cells from tile to tile, with captions; the caption is the first row */
    int cell_rows, cell_columns;   /* of one picture */
} dv_grid;

/* What the terminal offers for it. */
typedef struct dv_cell {
    dv_graphics graphics;
    int width, height; /* pixels of a cell */
    double aspect;     /* width to height of a pixel */
} dv_cell;

dv_cell dv_cell_of(const dv_screen *screen);

typedef struct dv_grid_wish {
    int rows, columns; /* cells there are */
    int height, width; /* of a picture, pixels */
    int wanted, most;  /* tiles that should fit, and how many are shown when more do */
    bool captions;
    bool all;     /* rather all that are wanted than tiles that can be read */
    int caption;  /* columns that captions need: tiles are at least so far apart; 0: as close as can be */
    int smallest; /* height at which a picture can still be read; 0: as the graphics have it */
} dv_grid_wish;

/* The largest tiles with which the wanted number fits; or, if that needs tiles smaller than can be read, as many as fit
 * of the smallest that can. Tiles are whole multiples of the picture, or smaller than it. False if there is room for
 * none. */
bool dv_grid_fit(const dv_cell *cell, const dv_grid_wish *wish, dv_grid *grid);
/* The cells of tile row `row` (without captions: of everything) in `area`, whose first cell is the grid's. */
dv_area dv_grid_strip(const dv_grid *grid, dv_area area, int row);

#endif

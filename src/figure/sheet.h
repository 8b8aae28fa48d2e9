/* What the pages of the views share: title, foot, a key, a plot drawn finely. */
#ifndef DV_FIGURE_SHEET_H
#define DV_FIGURE_SHEET_H

#include "figure/chart.h"
#include "figure/pages.h"

enum {
    DV_SHEET_WIDTH = 1400,
    DV_SHEET_MARGIN = 56,
    DV_SHEET_INNER = DV_SHEET_WIDTH - 2 * DV_SHEET_MARGIN,
    DV_SHEET_TALLEST = 2400, /* the sheet is cut below its content */
    DV_SHEET_FINE = 2,       /* pixels of a plot for one of the sheet, so that its edges become smooth */
};

/* Starts a sheet with its title; *y is where the content starts. */
dv_canvas *dv_sheet_start(const dv_page_words *words, double *y, dv_error *error);
/* Ends it below y with the note; the canvas is freed. */
dv_image *dv_sheet_finish(dv_canvas *canvas, const dv_page_words *words, double y, dv_error *error);

/* A plot of so many pixels of the sheet, drawn finely on its paper; `unit` in pixels of the sheet times 2. */
dv_plot dv_sheet_plot(int width, int height, int unit);
/* Puts it there and frees the image; false where there is none. */
bool dv_sheet_place(dv_canvas *canvas, dv_image *image, const dv_plot *plot, double x, double y);

/* A picture as large as fits into a square at (x, y), enlarged by a whole factor where it can be; frees the image,
 * false where there is none. */
bool dv_sheet_show(dv_canvas *canvas, dv_image *image, double x, double y, int side);

/* The name of a class, "unknown" for -1. */
const char *dv_sheet_class_name(const dv_page_words *words, int k);

/* One line of a key: a square of colour, a name, dim numbers at the right. Returns the y below it. */
double dv_sheet_key(dv_canvas *canvas, double x, double y, double width, dv_ink ink, const char *name,
                    const char *numbers);

#endif

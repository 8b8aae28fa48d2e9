/* Shapes of whole pixels, without blending at their edges, clipped to the image (RGB). */
#ifndef DV_FIGURE_RASTER_H
#define DV_FIGURE_RASTER_H

#include "figure/canvas.h"
#include "figure/plot.h"

/* An image that is all background; NULL and an error for impossible sizes. */
dv_image *dv_raster_new(const dv_plot *plot, dv_error *error);
/* The background, and what stands out most from it: near white or near black. */
dv_ink dv_plot_paper(const dv_plot *plot);
dv_ink dv_plot_text(const dv_plot *plot);
/* What the user is at. */
dv_ink dv_plot_accent(const dv_plot *plot);
/* A grey between the two; 0 is the background. */
dv_ink dv_plot_grey(const dv_plot *plot, double share);

void dv_raster_rectangle(dv_image *image, int x, int y, int width, int height, dv_ink ink);
/* A frame inside a rectangle. */
void dv_raster_frame(dv_image *image, int x, int y, int width, int height, int thickness, dv_ink ink);
/* From one point to another, both painted; `dash` pixels on, as many off, 0 for a whole line. Points may lie far
 * outside; a line with an end that is no number is left out. */
void dv_raster_line(dv_image *image, const double from[2], const double to[2], int thickness, int dash, dv_ink ink);
/* A square with its middle at (x, y); from 5 pixels on without its corners. */
void dv_raster_dot(dv_image *image, double x, double y, int size, dv_ink ink);

#endif

/* Plots for a terminal and for paper alike: few colours, no text, every pixel painted. */
#ifndef DV_FIGURE_PLOT_H
#define DV_FIGURE_PLOT_H

#include "deepvid.h"
#include "image/image.h"

/* Where a plot is drawn. What it shows reads at a few dozen pixels with a unit of 1 as well as at a thousand with a
 * unit of 3. No pixel is blended with what lies beside it, so that a terminal's palette holds the colours exactly. */
typedef struct dv_plot {
    int width, height;     /* pixels */
    int unit;              /* pixels of a thin line and of the smallest point; at least 1 */
    double aspect;         /* width to height of a pixel; 0: square */
    uint8_t background[3]; /* dark or light: the other colours go with it */
} dv_plot;

#endif

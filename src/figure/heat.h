/* Counts of a confusion matrix as heat: what is right in one hue, what is wrong in another. */
#ifndef DV_FIGURE_HEAT_H
#define DV_FIGURE_HEAT_H

#include "figure/plot.h"

typedef enum dv_heat_mode {
    DV_HEAT_ROW,     /* share of the true class */
    DV_HEAT_COLUMN,  /* share of the prediction */
    DV_HEAT_ABSOLUTE /* counts on a logarithmic scale */
} dv_heat_mode;

typedef struct dv_heat {
    int classes;
    const int64_t *count; /* classes x classes, rows true label, columns prediction */
    dv_heat_mode mode;
    int row, column;                     /* the cursor; -1 in one of them: a whole column or row, in both: none */
    const int64_t *row_sum, *column_sum; /* classes, what shares are of; NULL: the sums of the counts */
} dv_heat;

/* Fills the sums of each row and column (classes entries) and returns the largest count. */
int64_t dv_heat_sums(const int64_t *count, int classes, int64_t *row_sum, int64_t *column_sum);

/* The same with what the heat has instead of the sums. */
int64_t dv_heat_wholes(const dv_heat *heat, int64_t *row_sum, int64_t *column_sum);

/* 0..1 for one count; 0 only where it is zero. Shares are shown by their square roots, so that one error in a hundred
 * can be seen. `largest` is the largest count of all. */
double dv_heat_level(int64_t count, int64_t row_sum, int64_t column_sum, int64_t largest, dv_heat_mode mode);
/* The colour of a level, one of a few, and whether dark or light text is read on it. */
void dv_heat_color(double level, bool right, const uint8_t background[3], uint8_t rgb[3]);
bool dv_heat_wants_dark_text(const uint8_t rgb[3]);

/* The matrix from the top left corner on, cells as large as whole pixels allow, and as square; where there are more
 * classes than pixels, a pixel shows the hottest of its cells. */
dv_image *dv_figure_heat(const dv_plot *plot, const dv_heat *heat, dv_error *error);

/* Size of a cell in pixels with its gap; 0 where cells are smaller than pixels. */
void dv_heat_cell(const dv_plot *plot, int classes, int *width, int *height);

#endif

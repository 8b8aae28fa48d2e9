/* What the mean map of a cell says, for those who draw or tell it. */
#include "study/cell_words.h"

void dv_cell_agreed_map(const dv_cell_findings *cell, float *map)
{
    for (int p = 0; p < cell->height * cell->width; p++)
        map[p] = (double)cell->same_sign[p] >= DV_CELL_MOST_AGREE ? cell->map[p] : 0;
}

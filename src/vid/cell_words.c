/* What the mean map of a cell says, for those who draw or tell it. */
#include "vid/cell_words.h"

#include <stdio.h>

enum { REGIONS = 3 /* named for either class */ };

static const double least_share = 0.005; /* smaller ones would be told as 0.00 */

void dv_cell_tell_regions(const dv_cell_findings *cell, int sign, char text[DV_CELL_REGIONS_SIZE])
{
    const dv_attribution map = {.channels = 1, .height = cell->height, .width = cell->width, .map = cell->map};
    dv_map_region region[DV_MAP_REGIONS];
    int used = 0;
    dv_attribution_regions(&map, region);
    text[0] = '\0';
    for (int i = 0; i < REGIONS; i++) {
        const dv_map_region *at = &region[sign > 0 ? i : DV_MAP_REGIONS - 1 - i];
        if (at->share * sign > least_share)
            used += snprintf(text + used, DV_CELL_REGIONS_SIZE - (size_t)used, "%s%s %+.2f", used ? ", " : "", at->name,
                             at->share);
    }
}

void dv_cell_agreed_map(const dv_cell_findings *cell, float *map)
{
    for (int p = 0; p < cell->height * cell->width; p++)
        map[p] = (double)cell->same_sign[p] >= DV_CELL_MOST_AGREE ? cell->map[p] : 0;
}

/* Boxes and lassos. */
#include "tui/region.h"

#include <math.h>
#include <string.h>

static void square_up(dv_region *region)
{
    region->corner[1][0] = region->corner[2][0];
    region->corner[1][1] = region->corner[0][1];
    region->corner[3][0] = region->corner[0][0];
    region->corner[3][1] = region->corner[2][1];
}

void dv_region_begin_box(dv_region *region, const float middle[2], float reach)
{
    region->kind = DV_REGION_BOX;
    region->corners = 4;
    for (int c = 0; c < 2; c++) {
        region->corner[0][c] = middle[c] - reach;
        region->corner[2][c] = middle[c] + reach;
    }
    square_up(region);
}

static const double BEYOND = 1.01; /* so far the rim of the window, so that points on it can be enclosed */

static float clamp(double value, double middle, double reach)
{
    return (float)fmin(fmax(value, middle - BEYOND * reach), middle + BEYOND * reach);
}

void dv_region_move_corner(dv_region *region, int corner, float right, float up, const dv_window *window)
{
    float *moved = region->corner[corner];
    moved[0] = clamp((double)moved[0] + (double)right, window->x, window->reach);
    moved[1] = clamp((double)moved[1] + (double)up, window->y, window->reach);
    square_up(region);
}

void dv_region_begin_lasso(dv_region *region, const float position[2])
{
    region->kind = DV_REGION_LASSO;
    region->corners = 1;
    memcpy(region->corner[0], position, sizeof(*region->corner));
}

void dv_region_extend(dv_region *region, const float position[2])
{
    const float *last = region->corner[region->corners - 1];
    if (region->corners == DV_REGION_CORNERS || (last[0] == position[0] && last[1] == position[1]))
        return;
    memcpy(region->corner[region->corners++], position, sizeof(*region->corner));
}

bool dv_region_is_closed(const dv_region *region)
{
    return region->kind != DV_REGION_NONE && region->corners > 2;
}

int64_t dv_region_collect(const dv_region *region, const float *position, int64_t count, bool *inside)
{
    int64_t found = 0;
    for (int64_t i = 0; i < count; i++) {
        inside[i] = dv_polygon_holds(region->corner, region->corners, position + 2 * i);
        found += inside[i];
    }
    return found;
}

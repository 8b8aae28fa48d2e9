/* Regions of the projection: drawn corner by corner, by keys as a box or by the mouse as a lasso. */
#ifndef DV_TUI_REGION_H
#define DV_TUI_REGION_H

#include "figure/scatter.h"

enum { DV_REGION_CORNERS = 512 };

typedef enum dv_region_kind { DV_REGION_NONE, DV_REGION_BOX, DV_REGION_LASSO } dv_region_kind;

typedef struct dv_region {
    dv_region_kind kind;
    int corners;
    float corner[DV_REGION_CORNERS][2]; /* of a box: corner 0 and the one across from it, 2, can be moved */
} dv_region;

/* A box around a point, `reach` each way. */
void dv_region_begin_box(dv_region *region, const float middle[2], float reach);
/* Moves one of the two free corners of a box (0 or 2), as far as just beyond the rim of the window. */
void dv_region_move_corner(dv_region *region, int corner, float right, float up, const dv_window *window);
void dv_region_begin_lasso(dv_region *region, const float position[2]);
/* The lasso goes on; a place where it already is, and those beyond its most corners, add nothing. */
void dv_region_extend(dv_region *region, const float position[2]);
/* Whether it has an inside. */
bool dv_region_is_closed(const dv_region *region);
/* Sets inside[i] for each position that lies in it, and clears it for the others; returns how many do. */
int64_t dv_region_collect(const dv_region *region, const float *position, int64_t count, bool *inside);

#endif

/* Three arrangements, by the room there is: two by two panes; with a strip of pictures; with a list of them. */
#include "tui/layout.h"

#include <string.h>

enum {
    MAX_PARTS = 3,
    GAP = 2, /* columns between panes */
    STRIP_ROWS = 22,
    STRIP_COLUMNS = 76,
    LIST_ROWS = 32,
    LIST_COLUMNS = 110,
};

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static dv_area cut_top(dv_area *area, int rows)
{
    dv_area top = *area;
    top.rows = clamp(rows, 0, area->rows);
    area->row += top.rows;
    area->rows -= top.rows;
    return top;
}

static dv_area cut_bottom(dv_area *area, int rows)
{
    dv_area bottom = *area;
    bottom.rows = clamp(rows, 0, area->rows);
    area->rows -= bottom.rows;
    bottom.row += area->rows;
    return bottom;
}

static dv_area cut_left(dv_area *area, int columns)
{
    dv_area left = *area;
    left.columns = columns;
    area->column += columns + GAP;
    area->columns -= columns + GAP;
    return left;
}

/* Side by side, in the proportions of `weight`. */
static void place_beside(dv_area band, int count, const dv_place *place, const int *weight, dv_area *areas)
{
    int total = 0;
    for (int i = 0; i < count; i++)
        total += weight[i];
    int room = band.columns - GAP * (count - 1);
    for (int i = 0, sum = 0; i < count; i++) {
        int left = room * sum / total;
        sum += weight[i];
        areas[place[i]] = band;
        areas[place[i]].column = band.column + left + GAP * i;
        areas[place[i]].columns = room * sum / total - left;
    }
}

static void arrange_small(dv_area body, dv_area *areas)
{
    static const dv_place upper[] = {DV_PLACE_PICTURE, DV_PLACE_WEIGHTS};
    static const dv_place lower[] = {DV_PLACE_CLASSES, DV_PLACE_LATENTS};
    static const int even[] = {1, 1};
    place_beside(cut_top(&body, (body.rows + 1) / 2), 2, upper, even, areas);
    place_beside(body, 2, lower, even, areas);
}

static void arrange_strip(dv_area body, int table_rows, dv_area *areas)
{
    static const dv_place upper[] = {DV_PLACE_PICTURE, DV_PLACE_WEIGHTS};
    static const int upper_weight[] = {3, 5};
    static const dv_place lower[] = {DV_PLACE_CLASSES, DV_PLACE_LATENTS, DV_PLACE_NEIGHBORS};
    static const int lower_weight[] = {30, 29, 17};
    int lower_rows = clamp(body.rows / 2, 0, table_rows > body.rows / 3 ? table_rows : body.rows / 3);
    place_beside(cut_bottom(&body, lower_rows), 3, lower, lower_weight, areas);
    place_beside(body, 2, upper, upper_weight, areas);
}

static void arrange_list(dv_area body, int table_rows, dv_area *areas)
{
    static const dv_place upper[] = {DV_PLACE_PICTURE, DV_PLACE_CLASSES, DV_PLACE_LATENTS};
    static const int upper_weight[] = {31, 32, 25};
    static const dv_place lower[] = {DV_PLACE_WEIGHTS, DV_PLACE_NEIGHBORS};
    static const int lower_weight[] = {27, 25};
    areas[DV_PLACE_INSTANCES] = cut_left(&body, clamp(body.columns / 5, 26, 36));
    dv_area top = cut_top(&body, clamp(table_rows, body.rows / 4, body.rows / 2));
    cut_top(&body, 1);
    place_beside(top, 3, upper, upper_weight, areas);
    place_beside(body, 2, lower, lower_weight, areas);
}

bool dv_layout(int rows, int columns, int table_rows, dv_area areas[DV_PLACE_COUNT])
{
    memset(areas, 0, DV_PLACE_COUNT * sizeof(*areas));
    if (rows < DV_LAYOUT_MIN_ROWS || columns < DV_LAYOUT_MIN_COLUMNS)
        return false;
    bool has_strip = rows >= STRIP_ROWS && columns >= STRIP_COLUMNS;
    bool has_list = rows >= LIST_ROWS && columns >= LIST_COLUMNS;
    dv_area body = {.rows = rows, .columns = columns};
    areas[DV_PLACE_HEADER] = cut_top(&body, 1);
    areas[DV_PLACE_FOOTER] = cut_bottom(&body, 1);
    areas[DV_PLACE_FIDELITY] = cut_bottom(&body, has_list ? 3 : has_strip ? 2 : 1);
    areas[DV_PLACE_SETTINGS] = cut_bottom(&body, 1);
    if (has_list) {
        cut_top(&body, 1);
        cut_bottom(&body, 1);
        arrange_list(body, table_rows, areas);
    } else if (has_strip) {
        areas[DV_PLACE_INSTANCES] = cut_top(&body, 1);
        arrange_strip(body, table_rows, areas);
    } else
        arrange_small(body, areas);
    return true;
}

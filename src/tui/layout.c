/* Rectangles of cells. */
#include "tui/layout.h"

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

dv_area dv_area_cut_top(dv_area *area, int rows)
{
    dv_area top = *area;
    top.rows = clamp(rows, 0, area->rows);
    area->row += top.rows;
    area->rows -= top.rows;
    return top;
}

dv_area dv_area_cut_bottom(dv_area *area, int rows)
{
    dv_area bottom = *area;
    bottom.rows = clamp(rows, 0, area->rows);
    area->rows -= bottom.rows;
    bottom.row += area->rows;
    return bottom;
}

dv_area dv_area_cut_left(dv_area *area, int columns)
{
    dv_area left = *area;
    left.columns = clamp(columns, 0, area->columns);
    int taken = clamp(left.columns + DV_GAP, 0, area->columns);
    area->column += taken;
    area->columns -= taken;
    return left;
}

dv_area dv_area_cut_right(dv_area *area, int columns)
{
    dv_area right = *area;
    right.columns = clamp(columns, 0, area->columns);
    right.column += area->columns - right.columns;
    area->columns -= clamp(right.columns + DV_GAP, 0, area->columns);
    return right;
}

/* Where part `i` begins, of `room` shared in the proportions of `weight`. */
static int begin_of(int room, int count, const int *weight, int i)
{
    int total = 0, sum = 0;
    for (int k = 0; k < count; k++) {
        sum += k < i ? weight[k] : 0;
        total += weight[k];
    }
    return room * sum / total;
}

void dv_area_split_columns(dv_area area, int count, const int *weight, dv_area *part)
{
    int room = clamp(area.columns - DV_GAP * (count - 1), 0, area.columns);
    for (int i = 0; i < count; i++) {
        int left = begin_of(room, count, weight, i);
        part[i] = area;
        part[i].column = area.column + left + DV_GAP * i;
        part[i].columns = begin_of(room, count, weight, i + 1) - left;
    }
}

void dv_area_split_rows(dv_area area, int count, const int *weight, dv_area *part)
{
    for (int i = 0; i < count; i++) {
        int top = begin_of(area.rows, count, weight, i);
        part[i] = area;
        part[i].row = area.row + top;
        part[i].rows = begin_of(area.rows, count, weight, i + 1) - top;
    }
}

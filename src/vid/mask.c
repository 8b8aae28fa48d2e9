/* Smooth masks. */
#include "vid/mask.h"

#include <math.h>

/* Where a line of the mask lies among the cells: between two of them, with the share of the second. */
struct between {
    int first, second;
    float share;
};

/* `at` of the enlarged mask, which has room for one cell more. */
static struct between locate(int at, int cells, int cell)
{
    double place = (at + 0.5) * cells / ((cells + 1) * (double)cell) - 0.5;
    place = fmin(fmax(place, 0), cells - 1);
    int first = (int)place;
    return (struct between){first, first + 1 < cells ? first + 1 : first, (float)(place - first)};
}

void dv_mask_size(dv_mask *mask, int cells, int height, int width, uint64_t shift)
{
    mask->cells = cells;
    mask->cell_height = (height + cells - 1) / cells;
    mask->cell_width = (width + cells - 1) / cells;
    mask->down = (int)((shift & 0xffffffff) % (uint64_t)mask->cell_height);
    mask->right = (int)((shift >> 32) % (uint64_t)mask->cell_width);
}

void dv_mask_draw(dv_mask *mask, uint64_t seed, dv_purpose purpose, uint64_t i, int cells, double keep, int height,
                  int width)
{
    uint64_t all = (uint64_t)(cells * cells), first = i * (all + 1);
    dv_mask_size(mask, cells, height, width, dv_random_bits(seed, purpose, first + all));
    for (uint64_t c = 0; c < all; c++)
        mask->shown[c] = dv_random_uniform(seed, purpose, first + c) < keep;
}

void dv_mask_row(const dv_mask *mask, int y, int width, float *row)
{
    struct between v = locate(y + mask->down, mask->cells, mask->cell_height);
    const bool *upper = mask->shown + v.first * mask->cells, *lower = mask->shown + v.second * mask->cells;
    float line[DV_MOST_CELLS];
    for (int c = 0; c < mask->cells; c++)
        line[c] = (1 - v.share) * (float)upper[c] + v.share * (float)lower[c];
    for (int x = 0; x < width; x++) {
        struct between h = locate(x + mask->right, mask->cells, mask->cell_width);
        row[x] = (1 - h.share) * line[h.first] + h.share * line[h.second];
    }
}

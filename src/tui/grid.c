/* Fitting tiles into cells. */
#include "tui/grid.h"

#include <math.h>

enum {
    RING = 2,          /* pixels around a tile where there are many */
    SMALLEST_TILE = 6, /* pixels high: below, nothing can be seen */
    SCREEN_BAND = 6,   /* sixels come six rows at a time, and what is cut off there is lost */
};

/* The smallest height in pixels at which a picture can be read. */
static int legible(dv_graphics graphics, bool captions)
{
    switch (graphics) {
    case DV_GRAPHICS_HALF:
        return 12;
    case DV_GRAPHICS_ASCII:
        return 9;
    default:
        return captions ? 48 : 28;
    }
}

/* What the fit depends on. */
typedef struct fitting {
    const dv_grid_wish *wish;
    const dv_cell *cell;
    int stretch; /* pixels across for one down: 2 when they are half as wide as high */
    int ring;
} fitting;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Pixels high that a picture can be in so many rows. */
static int height_of(const fitting *fit, int rows)
{
    int height = rows * fit->cell->height;
    return fit->cell->graphics == DV_GRAPHICS_SIXEL ? height - height % SCREEN_BAND : height;
}

/* Rows for a picture that high. */
static int rows_for(const fitting *fit, int height)
{
    int rows = divide_up(height, fit->cell->height);
    return height_of(fit, rows) >= height ? rows : rows + 1;
}

/* Fills `grid` for tiles of a height; returns how many fit. */
static int try_height(const fitting *fit, int tile_height, dv_grid *grid)
{
    int tile_width = (int)lround((double)fit->wish->width * fit->stretch * tile_height / fit->wish->height);
    if (tile_width < 1)
        tile_width = 1;
    *grid = (dv_grid){.tiles = {.tile_width = tile_width, .tile_height = tile_height, .gap = fit->ring}};
    if (fit->wish->captions) {
        grid->pitch_columns = divide_up(tile_width + 2 * fit->ring, fit->cell->width);
        if (grid->pitch_columns < fit->wish->caption)
            grid->pitch_columns = fit->wish->caption;
        if ((grid->pitch_columns * fit->cell->width - tile_width) % 2 == 1 && fit->cell->width % 2 == 1)
            grid->pitch_columns++; /* equal gaps on both sides keep tiles under their captions */
        grid->tiles.gap = (grid->pitch_columns * fit->cell->width - tile_width) / 2;
        grid->cell_rows = rows_for(fit, grid->tiles.gap + tile_height); /* the gap below may be cut off */
        grid->pitch_rows = grid->cell_rows + 1;
        grid->columns = fit->wish->columns / grid->pitch_columns;
        grid->rows = fit->wish->rows / grid->pitch_rows;
    } else {
        grid->columns = fit->wish->columns * fit->cell->width / (tile_width + 2 * fit->ring);
        grid->rows = height_of(fit, fit->wish->rows) / (tile_height + 2 * fit->ring);
    }
    return grid->columns * grid->rows;
}

/* The next smaller height worth trying: whole multiples of the picture, then every size below it. */
static int next_height(const fitting *fit, int tile_height)
{
    return tile_height > fit->wish->height ? tile_height - fit->wish->height : tile_height - 1;
}

/* Whole multiples of the picture first, from the largest, then every smaller size: until `aim` tiles fit. */
static bool find_height(const fitting *fit, int aim, dv_grid *grid)
{
    int height = fit->wish->height, tile_height = fit->wish->rows * fit->cell->height;
    if (tile_height > height)
        tile_height -= tile_height % height;
    while (tile_height >= SMALLEST_TILE && try_height(fit, tile_height, grid) < aim)
        tile_height = next_height(fit, tile_height);
    return tile_height >= SMALLEST_TILE;
}

/* Drops tiles beyond the most that may be shown, and counts cells. */
static void finish(const fitting *fit, dv_grid *grid)
{
    int most = fit->wish->most;
    grid->count = grid->columns * grid->rows;
    if (grid->count > most) {
        grid->count = most;
        grid->columns = grid->columns < most ? grid->columns : most;
        grid->rows = divide_up(most, grid->columns);
    }
    grid->tiles.columns = grid->columns;
    grid->tiles.count = fit->wish->captions ? grid->columns : grid->count;
    int64_t width, height;
    dv_figure_tiles_size(&grid->tiles, &width, &height);
    grid->cell_columns = divide_up((int)width, fit->cell->width);
    if (!fit->wish->captions)
        grid->cell_rows = rows_for(fit, (int)height);
}

dv_cell dv_cell_of(const dv_screen *screen)
{
    dv_cell cell = {.graphics = dv_screen_graphics(screen), .aspect = dv_screen_pixel_aspect(screen)};
    dv_screen_cell(screen, &cell.width, &cell.height);
    return cell;
}

bool dv_grid_fit(const dv_cell *cell, const dv_grid_wish *wish, dv_grid *grid)
{
    dv_graphics graphics = cell->graphics;
    if (graphics == DV_GRAPHICS_OFF || cell->width < 1 || cell->height < 1 || wish->rows < 1 || wish->columns < 1)
        return false;
    fitting fit = {.wish = wish, .cell = cell};
    fit.stretch = cell->aspect > 0 && cell->aspect < .75 ? (int)lround(1 / cell->aspect) : 1;
    bool fine = graphics == DV_GRAPHICS_KITTY || graphics == DV_GRAPHICS_SIXEL;
    fit.ring = fine ? RING : graphics == DV_GRAPHICS_HALF;

    int smallest = wish->smallest > 0 ? wish->smallest : legible(graphics, wish->captions);
    if (smallest > wish->height)
        smallest = divide_up(smallest, wish->height) * wish->height;
    int aim = try_height(&fit, smallest, grid);
    aim = wish->all || aim > wish->wanted ? wish->wanted : aim < 1 ? 1 : aim;
    if (!find_height(&fit, aim, grid))
        return false;
    finish(&fit, grid);
    return true;
}

dv_area dv_grid_strip(const dv_grid *grid, dv_area area, int row)
{
    int top = grid->pitch_rows > 0 ? row * grid->pitch_rows + 1 : 0;
    return (dv_area){
        .row = area.row + top, .column = area.column, .rows = grid->cell_rows, .columns = grid->cell_columns};
}

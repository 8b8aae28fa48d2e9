#include "tui/film.h"
#include "term/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 2 /* rows: the ruler and the words */, PARTS = 2 /* pictures */ };

int dv_film_picture(const dv_film *film, int frame)
{
    return film->frames > 1 ? frame * (film->strip->count - 1) / (film->frames - 1) : 0;
}

int dv_film_nearest(const dv_film *film, double value)
{
    int best = 0;
    for (int i = 1; i < film->frames; i++)
        if (fabs((double)film->strip->value[dv_film_picture(film, i)] - value) <
            fabs((double)film->strip->value[dv_film_picture(film, best)] - value))
            best = i;
    return best;
}

static int pitch_of(const dv_pane *pane, const dv_film *film)
{
    int pitch = pane->area.columns / film->frames;
    return pitch > 0 ? pitch : 1;
}

int dv_film_frame_at(const dv_pane *pane, const dv_film *film, int column)
{
    int frame = column / pitch_of(pane, film);
    return frame < 0 ? 0 : frame < film->frames ? frame : film->frames - 1;
}

/* "── -2 ──▼── -1 ──": captions over the middle of their frames, and where the present value lies between them. */
static void draw_ruler(const dv_pane *pane, int row, const dv_film *film)
{
    int pitch = pitch_of(pane, film), mark = -1;
    double first = film->strip->value[0], last = film->strip->value[film->strip->count - 1];
    if (film->now >= first && film->now <= last)
        mark = (int)lround((film->now - first) / (last - first) * pitch * (film->frames - 1)) + pitch / 2;
    for (int column = pitch / 2; column <= pitch / 2 + pitch * (film->frames - 1); column++)
        dv_pane_text(pane, row, column, 1, DV_STYLE_DIM, "─");
    if (mark >= 0)
        dv_pane_text(pane, row, mark, 1, DV_STYLE_KEY, "▼");
    for (int i = 0; i < film->frames; i++) {
        char text[DV_FILM_TEXT];
        film->caption((double)film->strip->value[dv_film_picture(film, i)], text);
        int width = (int)strlen(text), column = i * pitch + pitch / 2 - (width - 1) / 2;
        bool marked = mark >= column && mark < column + width;
        dv_style style = i == film->cursor ? DV_STYLE_SELECTED : marked ? DV_STYLE_KEY : DV_STYLE_DIM;
        dv_pane_text(pane, row, column, pitch, style, "%s", text);
    }
}

/* All frames side by side, each in the middle of its columns. */
static void draw_pictures(const dv_pane *pane, dv_area place, const dv_cell *cell, const dv_tiles *tile,
                          const dv_film *film)
{
    const dv_bundle_facts *facts = pane->model->facts;
    int pitch = pitch_of(pane, film) * cell->width;
    dv_image *row = dv_image_new(pitch * film->frames, tile->tile_height, 3, NULL);
    for (int i = 0; row && i < film->frames; i++) {
        const float *picture = film->strip->pictures + (size_t)dv_film_picture(film, i) * (size_t)film->strip->pixels;
        dv_image *frame = dv_figure_pictures(tile, &picture, NULL, facts->channels, facts->height, facts->width, NULL);
        if (frame)
            dv_image_paste(row, frame, i * pitch + (pitch - tile->tile_width) / 2, 0);
        dv_image_free(frame);
    }
    dv_pane_image_parts(pane, place, row, PARTS);
}

/* The largest tile for a frame in so many rows; the rows it takes, 0 when there is room for none. */
static int fit_tile(const dv_pane *pane, const dv_cell *cell, int rows, const dv_film *film, dv_tiles *tile)
{
    const dv_bundle_facts *facts = pane->model->facts;
    dv_grid grid;
    dv_grid_wish wish = {.rows = rows,
                         .columns = pitch_of(pane, film),
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = 1,
                         .most = 1};
    if (!dv_grid_fit(cell, &wish, &grid))
        return 0;
    *tile = (dv_tiles){.count = 1,
                       .columns = 1,
                       .tile_width = grid.tiles.tile_width,
                       .tile_height = grid.tiles.tile_height,
                       .greys = grid.tiles.greys};
    return grid.cell_rows;
}

void dv_film_draw(const dv_pane *pane, int top, int rows, const dv_film *film)
{
    const dv_strip *strip = film->strip;
    dv_cell cell = dv_cell_of(pane->screen);
    dv_tiles tile;
    int pitch = pitch_of(pane, film), high = fit_tile(pane, &cell, rows - WORDS - film->odds, film, &tile);
    draw_ruler(pane, top, film);
    if (high > 0)
        draw_pictures(pane,
                      (dv_area){.row = pane->area.row + top + 1,
                                .column = pane->area.column,
                                .rows = high,
                                .columns = pitch * film->frames},
                      &cell, &tile, film);
    for (int i = 0; i < film->frames; i++) {
        int picture = dv_film_picture(film, i), class = strip->class_index[picture];
        dv_style style = class == film->usual ? DV_STYLE_TEXT : DV_STYLE_WARNING;
        const char *name = dv_model_class_name(pane->model, class);
        int width = dv_text_columns(name, strlen(name));
        width = width < pitch - 1 ? width : pitch - 1;
        dv_pane_text(pane, top + 1 + high, i * pitch + (pitch - width) / 2, pitch - 1, style, "%s", name);
        if (film->odds)
            dv_pane_text(pane, top + 2 + high, i * pitch + (pitch - 4) / 2, pitch, DV_STYLE_DIM, "%.2f",
                         (double)strip->probabilities[(int64_t)picture * strip->classes + class]);
    }
}

dv_image *dv_film_enlarge(const dv_model *model, const dv_strip *strip, int picture, const dv_tiles *tile,
                          dv_close_up *close_up)
{
    int class = strip->class_index[picture];
    snprintf(close_up->note, sizeof(close_up->note), "%s %.2f to the teacher", dv_model_class_name(model, class),
             (double)strip->probabilities[(int64_t)picture * strip->classes + class]);
    return dv_pane_enlarge(model, strip->pictures + (size_t)picture * (size_t)strip->pixels, tile);
}

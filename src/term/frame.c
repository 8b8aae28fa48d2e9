#include "base/file.h"
#include "base/part.h"
#include "term/screen_private.h"

/* How text and pictures live on one screen. ncurses knows nothing of pictures, and each of these rules keeps it, or a
 * terminal, from moving, cutting or keeping pixels that it should not:
 *
 * - The cells under a picture hold ASCII glyphs in the colour of their background. To ncurses they are text, so it
 *   never clears them in passing; written anew, they erase a sixel picture in every terminal (and in tmux's memory) and
 *   half blocks. A picture of kitty's protocol is deleted by its number instead.
 * - The glyph differs from row to row; where pictures are pixels beside the text, so does one in the last column of
 *   every row, the gutter, which is not given to views: no two rows are ever alike, so ncurses never scrolls.
 * - There every cell carries A_PROTECT, too, which no terminal shows, but which makes a blank cell more than an erased
 *   one: runs of them are written as spaces instead of erased to the end of the line.
 * - The background is one of the 256 colours and above the first 16: only such cells hide a picture in Konsole.
 * - ncurses writes into a file in memory. A frame is its bytes, inside a synchronised update together with half blocks,
 *   then the pictures of pixels, outside (tmux would paint the text over them), sent with one loop of writes.
 * - A picture is sent as: save cursor, move, for sixels a space and back (which drops tmux's copy of the picture
 *   before), the picture, restore cursor. It never touches the last row, where terminals scroll.
 * - A new picture of kitty's protocol comes before the old one in its place is deleted: it never flickers. */

enum {
    NARROW = 16,     /* columns that ncurses might rather write anew than jump over */
    SLOW_COLORS = 16 /* of a picture on a slow line */
};

/* ---- composing ------------------------------------------------------------------------ */

static void put_characters(dv_screen *screen, const dv_rectangle *place, const dv_image *image)
{
    for (int row = 0; row < dv_smaller(place->rows, image->height); row++) {
        for (int column = 0; column < dv_smaller(place->columns, image->width); column++) {
            uint8_t rgb[3];
            char character = screen->protocol->character(image, row, column, rgb);
            dv_screen_put_dot(screen, place->row + row, place->column + column, character, rgb);
        }
    }
}

static void put_slot(dv_screen *screen, const dv_rectangle *place, const dv_image *image, const dv_raster *raster)
{
    const dv_rectangle *taken = dv_slots_add(&screen->wanted, place, image, raster);
    for (int row = 0; taken && row < taken->rows; row++) {
        for (int column = 0; column < taken->columns; column++) {
            dv_screen_put_fill(screen, taken->row + row, taken->column + column);
        }
    }
}

/* The part of an image that belongs to some cells of it. */
static dv_image *cut(const dv_image *image, const dv_rectangle *part, const dv_raster *raster)
{
    int left = part->column * raster->cell_width, top = part->row * raster->cell_height;
    int width = dv_smaller(image->width - left, part->columns * raster->cell_width);
    int height = dv_smaller(image->height - top, part->rows * raster->cell_height);
    dv_image *piece = width > 0 && height > 0 ? dv_image_new(width, height, image->channels, NULL) : NULL;
    if (piece) {
        dv_image_paste(piece, image, -left, -top);
    }
    return piece;
}

/* How many cells side by side are at most `limit` pixels, and whole bands. */
static int cells_within(int limit, int cell, int band, int all)
{
    int cells = limit > 0 ? dv_smaller(limit / cell, all) : all;
    while (cells > 1 && cells < all && cells * cell % band != 0) {
        cells--;
    }
    return cells > 0 ? cells : 1;
}

/* What is larger than the terminal takes goes out in pieces. */
static void put_pieces(dv_screen *screen, const dv_rectangle *place, const dv_image *image)
{
    dv_raster raster = {
        .band = screen->protocol->band,
        .limit_width = screen->protocol->sized ? screen->limit_width : 0,
        .limit_height = screen->protocol->sized ? screen->limit_height : 0,
        .colors = screen->pace.slow ? SLOW_COLORS : 0,
    };
    dv_screen_cell(screen, &raster.cell_width, &raster.cell_height);
    dv_rectangle part = {
        .rows = cells_within(raster.limit_height, raster.cell_height, raster.band, place->rows),
        .columns = cells_within(raster.limit_width, raster.cell_width, 1, place->columns),
    };
    if (part.rows == place->rows && part.columns == place->columns) {
        put_slot(screen, place, image, &raster);
        return;
    }
    for (part.row = 0; part.row < place->rows; part.row += part.rows) {
        for (part.column = 0; part.column < place->columns; part.column += part.columns) {
            dv_image *piece = cut(image, &part, &raster);
            if (piece) {
                dv_rectangle cells = {
                    .row = place->row + part.row,
                    .column = place->column + part.column,
                    .rows = dv_smaller(part.rows, place->rows - part.row),
                    .columns = dv_smaller(part.columns, place->columns - part.column),
                };
                put_slot(screen, &cells, piece, &raster);
            }
            dv_image_free(piece);
        }
    }
}

void dv_screen_picture(dv_screen *screen, int row, int column, int rows, int columns, const dv_image *image)
{
    dv_rectangle place = {
        .row = row,
        .column = column,
        .rows = dv_smaller(rows, dv_screen_rows(screen) - 1 - row),
        .columns = dv_smaller(columns, dv_screen_room(screen, row, column, 0)),
    };
    if (place.rows <= 0 || place.columns <= 0) {
        return;
    }
    if (screen->protocol->encode) {
        put_pieces(screen, &place, image);
    } else if (screen->protocol->character) {
        put_characters(screen, &place, image);
    }
}

void dv_screen_begin(dv_screen *screen)
{
    dv_screen_blank(screen);
    dv_slots_clear(&screen->wanted);
    if (screen->protocol->overlay && screen->window.ws_col > 1) {
        for (int row = 0; row < dv_screen_rows(screen) - 1; row++) { /* the last cell of all would scroll */
            dv_screen_put_fill(screen, row, screen->window.ws_col - 1);
        }
    }
}

void dv_screen_end(dv_screen *screen)
{
    screen->pending = true;
    if (dv_screen_ready(screen)) {
        dv_screen_flush(screen);
    }
}

void dv_screen_repaint(dv_screen *screen)
{
    screen->repaint = true;
}

bool dv_screen_ready(const dv_screen *screen)
{
    return dv_pace_delay(&screen->pace, dv_clock_ms()) <= 0;
}

/* ---- sending ---------------------------------------------------------------------------- */

/* What is written into the cells of a slot, on purpose or in passing, takes its picture away. */
static void mend(dv_screen *screen)
{
    for (int i = 0; i < screen->shown.count; i++) {
        const dv_slot *old = &screen->shown.slot[i];
        if (old->send) {
            dv_screen_rewrite(&old->place);
            dv_slots_wipe(&screen->wanted, &old->place);
        }
    }
    dv_screen_stage_text();
    for (int i = 0; i < screen->wanted.count; i++) {
        const dv_rectangle *place = &screen->wanted.slot[i].place;
        bool touched = false;
        for (int row = place->row; row < place->row + place->rows; row++) {
            touched |= dv_screen_writes_row(row);
        }
        if (touched && place->columns < NARROW) {
            dv_slots_wipe(&screen->wanted, place);
        }
    }
}

/* Decides what is sent; the text is staged after it. */
static void plan(dv_screen *screen)
{
    bool all_moved = dv_slots_compare(&screen->wanted, &screen->shown);
    bool everything = screen->repaint || (all_moved && screen->protocol->sticky);
    if (everything) {
        dv_rectangle all = {.rows = dv_screen_rows(screen), .columns = screen->window.ws_col};
        dv_screen_rewrite_all();
        dv_slots_wipe(&screen->wanted, &all);
    } else if (screen->protocol->fragile) {
        mend(screen);
    }
    dv_screen_stage_text();
    for (int i = 0; i < screen->wanted.count; i++) {
        if (screen->wanted.slot[i].send) {
            screen->wanted.slot[i].id = ++screen->last_id;
        }
    }
    screen->repaint = false;
}

static void append_pictures(dv_screen *screen)
{
    for (int i = 0; i < screen->wanted.count; i++) {
        if (screen->wanted.slot[i].send) {
            screen->protocol->encode(&screen->wanted.slot[i], &screen->brush, &screen->frame);
        }
    }
}

static void append_text(dv_screen *screen)
{
    static const char begin[] = "\033[?2026h", end[] = "\033[?2026l";
    bool synchronized = screen->events.capabilities.synchronized;
    size_t start = screen->frame.size;
    if (synchronized) {
        dv_bytes_text(&screen->frame, begin);
    }
    size_t before = screen->frame.size;
    dv_screen_update_text(screen);
    if (screen->protocol->synchronized) {
        append_pictures(screen);
    }
    if (screen->frame.size == before) {
        screen->frame.size = start;
    } else if (synchronized) {
        dv_bytes_text(&screen->frame, end);
    }
}

/* Those that were shown by a protocol with numbers, be it another than now, and are not kept. */
static void append_erasures(dv_screen *screen)
{
    for (int i = 0; screen->shown_by->erase && i < screen->shown.count; i++) {
        if (!dv_slots_keep(&screen->wanted, screen->shown.slot[i].id)) {
            screen->shown_by->erase(screen->shown.slot[i].id, &screen->frame);
        }
    }
    screen->shown_by = screen->protocol;
}

void dv_screen_flush(dv_screen *screen)
{
    screen->pending = false;
    dv_bytes_clear(&screen->frame);
    plan(screen);
    append_text(screen);
    if (!screen->protocol->synchronized) {
        append_pictures(screen);
    }
    append_erasures(screen);
    dv_slots_settle(&screen->wanted, &screen->shown);
    if (screen->frame.failed) { /* no memory: half a frame is worse than none */
        screen->repaint = true;
        screen->frame.size = 0;
    }
    if (screen->frame.size > 0 && dv_pace_sent(&screen->pace, screen->frame.size, dv_clock_ms())) {
        dv_bytes_text(&screen->frame, DV_PACE_QUESTION);
    }
    screen->frame_bytes = (int64_t)screen->frame.size;
    screen->sent += screen->frame_bytes;
    double start = dv_clock_ms();
    dv_tty_write(&screen->tty, screen->frame.data, screen->frame.size);
    screen->write_ms = dv_clock_ms() - start;
}

int64_t dv_screen_frame_bytes(const dv_screen *screen)
{
    return screen->frame_bytes;
}

double dv_screen_write_ms(const dv_screen *screen)
{
    return screen->write_ms;
}

dv_traffic dv_screen_traffic(const dv_screen *screen)
{
    return (dv_traffic){
        .sent = screen->sent,
        .received = screen->events.received,
        .rate = dv_pace_rate(&screen->pace, dv_clock_ms()),
        .lag_ms = screen->pace.lag_ms,
    };
}

#include "term/protocol.h"
#include "term/block.h"
#include "term/budget.h"
#include "term/kitty.h"
#include "term/sixel.h"

#include <assert.h>

enum { SIXEL_BAND = 6, MOST_COLORS = 256 };

static void save_and_move(const dv_slot *slot, dv_bytes *bytes)
{
    dv_bytes_format(bytes, "\0337\033[%d;%dH", slot->place.row + 1, slot->place.column + 1);
}

static bool finish(bool done, size_t start, dv_bytes *bytes)
{
    if (done) {
        dv_bytes_text(bytes, "\0338");
    } else {
        bytes->size = start;
    }
    return done;
}

/* ---- sixel: lies on the text, and goes when text is written there ------------------ */

static bool as_sixel(const dv_image *image, const void *context, size_t limit, dv_bytes *bytes)
{
    return dv_sixel_encode(image, *(const int *)context, limit, bytes);
}

static bool encode_sixel(const dv_slot *slot, const dv_brush *brush, dv_bytes *bytes)
{
    size_t start = bytes->size;
    save_and_move(slot, bytes);
    if (brush->background >= 0) {
        dv_bytes_format(bytes, "\033[48;5;%dm", brush->background);
    }
    dv_bytes_text(bytes, " \b\033[m"); /* a space: tmux drops the picture that was there */
    bool done =
        dv_budget_encode(&slot->image, brush->registers, DV_BUDGET_BYTES, as_sixel, &brush->registers, bytes, NULL);
    return finish(done, start, bytes);
}

/* ---- kitty: objects above the text --------------------------------------------------- */

static bool as_kitty(const dv_image *image, const void *context, size_t limit, dv_bytes *bytes)
{
    return dv_kitty_encode(image, *(const uint32_t *)context, limit, bytes);
}

static bool encode_kitty(const dv_slot *slot, const dv_brush *brush, dv_bytes *bytes)
{
    (void)brush;
    size_t start = bytes->size;
    save_and_move(slot, bytes);
    bool done = dv_budget_encode(&slot->image, MOST_COLORS, DV_BUDGET_BYTES, as_kitty, &slot->id, bytes, NULL);
    return finish(done, start, bytes);
}

/* ---- half blocks: text that ncurses does not know of ----------------------------------- */

static bool encode_half(const dv_slot *slot, const dv_brush *brush, dv_bytes *bytes)
{
    dv_block_draw(&slot->image, slot->before, slot->place.row, slot->place.column, brush->depth, bytes);
    return true;
}

static const dv_protocol protocols[] = {
    [DV_GRAPHICS_KITTY] = {.band = 1, .overlay = true, .encode = encode_kitty, .erase = dv_kitty_delete},
    [DV_GRAPHICS_SIXEL] =
        {.band = SIXEL_BAND, .overlay = true, .fragile = true, .sized = true, .sticky = true, .encode = encode_sixel},
    [DV_GRAPHICS_HALF] =
        {.cell_width = 1, .cell_height = 2, .band = 1, .fragile = true, .synchronized = true, .encode = encode_half},
    [DV_GRAPHICS_ASCII] = {.cell_width = 1, .cell_height = 1, .band = 1, .character = dv_block_ascii},
    [DV_GRAPHICS_OFF] = {.cell_width = 1, .cell_height = 1, .band = 1},
};

const dv_protocol *dv_protocol_of(dv_graphics graphics)
{
    assert(graphics > DV_GRAPHICS_AUTO && graphics <= DV_GRAPHICS_OFF);
    return &protocols[graphics];
}

/* Which way of showing pictures is used: what the user wants of what the terminal says that it can. */
#include "term/palette.h"
#include "term/screen_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    GUESSED_CELL_WIDTH = 8,
    GUESSED_CELL_HEIGHT = 16,
};

static const char *const names[] = {
    [DV_GRAPHICS_AUTO] = "auto", [DV_GRAPHICS_KITTY] = "kitty", [DV_GRAPHICS_SIXEL] = "sixel",
    [DV_GRAPHICS_HALF] = "half", [DV_GRAPHICS_ASCII] = "ascii", [DV_GRAPHICS_OFF] = "off",
};

const char *dv_graphics_name(dv_graphics graphics)
{
    return names[graphics];
}

bool dv_graphics_parse(const char *name, dv_graphics *graphics)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            *graphics = (dv_graphics)i;
            return true;
        }
    }
    return false;
}

bool dv_screen_inside_tmux(const dv_screen *screen)
{
    const char *term = getenv("TERM");
    return screen->events.capabilities.tmux || getenv("TMUX") ||
           (term && (strncmp(term, "tmux", 4) == 0 || strncmp(term, "screen", 6) == 0));
}

bool dv_screen_offers(const dv_screen *screen, dv_graphics graphics)
{
    const dv_capabilities *said = &screen->events.capabilities;
    switch (graphics) {
    case DV_GRAPHICS_KITTY: /* tmux would have to pass it through, at places that only the outer terminal knows */
        return said->kitty && screen->cell_known && !dv_screen_inside_tmux(screen);
    case DV_GRAPHICS_SIXEL:
        return said->sixel && screen->cell_known;
    case DV_GRAPHICS_HALF:
        return screen->utf8 && screen->depth != DV_COLOR_NONE;
    default:
        return true;
    }
}

/* The user's wish as far as it makes sense, the best there is without one. A terminal may show sixels that says nothing
 * of them. */
static dv_graphics choose(const dv_screen *screen)
{
    dv_graphics graphics = screen->wanted_graphics;
    if (graphics == DV_GRAPHICS_AUTO || (graphics == DV_GRAPHICS_KITTY && dv_screen_inside_tmux(screen))) {
        graphics = DV_GRAPHICS_KITTY;
        while (!dv_screen_offers(screen, graphics)) {
            graphics++;
        }
    }
    return graphics == DV_GRAPHICS_HALF && !dv_screen_offers(screen, graphics) ? DV_GRAPHICS_ASCII : graphics;
}

/* Colours of what is not written by ncurses. tmux takes any colour and makes of it the nearest that the terminal
 * outside has: then the better choice is ours. */
static dv_color_depth depth_of_pictures(const dv_screen *screen)
{
    const char *said = getenv("COLORTERM");
    bool promised = said && (strcmp(said, "truecolor") == 0 || strcmp(said, "24bit") == 0);
    bool more = promised || screen->events.capabilities.true_color;
    return more && screen->depth != DV_COLOR_NONE && !dv_screen_inside_tmux(screen) ? DV_COLOR_TRUE : screen->depth;
}

static dv_brush brush_of(const dv_screen *screen)
{
    int registers = screen->events.capabilities.registers;
    return (dv_brush){
        .depth = depth_of_pictures(screen),
        .registers = registers > 0 && registers < DV_PALETTE_MAX ? registers : DV_PALETTE_MAX,
        .background = screen->depth == DV_COLOR_256 ? DV_SCREEN_BACKGROUND : -1,
    };
}

bool dv_screen_conclude(dv_screen *screen)
{
    const dv_capabilities *said = &screen->events.capabilities;
    int width = GUESSED_CELL_WIDTH, height = GUESSED_CELL_HEIGHT, cell_width, cell_height;
    screen->cell_known = dv_reply_cell(said, &screen->window, &cell_width, &cell_height);
    if (screen->cell_known) {
        width = cell_width;
        height = cell_height;
    }
    dv_graphics graphics = choose(screen);
    dv_brush brush = brush_of(screen);
    bool changed = graphics != screen->graphics || width != screen->cell_width || height != screen->cell_height ||
                   brush.depth != screen->brush.depth || said->limit_width != screen->limit_width ||
                   said->limit_height != screen->limit_height;
    screen->graphics = graphics;
    screen->protocol = dv_protocol_of(graphics);
    screen->brush = brush;
    screen->cell_width = width;
    screen->cell_height = height;
    screen->limit_width = said->limit_width;
    screen->limit_height = said->limit_height;
    if (said->answered && !screen->answered) { /* it may be late, but it talks */
        screen->pace.silent = false;
    }
    screen->answered = said->answered;
    screen->repaint |= changed;
    return changed;
}

void dv_screen_cell(const dv_screen *screen, int *width, int *height)
{
    *width = screen->protocol->cell_width ? screen->protocol->cell_width : screen->cell_width;
    *height = screen->protocol->cell_height ? screen->protocol->cell_height : screen->cell_height;
}

double dv_screen_pixel_aspect(const dv_screen *screen)
{
    int width, height; /* a character is twice as high as wide where the font is not known */
    double cell = screen->cell_known ? (double)screen->cell_width / screen->cell_height : 0.5;
    dv_screen_cell(screen, &width, &height);
    return screen->protocol->overlay ? 1 : cell * height / width;
}

dv_graphics dv_screen_graphics(const dv_screen *screen)
{
    return screen->graphics;
}

void dv_screen_set_graphics(dv_screen *screen, dv_graphics graphics)
{
    screen->wanted_graphics = graphics;
    dv_screen_conclude(screen);
    screen->repaint = true;
    screen->pending = false; /* it was composed for the graphics before */
}

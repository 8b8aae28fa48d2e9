#include "term/screen.h"
#include "base/error.h"
#include "term/kitty.h"
#include "term/mouse.h"
#include "term/screen_private.h"
#include "term/text.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* What ncurses does: text, and whatever else stands in cells. How pictures live with it is told in frame.c. */

enum {
    BACKGROUND = DV_SCREEN_BACKGROUND,
    FILL_FIRST = '!', /* fill glyphs: this and the next ones */
    FILL_GLYPHS = 90, /* more than rows that look alike within reach of a scroll */
};

/* ---- styles --------------------------------------------------------------------- */

/* Colours of xterm's 256, of the first 8 where there are no more, attributes where there are none. Good, warning and
 * bad differ in lightness too. */
static const struct {
    int color, paper, ansi, ansi_paper;
    attr_t with_color, without;
} styles[DV_STYLE_COUNT] = {
    [DV_STYLE_TEXT] = {252, BACKGROUND, COLOR_WHITE, COLOR_BLACK, A_NORMAL, A_NORMAL},
    [DV_STYLE_DIM] = {245, BACKGROUND, COLOR_WHITE, COLOR_BLACK, A_NORMAL, A_DIM},
    [DV_STYLE_TITLE] = {117, BACKGROUND, COLOR_CYAN, COLOR_BLACK, A_BOLD, A_BOLD},
    [DV_STYLE_KEY] = {222, BACKGROUND, COLOR_YELLOW, COLOR_BLACK, A_BOLD, A_BOLD},
    [DV_STYLE_SELECTED] = {BACKGROUND, 117, COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [DV_STYLE_GOOD] = {79, BACKGROUND, COLOR_GREEN, COLOR_BLACK, A_NORMAL, A_NORMAL},
    [DV_STYLE_WARNING] = {220, BACKGROUND, COLOR_YELLOW, COLOR_BLACK, A_BOLD, A_BOLD},
    [DV_STYLE_BAD] = {203, BACKGROUND, COLOR_RED, COLOR_BLACK, A_BOLD, A_BOLD | A_UNDERLINE},
    [DV_STYLE_BAR] = {75, BACKGROUND, COLOR_CYAN, COLOR_BLACK, A_NORMAL, A_NORMAL},
    [DV_STYLE_BAR_2] = {215, BACKGROUND, COLOR_YELLOW, COLOR_BLACK, A_NORMAL, A_DIM},
};

static int pair_of(const dv_screen *screen, int foreground, int background)
{
    int pair = screen->depth == DV_COLOR_NONE ? 0 : alloc_pair(foreground, background);
    return pair < 0 ? 0 : pair;
}

static int color_of(const dv_screen *screen, int color, int ansi)
{
    return screen->depth == DV_COLOR_TRUE ? dv_color_from_256(color) : screen->depth == DV_COLOR_256 ? color : ansi;
}

static int background_of(const dv_screen *screen)
{
    return color_of(screen, BACKGROUND, COLOR_BLACK);
}

static attr_t protection(const dv_screen *screen)
{
    return screen->protocol->overlay ? A_PROTECT : A_NORMAL;
}

static void style_of(const dv_screen *screen, dv_style style, attr_t *attributes, int *pair)
{
    *attributes =
        protection(screen) | (screen->depth == DV_COLOR_NONE ? styles[style].without : styles[style].with_color);
    *pair = pair_of(screen, color_of(screen, styles[style].color, styles[style].ansi),
                    color_of(screen, styles[style].paper, styles[style].ansi_paper));
}

static void put(int row, int column, const wchar_t *text, attr_t attributes, int pair)
{
    cchar_t cell;
    if (setcchar(&cell, text, attributes, 0, &pair) == OK) {
        mvadd_wch(row, column, &cell);
    }
}

void dv_screen_put_fill(dv_screen *screen, int row, int column)
{
    int background = background_of(screen);
    wchar_t text[2] = {(wchar_t)(FILL_FIRST + row % FILL_GLYPHS), 0};
    attr_t hidden = screen->depth == DV_COLOR_NONE ? A_INVIS : A_NORMAL;
    put(row, column, text, protection(screen) | hidden, pair_of(screen, background, background));
}

void dv_screen_put_dot(dv_screen *screen, int row, int column, char character, const uint8_t rgb[3])
{
    bool few = screen->depth == DV_COLOR_TRUE; /* pairs of colours: there is room for thousands, not for millions */
    int number = dv_color_number(rgb, few ? DV_COLOR_256 : screen->depth, column, row);
    wchar_t text[2] = {(wchar_t)character, 0};
    put(row, column, text, protection(screen),
        pair_of(screen, few ? dv_color_from_256(number) : number, background_of(screen)));
}

/* ---- ncurses ------------------------------------------------------------------- */

/* A capability of the terminal, without the padding that only devices on a wire needed. */
static void append_capability(dv_bytes *bytes, const char *name)
{
    const char *text = tigetstr(name);
    if (!text || text == (const char *)-1) {
        return;
    }
    while (*text) {
        const char *padding = strstr(text, "$<");
        size_t length = padding ? (size_t)(padding - text) : strlen(text);
        dv_bytes_append(bytes, text, length);
        const char *end = padding ? strchr(padding, '>') : NULL;
        text = end ? end + 1 : text + length + (padding ? strlen(padding) : 0);
    }
}

void dv_screen_prepare_leave(dv_screen *screen)
{
    dv_bytes_clear(&screen->leave);
    dv_bytes_text(&screen->leave, "\033\\"); /* ends what may have been cut off in the middle */
    dv_bytes_text(&screen->leave, "\033[?2026l" DV_MOUSE_OFF);
    if (screen->events.capabilities.kitty) { /* which would keep the pictures in memory */
        dv_bytes_text(&screen->leave, DV_KITTY_DELETE_ALL);
    }
    append_capability(&screen->leave, "sgr0");
    append_capability(&screen->leave, "op");
    append_capability(&screen->leave, "cnorm");
    size_t before = screen->leave.size;
    append_capability(&screen->leave, "rmcup");
    if (screen->leave.size == before) { /* no alternate screen: leave all where it is and go below it */
        dv_bytes_text(&screen->leave, "\033[999;1H\r\n");
    }
}

static void prepare_enter(dv_screen *screen)
{
    append_capability(&screen->enter, "smcup");
    append_capability(&screen->enter, "sgr0");
    append_capability(&screen->enter, "smam");
    append_capability(&screen->enter, "civis");
}

static dv_color_depth depth_of_terminal(void)
{
    static const dv_color_depth depths[] = {DV_COLOR_TRUE, DV_COLOR_256, DV_COLOR_16, DV_COLOR_8};
    const char *no_color = getenv("NO_COLOR");
    if ((no_color && *no_color) || !has_colors() || start_color() != OK) {
        return DV_COLOR_NONE;
    }
    for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
        if (COLORS >= (int)depths[i]) {
            return depths[i];
        }
    }
    return DV_COLOR_NONE;
}

bool dv_screen_open_text(dv_screen *screen, dv_error *error)
{
    const char *term = getenv("TERM");
    setlocale(LC_CTYPE, "");
    screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    int fd = dv_scratch_open();
    screen->sink = fd < 0 ? NULL : fdopen(fd, "w");
    if (!screen->sink) {
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory for the screen");
    }
    use_env(FALSE); /* the size comes from dv_screen_resize; until then anything will do */
    use_tioctl(TRUE);
    screen->curses = term && *term ? newterm(NULL, screen->sink, stdin) : NULL;
    const char *move = screen->curses ? tigetstr("cup") : NULL;
    if (!move || move == (const char *)-1) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "TERM is \"%s\", which is no known terminal that can move its cursor; set TERM to what "
                            "yours is, often xterm-256color",
                            term ? term : "");
    }
    nonl();
    curs_set(0);
    typeahead(-1);
    idlok(stdscr, FALSE);
    idcok(stdscr, FALSE);
    leaveok(stdscr, TRUE);
    screen->depth = depth_of_terminal();
    prepare_enter(screen);
    dv_screen_prepare_leave(screen);
    doupdate(); /* brings what ncurses says at its start, which takes the screen to be 24 rows high */
    dv_scratch_take(fd, &screen->frame);
    if (screen->enter.failed || screen->leave.failed) {
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory for the screen");
    }
    return true;
}

void dv_screen_close_text(dv_screen *screen)
{
    if (screen->curses) {
        delscreen(screen->curses);
    }
    if (screen->sink) {
        fclose(screen->sink);
    }
    dv_slots_free(&screen->wanted);
    dv_slots_free(&screen->shown);
    dv_bytes_free(&screen->enter);
    dv_bytes_free(&screen->leave);
    dv_bytes_free(&screen->frame);
}

void dv_screen_resize(dv_screen *screen)
{
    resize_term(screen->window.ws_row, screen->window.ws_col);
}

void dv_screen_blank(dv_screen *screen)
{
    cchar_t blank;
    attr_t attributes;
    int pair;
    style_of(screen, DV_STYLE_TEXT, &attributes, &pair);
    setcchar(&blank, L" ", attributes, 0, &pair);
    bkgrndset(&blank);
    erase();
}

void dv_screen_rewrite(const dv_rectangle *place)
{
    WINDOW *window = derwin(stdscr, place->rows, place->columns, place->row, place->column);
    if (window) {
        wredrawln(window, 0, place->rows);
        delwin(window);
    }
}

void dv_screen_rewrite_all(void)
{
    clearok(curscr, TRUE);
}

void dv_screen_stage_text(void)
{
    wnoutrefresh(stdscr);
}

bool dv_screen_writes_row(int row)
{
    return is_linetouched(newscr, row) || is_linetouched(curscr, row);
}

void dv_screen_update_text(dv_screen *screen)
{
    doupdate();
    dv_scratch_take(fileno(screen->sink), &screen->frame);
}

void dv_screen_enter(dv_screen *screen)
{
    dv_bytes_clear(&screen->frame);
    dv_bytes_append(&screen->frame, screen->enter.data, screen->enter.size);
    if (screen->mouse) {
        dv_bytes_text(&screen->frame, DV_MOUSE_ON);
    }
    dv_screen_rewrite_all();
    dv_screen_stage_text();
    dv_screen_update_text(screen);
    dv_tty_write(&screen->tty, screen->frame.data, screen->frame.size);
    dv_slots_clear(&screen->shown);
    screen->repaint = true;
}

/* ---- text ------------------------------------------------------------------------- */

int dv_screen_rows(const dv_screen *screen)
{
    return screen->window.ws_row;
}

int dv_screen_columns(const dv_screen *screen)
{
    return screen->window.ws_col > 1 ? screen->window.ws_col - 1 : 1;
}

int dv_screen_room(const dv_screen *screen, int row, int column, int width)
{
    if (row < 0 || row >= dv_screen_rows(screen) || column < 0 || column >= dv_screen_columns(screen)) {
        return 0;
    }
    int room = dv_screen_columns(screen) - column;
    return width > 0 && width < room ? width : room;
}

static void cover(dv_screen *screen, int row, int column, int columns)
{
    dv_rectangle place = {.row = row, .column = column, .rows = 1, .columns = columns};
    dv_slots_cover(&screen->wanted, &place);
}

/* As much of the text as there is room for; returns the columns used. */
static int put_text(dv_screen *screen, int row, int column, int room, attr_t attributes, int pair, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t size = strlen(text);
    int used = 0;
    while (size > 0) {
        wchar_t cluster[DV_CLUSTER_SIZE];
        int cells = dv_text_cluster(&at, &size, screen->utf8, cluster);
        if (used + cells > room) {
            break;
        }
        if (cells > 0) {
            put(row, column + used, cluster, attributes, pair);
            used += cells;
        }
    }
    if (used > 0) {
        cover(screen, row, column, used);
    }
    return used;
}

static int put_format(dv_screen *screen, int row, int column, int width, attr_t attributes, int pair,
                      const char *format, va_list arguments)
{
    char text[DV_SCREEN_TEXT_SIZE];
    if (vsnprintf(text, sizeof text, format, arguments) < 0) {
        text[0] = '\0';
    }
    return put_text(screen, row, column, dv_screen_room(screen, row, column, width), attributes, pair, text);
}

int dv_screen_text(dv_screen *screen, int row, int column, int width, dv_style style, const char *format, ...)
{
    attr_t attributes;
    int pair;
    style_of(screen, style, &attributes, &pair);
    va_list arguments;
    va_start(arguments, format);
    int used = put_format(screen, row, column, width, attributes, pair, format, arguments);
    va_end(arguments);
    return used;
}

int dv_screen_text_on(dv_screen *screen, int row, int column, int width, dv_style style, const uint8_t ink[3],
                      const uint8_t paper[3], const char *format, ...)
{
    attr_t attributes;
    int pair;
    style_of(screen, style, &attributes, &pair);
    if (screen->depth >= DV_COLOR_256) {
        attributes = protection(screen);
        pair = pair_of(screen, dv_color_number(ink, screen->depth, 0, 0), dv_color_number(paper, screen->depth, 0, 0));
    }
    va_list arguments;
    va_start(arguments, format);
    int used = put_format(screen, row, column, width, attributes, pair, format, arguments);
    va_end(arguments);
    return used;
}

void dv_screen_bar(dv_screen *screen, int row, int column, int width, dv_style style, double fraction)
{
    int room = dv_screen_room(screen, row, column, width), pair;
    attr_t attributes;
    if (width <= 0 || room <= 0) {
        return;
    }
    style_of(screen, style, &attributes, &pair);
    double part = fraction > 0 ? fraction < 1 ? fraction : 1 : 0; /* NaN is nothing */
    int eighths = (int)(part * width * 8 + 0.5);
    if (!screen->utf8) {
        eighths = (eighths + 4) / 8 * 8;
    }
    for (int i = 0; i < room; i++, eighths -= 8) {
        /* U+2588 is a full block, U+2589 seven eighths of it, and so on. */
        wchar_t full = screen->utf8 ? 0x2588 : L'#';
        wchar_t text[2] = {eighths >= 8 ? full : eighths > 0 ? 0x2590 - eighths : L' ', 0};
        put(row, column + i, text, attributes, pair);
    }
    cover(screen, row, column, room);
}

#include "term/screen.h"
#include "base/error.h"
#include "base/file.h"
#include "term/mouse.h"
#include "term/palette.h"
#include "term/screen_private.h"
#include "term/sixel.h"
#include "term/text.h"

#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* How text and sixel pictures live on one screen. ncurses knows nothing of pictures, and each of these rules keeps it,
 * or a terminal, from moving, cutting or keeping pixels that it should not:
 *
 * - The cells under a picture hold ASCII glyphs in the colour of their background. To ncurses they are text, so it
 *   never clears them in passing; written anew, they erase the picture in every terminal (and in tmux's memory).
 * - The glyph differs from row to row, and so does one in the last column of every row, the gutter, which is not given
 *   to views: no two rows are ever alike, so ncurses never scrolls.
 * - Every cell carries A_PROTECT, which no terminal shows, but which makes a blank cell more than an erased one: runs
 *   of them are written as spaces instead of erased to the end of the line.
 * - The background is one of the 256 colours and above the first 16: only such cells hide a picture in Konsole.
 * - ncurses writes into a file in memory. A frame is its bytes, inside a synchronised update, then the pictures,
 * outside (tmux would paint the text over them), sent with one loop of writes.
 * - A picture is sent as: save cursor, move, a space and back (which drops tmux's copy of the picture before), sixels,
 *   restore cursor. It never touches the last row, where terminals scroll. */

enum {
    BACKGROUND = 16,  /* of xterm's 256: black */
    FILL_FIRST = '!', /* fill glyphs: this and the next ones */
    FILL_GLYPHS = 90, /* more than rows that look alike within reach of a scroll */
    NARROW = 16,      /* columns that ncurses might rather write anew than jump over */
    PAIRS_WORTH_RESETTING = 1024,
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

static int pair_of(dv_screen *screen, int foreground, int background)
{
    if (screen->depth == DV_COLOR_NONE) {
        return 0;
    }
    int pair = alloc_pair(foreground, background);
    /* A full table makes every lookup slow. */
    screen->pairs_full |= COLOR_PAIRS >= PAIRS_WORTH_RESETTING && pair > COLOR_PAIRS / 4 * 3;
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
    return screen->graphics == DV_GRAPHICS_SIXEL ? A_PROTECT : A_NORMAL;
}

static void style_of(dv_screen *screen, dv_style style, attr_t *attributes, int *pair)
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

/* The cell under a picture, and of the gutter: row-unique and invisible. */
static void put_fill(dv_screen *screen, int row, int column)
{
    int background = background_of(screen);
    wchar_t text[2] = {(wchar_t)(FILL_FIRST + row % FILL_GLYPHS), 0};
    attr_t hidden = screen->depth == DV_COLOR_NONE ? A_INVIS : A_NORMAL;
    put(row, column, text, protection(screen) | hidden, pair_of(screen, background, background));
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

static void prepare_enter_and_leave(dv_screen *screen)
{
    append_capability(&screen->enter, "smcup");
    append_capability(&screen->enter, "sgr0");
    append_capability(&screen->enter, "smam");
    append_capability(&screen->enter, "civis");
    dv_bytes_text(&screen->leave, "\033\\\033[?2026l" DV_MOUSE_OFF); /* ends what may have been cut off in the middle */
    append_capability(&screen->leave, "sgr0");
    append_capability(&screen->leave, "op");
    append_capability(&screen->leave, "cnorm");
    size_t before = screen->leave.size;
    append_capability(&screen->leave, "rmcup");
    if (screen->leave.size == before) { /* no alternate screen: leave all where it is and go below it */
        dv_bytes_text(&screen->leave, "\033[999;1H\r\n");
    }
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
    prepare_enter_and_leave(screen);
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

/* Appends to the frame what ncurses has to say. */
static void update_text(dv_screen *screen)
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
    clearok(curscr, TRUE);
    wnoutrefresh(stdscr);
    update_text(screen);
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

/* Columns from `column` that `width` (0: all) leaves of the screen; 0 or less when there are none. */
static int room_for(const dv_screen *screen, int row, int column, int width)
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

int dv_screen_text(dv_screen *screen, int row, int column, int width, dv_style style, const char *format, ...)
{
    char text[DV_SCREEN_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    int room = room_for(screen, row, column, width), used = 0, pair;
    attr_t attributes;
    style_of(screen, style, &attributes, &pair);
    const unsigned char *at = (const unsigned char *)text;
    size_t size = length < 0 ? 0 : strlen(text);
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

void dv_screen_bar(dv_screen *screen, int row, int column, int width, dv_style style, double fraction)
{
    int room = room_for(screen, row, column, width), pair;
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

/* ---- pictures ----------------------------------------------------------------------- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static void put_blocks(dv_screen *screen, const dv_rectangle *place, const dv_image *image)
{
    bool half = screen->graphics == DV_GRAPHICS_HALF;
    int rows = smaller(place->rows, half ? (image->height + 1) / 2 : image->height);
    int columns = smaller(place->columns, image->width);
    for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
            dv_cell cell = half ? dv_block_half(image, row, column, screen->depth)
                                : dv_block_ascii(image, row, column, screen->depth);
            wchar_t text[2] = {(wchar_t)cell.character, 0};
            int background = cell.background < 0 ? background_of(screen) : cell.background;
            put(place->row + row, place->column + column, text, protection(screen),
                pair_of(screen, cell.foreground, background));
        }
    }
}

static void put_slot(dv_screen *screen, const dv_rectangle *place, const dv_image *image)
{
    const dv_rectangle *taken = dv_slots_add(&screen->wanted, place, image, screen->cell_width, screen->cell_height,
                                             screen->limit_width, screen->limit_height);
    for (int row = 0; taken && row < taken->rows; row++) {
        for (int column = 0; column < taken->columns; column++) {
            put_fill(screen, taken->row + row, taken->column + column);
        }
    }
}

void dv_screen_picture(dv_screen *screen, int row, int column, int rows, int columns, const dv_image *image)
{
    dv_rectangle place = {
        .row = row,
        .column = column,
        .rows = smaller(rows, dv_screen_rows(screen) - 1 - row),
        .columns = smaller(columns, room_for(screen, row, column, 0)),
    };
    if (place.rows <= 0 || place.columns <= 0) {
        return;
    }
    switch (screen->graphics) {
    case DV_GRAPHICS_SIXEL:
        put_slot(screen, &place, image);
        break;
    case DV_GRAPHICS_HALF:
    case DV_GRAPHICS_ASCII:
        put_blocks(screen, &place, image);
        break;
    default:
        break;
    }
}

/* ---- frames --------------------------------------------------------------------------- */

void dv_screen_begin(dv_screen *screen)
{
    cchar_t blank;
    attr_t attributes;
    int pair;
    if (screen->pairs_full) {
        reset_color_pairs();
        screen->pairs_full = false;
        screen->repaint = true;
    }
    style_of(screen, DV_STYLE_TEXT, &attributes, &pair);
    setcchar(&blank, L" ", attributes, 0, &pair);
    bkgrndset(&blank);
    erase();
    dv_slots_clear(&screen->wanted);
    if (screen->graphics == DV_GRAPHICS_SIXEL && screen->window.ws_col > 1) {
        for (int row = 0; row < dv_screen_rows(screen) - 1; row++) { /* the last cell of all would scroll */
            put_fill(screen, row, screen->window.ws_col - 1);
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

int64_t dv_screen_frame_bytes(const dv_screen *screen)
{
    return screen->frame_bytes;
}

/* Makes ncurses write these cells anew, whatever it thinks they hold. */
static void rewrite(const dv_rectangle *place)
{
    WINDOW *window = derwin(stdscr, place->rows, place->columns, place->row, place->column);
    if (window) {
        wredrawln(window, 0, place->rows);
        delwin(window);
    }
}

/* Decides what is sent; text is ready for update_text after it. */
static void plan_frame(dv_screen *screen)
{
    bool all_moved = dv_slots_compare(&screen->wanted, &screen->shown);
    bool everything = screen->repaint || all_moved; /* a new view: some terminals free old pictures only when cleared */
    if (everything) {
        clearok(curscr, TRUE);
    } else {
        for (int i = 0; i < screen->shown.count; i++) {
            if (screen->shown.slot[i].send) {
                rewrite(&screen->shown.slot[i].place);
            }
        }
    }
    wnoutrefresh(stdscr);
    for (int i = 0; i < screen->wanted.count; i++) {
        dv_slot *slot = &screen->wanted.slot[i];
        slot->send |= everything && !slot->covered;
        for (int row = slot->place.row; row < slot->place.row + slot->place.rows; row++) {
            bool touched = is_linetouched(newscr, row) || is_linetouched(curscr, row);
            slot->send |= touched && slot->place.columns < NARROW && !slot->covered;
        }
    }
    screen->repaint = false;
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
    update_text(screen);
    if (screen->frame.size == before) {
        screen->frame.size = start;
    } else if (synchronized) {
        dv_bytes_text(&screen->frame, end);
    }
}

static void append_picture(dv_screen *screen, const dv_slot *slot)
{
    int registers = screen->events.capabilities.registers;
    size_t start = screen->frame.size;
    dv_bytes_format(&screen->frame, "\0337\033[%d;%dH", slot->place.row + 1, slot->place.column + 1);
    if (screen->depth == DV_COLOR_256) {
        dv_bytes_format(&screen->frame, "\033[48;5;%dm", BACKGROUND);
    }
    dv_bytes_text(&screen->frame, " \b\033[m");
    if (dv_sixel_encode(&slot->image, registers ? registers : DV_PALETTE_MAX, DV_SIXEL_LIMIT, &screen->frame, NULL)) {
        dv_bytes_text(&screen->frame, "\0338");
    } else {
        screen->frame.size = start;
    }
}

void dv_screen_flush(dv_screen *screen)
{
    screen->pending = false;
    dv_bytes_clear(&screen->frame);
    plan_frame(screen);
    append_text(screen);
    for (int i = 0; i < screen->wanted.count; i++) {
        if (screen->wanted.slot[i].send) {
            append_picture(screen, &screen->wanted.slot[i]);
        }
    }
    dv_slots_settle(&screen->wanted, &screen->shown);
    if (screen->frame.failed) { /* no memory: half a frame is worse than none */
        screen->repaint = true;
        screen->frame.size = 0;
    }
    if (screen->frame.size > 0 && dv_pace_sent(&screen->pace, screen->frame.size, dv_clock_ms())) {
        dv_bytes_text(&screen->frame, DV_PACE_QUESTION);
    }
    screen->frame_bytes = (int64_t)screen->frame.size;
    dv_tty_write(&screen->tty, screen->frame.data, screen->frame.size);
}

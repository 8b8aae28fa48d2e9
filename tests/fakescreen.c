#include "fakescreen.h"
#include "fakesixel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUND, AFTER_ESCAPE, CHARSET, CONTROL, STRING, STRING_ESCAPE, CHARACTER };
enum { MAX_PARAMETERS = 16 };

static void complain(fakescreen *screen, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void complain(fakescreen *screen, const char *format, ...)
{
    va_list arguments;
    if (screen->resized || screen->lenient) { /* what comes may still be meant for the old size */
        return;
    }
    va_start(arguments, format);
    if (screen->complaints++ == 0) {
        vsnprintf(screen->complaint, sizeof screen->complaint, format, arguments);
    }
    va_end(arguments);
}

static void *need(void *memory)
{
    if (!memory) {
        abort();
    }
    return memory;
}

/* ---- cells and pixels ------------------------------------------------------------- */

static const fakecell blank = {.character = ' ', .foreground = -1, .background = -1};

static void open_grid(fakescreen *screen, fakegrid *grid)
{
    size_t count = (size_t)screen->rows * (size_t)screen->columns;
    grid->cell = need(calloc(count, sizeof *grid->cell));
    for (size_t i = 0; i < count; i++) {
        grid->cell[i] = blank;
    }
    grid->pen = grid->saved_pen = blank;
}

static size_t pixel_count(const fakescreen *screen)
{
    return (size_t)(screen->rows * screen->cell_height) * (size_t)(screen->columns * screen->cell_width);
}

static void open_planes(fakescreen *screen)
{
    open_grid(screen, &screen->main);
    open_grid(screen, &screen->alternate);
    screen->pixel = need(calloc(pixel_count(screen), 3));
    screen->painted = need(calloc(pixel_count(screen), sizeof *screen->painted));
}

static void close_planes(fakescreen *screen)
{
    free(screen->main.cell);
    free(screen->alternate.cell);
    free(screen->pixel);
    free(screen->painted);
}

void fakescreen_open(fakescreen *screen, int rows, int columns, int cell_width, int cell_height)
{
    memset(screen, 0, sizeof *screen);
    screen->rows = screen->bottom = rows;
    screen->columns = columns;
    screen->cell_width = cell_width;
    screen->cell_height = cell_height;
    screen->cursor_visible = screen->autowrap = true;
    screen->grid = &screen->main;
    open_planes(screen);
}

void fakescreen_close(fakescreen *screen)
{
    close_planes(screen);
    fakekitty_clear(&screen->kitty);
    free(screen->kitty.data);
    free(screen->sequence);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Keeps the upper left of the text; pictures are gone, as in tmux. */
void fakescreen_resize(fakescreen *screen, int rows, int columns)
{
    fakescreen old = *screen;
    screen->rows = screen->bottom = rows;
    screen->columns = columns;
    screen->top = 0;
    screen->resized = true;
    fakekitty_clear(&screen->kitty);
    open_planes(screen);
    fakegrid *const grids[2][2] = {{&screen->main, &old.main}, {&screen->alternate, &old.alternate}};
    for (int g = 0; g < 2; g++) {
        fakegrid *to = grids[g][0], *from = grids[g][1];
        for (int row = 0; row < smaller(rows, old.rows); row++) {
            memcpy(to->cell + row * columns, from->cell + row * old.columns,
                   (size_t)smaller(columns, old.columns) * sizeof *to->cell);
        }
        to->row = smaller(from->row, rows - 1);
        to->column = smaller(from->column, columns - 1);
        to->pen = from->pen;
        to->wrap = false;
    }
    close_planes(&old);
}

static fakecell *cell_at(fakescreen *screen, int row, int column)
{
    return &screen->grid->cell[row * screen->columns + column];
}

static void unpaint(fakescreen *screen, int row, int column)
{
    size_t stride = (size_t)(screen->columns * screen->cell_width);
    for (int y = 0; screen->grid == &screen->alternate && y < screen->cell_height; y++) {
        size_t at = (size_t)(row * screen->cell_height + y) * stride + (size_t)(column * screen->cell_width);
        memset(screen->painted + at, 0, (size_t)screen->cell_width * sizeof *screen->painted);
    }
}

static void erase(fakescreen *screen, int row, int from, int to)
{
    for (int column = from; column < to && column < screen->columns; column++) {
        fakecell *cell = cell_at(screen, row, column);
        *cell = blank;
        cell->background = screen->grid->pen.background;
        unpaint(screen, row, column);
    }
}

static bool has_pictures(const fakescreen *screen)
{
    return screen->grid == &screen->alternate &&
           (screen->kitty.count > 0 || memchr(screen->painted, true, pixel_count(screen)));
}

/* Rows top .. bottom - 1 go up by some lines, or down; pictures would go with them. */
static void shift(fakescreen *screen, int top, int bottom, int lines)
{
    int height = bottom - top, kept = height - smaller(height, abs(lines));
    int from = lines > 0 ? bottom - kept : top, to = lines > 0 ? top : bottom - kept;
    if (has_pictures(screen)) {
        complain(screen, "rows with pictures among them are moved");
    }
    memmove(cell_at(screen, to, 0), cell_at(screen, from, 0), (size_t)(kept * screen->columns) * sizeof(fakecell));
    for (int row = top; row < bottom; row++) {
        if (row < to || row >= to + kept) {
            erase(screen, row, 0, screen->columns);
        }
    }
}

static void move(fakescreen *screen, int row, int column)
{
    screen->grid->row = row < 0 ? 0 : smaller(row, screen->rows - 1);
    screen->grid->column = column < 0 ? 0 : smaller(column, screen->columns - 1);
    screen->grid->wrap = false;
}

static void line_feed(fakescreen *screen)
{
    if (screen->grid->row == screen->bottom - 1) {
        shift(screen, screen->top, screen->bottom, 1);
    } else if (screen->grid->row < screen->rows - 1) {
        screen->grid->row++;
    }
}

static void print(fakescreen *screen, uint32_t character)
{
    fakegrid *grid = screen->grid;
    if (grid->wrap) {
        grid->column = 0;
        line_feed(screen);
        grid->wrap = false;
    }
    fakecell *cell = cell_at(screen, grid->row, grid->column);
    *cell = grid->pen;
    cell->character = character;
    unpaint(screen, grid->row, grid->column);
    /* East Asian wide characters, roughly: enough for the tests. */
    bool wide = (character >= 0x1100 && character <= 0x115f) || (character >= 0x2e80 && character <= 0xffdc) ||
                character >= 0x1f300;
    if (wide && grid->column + 1 < screen->columns) {
        grid->column++;
        *cell_at(screen, grid->row, grid->column) = grid->pen;
        cell_at(screen, grid->row, grid->column)->character = 0;
        unpaint(screen, grid->row, grid->column);
    }
    if (grid->column == screen->columns - 1) {
        grid->wrap = screen->autowrap;
    } else {
        grid->column++;
    }
}

void fakescreen_row(const fakescreen *screen, int row, char *text)
{
    char *end = text, *at = text;
    for (int column = 0; column < screen->columns; column++) {
        const fakecell *cell = &screen->grid->cell[row * screen->columns + column];
        bool invisible = cell->hidden || (cell->foreground >= 0 && cell->foreground == cell->background);
        uint32_t c = invisible ? ' ' : cell->character;
        if (c == 0) {
            continue;
        }
        if (c < 0x80) {
            *at++ = (char)c;
        } else if (c < 0x800) {
            *at++ = (char)(0xc0 | c >> 6);
            *at++ = (char)(0x80 | (c & 0x3f));
        } else if (c < 0x10000) {
            *at++ = (char)(0xe0 | c >> 12);
            *at++ = (char)(0x80 | (c >> 6 & 0x3f));
            *at++ = (char)(0x80 | (c & 0x3f));
        } else {
            *at++ = (char)(0xf0 | c >> 18);
            *at++ = (char)(0x80 | (c >> 12 & 0x3f));
            *at++ = (char)(0x80 | (c >> 6 & 0x3f));
            *at++ = (char)(0x80 | (c & 0x3f));
        }
        end = c == ' ' ? end : at;
    }
    *end = 0;
}

const uint8_t *fakescreen_pixel(const fakescreen *screen, int x, int y)
{
    size_t at = (size_t)y * (size_t)(screen->columns * screen->cell_width) + (size_t)x;
    for (int i = 0; i < screen->kitty.count; i++) {
        const fakeplacement *p = &screen->kitty.placement[i];
        int left = x - p->column * screen->cell_width, top = y - p->row * screen->cell_height;
        if (left >= 0 && left < p->width && top >= 0 && top < p->height) {
            return p->pixel + 3 * ((size_t)top * (size_t)p->width + (size_t)left);
        }
    }
    return screen->painted[at] ? screen->pixel + 3 * at : NULL;
}

/* ---- sixel ------------------------------------------------------------------------- */

/* Whether every pixel of a sixel picture is on the screen already. */
static bool is_vain(const fakescreen *screen, const fakesixel *picture)
{
    int left = screen->grid->column * screen->cell_width, top = screen->grid->row * screen->cell_height;
    int stride = screen->columns * screen->cell_width;
    for (int y = 0; y < picture->height; y++) {
        size_t at = (size_t)(top + y) * (size_t)stride + (size_t)left;
        if (memchr(screen->painted + at, false, (size_t)picture->width * sizeof *screen->painted) ||
            memcmp(screen->pixel + 3 * at, picture->pixel + 3 * (size_t)y * (size_t)picture->width,
                   3 * (size_t)picture->width) != 0) {
            return false;
        }
    }
    return true;
}

static void note_vain(fakescreen *screen, bool vain)
{
    if (vain && screen->picture_count > 0) {
        screen->pictures[screen->picture_count - 1].vain = true;
    }
}

/* Keeps account of it. False if it must not be shown there. */
static bool note_picture(fakescreen *screen, const char *kind, int width, int height, size_t bytes, int colors)
{
    fakegrid *grid = screen->grid;
    int right = grid->column * screen->cell_width + width, bottom = grid->row * screen->cell_height + height;
    if (screen->synchronized || grid != &screen->alternate) {
        complain(screen, "%s: inside a synchronised update, or on the main screen", kind);
    }
    if (bytes >= FAKE_BUDGET) {
        complain(screen, "%s: %zu bytes", kind, bytes);
    }
    if (bottom > (screen->rows - 1) * screen->cell_height || right > screen->columns * screen->cell_width) {
        complain(screen, "%s: %d x %d pixels at row %d, column %d reach the last row or the edge", kind, width, height,
                 grid->row, grid->column);
        return false;
    }
    if (screen->picture_count < FAKE_PICTURES) {
        screen->pictures[screen->picture_count++] = (fakepicture){.row = grid->row,
                                                                  .column = grid->column,
                                                                  .width = width,
                                                                  .height = height,
                                                                  .bytes = bytes,
                                                                  .colors = colors};
    }
    return true;
}

static void show_picture(fakescreen *screen, const fakesixel *picture, size_t bytes)
{
    fakegrid *grid = screen->grid;
    int left = grid->column * screen->cell_width, top = grid->row * screen->cell_height;
    int stride = screen->columns * screen->cell_width;
    if (!note_picture(screen, "sixel", picture->width, picture->height, bytes, picture->colors)) {
        return;
    }
    note_vain(screen, is_vain(screen, picture));
    for (int y = 0; y < picture->height; y++) {
        size_t from = (size_t)y * (size_t)picture->width;
        size_t to = (size_t)(top + y) * (size_t)stride + (size_t)left;
        memcpy(screen->pixel + 3 * to, picture->pixel + 3 * from, 3 * (size_t)picture->width);
        memset(screen->painted + to, true, (size_t)picture->width * sizeof *screen->painted);
    }
    move(screen, (top + picture->height) / screen->cell_height, 0); /* terminals differ; nobody may rely on it */
}

static void sixel(fakescreen *screen, const uint8_t *data, size_t size)
{
    fakesixel picture;
    if (fakesixel_decode(data, size, &picture)) {
        show_picture(screen, &picture, size);
    } else {
        complain(screen, "sixel: %s", picture.complaint);
    }
    fakesixel_clear(&picture);
}

static void kitty_command(fakescreen *screen)
{
    const fakegrid *grid = screen->grid;
    uint32_t id;
    int fine = !screen->kitty.complaint[0];
    fakekitty_result result =
        fakekitty_command(&screen->kitty, screen->sequence + 1, screen->size - 1, grid->row, grid->column, &id);
    if (fine && screen->kitty.complaint[0]) {
        complain(screen, "kitty: %s", screen->kitty.complaint);
    }
    if (result == FAKEKITTY_ASKED && screen->asked_by_kitty) {
        screen->asked_by_kitty(screen->context, id);
    } else if (result == FAKEKITTY_SHOWN) {
        fakeplacement *p = &screen->kitty.placement[screen->kitty.count - 1];
        if (!note_picture(screen, "kitty", p->width, p->height, p->bytes, 0)) {
            screen->kitty.count--;
            free(p->pixel);
        } else {
            note_vain(screen, fakekitty_same_again(&screen->kitty));
        }
    }
}

/* DCS parameters q data, APC G; other strings show nothing, but may ask. */
static void string_ended(fakescreen *screen)
{
    if (screen->sequence[0] == '_') {
        kitty_command(screen);
        return;
    }
    size_t at = 1;
    while (at < screen->size &&
           (screen->sequence[at] == ';' || (screen->sequence[at] >= '0' && screen->sequence[at] <= '9'))) {
        at++;
    }
    if (screen->sequence[0] == 'P' && at < screen->size && screen->sequence[at] == 'q') {
        sixel(screen, screen->sequence + at + 1, screen->size - at - 1);
    } else if (screen->asked_by_string && screen->size < 256) {
        char text[256] = "";
        memcpy(text, screen->sequence + 1, screen->size - 1);
        screen->asked_by_string(screen->context, (char)screen->sequence[0], text);
    }
}

/* ---- control sequences ---------------------------------------------------------------- */

static void set_pen(fakescreen *screen, const int *p, int count)
{
    fakecell *pen = &screen->grid->pen;
    for (int i = 0; i < count || i == 0; i++) {
        int value = count == 0 || p[i] < 0 ? 0 : p[i];
        if (value == 0) {
            *pen = blank;
        } else if (value == 1) {
            pen->bold = true;
        } else if (value == 7) {
            pen->reverse = true;
        } else if (value == 8) {
            pen->hidden = true;
        } else if (value >= 30 && value <= 37) {
            pen->foreground = value - 30;
        } else if (value >= 40 && value <= 47) {
            pen->background = value - 40;
        } else if (value == 39) {
            pen->foreground = -1;
        } else if (value == 49) {
            pen->background = -1;
        } else if ((value == 38 || value == 48) && i + 2 < count && p[i + 1] == 5) {
            *(value == 38 ? &pen->foreground : &pen->background) = p[i + 2];
            i += 2;
        } else if ((value == 38 || value == 48) && i + 4 < count && p[i + 1] == 2) {
            *(value == 38 ? &pen->foreground : &pen->background) = FAKE_RGB | p[i + 2] << 16 | p[i + 3] << 8 | p[i + 4];
            i += 4;
        } else if (value >= 90 && value <= 97) {
            pen->foreground = value - 82;
        } else if (value >= 100 && value <= 107) {
            pen->background = value - 92;
        }
    }
}

static void clear_pictures(fakescreen *screen)
{
    memset(screen->painted, 0, pixel_count(screen) * sizeof *screen->painted);
}

static void set_mode(fakescreen *screen, int mode, bool set)
{
    switch (mode) {
    case 7:
        screen->autowrap = set;
        break;
    case 25:
        screen->cursor_visible = set;
        break;
    case 1002:
        screen->mouse_buttons = set;
        break;
    case 1006:
        screen->mouse_numbers = set;
        break;
    case 1049:
        if (set) {
            screen->main.saved_row = screen->main.row;
            screen->main.saved_column = screen->main.column;
            screen->grid = &screen->alternate;
            for (int row = 0; row < screen->rows; row++) {
                erase(screen, row, 0, screen->columns);
            }
            clear_pictures(screen);
        } else {
            if (screen->kitty.count > 0) {
                complain(screen, "kitty: %d pictures are left in memory", screen->kitty.count);
            }
            screen->grid = &screen->main;
            screen->main.row = screen->main.saved_row;
            screen->main.column = screen->main.saved_column;
            clear_pictures(screen);
        }
        break;
    case 2026:
        if (screen->synchronized && set) {
            complain(screen, "a synchronised update begins inside another");
        }
        if (set) {
            fakekitty_forget(&screen->kitty);
        }
        screen->updates += screen->synchronized && !set;
        screen->synchronized = set;
        break;
    default:
        break;
    }
}

static void erase_display(fakescreen *screen, int what)
{
    fakegrid *grid = screen->grid;
    int first = what == 0 ? grid->row : 0, last = what == 1 ? grid->row : screen->rows - 1;
    for (int row = first; row <= last; row++) {
        erase(screen, row, what == 0 && row == grid->row ? grid->column : 0,
              what == 1 && row == grid->row ? grid->column + 1 : screen->columns);
    }
    if (what >= 2) {
        screen->clears++;
        screen->resized = false;
        clear_pictures(screen);
        fakekitty_clear(&screen->kitty);
    }
}

static void erase_line(fakescreen *screen, int what)
{
    erase(screen, screen->grid->row, what == 0 ? screen->grid->column : 0,
          what == 1 ? screen->grid->column + 1 : screen->columns);
}

static int at_least_one(int value)
{
    return value < 1 ? 1 : value;
}

/* Sequences without marker that draw or move. False: it is none of these. */
static bool draw(fakescreen *screen, char final, const int *p, int count)
{
    fakegrid *grid = screen->grid;
    int n = at_least_one(p[0]);
    switch (final) {
    case 'A':
        move(screen, grid->row - n, grid->column);
        break;
    case 'B':
        move(screen, grid->row + n, grid->column);
        break;
    case 'C':
        move(screen, grid->row, grid->column + n);
        break;
    case 'D':
        move(screen, grid->row, grid->column - n);
        break;
    case 'G':
        move(screen, grid->row, n - 1);
        break;
    case 'd':
        move(screen, n - 1, grid->column);
        break;
    case 'H':
    case 'f':
        move(screen, n - 1, at_least_one(p[1]) - 1);
        break;
    case 'J':
        erase_display(screen, p[0] < 0 ? 0 : p[0]);
        break;
    case 'K':
        erase_line(screen, p[0] < 0 ? 0 : p[0]);
        break;
    case 'X':
        erase(screen, grid->row, grid->column, grid->column + n);
        break;
    case '@':
        if (grid->row != screen->rows - 1) { /* the last cell of a screen can only be written this way */
            complain(screen, "characters are inserted in row %d", grid->row);
        }
        break;
    case 'm':
        set_pen(screen, p, count);
        break;
    case 'L':
    case 'M':
        shift(screen, grid->row, screen->bottom, final == 'M' ? n : -n);
        break;
    case 'S':
    case 'T':
        shift(screen, screen->top, screen->bottom, final == 'S' ? n : -n);
        break;
    case 'r':
        screen->top = smaller(n, screen->rows) - 1;
        screen->bottom = p[1] < 1 ? screen->rows : smaller(p[1], screen->rows);
        move(screen, 0, 0);
        break;
    case 'P':
        complain(screen, "characters are deleted in row %d", grid->row);
        break;
    default:
        return false;
    }
    return true;
}

static void control_ended(fakescreen *screen)
{
    int p[MAX_PARAMETERS], count = 0;
    char marker = 0, intermediate = 0, final = (char)screen->sequence[screen->size - 1];
    size_t at = 0;
    for (int i = 0; i < MAX_PARAMETERS; i++) {
        p[i] = -1;
    }
    if (screen->size > 1 && screen->sequence[0] >= '<' && screen->sequence[0] <= '?') {
        marker = (char)screen->sequence[at++];
    }
    for (; at < screen->size - 1; at++) {
        uint8_t byte = screen->sequence[at];
        if (byte >= '0' && byte <= '9') {
            count = count ? count : 1;
            p[count - 1] = (p[count - 1] < 0 ? 0 : p[count - 1] % 1000000) * 10 + byte - '0';
        } else if (byte == ';' || byte == ':') {
            count = count ? count : 1;
            count = count < MAX_PARAMETERS ? count + 1 : count;
        } else {
            intermediate = (char)byte;
        }
    }
    if (marker == '?' && (final == 'h' || final == 'l') && !intermediate) {
        for (int i = 0; i < count; i++) {
            set_mode(screen, p[i], final == 'h');
        }
    } else if (!marker && !intermediate && draw(screen, final, p, count)) {
        screen->finals[final & 127]++;
    } else if (screen->asked) {
        screen->asked(screen->context, marker, intermediate, final, p, count);
    }
}

static void escape_ended(fakescreen *screen, uint8_t final)
{
    fakegrid *grid = screen->grid;
    switch (final) {
    case '7':
        grid->saved_row = grid->row;
        grid->saved_column = grid->column;
        grid->saved_pen = grid->pen;
        break;
    case '8':
        move(screen, grid->saved_row, grid->saved_column);
        grid->pen = grid->saved_pen;
        break;
    case 'M':
        if (grid->row == screen->top) {
            shift(screen, screen->top, screen->bottom, -1);
        } else {
            move(screen, grid->row - 1, grid->column);
        }
        break;
    default:
        break;
    }
}

/* ---- the parser --------------------------------------------------------------------------- */

static void keep(fakescreen *screen, uint8_t byte)
{
    if (screen->size == screen->capacity) {
        screen->capacity = screen->capacity ? 2 * screen->capacity : 1024;
        screen->sequence = need(realloc(screen->sequence, screen->capacity));
    }
    screen->sequence[screen->size++] = byte;
}

static void ground(fakescreen *screen, uint8_t byte)
{
    fakegrid *grid = screen->grid;
    switch (byte) {
    case 0x1b:
        screen->state = AFTER_ESCAPE;
        return;
    case '\b':
        move(screen, grid->row, grid->column - 1);
        return;
    case '\r':
        move(screen, grid->row, 0);
        return;
    case '\n':
        line_feed(screen);
        return;
    case '\t':
        move(screen, grid->row, grid->column / 8 * 8 + 8);
        return;
    default:
        break;
    }
    if (byte >= 0xc0) {
        screen->size = 0;
        keep(screen, byte);
        screen->state = CHARACTER;
    } else if (byte >= 0x20 && byte < 0x7f) {
        print(screen, byte);
    }
}

static void character(fakescreen *screen, uint8_t byte)
{
    size_t length = screen->sequence[0] >= 0xf0 ? 4 : screen->sequence[0] >= 0xe0 ? 3 : 2;
    if ((byte & 0xc0) != 0x80) {
        complain(screen, "broken UTF-8");
        screen->state = GROUND;
        ground(screen, byte);
        return;
    }
    keep(screen, byte);
    if (screen->size == length) {
        uint32_t value = screen->sequence[0] & (0x7fu >> length);
        for (size_t i = 1; i < length; i++) {
            value = value << 6 | (screen->sequence[i] & 0x3f);
        }
        print(screen, value);
        screen->state = GROUND;
    }
}

static void after_escape(fakescreen *screen, uint8_t byte)
{
    screen->size = 0;
    screen->state = GROUND;
    if (byte == '[') {
        screen->state = CONTROL;
    } else if (byte == 'P' || byte == ']' || byte == '_' || byte == '^') {
        keep(screen, byte);
        screen->state = STRING;
    } else if (byte == '(' || byte == ')') {
        screen->state = CHARSET;
    } else {
        escape_ended(screen, byte);
    }
}

void fakescreen_feed(fakescreen *screen, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = bytes[i];
        switch (screen->state) {
        case AFTER_ESCAPE:
            after_escape(screen, byte);
            break;
        case CHARSET:
            screen->state = GROUND;
            break;
        case CONTROL:
            keep(screen, byte);
            if (byte >= 0x40 && byte <= 0x7e) {
                screen->state = GROUND;
                control_ended(screen);
            }
            break;
        case STRING:
            if (byte == 0x1b) {
                screen->state = STRING_ESCAPE;
            } else {
                keep(screen, byte);
            }
            break;
        case STRING_ESCAPE:
            screen->state = GROUND;
            if (byte == '\\') {
                string_ended(screen);
            }
            break;
        case CHARACTER:
            character(screen, byte);
            break;
        default:
            ground(screen, byte);
            break;
        }
    }
}

void fakescreen_reset_counts(fakescreen *screen)
{
    screen->picture_count = 0;
    screen->updates = screen->clears = 0;
    memset(screen->finals, 0, sizeof screen->finals);
}

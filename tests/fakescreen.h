/* The screen of a terminal, as far as deepvid's bytes need one: cells of text, a plane of pixels under sixel rules,
 * pictures of kitty's protocol over it, and a list of all that no well-behaved program sends. An independent reading of
 * ECMA-48, DEC STD 070 and xterm's ctlseqs: it shares no code with src/term. */
#ifndef DEEPVID_TESTS_FAKESCREEN_H
#define DEEPVID_TESTS_FAKESCREEN_H

#include "fakekitty.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fakecell {
    uint32_t character;         /* ' ' when blank */
    int foreground, background; /* numbers of the 256, -1: default, FAKE_RGB and 0xrrggbb */
    bool hidden, reverse, bold;
} fakecell;

/* One picture as it was drawn. */
typedef struct fakepicture {
    int row, column, width, height; /* cells from 0; pixels */
    size_t bytes;
    int colors;
    bool vain; /* all of it was on the screen already */
} fakepicture;

enum { FAKE_PICTURES = 64, FAKE_COMPLAINT = 160, FAKE_RGB = 0x1000000, FAKE_BUDGET = 512 * 1024 };

typedef struct fakegrid {
    fakecell *cell; /* rows x columns */
    int row, column, saved_row, saved_column;
    fakecell pen, saved_pen;
    bool wrap; /* the last column was written: the next character wraps */
} fakegrid;

typedef struct fakescreen {
    int rows, columns, cell_width, cell_height;
    fakegrid main, alternate, *grid; /* grid: the one in use */
    int top, bottom;                 /* rows that scroll: top .. bottom - 1 */
    uint8_t *pixel;                  /* (rows * cell_height) x (columns * cell_width) x 3, of the alternate screen */
    bool *painted;                   /* which of them a picture has painted, and no text has covered since */
    fakekitty kitty;
    bool cursor_visible, synchronized, autowrap;
    bool mouse_buttons, mouse_numbers; /* modes 1002 and 1006 */
    bool resized;                      /* and not cleared since: nothing is complained about */
    bool lenient;                      /* set by a test: nothing is complained about either */

    /* What has happened since fakescreen_reset_counts. */
    fakepicture pictures[FAKE_PICTURES];
    int picture_count;
    int finals[128];                /* control sequences by final byte, without those that only ask */
    int updates;                    /* synchronised ones, ended */
    int clears;                     /* of the whole screen */
    int complaints;                 /* never reset */
    char complaint[FAKE_COMPLAINT]; /* the first */

    /* Called for sequences that want an answer. */
    void (*asked)(void *context, char marker, char intermediate, char final, const int *parameter, int count);
    void *context;

    /* And for strings: DCS, OSC, APC. */
    void (*asked_by_string)(void *context, char kind, const char *text);
    /* And for kitty's question whether picture `id` can be shown. */
    void (*asked_by_kitty)(void *context, uint32_t id);

    /* Parser. */
    int state;
    uint8_t *sequence; /* the bytes of the sequence that is being read */
    size_t size, capacity;
} fakescreen;

void fakescreen_open(fakescreen *screen, int rows, int columns, int cell_width, int cell_height);
void fakescreen_close(fakescreen *screen);
void fakescreen_resize(fakescreen *screen, int rows, int columns);
void fakescreen_feed(fakescreen *screen, const void *data, size_t size);
void fakescreen_reset_counts(fakescreen *screen);

/* Text of one row as UTF-8, hidden cells as blanks, no blanks at the end; `text` has room for 4 * columns + 1 bytes. */
void fakescreen_row(const fakescreen *screen, int row, char *text);
/* Pixel (x, y) of the screen; NULL where no picture shows. */
const uint8_t *fakescreen_pixel(const fakescreen *screen, int x, int y);

#endif

/* A screen of text and pictures. Text goes through ncurses, pictures are painted
 * around it: sixel where the terminal says it can, half blocks where it cannot.
 * A view never knows which. */
#ifndef DV_TERM_SCREEN_H
#define DV_TERM_SCREEN_H

#include "deepvid.h"
#include "image/image.h"

typedef enum dv_graphics {
    DV_GRAPHICS_AUTO, /* kitty or sixel if the terminal answers that it can, else half blocks */
    DV_GRAPHICS_KITTY,
    DV_GRAPHICS_SIXEL,
    DV_GRAPHICS_HALF,  /* U+2580, two pixels a cell, in as many colours as the terminal has */
    DV_GRAPHICS_ASCII, /* a ramp of characters, no colour needed */
    DV_GRAPHICS_OFF,
} dv_graphics;

const char *dv_graphics_name(dv_graphics graphics); /* "auto", "kitty", "sixel", "half", "ascii", "off" */
bool dv_graphics_parse(const char *name, dv_graphics *graphics);

typedef enum dv_style {
    DV_STYLE_TEXT,
    DV_STYLE_DIM,      /* captions, units */
    DV_STYLE_TITLE,    /* headings of panes */
    DV_STYLE_KEY,      /* a key in the help line */
    DV_STYLE_SELECTED, /* the cursor */
    DV_STYLE_GOOD,
    DV_STYLE_WARNING,
    DV_STYLE_BAD,
    DV_STYLE_BAR,   /* a bar of a value */
    DV_STYLE_BAR_2, /* a second one beside it */
    DV_STYLE_COUNT
} dv_style;

typedef struct dv_screen dv_screen;

/* Takes over the terminal on standard input and output: asks what it can do, alternate
 * screen, raw keys. Error when there is none or TERM is unknown. NO_COLOR is honoured. While it is open,
 * what is written to stderr is kept and replayed by close. SIGTERM, SIGHUP, SIGINT and SIGTSTP become
 * events; a crash restores the terminal first. One screen a process. */
dv_screen *dv_screen_open(dv_graphics wanted, dv_error *error);
void dv_screen_close(dv_screen *screen);

/* At least 1 each. One column of the terminal is kept for the screen's own use. */
int dv_screen_rows(const dv_screen *screen);
int dv_screen_columns(const dv_screen *screen);
/* Pixels that a picture has a cell: of the font under kitty and sixel, 1 x 2 for half blocks, 1 x 1 for ASCII. */
void dv_screen_cell(const dv_screen *screen, int *width, int *height);
/* True width to height ratio of one such pixel (1 under kitty and sixel). */
double dv_screen_pixel_aspect(const dv_screen *screen);

/* What is used now (never AUTO), and a change of it. What cannot be, for want of colours or inside tmux, becomes the
 * next best. */
dv_graphics dv_screen_graphics(const dv_screen *screen);
void dv_screen_set_graphics(dv_screen *screen, dv_graphics graphics);
/* Whether the terminal says that it can show them so. Sixel is worth a try even if it does not. */
bool dv_screen_offers(const dv_screen *screen, dv_graphics graphics);

/* ---- drawing a frame ------------------------------------------------------ */

/* Starts a frame: forgets all text and all pictures of the last one. */
void dv_screen_begin(dv_screen *screen);
/* UTF-8 text, clipped at `width` columns (0: the screen's edge); returns the columns used. */
int dv_screen_text(dv_screen *screen, int row, int column, int width, dv_style style, const char *format, ...)
    __attribute__((format(printf, 6, 7)));
/* The same in one colour (RGB) on another; in `style` where the terminal has fewer than 256 colours. */
int dv_screen_text_on(dv_screen *screen, int row, int column, int width, dv_style style, const uint8_t ink[3],
                      const uint8_t paper[3], const char *format, ...) __attribute__((format(printf, 8, 9)));
/* A horizontal bar of `fraction` of `width` columns, in eighths of a cell where the terminal has UTF-8. */
void dv_screen_bar(dv_screen *screen, int row, int column, int width, dv_style style, double fraction);
/* A picture in a rectangle of cells, at its top left corner, cut where it is larger. The last row of the screen never
 * holds one. More than 256 colours, or half a mebibyte once encoded, is reduced. The image is copied. Size it by
 * dv_screen_cell. */
void dv_screen_picture(dv_screen *screen, int row, int column, int rows, int columns, const dv_image *image);
/* Shows the frame: text, then the pictures whose content, place or size changed. A picture that text or another picture
 * was put over is left out. When the terminal has not yet caught up with the frames before, this one waits: it is shown
 * by dv_screen_wait as soon as it may, unless a newer one has taken its place by then. */
void dv_screen_end(dv_screen *screen);
/* Whether dv_screen_end would show a frame at once. For whoever would rather not compose one that waits. */
bool dv_screen_ready(const dv_screen *screen);
/* Everything is sent again by the next frame (Ctrl-L, after a resize). */
void dv_screen_repaint(dv_screen *screen);

/* For a slow line: pictures in 16 colours, one frame under way at a time, none sooner than 30 ms after the one before.
 * Views may ask, and show fewer pictures. */
void dv_screen_set_slow(dv_screen *screen, bool slow);
bool dv_screen_slow(const dv_screen *screen);

/* Bytes sent to the terminal by the last frame. */
int64_t dv_screen_frame_bytes(const dv_screen *screen);
/* How long the terminal took to take them, in milliseconds. */
double dv_screen_write_ms(const dv_screen *screen);

typedef struct dv_traffic {
    int64_t sent, received; /* bytes since the screen was opened */
    double rate;            /* bytes sent in about the last second */
    double lag_ms;          /* until the terminal had drawn the last frame that it was asked about; 0: not known */
} dv_traffic;

dv_traffic dv_screen_traffic(const dv_screen *screen);

/* ---- events --------------------------------------------------------------- */

typedef enum dv_event_kind {
    DV_EVENT_NONE, /* time ran out */
    DV_EVENT_KEY,
    DV_EVENT_MOUSE,   /* only after dv_screen_set_mouse */
    DV_EVENT_RESIZE,  /* or back from suspension: draw a frame */
    DV_EVENT_WAKE,    /* wake_fd has something to read */
    DV_EVENT_SUSPEND, /* Ctrl-Z or SIGTSTP: save what must be, then call dv_screen_suspend */
    DV_EVENT_STOP,    /* SIGTERM, SIGHUP, SIGINT, or the terminal is gone: leave */
} dv_event_kind;

enum { /* keys that are not characters; characters are their code point, Ctrl-A is 1, Alt-a is 'a' | DV_KEY_ALT */
       DV_KEY_ESCAPE = 27,
       DV_KEY_ENTER = 10,
       DV_KEY_TAB = 9,
       DV_KEY_BACKSPACE = 127,
       DV_KEY_UP = 0x110000,
       DV_KEY_DOWN,
       DV_KEY_LEFT,
       DV_KEY_RIGHT,
       DV_KEY_PAGE_UP,
       DV_KEY_PAGE_DOWN,
       DV_KEY_HOME,
       DV_KEY_END,
       DV_KEY_SHIFT_LEFT,
       DV_KEY_SHIFT_RIGHT,
       DV_KEY_BACK_TAB,
       DV_KEY_DELETE,
       DV_KEY_F1, /* F2 to F10 follow */
       DV_KEY_F10 = DV_KEY_F1 + 9,
       DV_KEY_INSERT,
       DV_KEY_SHIFT_UP,
       DV_KEY_SHIFT_DOWN,
       DV_KEY_CONTROL_UP,
       DV_KEY_CONTROL_DOWN,
       DV_KEY_CONTROL_LEFT,
       DV_KEY_CONTROL_RIGHT,
       DV_KEY_ALT = 0x1000000, /* a bit: set in the code point of a character that was typed with Alt */
};

typedef enum dv_mouse_kind {
    DV_MOUSE_PRESS,
    DV_MOUSE_DRAG, /* moved to another cell while a button is down; of several in a row only the newest comes */
    DV_MOUSE_RELEASE,
    DV_MOUSE_WHEEL_UP,
    DV_MOUSE_WHEEL_DOWN,
} dv_mouse_kind;

typedef struct dv_mouse {
    dv_mouse_kind kind;
    int button;      /* 1 left, 2 middle, 3 right; 0 for the wheel, and where the terminal does not tell */
    int row, column; /* the cell, from 0; never outside of the screen */
    bool shift, alt, control;
} dv_mouse;

/* The longest piece of text that dv_screen_text takes, in bytes; the rest is cut. */
enum { DV_SCREEN_TEXT_SIZE = 2048 };

typedef struct dv_event {
    dv_event_kind kind;
    int key;
    dv_mouse mouse;
} dv_event;

/* Waits for the next event; timeout_ms < 0: for ever. wake_fd may be -1. Answers of the terminal that
 * come late are swallowed here. */
dv_event dv_screen_wait(dv_screen *screen, int wake_fd, int timeout_ms);
/* Reports of the mouse: buttons, drags, the wheel. Off at first, since a terminal that reports the mouse does not mark
 * text with it (many still do while Shift is held). Stays set over a suspension. */
void dv_screen_set_mouse(dv_screen *screen, bool on);
bool dv_screen_mouse(const dv_screen *screen);
/* Gives the terminal back, stops the process, takes the terminal again when it is continued. */
void dv_screen_suspend(dv_screen *screen);

#endif

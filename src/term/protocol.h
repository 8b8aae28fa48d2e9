/* The ways in which pictures reach a terminal, one row each; chosen once, called through pointers from then on. */
#ifndef DV_TERM_PROTOCOL_H
#define DV_TERM_PROTOCOL_H

#include "term/color.h"
#include "term/screen.h"
#include "term/slot.h"

/* What a terminal takes. */
typedef struct dv_brush {
    dv_color_depth depth; /* colours of cells */
    int registers;        /* colours of a sixel picture, 2 to 256 */
    int background;       /* of the 256, behind pictures; -1: none to be chosen */
} dv_brush;

typedef struct dv_protocol {
    int cell_width, cell_height; /* pixels that a picture has a cell; 0: those of the font */
    int band;                    /* heights are multiples of it */
    bool overlay;                /* pixels beside the text: what erases or moves text does harm to them */
    bool fragile;                /* what is written into its cells takes a picture away */
    bool sized;                  /* the terminal may name the largest picture */
    bool sticky;                 /* some terminals free old pictures only when the whole screen is cleared */
    bool synchronized;           /* may be sent inside a synchronised update */
    /* Appends the picture in its place, by a new number; leaves the cursor and the colours as they were. NULL: pictures
     * are not sent, but written as text. */
    bool (*encode)(const dv_slot *slot, const dv_brush *brush, dv_bytes *bytes);
    /* Appends what takes the picture with that number away. NULL: writing into its cells does. */
    void (*erase)(uint32_t id, dv_bytes *bytes);
    /* The character of one cell of a picture that is written as text, and its colour. NULL: there are none. */
    char (*character)(const dv_image *image, int row, int column, uint8_t rgb[3]);
} dv_protocol;

/* Any but DV_GRAPHICS_AUTO. */
const dv_protocol *dv_protocol_of(dv_graphics graphics);

#endif

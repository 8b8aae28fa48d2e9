/* A row of decoded pictures: a ruler above them, the teacher's word and its probability below each. */
#ifndef DV_TUI_FILM_H
#define DV_TUI_FILM_H

#include "tui/pane.h"

enum { DV_FILM_FRAME = 11, DV_FILM_TEXT = 16 }; /* columns that a frame should have; bytes of a caption */

typedef struct dv_film {
    const dv_strip *strip;
    int frames; /* how many of the strip's pictures are shown, from its first to its last, evenly taken */
    int cursor; /* a frame, -1 none */
    int usual;  /* the class whose word needs no colour */
    bool odds;  /* the probability stands below each word */
    double now; /* the place of the strip's present value on the ruler; NaN: none */
    /* Writes what stands over a frame. */
    void (*caption)(double value, char text[DV_FILM_TEXT]);
} dv_film;

/* Draws into `rows` rows of the pane from `top` on; pictures are left out where there is no room for them. */
void dv_film_draw(const dv_pane *pane, int top, int rows, const dv_film *film);
/* A picture of a strip for dv_zoom, with the teacher's word on it as the note. */
dv_image *dv_film_enlarge(const dv_model *model, const dv_strip *strip, int picture, const dv_tiles *tile,
                          dv_close_up *close_up);
/* The picture of the strip that a frame shows. */
int dv_film_picture(const dv_film *film, int frame);
/* The frame nearest to a value of the strip. */
int dv_film_nearest(const dv_film *film, double value);
/* The frame in a column of the pane. */
int dv_film_frame_at(const dv_pane *pane, const dv_film *film, int column);

#endif

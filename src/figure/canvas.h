/* A sheet of paper: text, lines and pictures, drawn by Cairo. Positions are pixels from the top left corner; text
 * stands on its baseline. Drawing never fails by itself: what went wrong is told when the sheet becomes an image. */
#ifndef DV_FIGURE_CANVAS_H
#define DV_FIGURE_CANVAS_H

#include "deepvid.h"
#include "image/image.h"

typedef uint32_t dv_ink; /* 0xRRGGBB */
dv_ink dv_ink_of(const uint8_t rgb[3]);
/* The colour of a class; grey for -1. */
dv_ink dv_ink_class(int class_index);
/* The share (0..1) of `b` in a mixture with `a`. */
dv_ink dv_ink_mix(dv_ink a, dv_ink b, double share);

typedef enum dv_align { DV_ALIGN_LEFT, DV_ALIGN_CENTER, DV_ALIGN_RIGHT } dv_align;

typedef struct dv_lettering {
    double size; /* pixels of the em */
    dv_ink ink;
    bool bold;
    dv_align align; /* which part of the text is at x */
    double width;   /* what is longer ends in an ellipsis; 0: as long as it is */
} dv_lettering;

typedef struct dv_canvas dv_canvas;

dv_canvas *dv_canvas_new(int width, int height, dv_ink paper, dv_error *error);
void dv_canvas_free(dv_canvas *canvas);
/* The upper `height` rows as RGB. NULL and an error if anything could not be drawn. */
dv_image *dv_canvas_image(dv_canvas *canvas, int height, dv_error *error);

/* One line of UTF-8; control characters and broken UTF-8 show as '?'. Returns its width. */
double dv_canvas_text(dv_canvas *canvas, double x, double y, const dv_lettering *lettering, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
/* Breaks `text` at spaces into at most `lines` lines of lettering->width, `pitch` apart; returns how many it took. */
int dv_canvas_paragraph(dv_canvas *canvas, double x, double y, const dv_lettering *lettering, double pitch, int lines,
                        const char *text);
/* Width of `text` as dv_canvas_text would draw it with any width. */
double dv_canvas_text_width(dv_canvas *canvas, const dv_lettering *lettering, const char *text);

void dv_canvas_rectangle(dv_canvas *canvas, double x, double y, double width, double height, dv_ink ink);
/* A frame around (outside) a rectangle. */
void dv_canvas_frame(dv_canvas *canvas, double x, double y, double width, double height, double thickness, dv_ink ink);
void dv_canvas_disc(dv_canvas *canvas, double x, double y, double radius, dv_ink ink);
/* A line through `count` points with round ends. */
void dv_canvas_line(dv_canvas *canvas, const double (*point)[2], int count, double thickness, dv_ink ink);

/* An image scaled to a rectangle: nearest neighbour when it grows, smooth when it shrinks. */
void dv_canvas_picture(dv_canvas *canvas, const dv_image *image, double x, double y, double width, double height);

#endif

/* Parts of a figure that show numbers: paired bars, the scale of the weight maps, a key of classes, a mark for good or
 * bad. Each is drawn with its top left corner at (x, y) and returns the y below it. */
#ifndef DV_FIGURE_CHART_H
#define DV_FIGURE_CHART_H

#include "figure/canvas.h"

/* The inks of all figures: calm greys and one accent. */
enum {
    DV_INK_PAPER = 0xffffff,
    DV_INK_TEXT = 0x1f2328,
    DV_INK_DIM = 0x6a737d,
    DV_INK_LINE = 0xd5dae0,
    DV_INK_TRACK = 0xf1f3f5,
    DV_INK_ACCENT = 0x5b3fa0,
    DV_INK_SECOND = 0xa3abb5, /* the student's bars beside the teacher's */
    DV_INK_GOOD = 0x1a7f4b,
    DV_INK_WARNING = 0x9a6700,
    DV_INK_BAD = 0xb3261e,
};

/* One class, and the share (0..1) that each of two sources gives it. */
typedef struct dv_bar {
    const char *name;
    const char *note; /* behind the name, dim; "" for none */
    bool emphasis;
    double share[2];
} dv_bar;

/* Rows of two bars with their numbers in columns at the right, under a header that names the two sources. */
enum { DV_CHART_NUMBERS = 156 }; /* width of the columns */
double dv_chart_bars(dv_canvas *canvas, double x, double y, double width, double pitch, const dv_bar *bar, int count,
                     const char *const source[2]);

/* The diverging colours from -largest to +largest with ticks, and what the two ends mean. */
double dv_chart_scale(dv_canvas *canvas, double x, double y, double width, double largest);

/* A class and how often it was named. */
typedef struct dv_tally {
    int class_index;
    const char *name;
    int64_t count;
} dv_tally;

/* Coloured squares with names and counts, in lines of `width`, at most `lines`; ends in "... and n more". */
double dv_chart_key(dv_canvas *canvas, double x, double y, double width, int lines, const dv_tally *tally, int count);

/* A disc with a tick, an exclamation mark or a cross in it; (x, y) is its centre. */
void dv_chart_mark(dv_canvas *canvas, double x, double y, double radius, dv_verdict verdict);
dv_ink dv_chart_verdict_ink(dv_verdict verdict);

/* "62.3 %", "< 0.1 %", or a dash for what is no number. Returns text. */
const char *dv_chart_percent(char *text, size_t size, double share, int decimals);

#endif

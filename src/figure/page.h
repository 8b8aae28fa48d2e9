/* The report page: what its sections share. Each section draws itself at a place and returns the y below it. */
#ifndef DV_FIGURE_PAGE_H
#define DV_FIGURE_PAGE_H

#include "figure/canvas.h"
#include "figure/chart.h"

enum {
    DV_PAGE_WIDTH = 1600,
    DV_PAGE_MARGIN = 56,
    DV_PAGE_LEFT_WIDTH = 812, /* pictures, maps, trust */
    DV_PAGE_GUTTER = 60,
    DV_PAGE_RIGHT = DV_PAGE_MARGIN + DV_PAGE_LEFT_WIDTH + DV_PAGE_GUTTER, /* bars, neighbours, settings */
    DV_PAGE_RIGHT_WIDTH = DV_PAGE_WIDTH - DV_PAGE_RIGHT - DV_PAGE_MARGIN,
    DV_PAGE_CLASSES = 10, /* shown at most */
    DV_PAGE_NAME_SIZE = 128,
};

typedef struct dv_page {
    dv_canvas *canvas;
    const dv_explanation *explanation;
    const dv_bundle_facts *facts;
    /* The likeliest classes first, by the teacher; the true label and the student's class always. */
    int shown[DV_PAGE_CLASSES];
    int shown_count;
    float *map;     /* of the shown classes, height x width each */
    double largest; /* magnitude in them */
} dv_page;

/* Name of a class as the bundle has it; "unknown" for -1. */
const char *dv_page_class_name(const dv_page *page, int k);
/* The same for the middle of a sentence: at most 30 characters and an ellipsis. Returns name. */
const char *dv_page_short_name(const dv_page *page, int k, char name[DV_PAGE_NAME_SIZE]);

/* A heading with one dim sentence below it ("" for none); returns the y where the section's content starts. */
double dv_page_heading(const dv_page *page, double x, double y, double width, const char *title, const char *sentence);

/* The largest size, in whole factors where that fills the square well, at which pictures fit into a square. */
void dv_page_fit(const dv_page *page, int side, int *width, int *height);
/* Draws a picture (channels x height x width) as large as fits into a square at (x, y). */
bool dv_page_picture(const dv_page *page, const float *picture, double x, double y, int side, dv_error *error);
/* The weight map of the class shown at `rank`, in the same size. */
bool dv_page_map(const dv_page *page, int rank, double x, double y, int side, dv_error *error);
/* The same of any map (height x width), from -largest to largest. */
bool dv_page_signed(const dv_page *page, const float *map, double largest, double x, double y, int side,
                    dv_error *error);

/* Maps of other explainers, each on a scale of its own, with what they are and where they are strongest. */
bool dv_page_attributions(const dv_page *page, const dv_attributions *attributions, double x, double y, double *below,
                          dv_error *error);

/* Some neighbours with the teacher's class on each, and how often it named each. */
bool dv_page_neighbors(const dv_page *page, double x, double y, double width, double *below, dv_error *error);

/* How far the student may be believed, and the settings. */
double dv_page_trust(const dv_page *page, double x, double y, double width);
double dv_page_settings(const dv_page *page, double x, double y, double width);
/* "ridge, λ = 0.003, 0.1 of the weight on the picture": what a student was asked for by; lambda 0: by the rule. */
void dv_page_describe_student(const dv_explain_options *options, double lambda, char *text, size_t size);

#endif

/* What the views show, as pages of their own: a plot with the words that a terminal writes around it. White paper, text
 * and lines by Cairo. */
#ifndef DV_FIGURE_PAGES_H
#define DV_FIGURE_PAGES_H

#include "figure/curve.h"
#include "figure/heat.h"
#include "figure/parallel.h"
#include "figure/scatter.h"

struct dv_comparison;
struct dv_contrast;
struct dv_eval;

typedef struct dv_page_words {
    const char *title;
    const char *subtitle;           /* a sentence or two below it; "" for none */
    const char *note;               /* small, at the foot; "" for none */
    int classes;                    /* 0 where there are none */
    const char *const *class_names; /* classes */
} dv_page_words;

/* The scatter with a key of its classes, how many points each has and how many of them are marked. */
dv_image *dv_figure_page_projection(const dv_page_words *words, const dv_scatter *scatter, dv_error *error);

/* The matrix with its counts, as long as cells have room for them, recall and precision at its sides. */
dv_image *dv_figure_page_confusion(const dv_page_words *words, const dv_heat *heat, dv_error *error);

/* What the sides and the colours of any such matrix are called. */
typedef struct dv_matrix_words {
    const char *rows, *columns;         /* "true label", "prediction" */
    const char *row_rate, *column_rate; /* share of the diagonal in each: "recall", "precision" */
    const char *diagonal, *beside;      /* "right", "wrong" */
    const char *color[3];               /* what the colour means, by mode */
} dv_matrix_words;
dv_image *dv_figure_page_matrix(const dv_page_words *words, const dv_matrix_words *names, const dv_heat *heat,
                                dv_error *error);

/* Words that changed from one teacher to another; both go by the names of their files. */
dv_image *dv_figure_page_comparison(const struct dv_comparison *comparison, const dv_bundle_facts *first,
                                    const dv_bundle_facts *second, dv_error *error);
/* One picture: what both say to it, and their maps on one scale beside their difference. */
dv_image *dv_figure_page_contrast(const struct dv_contrast *contrast, const dv_bundle_facts *first,
                                  const dv_bundle_facts *second, dv_error *error);

/* The axes with their ends and the instance's values; `axis_names` (by dimension) may be NULL: "z0", "z1", ... */
dv_image *dv_figure_page_parallel(const dv_page_words *words, const dv_parallel *parallel,
                                  const char *const *axis_names, dv_error *error);

/* Pictures beside what an auto-encoder makes of them, with the teacher's word on both. */
typedef struct dv_pairs {
    int count, channels, height, width;
    const float *picture, *again;    /* count x channels x height x width floats in 0..1 */
    const int *word, *word_on_again; /* count classes */
} dv_pairs;
dv_image *dv_figure_page_pairs(const dv_page_words *words, const dv_pairs *pairs, dv_error *error);

/* Why a cell is confused: what its pictures and their maps have in common, the latent dimensions that separate it from
 * pictures called right, and each prototype with exemplars above counter-exemplars, which come from the bundle. */
dv_image *dv_figure_page_cell(const dv_bundle *bundle, const dv_cell_findings *cell, dv_error *error);

/* A page as NAME.png and its numbers as NAME.json, in a folder that is created where it is missing. Both appear together,
 * or none does. Frees both; where one is NULL nothing is written, and `error` says already why it could not be made. */
bool dv_figure_page_report(const char *folder, const char *name, dv_image *page, char *json, dv_error *error);

/* The curves with ticks and a key, which has their values at the current place. */
dv_image *dv_figure_page_curves(const dv_page_words *words, const dv_curves *curves, const dv_limits *limits,
                                const char *x_name, const char *y_name, const char *const *curve_names,
                                dv_error *error);

/* One of some charts, one beside the other. */
typedef struct dv_panel {
    const dv_curves *curves;
    const dv_limits *limits;
    const char *x_name, *y_name;
} dv_panel;
/* 1 or more, of the same curves each, with one key: the curves of panel 0, `numbers` behind their names (NULL: none).
 */
dv_image *dv_figure_page_panels(const dv_page_words *words, int count, const dv_panel *panel,
                                const char *const *curve_names, const char *const *numbers, dv_error *error);

/* Deletion and insertion: the mean curves of all rows of an evaluation, over both baselines. */
dv_image *dv_figure_page_eval(const struct dv_eval *eval, dv_error *error);

#endif

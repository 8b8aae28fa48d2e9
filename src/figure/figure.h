/* Explanations drawn as pictures, once, for PNG report and terminal alike.
 * Pixels that stand for pixels are scaled by whole factors; text and lines are Cairo's. */
#ifndef DV_FIGURE_FIGURE_H
#define DV_FIGURE_FIGURE_H

#include "deepvid.h"
#include "image/image.h"

/* A grid of equal tiles for a terminal, row by row, without text. Every tile is tile_width x tile_height pixels inside
 * a ring of `gap` pixels, so that the grid is columns x (tile_width + 2 gap) wide. Content is enlarged by nearest
 * neighbour, or shrunk by the mean of the pixels under each new one. Colours are few, so that palettes hold them
 * exactly: `greys`, 216 colours, or DV_COLORMAP_LEVELS levels. What is no number is black in a picture, neutral in a
 * map. One tile is a picture enlarged to any size. */
typedef struct dv_tiles {
    int count, columns;
    int tile_width, tile_height;
    int gap;
    int ring;              /* pixels of the gap next to the picture that a mark fills; 0: all of it */
    uint8_t background[3]; /* of the rings and of tiles that are not there */
    int greys;             /* 2..256; 0: 32. Half as many save a fifth of the bytes */
    const bool *notched; /* count: pictures without their upper right corner, as a sign that is no colour; NULL: none */
} dv_tiles;

/* Size of the whole grid in pixels. */
void dv_figure_tiles_size(const dv_tiles *tiles, int64_t *width, int64_t *height);

/* What the ring of a tile tells: a class by its colour (0 and up), or one of these. */
enum {
    DV_MARK_NONE = -1,
    DV_MARK_CURSOR = -2, /* white */
    DV_MARK_QUIET = -3,  /* grey */
    DV_MARK_RIGHT = -4,  /* green */
    DV_MARK_WRONG = -5,  /* red */
};

/* Pictures: channels (1 or 3) x height x width floats in 0..1 each; NULL leaves a tile empty. `mark` may be NULL. */
dv_image *dv_figure_pictures(const dv_tiles *tiles, const float *const *picture, const int *mark, int channels,
                             int height, int width, dv_error *error);
/* The same for what has a sign, such as one picture less another: the mean over channels, from -scale to scale. */
dv_image *dv_figure_differences(const dv_tiles *tiles, const float *const *difference, const int *mark, int channels,
                                int height, int width, double scale, dv_error *error);

/* ---- weight maps ----------------------------------------------------------- */

/* What a map shows of a class, summed over channels. */
typedef enum dv_map_kind {
    DV_MAP_DIRECTION, /* weights less their mean over all classes, where one label holds: where brightness would speak
                       * for the class */
    DV_MAP_CONTRIBUTION, /* the same times the picture's pixels: what speaks for the class in this picture */
    DV_MAP_DIFFERENCE,   /* weights less those of the class `against`: what would turn that class into this one */
    DV_MAP_KINDS
} dv_map_kind;
const char *dv_map_kind_name(dv_map_kind kind); /* "class direction", "weight x pixel", "A minus B" */

typedef struct dv_map_style {
    dv_map_kind kind;
    int against;    /* a class, for DV_MAP_DIFFERENCE */
    double scale;   /* the colours go from -scale to scale; 0: the largest magnitude that is shown */
    bool own_scale; /* rather that of each map alone */
    int steps;      /* of colour in each direction, at most; 0: as many as the colour map has. Half save a third of a
                     * terminal's bytes */
    bool overlay;   /* over the picture in grey, the stronger the larger: at most 42 colours */
} dv_map_style;

/* The maps of `classes` (tiles->count entries) on a diverging scale. All of these have a row in the explanation. */
dv_image *dv_figure_maps(const dv_tiles *tiles, const dv_explanation *explanation, const int *classes,
                         const dv_map_style *style, dv_error *error);
/* An attribution's map in a single tile, on its own scale, which becomes *scale; over a picture in grey where
 * `picture` (channels x height x width) is not NULL, with the borders of superpixels where there are any. */
dv_image *dv_figure_attribution(const dv_tiles *tile, const dv_attribution *attribution, const float *picture,
                                int channels, int steps, double *scale, dv_error *error);
/* The largest magnitude of the maps of all classes, for a scale that stays when the classes that are shown change. */
double dv_figure_map_scale(const dv_explanation *explanation, const dv_map_style *style);

/* ---- reports --------------------------------------------------------------- */

/* The whole explanation as one picture that needs no other words: instance, reconstruction, neighbours with the
 * teacher's class on each, one weight map a class with a scale bar, both probability bars, fidelity and verdict,
 * settings; the maps of `others`, each on a scale of its own (NULL: none). */
dv_image *dv_figure_overview(const dv_explanation *explanation, const dv_attributions *others,
                             const dv_bundle_facts *facts, dv_error *error);

/* Writes explanation.json, overview.png and the arrays to a folder, which is created where it is missing. All files
 * appear together, or none does. */
bool dv_figure_report(const char *folder, const dv_explanation *explanation, const dv_attributions *others,
                      const dv_bundle_facts *facts, dv_error *error);
/* Explains by the options and writes that report, with the map of an explainer (-1: none) in it: what sessions write.
 */
bool dv_figure_explain(dv_bundle *bundle, const dv_explain_options *options, int explainer, const char *folder,
                       const dv_progress *progress, dv_error *error);

#endif

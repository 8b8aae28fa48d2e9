/* Points in the plane, coloured by class: drawn, found under a pixel, and walked from one to the next. */
#ifndef DV_FIGURE_SCATTER_H
#define DV_FIGURE_SCATTER_H

#include "figure/plot.h"

/* The part of the plane that is seen: at least `reach` around (x, y) in each direction, y upwards. Positions of a
 * projection lie in -1..1: {0, 0, 1} shows them all. */
typedef struct dv_window {
    double x, y, reach;
} dv_window;

typedef struct dv_scatter {
    int64_t count;
    const float *position;  /* count x 2; a point with a coordinate that is no number is left out */
    const int *class_index; /* count, -1 unknown; NULL: all unknown */
    const bool *wrong;      /* count: marked points; NULL: none */
    const bool *selected;   /* count: the others are dim; NULL: all */
    int64_t cursor;         /* -1: none */
    dv_window window;
    int corners; /* of a region that is being drawn */
    const float (*corner)[2];
    bool closed; /* the last corner is joined to the first one */
} dv_scatter;

/* Points that fall together show the class that most of them have, the brighter the more they are. At most 64 colours:
 * beyond 56 classes colours repeat. */
dv_image *dv_figure_scatter(const dv_plot *plot, const dv_scatter *scatter, dv_error *error);

/* From the plane to pixels, (0, 0) the middle of the first one, and back. */
void dv_scatter_pixel(const dv_plot *plot, const dv_window *window, const float position[2], double pixel[2]);
void dv_scatter_position(const dv_plot *plot, const dv_window *window, const double pixel[2], float position[2]);

/* The point nearest to a pixel and at most `reach` pixels away; -1 where there is none. */
int64_t dv_scatter_nearest(const dv_plot *plot, const dv_scatter *scatter, const double pixel[2], double reach);

typedef enum dv_direction { DV_DIRECTION_UP, DV_DIRECTION_DOWN, DV_DIRECTION_LEFT, DV_DIRECTION_RIGHT } dv_direction;

/* The next point in a direction: of the selected ones (NULL: all) within 45 degrees of it the nearest, where a step
 * aside counts twice. -1 where there is none. */
int64_t dv_scatter_next(const float *position, int64_t count, const bool *selected, int64_t from,
                        dv_direction direction);

/* Whether a position lies inside a closed polygon (even-odd rule). */
bool dv_polygon_holds(const float (*corner)[2], int corners, const float position[2]);

#endif

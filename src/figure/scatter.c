#include "figure/scatter.h"

#include "base/memory.h"
#include "figure/raster.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

enum {
    MARGIN = 2,           /* units around the window, so that points at its edge are whole */
    TONES = 3,            /* of a class, by density */
    MOST_TONED = 11,      /* classes that have all tones: 5 colours each */
    MOST_MARKED = 19,     /* classes whose marked and dim points have colours of their own: 3 each */
    MOST_CLASSES = 56,    /* classes with a colour of their own */
    LARGEST_POINT = 3,    /* units */
    SPACE_PER_POINT = 12, /* points that few grow into the space around them */
    ROUND_POINT = 5,      /* pixels of a point that lies where it is, not on a grid */
    SMALLEST_RING = 3,    /* pixels of a point that is marked by its middle */
};

/* The points by the squares of pixels into which they fall. */
typedef struct scene {
    const dv_plot *plot;
    const dv_scatter *scatter;
    dv_image *image;
    int size; /* of a square, pixels */
    int columns, rows;
    int classes;
    int64_t *start; /* columns x rows + 1: the points of a square are point[start[i]] .. point[start[i + 1] - 1] */
    int64_t *point;
    int64_t *tally; /* classes + 1: points of a class in one square, unknown ones first */
    double mean;    /* points in a square that has any */
} scene;

/* ---- places ---------------------------------------------------------------- */

/* Pixels for 1 in the plane, across and down. */
static void scale_of(const dv_plot *plot, const dv_window *window, double scale[2])
{
    double aspect = plot->aspect > 0 ? plot->aspect : 1;
    double across = (plot->width - 1) * aspect, down = plot->height - 1, side = fmin(across, down);
    double margin = side > 20 * MARGIN * plot->unit ? 2 * MARGIN * plot->unit : 0;

    scale[1] = fmax(side - margin, 1) / 2 / window->reach;
    scale[0] = scale[1] / aspect;
}

void dv_scatter_pixel(const dv_plot *plot, const dv_window *window, const float position[2], double pixel[2])
{
    double scale[2];

    scale_of(plot, window, scale);
    pixel[0] = (plot->width - 1) / 2.0 + (position[0] - window->x) * scale[0];
    pixel[1] = (plot->height - 1) / 2.0 - (position[1] - window->y) * scale[1];
}

void dv_scatter_position(const dv_plot *plot, const dv_window *window, const double pixel[2], float position[2])
{
    double scale[2];

    scale_of(plot, window, scale);
    position[0] = (float)(window->x + (pixel[0] - (plot->width - 1) / 2.0) / scale[0]);
    position[1] = (float)(window->y - (pixel[1] - (plot->height - 1) / 2.0) / scale[1]);
}

int64_t dv_scatter_nearest(const dv_plot *plot, const dv_scatter *scatter, const double pixel[2], double reach)
{
    double least = reach * reach;
    int64_t best = -1;

    for (int64_t i = 0; i < scatter->count; i++) {
        double at[2], distance;

        dv_scatter_pixel(plot, &scatter->window, scatter->position + 2 * i, at);
        distance = (at[0] - pixel[0]) * (at[0] - pixel[0]) + (at[1] - pixel[1]) * (at[1] - pixel[1]);
        if (distance < least || (best < 0 && distance <= least)) {
            least = distance;
            best = i;
        }
    }
    return best;
}

int64_t dv_scatter_next(const float *position, int64_t count, const bool *selected, int64_t from,
                        dv_direction direction)
{
    static const int axis_of[] = {1, 1, 0, 0}, sign_of[] = {1, -1, -1, 1};
    int axis = axis_of[direction], sign = sign_of[direction];
    double least = INFINITY;
    int64_t best = -1;

    assert(from >= 0 && from < count);
    for (int64_t i = 0; i < count; i++) {
        double along = sign * ((double)position[2 * i + axis] - position[2 * from + axis]);
        double aside = fabs((double)position[2 * i + !axis] - position[2 * from + !axis]);

        if (i == from || (selected && !selected[i]) || !(along > 0) || !(aside <= along))
            continue;
        if (along + 2 * aside < least) {
            least = along + 2 * aside;
            best = i;
        }
    }
    return best;
}

bool dv_polygon_holds(const float (*corner)[2], int corners, const float position[2])
{
    bool inside = false;

    for (int i = 0, last = corners - 1; i < corners; last = i++) {
        const float *a = corner[i], *b = corner[last];

        if ((a[1] > position[1]) == (b[1] > position[1]))
            continue;
        if (position[0] < a[0] + ((double)position[1] - a[1]) * ((double)b[0] - a[0]) / ((double)b[1] - a[1]))
            inside = !inside;
    }
    return inside;
}

/* ---- sorting into squares ---------------------------------------------------- */

/* Few points are drawn larger; in a window on a part, few are seen. */
static int point_size(const dv_plot *plot, const dv_scatter *scatter)
{
    double reach = fmin(scatter->window.reach, 1), unit = plot->unit;
    double seen = fmax(scatter->count * reach * reach, 1);
    double room = plot->width / unit * (plot->height / unit) / seen;

    return plot->unit * (int)fmin(fmax(floor(sqrt(room / SPACE_PER_POINT)), 1), LARGEST_POINT);
}

static int count_classes(const dv_scatter *scatter)
{
    int most = -1;

    for (int64_t i = 0; scatter->class_index && i < scatter->count; i++)
        most = scatter->class_index[i] > most ? scatter->class_index[i] : most;
    return most + 1;
}

static int class_of(const dv_scatter *scatter, int64_t point)
{
    return scatter->class_index && scatter->class_index[point] >= 0 ? scatter->class_index[point] : -1;
}

/* The square a point falls into; -1 where it is not seen. */
static int64_t square_of(const scene *s, int64_t point)
{
    double at[2];

    dv_scatter_pixel(s->plot, &s->scatter->window, s->scatter->position + 2 * point, at);
    if (!(at[0] >= -0.5 && at[0] < s->plot->width - 0.5 && at[1] >= -0.5 && at[1] < s->plot->height - 0.5))
        return -1;
    return (int64_t)(at[1] + 0.5) / s->size * s->columns + (int64_t)(at[0] + 0.5) / s->size;
}

/* A counting sort: points of a square stay in their order. */
static void sort_points(scene *s)
{
    int64_t squares = (int64_t)s->columns * s->rows, occupied = 0, seen;

    for (int64_t i = 0; i < s->scatter->count; i++) {
        int64_t square = square_of(s, i);

        if (square >= 0)
            s->start[square]++;
    }
    for (int64_t i = 0, sum = 0; i <= squares; i++) {
        occupied += i < squares && s->start[i] > 0;
        sum += i < squares ? s->start[i] : 0;
        s->start[i] = sum;
    }
    seen = s->start[squares];
    for (int64_t i = s->scatter->count - 1; i >= 0; i--) {
        int64_t square = square_of(s, i);

        if (square >= 0)
            s->point[--s->start[square]] = i;
    }
    s->mean = occupied > 0 ? (double)seen / (double)occupied : 1;
}

/* ---- colours ----------------------------------------------------------------- */

/* Points in an occupied square, on average: below, all of them are shown in full colour. */
static const double sparse = 1.25;

/* What a square shows. */
typedef struct square {
    int class_index;
    int64_t count; /* selected points, or all where none is selected */
    bool selected, wrong;
} square;

static dv_ink hue_of(const square *q)
{
    return dv_ink_class(q->class_index < 0 ? -1 : q->class_index % MOST_CLASSES);
}

static dv_ink ink_of(const scene *s, const square *q)
{
    static const double strength[TONES] = {0.65, 0.82, 1};
    dv_ink paper = dv_plot_paper(s->plot), ink = hue_of(q);
    int tone = s->mean < sparse || q->count >= 2 * s->mean ? 2 : q->count >= s->mean ? 1 : 0;

    if (!q->selected)
        return s->classes > MOST_MARKED ? dv_plot_grey(s->plot, 0.25) : dv_ink_mix(paper, ink, 0.3);
    if (q->wrong && s->size >= SMALLEST_RING)
        return dv_plot_text(s->plot);
    if (q->wrong)
        return s->classes > MOST_MARKED ? dv_plot_text(s->plot) : dv_ink_mix(ink, dv_plot_text(s->plot), 0.6);
    return dv_ink_mix(paper, ink, s->classes > MOST_TONED ? 1 : strength[tone]);
}

/* The class most points of a square have, of equal ones the first; marked where half of them are. */
static square judge(const scene *s, const int64_t *point, int64_t count)
{
    const dv_scatter *scatter = s->scatter;
    square q = {.class_index = -1};
    int64_t wrong = 0, most = 0;

    for (int64_t i = 0; i < count && !q.selected; i++)
        q.selected = !scatter->selected || scatter->selected[point[i]];
    for (int64_t i = 0; i < count; i++) {
        if (q.selected && scatter->selected && !scatter->selected[point[i]])
            continue;
        q.count++;
        wrong += scatter->wrong && scatter->wrong[point[i]];
        s->tally[1 + class_of(scatter, point[i])]++;
    }
    for (int64_t i = 0; i < count; i++) {
        int k = class_of(scatter, point[i]);
        int64_t votes = s->tally[1 + k];

        if (votes > most || (votes == most && k < q.class_index)) {
            most = votes;
            q.class_index = k;
        }
    }
    for (int64_t i = 0; i < count; i++)
        s->tally[1 + class_of(scatter, point[i])] = 0;
    q.wrong = wrong > 0 && 2 * wrong >= q.count;
    return q;
}

/* ---- drawing ----------------------------------------------------------------- */

/* The middle of a square, or, where points are large, of the points in it: there the grid would show. */
static void middle_of(const scene *s, int column, int row, const int64_t *point, int64_t count, double middle[2])
{
    middle[0] = column * s->size + (s->size - 1) / 2.0;
    middle[1] = row * s->size + (s->size - 1) / 2.0;
    if (s->size < ROUND_POINT)
        return;
    middle[0] = middle[1] = 0;
    for (int64_t i = 0; i < count; i++) {
        double at[2];

        dv_scatter_pixel(s->plot, &s->scatter->window, s->scatter->position + 2 * point[i], at);
        middle[0] += at[0] / (double)count;
        middle[1] += at[1] / (double)count;
    }
}

static void draw_square(const scene *s, int column, int row)
{
    int64_t index = (int64_t)row * s->columns + column, count = s->start[index + 1] - s->start[index];
    const int64_t *point = s->point + s->start[index];
    double middle[2];
    square q;

    if (count == 0)
        return;
    q = judge(s, point, count);
    middle_of(s, column, row, point, count, middle);
    dv_raster_dot(s->image, middle[0], middle[1], s->size, ink_of(s, &q));
    if (q.wrong && q.selected && s->size >= SMALLEST_RING)
        dv_raster_dot(s->image, middle[0], middle[1], s->size - 2 * (s->size / 3), hue_of(&q));
}

static void draw_region(const scene *s)
{
    const dv_scatter *scatter = s->scatter;
    int lines = scatter->closed ? scatter->corners : scatter->corners - 1;

    for (int i = 0; i < lines; i++) {
        double from[2], to[2];

        dv_scatter_pixel(s->plot, &scatter->window, scatter->corner[i], from);
        dv_scatter_pixel(s->plot, &scatter->window, scatter->corner[(i + 1) % scatter->corners], to);
        dv_raster_line(s->image, from, to, s->plot->unit, 0, dv_plot_text(s->plot));
    }
}

/* The point in its colour, in a frame with a gap around it. */
static void draw_cursor(const scene *s)
{
    int64_t cursor = s->scatter->cursor;
    int unit = s->plot->unit;
    square q = {.selected = true, .count = LLONG_MAX};
    double at[2];

    if (cursor < 0 || cursor >= s->scatter->count)
        return;
    dv_scatter_pixel(s->plot, &s->scatter->window, s->scatter->position + 2 * cursor, at);
    q.class_index = class_of(s->scatter, cursor);
    dv_raster_dot(s->image, at[0], at[1], s->size + 4 * unit, dv_plot_text(s->plot));
    dv_raster_dot(s->image, at[0], at[1], s->size + 2 * unit, dv_plot_paper(s->plot));
    dv_raster_dot(s->image, at[0], at[1], s->size, ink_of(s, &q));
}

dv_image *dv_figure_scatter(const dv_plot *plot, const dv_scatter *scatter, dv_error *error)
{
    scene s = {.plot = plot, .scatter = scatter, .classes = count_classes(scatter)};
    bool ready;

    assert(scatter->count >= 0 && scatter->window.reach > 0);
    s.image = dv_raster_new(plot, error);
    if (!s.image)
        return NULL;
    s.size = point_size(plot, scatter);
    s.columns = (plot->width + s.size - 1) / s.size;
    s.rows = (plot->height + s.size - 1) / s.size;
    s.start = dv_alloc((size_t)s.columns * (size_t)s.rows + 1, sizeof *s.start, error);
    s.point = s.start ? dv_alloc((size_t)scatter->count, sizeof *s.point, error) : NULL;
    s.tally = s.point ? dv_alloc((size_t)s.classes + 1, sizeof *s.tally, error) : NULL;
    ready = s.tally != NULL;
    if (ready) {
        sort_points(&s);
        for (int row = 0; row < s.rows; row++)
            for (int column = 0; column < s.columns; column++)
                draw_square(&s, column, row);
        draw_region(&s);
        draw_cursor(&s);
    } else {
        dv_image_free(s.image);
        s.image = NULL;
    }
    free(s.start);
    free(s.point);
    free(s.tally);
    return s.image;
}

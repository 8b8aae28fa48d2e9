/* Plots: where things lie, what they look like at any size, and what broken input does to them. */
#include "base/random.h"
#include "figure/curve.h"
#include "figure/heat.h"
#include "figure/parallel.h"
#include "figure/scatter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST_COLORS = 64 };

static const dv_plot plots[] = {
    {.width = 1, .height = 1, .unit = 1},
    {.width = 3, .height = 200, .unit = 2},
    {.width = 60, .height = 40, .unit = 1},
    {.width = 60, .height = 20, .unit = 1, .aspect = 0.5},
    {.width = 700, .height = 300, .unit = 2, .background = {20, 24, 40}},
    {.width = 900, .height = 1200, .unit = 3, .background = {255, 255, 255}},
};
enum { PLOTS = sizeof plots / sizeof plots[0] };

static double uniform(uint64_t index)
{
    return dv_random_uniform(7, DV_PURPOSE_TEST, index);
}

static uint32_t color_at(const dv_image *image, int x, int y)
{
    const uint8_t *rgb = image->pixel + 3 * ((size_t)y * (size_t)image->width + (size_t)x);

    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

static uint32_t class_color(int k)
{
    uint8_t rgb[3];

    dv_colormap_class(k, rgb);
    return (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2];
}

static int count_color(const dv_image *image, uint32_t color)
{
    int count = 0;

    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            count += color_at(image, x, y) == color;
    return count;
}

static int compare_colors(const void *a, const void *b)
{
    return memcmp(a, b, 3);
}

/* The size that was asked for, few colours. */
static void assert_plot(const dv_image *image, const dv_plot *plot)
{
    size_t pixels = (size_t)plot->width * (size_t)plot->height;
    uint8_t *copy = malloc(3 * pixels);
    int colors = 1;

    assert_non_null(image);
    assert_non_null(copy);
    assert_int_equal(image->width, plot->width);
    assert_int_equal(image->height, plot->height);
    assert_int_equal(image->channels, 3);
    memcpy(copy, image->pixel, 3 * pixels);
    qsort(copy, pixels, 3, compare_colors);
    for (size_t i = 1; i < pixels; i++)
        colors += memcmp(copy + 3 * i, copy + 3 * (i - 1), 3) != 0;
    free(copy);
    assert_true(colors <= MOST_COLORS);
}

/* ---- scatter ----------------------------------------------------------------- */

static const dv_window whole = {.reach = 1};

static void scatter_places(void **state)
{
    (void)state;
    for (int p = 0; p < PLOTS; p++) {
        dv_window windows[] = {whole, {.x = 0.3, .y = -0.6, .reach = 0.05}};

        for (int w = 0; w < 2; w++) {
            float there[2] = {0.31f, -0.59f}, back[2];
            double pixel[2];

            dv_scatter_pixel(&plots[p], &windows[w], there, pixel);
            dv_scatter_position(&plots[p], &windows[w], pixel, back);
            assert_true(fabs((double)there[0] - back[0]) < 1e-6 && fabs((double)there[1] - back[1]) < 1e-6);
        }
    }
}

/* The corners of the square are seen, up is up, and a circle is as wide as high on the screen. */
static void scatter_shape(void **state)
{
    (void)state;
    const float right[2] = {1, 0}, top[2] = {0, 1};
    double x[2], y[2];

    for (int p = 0; p < PLOTS; p++) {
        double aspect = plots[p].aspect > 0 ? plots[p].aspect : 1;

        dv_scatter_pixel(&plots[p], &whole, right, x);
        dv_scatter_pixel(&plots[p], &whole, top, y);
        assert_true(x[0] <= plots[p].width - 1 + 1e-9 || plots[p].width == 1);
        assert_true(y[1] >= -1e-9 || plots[p].height == 1);
        assert_true(fabs((x[0] - (plots[p].width - 1) / 2.0) * aspect - ((plots[p].height - 1) / 2.0 - y[1])) < 1e-9);
    }
}

static dv_image *draw_points(const dv_plot *plot, const float *position, const int *class_index, int64_t count)
{
    dv_scatter scatter = {
        .count = count, .position = position, .class_index = class_index, .cursor = -1, .window = whole};
    dv_image *image = dv_figure_scatter(plot, &scatter, NULL);

    assert_plot(image, plot);
    return image;
}

/* Points that fall together look as if all of them had the class that most have, of equal ones the first; those that
 * are no numbers look like nothing. */
static void scatter_majority(void **state)
{
    (void)state;
    const float position[14] = {0, 0, 0, 0, 0, 0, -0.5f, 0, -0.5f, 0, NAN, 0, 0.5f, INFINITY};
    const int mixed[7] = {4, 2, 2, 5, 3, 0, 0}, pure[7] = {2, 2, 2, 3, 3, 0, 0};
    const dv_plot plot = {.width = 21, .height = 21, .unit = 1};
    dv_image *image = draw_points(&plot, position, mixed, 7), *same = draw_points(&plot, position, pure, 5);

    assert_memory_equal(image->pixel, same->pixel, 3 * 21 * 21);
    assert_true(color_at(image, 10, 10) != 0 && color_at(image, 5, 10) != 0);
    dv_image_free(same);
    same = draw_points(&plot, position, pure, 3);
    assert_int_equal(color_at(same, 5, 10), 0);
    dv_image_free(same);
    dv_image_free(image);
}

/* One, two and four points in a pixel are three tones, each brighter than the one before. */
static void scatter_tones(void **state)
{
    (void)state;
    const float position[16] = {-0.5f, 0, 0, 0, 0, 0, 0.5f, 0, 0.5f, 0, 0.5f, 0, 0.5f, 0, -0.5f, 0.5f};
    const int class_index[8] = {3, 3, 3, 3, 3, 3, 3, 3};
    /* So small that points do not grow. */
    const dv_plot plot = {.width = 5, .height = 5, .unit = 1};
    dv_image *image = draw_points(&plot, position, class_index, 8);

    assert_true(color_at(image, 1, 2) < color_at(image, 2, 2) || color_at(image, 2, 2) < color_at(image, 3, 2));
    assert_true(color_at(image, 1, 2) < color_at(image, 3, 2));
    assert_int_equal(color_at(image, 3, 2), class_color(3));
    assert_int_equal(color_at(image, 1, 2), color_at(image, 1, 1));
    dv_image_free(image);
}

static void scatter_marks(void **state)
{
    (void)state;
    const float position[6] = {-0.5f, 0, 0, 0, 0.5f, 0};
    const int class_index[3] = {1, 1, 1};
    const bool wrong[3] = {false, true, false}, selected[3] = {true, true, false};
    const dv_plot plot = {.width = 101, .height = 101, .unit = 1};
    dv_scatter scatter = {.count = 3,
                          .position = position,
                          .class_index = class_index,
                          .wrong = wrong,
                          .selected = selected,
                          .cursor = -1,
                          .window = whole};
    dv_image *image = dv_figure_scatter(&plot, &scatter, NULL);
    double at[2];

    dv_scatter_pixel(&plot, &whole, position + 4, at);
    const int x = (int)lround(at[0]);

    /* Three points are large: 3 x 3 pixels, and a ring around the colour of the class. */
    assert_int_equal(count_color(image, class_color(1)), 9 + 1);
    assert_int_equal(count_color(image, 0xf2f2f2), 8);
    assert_true(color_at(image, x, 50) != 0 && color_at(image, x, 50) < class_color(1) / 2);
    dv_image_free(image);

    scatter.cursor = 2;
    image = dv_figure_scatter(&plot, &scatter, NULL);
    assert_int_equal(color_at(image, x, 50), class_color(1));
    assert_int_equal(color_at(image, x + 3, 50), 0xf2f2f2);
    dv_image_free(image);
}

static void scatter_next_point(void **state)
{
    (void)state;
    /*                          0     1     2      3        4          5       6: no number */
    const float position[14] = {0, 0, 2, 0, 0, 1, -3, 0.5f, 1, -1.1f, 2, 1.9f, NAN, 0};
    const bool selected[7] = {true, false, true, true, true, true, true};

    assert_int_equal(dv_scatter_next(position, 7, NULL, 0, DV_DIRECTION_RIGHT), 1);
    assert_int_equal(dv_scatter_next(position, 7, selected, 0, DV_DIRECTION_RIGHT), 5);
    assert_int_equal(dv_scatter_next(position, 7, NULL, 0, DV_DIRECTION_UP), 2);
    assert_int_equal(dv_scatter_next(position, 7, NULL, 0, DV_DIRECTION_LEFT), 3);
    assert_int_equal(dv_scatter_next(position, 7, NULL, 0, DV_DIRECTION_DOWN), 4);
    assert_int_equal(dv_scatter_next(position, 7, NULL, 1, DV_DIRECTION_RIGHT), -1);
    assert_int_equal(dv_scatter_next(position, 7, NULL, 6, DV_DIRECTION_LEFT), -1);
}

/* Steps to the right end, and each goes to the right. */
static void scatter_walk(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    float position[2 * COUNT];
    int64_t at = 0, steps = 0;

    for (int i = 0; i < 2 * COUNT; i++)
        position[i] = (float)(2 * uniform((uint64_t)i) - 1);
    for (int64_t next; (next = dv_scatter_next(position, COUNT, NULL, at, DV_DIRECTION_RIGHT)) >= 0; at = next) {
        assert_true(position[2 * next] > position[2 * at]);
        assert_true(++steps < COUNT);
    }
    assert_true(steps > 5 && position[2 * at] > 0.8f);
}

static void scatter_nearest_point(void **state)
{
    (void)state;
    const float position[6] = {-0.5f, 0, 0.5f, 0, NAN, NAN};
    const dv_plot plot = {.width = 101, .height = 101, .unit = 1};
    const dv_scatter scatter = {.count = 3, .position = position, .cursor = -1, .window = whole};

    assert_int_equal(dv_scatter_nearest(&plot, &scatter, (double[]){70, 50}, 10), 1);
    assert_int_equal(dv_scatter_nearest(&plot, &scatter, (double[]){49, 50}, 100), 0);
    assert_int_equal(dv_scatter_nearest(&plot, &scatter, (double[]){50, 50}, 10), -1);
}

static void polygons(void **state)
{
    (void)state;
    /* A square with a notch from above. */
    const float corner[][2] = {{0, 0}, {4, 0}, {4, 4}, {2, 1}, {0, 4}};
    const struct {
        float at[2];
        bool inside;
    } row[] = {
        {{2, 0.5f}, true}, {{2, 2}, false},  {{0.5f, 2}, true}, {{3.5f, 3}, true}, {{5, 1}, false},
        {{-1, 1}, false},  {{2, -1}, false}, {{2, 5}, false},   {{NAN, 1}, false}, {{1, NAN}, false},
    };

    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_int_equal(dv_polygon_holds(corner, 5, row[i].at), row[i].inside);
    assert_false(dv_polygon_holds(corner, 2, row[0].at));
    assert_false(dv_polygon_holds(NULL, 0, row[0].at));
}

/* Broken points, many classes, every size: the right size, few colours, the same picture twice. */
static void scatter_of_anything(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static float position[2 * COUNT];
    static int class_index[COUNT];
    static bool wrong[COUNT], selected[COUNT];
    const float corner[][2] = {{-2e30f, 0}, {0.5f, 1e38f}, {NAN, 0}, {0.2f, -0.3f}};
    const int classes[] = {1, 10, 15, 30, 300};

    for (int c = 0; c < 5; c++) {
        for (int i = 0; i < COUNT; i++) {
            position[2 * i] = (float)(2.4 * uniform((uint64_t)i) - 1.2);
            position[2 * i + 1] = i % 100 == 7 ? NAN : (float)(2 * uniform((uint64_t)(COUNT + i)) - 1);
            class_index[i] = i % 50 == 3 ? -1 : i % classes[c];
            wrong[i] = i % 9 == 0;
            selected[i] = i % 4 != 1;
        }
        for (int p = 0; p < PLOTS; p++) {
            for (int64_t count = 0; count <= COUNT; count += COUNT / 2) {
                dv_scatter scatter = {.count = count,
                                      .position = position,
                                      .class_index = class_index,
                                      .wrong = wrong,
                                      .selected = selected,
                                      .cursor = count > 0 ? 7 : -1,
                                      .window = whole,
                                      .corners = 4,
                                      .corner = corner,
                                      .closed = true};
                dv_image *image = dv_figure_scatter(&plots[p], &scatter, NULL);
                dv_image *again = dv_figure_scatter(&plots[p], &scatter, NULL);

                assert_plot(image, &plots[p]);
                assert_memory_equal(image->pixel, again->pixel, 3 * (size_t)plots[p].width * (size_t)plots[p].height);
                dv_image_free(image);
                dv_image_free(again);
            }
        }
    }
}

/* ---- heat -------------------------------------------------------------------- */

static void heat_levels(void **state)
{
    (void)state;
    assert_true(dv_heat_level(25, 100, 50, 1000, DV_HEAT_ROW) == 0.5);
    assert_true(dv_heat_level(18, 100, 50, 1000, DV_HEAT_COLUMN) == 0.6);
    assert_true(dv_heat_level(1000, 1, 1, 1000, DV_HEAT_ABSOLUTE) == 1);
    assert_true(fabs(dv_heat_level(9, 1, 1, 99, DV_HEAT_ABSOLUTE) - 0.5) < 1e-12);
    for (int mode = DV_HEAT_ROW; mode <= DV_HEAT_ABSOLUTE; mode++) {
        assert_true(dv_heat_level(0, 0, 0, 0, (dv_heat_mode)mode) == 0);
        assert_true(dv_heat_level(1, 1000, 1000, 1000, (dv_heat_mode)mode) > 0);
    }
}

static void heat_sums(void **state)
{
    (void)state;
    const int64_t count[9] = {5, 1, 0, 0, 7, 2, 3, 0, 4};
    int64_t row[3], column[3];

    assert_int_equal(dv_heat_sums(count, 3, row, column), 7);
    assert_true(row[0] == 6 && row[1] == 9 && row[2] == 7);
    assert_true(column[0] == 8 && column[1] == 8 && column[2] == 6);
}

static void heat_cells(void **state)
{
    (void)state;
    const int64_t count[4] = {90, 0, 1, 9};
    const dv_plot plot = {.width = 43, .height = 40, .unit = 1};
    const dv_heat heat = {.classes = 2, .count = count, .row = -1, .column = -1};
    dv_image *image = dv_figure_heat(&plot, &heat, NULL);
    int width, height;

    dv_heat_cell(&plot, 2, &width, &height);
    assert_int_equal(width, 20);
    assert_int_equal(height, 20);
    /* All right: the full colour. Nothing: neither that of right nor of wrong. */
    assert_int_equal(color_at(image, 3, 3), class_color(1));
    assert_int_not_equal(color_at(image, 3, 23), color_at(image, 23, 3));
    assert_int_not_equal(color_at(image, 3, 23), color_at(image, 23, 23));
    assert_int_equal(color_at(image, 41, 3), 0);
    dv_image_free(image);
}

/* More classes than pixels: the hottest cell of each pixel. */
static void heat_of_small_cells(void **state)
{
    (void)state;
    int64_t count[16] = {0};
    const dv_plot plot = {.width = 2, .height = 2, .unit = 1};
    const dv_heat heat = {.classes = 4, .count = count, .mode = DV_HEAT_ABSOLUTE, .row = 2, .column = 3};
    dv_image *image;
    uint8_t cold[3], warm[3], right[3];
    int width, height;

    count[1 * 4 + 2] = 10; /* upper right */
    count[2 * 4 + 2] = 10; /* lower right, beside an error of 1 */
    count[2 * 4 + 3] = 1;
    dv_heat_color(0, false, plot.background, cold);
    dv_heat_color(1, false, plot.background, warm);
    dv_heat_color(1, true, plot.background, right);
    image = dv_figure_heat(&plot, &heat, NULL);
    assert_memory_equal(image->pixel, cold, 3);
    assert_memory_equal(image->pixel + 3, warm, 3);
    assert_memory_equal(image->pixel + 6, cold, 3);
    assert_memory_equal(image->pixel + 9, right, 3);
    dv_heat_cell(&plot, 4, &width, &height);
    assert_true(width == 0 && height == 0);
    dv_image_free(image);
}

static void heat_cursor(void **state)
{
    (void)state;
    const int64_t count[9] = {5, 1, 0, 0, 5, 0, 2, 0, 5};
    const dv_plot plot = {.width = 30, .height = 30, .unit = 1};
    const struct {
        int row, column, framed; /* pixels of the frame */
    } test[] = {{-1, -1, 0}, {1, 1, 4 * 10}, {0, 0, 4 * 9}, {1, -1, 2 * 30 + 2 * 9}, {-1, 2, 2 * 30 + 2 * 9}};

    for (size_t i = 0; i < sizeof test / sizeof test[0]; i++) {
        dv_heat heat = {.classes = 3, .count = count, .row = test[i].row, .column = test[i].column};
        dv_image *image = dv_figure_heat(&plot, &heat, NULL);

        assert_int_equal(count_color(image, 0xf2f2f2), test[i].framed);
        dv_image_free(image);
    }
}

static void heat_of_anything(void **state)
{
    (void)state;
    const int classes[] = {1, 2, 10, 100};

    for (int c = 0; c < 4; c++) {
        int64_t *count = calloc((size_t)classes[c] * (size_t)classes[c], sizeof *count);

        assert_non_null(count);
        for (int i = 0; i < classes[c] * classes[c]; i++)
            count[i] = (int64_t)(1e4 * pow(uniform((uint64_t)i), 6));
        for (int p = 0; p < PLOTS; p++) {
            for (int mode = DV_HEAT_ROW; mode <= DV_HEAT_ABSOLUTE; mode++) {
                dv_heat heat = {.classes = classes[c], .count = count, .mode = (dv_heat_mode)mode, .column = -1};
                dv_image *image = dv_figure_heat(&plots[p], &heat, NULL);

                assert_plot(image, &plots[p]);
                dv_image_free(image);
            }
        }
        free(count);
    }
}

/* ---- parallel coordinates ------------------------------------------------------ */

static void parallel_places(void **state)
{
    (void)state;
    for (int p = 1; p < PLOTS; p++) {
        for (int axis = 0; axis < 3; axis++)
            assert_int_equal(dv_parallel_axis(&plots[p], 3, dv_parallel_x(&plots[p], 3, axis)), axis);
        for (double value = -3; value <= 3; value += 0.5) {
            double y = dv_parallel_y(&plots[p], -3, 3, value);

            assert_true(y >= 0 && y <= plots[p].height - 1);
            assert_true(fabs(dv_parallel_value(&plots[p], -3, 3, y) - value) < 1e-9);
        }
        assert_true(dv_parallel_y(&plots[p], -3, 3, 3) < dv_parallel_y(&plots[p], -3, 3, -3));
    }
    assert_int_equal(dv_parallel_axis(&plots[2], 3, -100), 0);
    assert_int_equal(dv_parallel_axis(&plots[2], 3, 1e9), 2);
}

static void parallel_lines(void **state)
{
    (void)state;
    enum { LINES = 4 };
    const int dimension[2] = {2, 0}, line_class[LINES] = {2, 2, 1, 2};
    const float low[3] = {-1, -1, -1}, high[3] = {1, 1, 1}, center[3] = {-0.5f, 9, 0.5f}, band[3] = {0.1f, 9, 0.1f};
    /* All on one level, far from the centre. */
    const float line[LINES * 3] = {-0.8f, 0, -0.8f, -0.8f, 0, -0.8f, -0.8f, 0, -0.8f, -0.8f, 0, -0.8f};
    const dv_plot plot = {.width = 100, .height = 61, .unit = 1};
    dv_parallel parallel = {.axes = 2,
                            .dimension = dimension,
                            .low = low,
                            .high = high,
                            .center = center,
                            .band = band,
                            .lines = LINES,
                            .line = line,
                            .stride = 3,
                            .line_class = line_class,
                            .chosen = 1};
    int level = (int)lround(dv_parallel_y(&plot, -1, 1, -0.8f));
    int left = (int)dv_parallel_x(&plot, 2, 0), right = (int)dv_parallel_x(&plot, 2, 1);
    dv_image *image = dv_figure_parallel(&plot, &parallel, NULL), *other;
    uint32_t rare;

    /* The instance's line goes from dimension 2 to dimension 0. */
    assert_int_equal(color_at(image, left, (int)lround(dv_parallel_y(&plot, -1, 1, 0.5))), 0xf2f2f2);
    assert_int_equal(color_at(image, 50, (int)lround(dv_parallel_y(&plot, -1, 1, 0))), 0xf2f2f2);
    assert_true(color_at(image, 50, (int)lround(dv_parallel_y(&plot, -1, 1, 0.1))) == DV_PARALLEL_BAND_INK);
    assert_int_equal(color_at(image, 50, (int)lround(dv_parallel_y(&plot, -1, 1, 0.5))), 0);
    assert_int_not_equal(color_at(image, left, 10), color_at(image, right, 10));
    /* The one line of class 1 lies above the three of class 2, but only where it is picked. */
    rare = color_at(image, 50, level);
    parallel.most_lines = 2; /* lines 0 and 2 */
    other = dv_figure_parallel(&plot, &parallel, NULL);
    assert_true(rare != 0 && color_at(other, 50, level) == color_at(other, 40, level));
    dv_image_free(other);
    parallel.most_lines = 1;
    other = dv_figure_parallel(&plot, &parallel, NULL);
    assert_true(color_at(other, 50, level) != rare && color_at(other, 50, level) != 0);
    dv_image_free(other);
    dv_image_free(image);
}

static void parallel_mean(void **state)
{
    (void)state;
    const int dimension[1] = {0};
    const float low = -1, high = 1, center = 0.5f, mean = -0.5f;
    const dv_plot plot = {.width = 31, .height = 61, .unit = 1};
    dv_parallel parallel = {
        .axes = 1, .dimension = dimension, .low = &low, .high = &high, .center = &center, .mean = &mean, .chosen = -1};
    dv_image *image = dv_figure_parallel(&plot, &parallel, NULL);

    assert_int_equal(color_at(image, 15, (int)lround(dv_parallel_y(&plot, -1, 1, -0.5))), DV_PARALLEL_MEAN_INK);
    dv_image_free(image);
    parallel.mean = &center;
    image = dv_figure_parallel(&plot, &parallel, NULL);
    assert_int_equal(count_color(image, DV_PARALLEL_MEAN_INK), 0);
    dv_image_free(image);
}

static void parallel_of_anything(void **state)
{
    (void)state;
    enum { AXES = 12, LINES = 300 };
    int dimension[AXES], line_class[LINES];
    float low[AXES], high[AXES], center[AXES], band[AXES], mean[AXES], quartile[AXES][3], line[LINES * AXES];

    for (int d = 0; d < AXES; d++) {
        dimension[d] = AXES - 1 - d;
        low[d] = -3;
        high[d] = 4;
        center[d] = d == 5 ? NAN : (float)(4 * uniform((uint64_t)d) - 2);
        mean[d] = d == 3 ? INFINITY : center[d] + 1;
        band[d] = d == 7 ? INFINITY : 0.5f;
        for (int q = 0; q < 3; q++)
            quartile[d][q] = d == 8 ? NAN : (float)(q - 1) / 2;
    }
    for (int i = 0; i < LINES * AXES; i++)
        line[i] = i % 97 == 0 ? NAN : i % 89 == 0 ? 1e30f : (float)(8 * uniform((uint64_t)(100 + i)) - 4);
    for (int i = 0; i < LINES; i++)
        line_class[i] = i % 40 - 1;
    for (int p = 0; p < PLOTS; p++) {
        for (int axes = 1; axes <= AXES; axes += 11) {
            dv_parallel parallel = {.axes = axes,
                                    .dimension = dimension,
                                    .low = low,
                                    .high = high,
                                    .center = center,
                                    .band = band,
                                    .mean = mean,
                                    .quartile = (const float(*)[3])quartile,
                                    .lines = LINES,
                                    .line = line,
                                    .stride = AXES,
                                    .line_class = line_class,
                                    .most_lines = 70,
                                    .chosen = 0};
            dv_image *image = dv_figure_parallel(&plots[p], &parallel, NULL);

            assert_plot(image, &plots[p]);
            dv_image_free(image);
        }
    }
}

/* ---- curves ------------------------------------------------------------------ */

static void curve_places(void **state)
{
    (void)state;
    const double x[3] = {0.01, 1, 100}, y[3] = {1, 10, 1000};
    const dv_curve curve = {.count = 3, .x = x, .y = y};
    const dv_curves curves = {.count = 1, .curve = &curve, .current = NAN, .horizontal = NAN};
    dv_limits limits = dv_curve_limits(&curves, true, true);

    assert_true(fabs(limits.x_low - 0.01) < 1e-12 && fabs(limits.x_high - 100) < 1e-9);
    assert_true(limits.y_low < 1 && limits.y_low > 0 && limits.y_high > 1000 && limits.y_high < 10000);
    for (int p = 2; p < PLOTS; p++) {
        double pixel[2];

        dv_curve_pixel(&plots[p], &limits, 1, 1, pixel);
        assert_true(fabs(pixel[0] - (plots[p].width - 1) / 2.0) < 1e-9);
        assert_true(fabs(dv_curve_x(&plots[p], &limits, pixel[0]) - 1) < 1e-9);
    }
    assert_true(fabs(dv_curve_at(&curve, &limits, 0.1) - sqrt(10)) < 1e-9);
    assert_true(dv_curve_at(&curve, &limits, 1) == 10);
    assert_true(isnan(dv_curve_at(&curve, &limits, 1000)));
}

static void curve_pixels(void **state)
{
    (void)state;
    const double y[5] = {0, 0, NAN, 0, 0}, vertical[1] = {1.5};
    const dv_curve curve = {.count = 5, .y = y, .color = {1, 2, 3}};
    const dv_plot plot = {.width = 105, .height = 45, .unit = 1};
    dv_curves curves = {.count = 1, .curve = &curve, .current = NAN, .horizontal = NAN};
    const dv_limits limits = {.x_high = 4, .y_low = -1, .y_high = 1};
    dv_image *image = dv_figure_curve(&plot, &curves, &limits, NULL);
    double at[2];

    /* From 0 to 1 and from 3 to 4, 25 pixels each with both ends; between them nothing. */
    assert_int_equal(count_color(image, 0x010203), 2 * 26);
    dv_curve_pixel(&plot, &limits, 2, 0, at);
    assert_int_equal(color_at(image, (int)at[0], (int)at[1]), 0);
    dv_image_free(image);

    curves.current = 0.5;
    curves.verticals = 1;
    curves.vertical = vertical;
    image = dv_figure_curve(&plot, &curves, &limits, NULL);
    dv_curve_pixel(&plot, &limits, 0.5, 0, at);
    assert_int_equal(color_at(image, (int)lround(at[0]), (int)at[1] - 2), 0xf2f2f2);
    assert_int_not_equal(color_at(image, (int)lround(at[0]), 10), 0);
    dv_curve_pixel(&plot, &limits, 1.5, 0, at);
    int painted = 0;
    for (int row = 0; row < 44; row++)
        painted += color_at(image, (int)lround(at[0]), row) != 0;
    assert_int_equal(painted, 22);
    dv_image_free(image);
}

static void curve_limits_of_little(void **state)
{
    (void)state;
    const double same[3] = {5, 5, 5}, none[2] = {NAN, -1};
    dv_curve curve = {.count = 3, .y = same};
    dv_curves curves = {.count = 1, .curve = &curve, .current = NAN, .horizontal = NAN};
    dv_limits limits = dv_curve_limits(&curves, false, false);

    assert_true(limits.x_low == 0 && limits.x_high == 2 && limits.y_low < 5 && limits.y_high > 5);
    curve = (dv_curve){.count = 2, .x = none, .y = none};
    limits = dv_curve_limits(&curves, true, true);
    assert_true(limits.x_low > 0 && limits.x_low < limits.x_high && limits.y_low > 0 && limits.y_low < limits.y_high);
    curves.count = 0;
    limits = dv_curve_limits(&curves, false, false);
    assert_true(limits.x_low == 0 && limits.x_high == 1);
}

static void curve_of_anything(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    double x[COUNT], y[2][COUNT];
    const double vertical[2] = {3, 1e300};

    for (int i = 0; i < COUNT; i++) {
        x[i] = i - 5;
        y[0][i] = i % 7 == 3 ? NAN : exp(i);
        y[1][i] = i == 20 ? INFINITY : -i;
    }
    for (int p = 0; p < PLOTS; p++) {
        for (int log_scale = 0; log_scale < 2; log_scale++) {
            const dv_curve curve[2] = {{.count = COUNT, .x = x, .y = y[0], .color = {1, 2, 3}, .markers = true},
                                       {.count = COUNT, .x = x, .y = y[1], .color = {200, 0, 0}}};
            dv_curves curves = {
                .count = 2, .curve = curve, .current = 2.5, .verticals = 2, .vertical = vertical, .horizontal = -10};
            dv_limits limits = dv_curve_limits(&curves, log_scale, log_scale);
            dv_image *image = dv_figure_curve(&plots[p], &curves, &limits, NULL);

            assert_plot(image, &plots[p]);
            dv_image_free(image);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scatter_places),
        cmocka_unit_test(scatter_shape),
        cmocka_unit_test(scatter_majority),
        cmocka_unit_test(scatter_tones),
        cmocka_unit_test(scatter_marks),
        cmocka_unit_test(scatter_next_point),
        cmocka_unit_test(scatter_walk),
        cmocka_unit_test(scatter_nearest_point),
        cmocka_unit_test(polygons),
        cmocka_unit_test(scatter_of_anything),
        cmocka_unit_test(heat_levels),
        cmocka_unit_test(heat_sums),
        cmocka_unit_test(heat_cells),
        cmocka_unit_test(heat_of_small_cells),
        cmocka_unit_test(heat_cursor),
        cmocka_unit_test(heat_of_anything),
        cmocka_unit_test(parallel_places),
        cmocka_unit_test(parallel_lines),
        cmocka_unit_test(parallel_mean),
        cmocka_unit_test(parallel_of_anything),
        cmocka_unit_test(curve_places),
        cmocka_unit_test(curve_pixels),
        cmocka_unit_test(curve_limits_of_little),
        cmocka_unit_test(curve_of_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

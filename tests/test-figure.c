#include "base/random.h"
#include "figure/figure.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const uint8_t *pixel_at(const dv_image *image, int x, int y)
{
    return image->pixel + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
}

static void assert_grey(const dv_image *image, int x, int y, int grey)
{
    const uint8_t *rgb = pixel_at(image, x, y);

    assert_int_equal(rgb[0], grey);
    assert_int_equal(rgb[1], grey);
    assert_int_equal(rgb[2], grey);
}

static void assert_level(const dv_image *image, int x, int y, int level)
{
    uint8_t rgb[3];

    dv_colormap_diverging_level(level, rgb);
    assert_memory_equal(pixel_at(image, x, y), rgb, 3);
}

static int compare_colors(const void *a, const void *b)
{
    return memcmp(a, b, 3);
}

static int distinct_colors(const dv_image *image)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uint8_t *copy = malloc(3 * pixels);
    int colors = 1;

    assert_non_null(copy);
    memcpy(copy, image->pixel, 3 * pixels);
    qsort(copy, pixels, 3, compare_colors);
    for (size_t i = 1; i < pixels; i++)
        colors += memcmp(copy + 3 * i, copy + 3 * (i - 1), 3) != 0;
    free(copy);
    return colors;
}

/* ---- tiles ------------------------------------------------------------------- */

enum { LOW = 0, HIGH = DV_COLORMAP_LEVELS - 1, NEUTRAL = DV_COLORMAP_LEVELS / 2 };

static void tile_pixels(void **state)
{
    (void)state;
    const float first[4] = {0, 1, 0.5f, NAN}, second[4] = {2, -1, 0.1f, 0.9f};
    const float *picture[3] = {first, second, NULL};
    const int mark[3] = {3, -1, -1};
    dv_tiles tiles = {.count = 3, .columns = 2, .tile_width = 4, .tile_height = 6, .gap = 1, .background = {9, 8, 7}};
    dv_image *image = dv_figure_pictures(&tiles, picture, mark, 1, 2, 2, NULL);
    int64_t width, height;
    uint8_t frame[3];

    dv_figure_tiles_size(&tiles, &width, &height);
    assert_int_equal(width, 12);
    assert_int_equal(height, 16);
    assert_non_null(image);
    assert_int_equal(image->width, 12);
    assert_int_equal(image->height, 16);
    assert_int_equal(image->channels, 3);

    dv_colormap_class(3, frame);
    for (int x = 0; x < 6; x++) {
        assert_memory_equal(pixel_at(image, x, 0), frame, 3);
        assert_memory_equal(pixel_at(image, x, 7), frame, 3);
        assert_memory_equal(pixel_at(image, 6 + x, 0), tiles.background, 3);
    }
    for (int y = 0; y < 8; y++) {
        assert_memory_equal(pixel_at(image, 0, y), frame, 3);
        assert_memory_equal(pixel_at(image, 5, y), frame, 3);
        assert_memory_equal(pixel_at(image, 6, y), tiles.background, 3);
    }
    for (int y = 0; y < 6; y++) {
        for (int x = 0; x < 4; x++) {
            /* 32 greys: 0.5 is level 16 of 31, 0.1 level 3, 0.9 level 28. */
            static const int grey[2][4] = {{0, 255, 132, 0}, {255, 0, 25, 230}};

            assert_grey(image, 1 + x, 1 + y, grey[0][y / 3 * 2 + x / 2]);
            assert_grey(image, 7 + x, 1 + y, grey[1][y / 3 * 2 + x / 2]);
        }
    }
    for (int y = 8; y < 16; y++)
        for (int x = 0; x < 12; x++)
            assert_memory_equal(pixel_at(image, x, y), tiles.background, 3);
    dv_image_free(image);
}

static void tile_scaling(void **state)
{
    (void)state;
    const float column[4] = {0, 1, 1, 1}, row[3] = {0, 1, 0};
    const float *picture = column;
    dv_tiles tiles = {.count = 1, .columns = 1, .tile_width = 2, .tile_height = 1};
    dv_image *image = dv_figure_pictures(&tiles, &picture, NULL, 1, 1, 4, NULL);

    assert_grey(image, 0, 0, 132); /* the mean of 0 and 1 */
    assert_grey(image, 1, 0, 255);
    dv_image_free(image);

    picture = row;
    tiles.tile_width = 7;
    image = dv_figure_pictures(&tiles, &picture, NULL, 1, 1, 3, NULL);
    for (int x = 0; x < 7; x++)
        assert_grey(image, x, 0, x * 3 / 7 == 1 ? 255 : 0);
    dv_image_free(image);
}

static void tile_marks(void **state)
{
    (void)state;
    const float value = 0.4f;
    const float *picture[3] = {&value, &value, &value};
    const int mark[3] = {DV_MARK_NONE, DV_MARK_CURSOR, DV_MARK_QUIET};
    dv_tiles tiles = {.count = 3, .columns = 3, .tile_width = 1, .tile_height = 1, .gap = 1, .greys = 16};
    dv_image *image = dv_figure_pictures(&tiles, picture, mark, 1, 1, 1, NULL);

    assert_grey(image, 0, 0, 0);
    assert_grey(image, 3, 0, 255);
    assert_grey(image, 6, 2, 112);
    assert_grey(image, 1, 1, 102); /* level 6 of 15 */
    dv_image_free(image);
}

/* A third of the tile at its upper right corner, white beyond a black line; all else as without. */
static void tile_notches(void **state)
{
    (void)state;
    enum { SIDE = 9, CUT = 3 };
    const float value = 0.4f;
    const float *picture[3] = {&value, &value, NULL};
    const bool notched[3] = {false, true, true};
    dv_tiles tiles = {.count = 3, .columns = 3, .tile_width = SIDE, .tile_height = SIDE, .gap = 1, .greys = 16};
    tiles.notched = notched;
    dv_image *image = dv_figure_pictures(&tiles, picture, NULL, 1, 1, 1, NULL);

    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            int beyond = x - y - (SIDE - CUT);

            assert_grey(image, 1 + x, 1 + y, 102);
            assert_grey(image, SIDE + 3 + x, 1 + y, beyond > 0 ? 255 : beyond == 0 ? 0 : 102);
            assert_grey(image, 2 * SIDE + 5 + x, 1 + y, 0);
        }
    dv_image_free(image);
}

static void tile_differences(void **state)
{
    (void)state;
    const float first[3] = {0.5f, -0.25f, NAN}, second[9] = {1, 0, -1, 1, 0, -1, 1, 0.75f, -1};
    const float *one = first, *three = second;
    dv_tiles tiles = {.count = 1, .columns = 1, .tile_width = 3, .tile_height = 1};
    dv_image *image = dv_figure_differences(&tiles, &one, NULL, 1, 1, 3, 0.5, NULL);

    assert_level(image, 0, 0, HIGH);
    assert_level(image, 1, 0, NEUTRAL / 2);
    assert_level(image, 2, 0, NEUTRAL);
    dv_image_free(image);
    image = dv_figure_differences(&tiles, &three, NULL, 3, 1, 3, 1, NULL);
    assert_level(image, 0, 0, HIGH);
    assert_level(image, 1, 0, NEUTRAL + NEUTRAL / 4);
    assert_level(image, 2, 0, LOW);
    dv_image_free(image);
}

static void tile_colors_are_few(void **state)
{
    (void)state;
    enum { SIDE = 64, PLANE = SIDE * SIDE };
    float *noise = malloc(3 * PLANE * sizeof *noise);
    const float *picture = noise;
    dv_tiles tiles = {.count = 1, .columns = 1, .tile_width = SIDE, .tile_height = SIDE};
    dv_image *image;

    assert_non_null(noise);
    for (int i = 0; i < 3 * PLANE; i++)
        noise[i] = (float)(1.2 * dv_random_uniform(1, DV_PURPOSE_TEST, (uint64_t)i) - 0.1);
    image = dv_figure_pictures(&tiles, &picture, NULL, 1, SIDE, SIDE, NULL);
    assert_int_equal(distinct_colors(image), 32);
    dv_image_free(image);

    image = dv_figure_pictures(&tiles, &picture, NULL, 3, SIDE, SIDE, NULL);
    assert_int_equal(distinct_colors(image), 216);
    for (int i = 0; i < PLANE; i++)
        for (int c = 0; c < 3; c++)
            assert_true(fabs(image->pixel[3 * i + c] - 255 * fmin(fmax(noise[c * PLANE + i], 0), 1)) <= 25.6);
    dv_image_free(image);
    free(noise);
}

static void tiles_too_large(void **state)
{
    (void)state;
    const float value = 0;
    const float *picture[3] = {&value, &value, &value};
    dv_tiles tiles = {.count = 3, .columns = 3, .tile_width = 2147483647, .tile_height = 1, .gap = 2147483647};
    dv_error error = {0};

    assert_null(dv_figure_pictures(&tiles, picture, NULL, 1, 1, 1, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
}

/* ---- weight maps --------------------------------------------------------------- */

enum { CLASSES = 3, WIDTH = 4, HEIGHT = 2, PIXELS = WIDTH * HEIGHT };

/* Sixteenths, so that sums and means are exact. The classes of each pixel add up to zero. */
static const float centered[CLASSES * PIXELS] = {
    1,     0.5f,  0, -0.25f, 0, 0, 0,        0, /* class 0 */
    -0.5f, 0,     0, 0.25f,  0, 0, 0.0625f,  0, /* class 1 */
    -0.5f, -0.5f, 0, 0,      0, 0, -0.0625f, 0, /* class 2 */
};

static int every_class[CLASSES] = {0, 1, 2};

static const float picture[3 * PIXELS] = {0, 0.25f, 0.5f, 0.75f, 1, 0, 1, 0.5f};
static const dv_map_style direction = {.kind = DV_MAP_DIRECTION};

static dv_explanation explanation_of(const float *weights, int channels)
{
    return (dv_explanation){.classes = CLASSES,
                            .rows = CLASSES,
                            .row_class = every_class,
                            .channels = channels,
                            .height = HEIGHT,
                            .width = WIDTH,
                            .picture = (float *)picture,
                            .weights = (float *)weights};
}

static dv_image *draw_styled(const float *weights, int channels, const dv_map_style *style)
{
    const dv_explanation explanation = explanation_of(weights, channels);
    const int classes[CLASSES] = {0, 1, 2};
    const dv_tiles tiles = {.count = CLASSES, .columns = CLASSES, .tile_width = WIDTH, .tile_height = HEIGHT};

    return dv_figure_maps(&tiles, &explanation, classes, style, NULL);
}

static dv_image *draw_maps(const float *weights, int channels, double scale)
{
    return draw_styled(weights, channels, &(dv_map_style){.kind = DV_MAP_DIRECTION, .scale = scale});
}

static double scale_of(const float *weights, int channels)
{
    const dv_explanation explanation = explanation_of(weights, channels);

    return dv_figure_map_scale(&explanation, &direction);
}

static void weight_scale(void **state)
{
    (void)state;
    dv_image *image = draw_maps(centered, 1, 0);

    assert_non_null(image);
    assert_true(scale_of(centered, 1) == 1);
    assert_level(image, 0, 0, HIGH);
    assert_level(image, 1, 0, NEUTRAL + NEUTRAL / 2);
    assert_level(image, 2, 0, NEUTRAL);
    assert_level(image, 3, 0, NEUTRAL - NEUTRAL / 4);
    assert_level(image, WIDTH, 0, NEUTRAL - NEUTRAL / 2);
    assert_level(image, WIDTH + 2, 1, NEUTRAL + 1);
    assert_level(image, 2 * WIDTH + 2, 1, NEUTRAL - 1);
    dv_image_free(image);

    image = draw_maps(centered, 1, 2);
    assert_level(image, 0, 0, NEUTRAL + NEUTRAL / 2);
    dv_image_free(image);

    image = draw_maps(centered, 1, 0.25);
    assert_level(image, 0, 0, HIGH);
    assert_level(image, 3, 0, LOW);
    dv_image_free(image);
}

static void weights_are_centered(void **state)
{
    (void)state;
    float shifted[CLASSES * PIXELS];
    dv_image *image = draw_maps(centered, 1, 0), *other;

    for (int k = 0; k < CLASSES; k++)
        for (int i = 0; i < PIXELS; i++)
            shifted[k * PIXELS + i] = centered[k * PIXELS + i] + (float)(i - 3) * 0.75f;
    other = draw_maps(shifted, 1, 0);
    assert_memory_equal(image->pixel, other->pixel, 3 * CLASSES * PIXELS);
    assert_true(scale_of(shifted, 1) == 1);
    dv_image_free(image);
    dv_image_free(other);
}

static void weights_are_summed_over_channels(void **state)
{
    (void)state;
    static const float share[3] = {0.5f, 2, -1.5f};
    float colored[CLASSES * 3 * PIXELS];
    dv_image *image = draw_maps(centered, 1, 0), *other;

    for (int k = 0; k < CLASSES; k++)
        for (int c = 0; c < 3; c++)
            for (int i = 0; i < PIXELS; i++)
                colored[(k * 3 + c) * PIXELS + i] = share[c] * centered[k * PIXELS + i];
    other = draw_maps(colored, 3, 0);
    assert_memory_equal(image->pixel, other->pixel, 3 * CLASSES * PIXELS);
    dv_image_free(image);
    dv_image_free(other);
}

static void weights_that_are_no_numbers(void **state)
{
    (void)state;
    static const float nothing[CLASSES * PIXELS];
    float broken[CLASSES * PIXELS];
    dv_image *image;

    memcpy(broken, centered, sizeof broken);
    broken[2] = NAN; /* class 0, where the others are zero */
    image = draw_maps(broken, 1, 0);
    assert_true(scale_of(broken, 1) == 1);
    assert_level(image, 0, 0, HIGH);
    assert_level(image, 2, 0, NEUTRAL);
    assert_level(image, WIDTH + 2, 0, NEUTRAL);
    dv_image_free(image);

    assert_true(scale_of(nothing, 1) == 0);
    image = draw_maps(nothing, 1, 0);
    assert_int_equal(distinct_colors(image), 1);
    assert_level(image, 0, 0, NEUTRAL);
    dv_image_free(image);
}

/* The value of a map at a pixel, in sixteenths of the scale, from its colour. */
static int level_at(const dv_image *image, int x, int y)
{
    for (int level = 0; level < DV_COLORMAP_LEVELS; level++) {
        uint8_t rgb[3];

        dv_colormap_diverging_level(level, rgb);
        if (memcmp(pixel_at(image, x, y), rgb, 3) == 0)
            return level - NEUTRAL;
    }
    fail_msg("no colour of the map");
    return 0;
}

static void map_kinds(void **state)
{
    (void)state;
    const dv_explanation explanation = explanation_of(centered, 1);

    for (int kind = 0; kind < DV_MAP_KINDS; kind++) {
        dv_map_style style = {.kind = (dv_map_kind)kind, .against = 2, .scale = 1};
        dv_image *image = draw_styled(centered, 1, &style);
        double largest = 0;

        for (int i = 0; i < CLASSES * PIXELS; i++) {
            int pixel = i % PIXELS;
            double value = kind == DV_MAP_DIRECTION      ? centered[i]
                           : kind == DV_MAP_CONTRIBUTION ? centered[i] * picture[pixel]
                                                         : centered[i] - centered[2 * PIXELS + pixel];

            largest = fmax(largest, fabs(value));
            assert_int_equal(level_at(image, i / PIXELS * WIDTH + pixel % WIDTH, pixel / WIDTH),
                             lround(16 * fmin(fmax(value, -1), 1)));
        }
        assert_true(dv_figure_map_scale(&explanation, &style) == largest);
        dv_image_free(image);
    }
}

/* Weights of three channels meet the pixels of their own channel. */
static void contributions_of_channels(void **state)
{
    (void)state;
    float weights[2 * 3] = {1, 2, 4, -1, -2, -4}, color[3] = {0.5f, 0.25f, 0.125f};
    const dv_explanation explanation = {.classes = 2,
                                        .rows = 2,
                                        .row_class = every_class,
                                        .channels = 3,
                                        .height = 1,
                                        .width = 1,
                                        .picture = color,
                                        .weights = weights};

    assert_true(dv_figure_map_scale(&explanation, &(dv_map_style){.kind = DV_MAP_CONTRIBUTION}) == 1.5);
}

static void maps_on_their_own_scale(void **state)
{
    (void)state;
    const dv_map_style style = {.kind = DV_MAP_DIRECTION, .scale = 100, .own_scale = true};
    dv_image *image = draw_styled(centered, 1, &style);

    assert_int_equal(level_at(image, 0, 0), 16);
    assert_int_equal(level_at(image, WIDTH, 0), -16);
    assert_int_equal(level_at(image, WIDTH + 3, 0), 8);
    dv_image_free(image);
}

/* Where the weight is nothing the picture shows in grey; the largest weights hide it. */
static void overlays(void **state)
{
    (void)state;
    enum { SIDE = 64, COUNT = SIDE * SIDE };
    float *noise = malloc(3 * COUNT * sizeof *noise);
    const int classes[2] = {0, 1};
    const dv_tiles tiles = {.count = 2, .columns = 2, .tile_width = SIDE, .tile_height = SIDE};
    const dv_map_style style = {.kind = DV_MAP_DIFFERENCE, .against = 1, .overlay = true};
    dv_explanation explanation = {
        .classes = 2, .rows = 2, .row_class = every_class, .channels = 1, .height = SIDE, .width = SIDE};
    dv_image *image;

    assert_non_null(noise);
    for (int i = 0; i < 3 * COUNT; i++)
        noise[i] = (float)dv_random_uniform(2, DV_PURPOSE_TEST, (uint64_t)i);
    explanation.weights = noise;
    explanation.picture = noise + 2 * COUNT;
    image = dv_figure_maps(&tiles, &explanation, classes, &style, NULL);
    assert_non_null(image);
    assert_true(distinct_colors(image) > 21 && distinct_colors(image) <= 42);
    for (int x = 0; x < SIDE; x++) {
        const uint8_t *rgb = pixel_at(image, SIDE + x, 0); /* class 1 against itself */

        assert_true(rgb[0] == rgb[1] && rgb[1] == rgb[2]);
        assert_true(fabs(rgb[0] / 230.0 - explanation.picture[x]) <= 1 / 10.0 + 0.01);
    }
    dv_image_free(image);
    free(noise);
}

/* More pixels than are taken at a time, and a number that is no multiple of it. */
static void weights_of_a_large_picture(void **state)
{
    (void)state;
    enum { SIDE = 15, COUNT = SIDE * SIDE };
    float weights[2 * COUNT];
    const dv_explanation explanation = {.classes = 2,
                                        .rows = 2,
                                        .row_class = every_class,
                                        .channels = 1,
                                        .height = SIDE,
                                        .width = SIDE,
                                        .picture = weights,
                                        .weights = weights};
    const int classes[1] = {1};
    const dv_tiles tiles = {.count = 1, .columns = 1, .tile_width = SIDE, .tile_height = SIDE};
    dv_image *image;

    for (int i = 0; i < COUNT; i++) {
        weights[i] = 0;
        weights[COUNT + i] = (float)(i - COUNT / 2) * 2;
    }
    assert_true(dv_figure_map_scale(&explanation, &direction) == COUNT / 2);
    image = dv_figure_maps(&tiles, &explanation, classes, &direction, NULL);
    for (int i = 0; i < COUNT; i++) {
        uint8_t rgb[3];

        dv_colormap_diverging((i - COUNT / 2) / (double)(COUNT / 2), rgb);
        assert_memory_equal(pixel_at(image, i % SIDE, i / SIDE), rgb, 3);
    }
    assert_int_equal(distinct_colors(image), DV_COLORMAP_LEVELS);
    dv_image_free(image);
}

/* Channels are summed, the scale is the map's own, and lines part superpixels where pixels are large enough. */
static void attributions(void **state)
{
    float map[2 * 4] = {1, 0, 0, -1, 1, 0, 0, -3};
    const float ground[4] = {0, 1, 1, 0};
    int segments[4] = {0, 1, 0, 1};
    dv_attribution it = {.channels = 2, .height = 2, .width = 2, .map = map, .segments = segments, .segment_count = 2};
    dv_tiles tile = {.count = 1, .columns = 1, .tile_width = 8, .tile_height = 8, .gap = 1};
    dv_error error;
    double scale;

    (void)state;
    dv_image *image = dv_figure_attribution(&tile, &it, NULL, 0, 0, &scale, &error);
    assert_non_null(image);
    assert_true(scale == 4);
    assert_level(image, 1, 1, DV_COLORMAP_LEVELS * 3 / 4); /* 2 of 4 */
    assert_level(image, 8, 8, 0);
    for (int y = 1; y <= 8; y++)
        assert_grey(image, 5, y, 128); /* the second column of pixels begins there */
    assert_level(image, 1, 5, DV_COLORMAP_LEVELS / 2);
    dv_image_free(image);

    tile.tile_width = tile.tile_height = 4; /* too small for lines */
    image = dv_figure_attribution(&tile, &it, ground, 1, 0, &scale, &error);
    assert_grey(image, 1, 3, 230); /* the ground's white under a map of 0 */
    assert_grey(image, 3, 1, 230);
    dv_image_free(image);

    memset(map, 0, sizeof map);
    image = dv_figure_attribution(&tile, &it, NULL, 0, 0, &scale, &error);
    assert_true(scale == 0);
    assert_level(image, 1, 1, DV_COLORMAP_LEVELS / 2);
    dv_image_free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tile_pixels),
        cmocka_unit_test(tile_scaling),
        cmocka_unit_test(tile_marks),
        cmocka_unit_test(tile_notches),
        cmocka_unit_test(tile_differences),
        cmocka_unit_test(tile_colors_are_few),
        cmocka_unit_test(tiles_too_large),
        cmocka_unit_test(weight_scale),
        cmocka_unit_test(weights_are_centered),
        cmocka_unit_test(weights_are_summed_over_channels),
        cmocka_unit_test(weights_that_are_no_numbers),
        cmocka_unit_test(map_kinds),
        cmocka_unit_test(contributions_of_channels),
        cmocka_unit_test(attributions),
        cmocka_unit_test(maps_on_their_own_scale),
        cmocka_unit_test(overlays),
        cmocka_unit_test(weights_of_a_large_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

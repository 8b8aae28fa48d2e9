/* Pages of the views: what must be on them, that nothing leaves the sheet, and that any input makes a page. */
#include "base/random.h"
#include "figure/pages.h"
#include "figure/sheet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST_CLASSES = 1200, EDGE = DV_SHEET_MARGIN / 2 };

static char name_text[MOST_CLASSES][80];
static const char *names[MOST_CLASSES];

static int make_names(void **state)
{
    (void)state;
    for (int k = 0; k < MOST_CLASSES; k++) {
        snprintf(name_text[k], sizeof name_text[k],
                 k % 5 == 4 ? "a class with %d and a name that goes on and on" : "k%d", k);
        names[k] = name_text[k];
    }
    return 0;
}

static dv_page_words words_for(int classes)
{
    return (dv_page_words){.title = "A title that is longer than any sheet of paper is wide, so that it has to be cut "
                                    "somewhere near its end",
                           .subtitle = "One sentence.",
                           .note = "A note.",
                           .classes = classes,
                           .class_names = names};
}

static uint32_t color_at(const dv_image *image, int x, int y)
{
    const uint8_t *rgb = image->pixel + 3 * ((size_t)y * (size_t)image->width + (size_t)x);

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

/* Nothing at the edges, something inside. Frees the image. */
static void assert_page(dv_image *image)
{
    int marks = 0;

    assert_non_null(image);
    assert_int_equal(image->width, DV_SHEET_WIDTH);
    assert_true(image->height <= DV_SHEET_TALLEST);
    for (int y = 0; y < image->height; y++) {
        for (int x = 0; x < image->width; x++) {
            bool edge = x < EDGE || x >= image->width - EDGE || y < EDGE || y >= image->height - EDGE / 2;
            bool blank = color_at(image, x, y) == DV_INK_PAPER;

            if (edge)
                assert_true(blank);
            marks += !blank;
        }
    }
    assert_true(marks > 1000);
    dv_image_free(image);
}

static void projections(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static float position[2 * COUNT];
    static int class_index[COUNT];
    static bool wrong[COUNT];
    const int classes[] = {0, 1, 10, 200};

    for (int c = 0; c < 4; c++) {
        dv_page_words words = words_for(classes[c]);
        dv_scatter scatter = {
            .position = position, .class_index = class_index, .wrong = wrong, .cursor = -1, .window = {.reach = 1}};

        for (int i = 0; i < 2 * COUNT; i++)
            position[i] = i % 77 == 0 ? NAN : (float)(2 * dv_random_uniform(3, DV_PURPOSE_TEST, (uint64_t)i) - 1);
        for (int i = 0; i < COUNT; i++) {
            class_index[i] = classes[c] > 0 && i % 10 ? i % classes[c] : -1;
            wrong[i] = i % 7 == 0;
        }
        for (scatter.count = 0; scatter.count <= COUNT; scatter.count += COUNT)
            assert_page(dv_figure_page_projection(&words, &scatter, NULL));
    }
}

/* A class without points has no entry in the key. */
static void projection_key(void **state)
{
    (void)state;
    const float position[4] = {0, 0, 0.5f, 0.5f};
    const int class_index[2] = {1, 1};
    dv_page_words words = words_for(3);
    dv_scatter scatter = {
        .count = 2, .position = position, .class_index = class_index, .cursor = -1, .window = {.reach = 1}};
    dv_image *image = dv_figure_page_projection(&words, &scatter, NULL);

    assert_non_null(image);
    assert_true(count_color(image, 0x56b4e9) >= 12 * 12); /* class 1 */
    assert_int_equal(count_color(image, 0xe69f00), 0);    /* class 0 */
    assert_page(image);
}

static void confusions(void **state)
{
    (void)state;
    const int classes[] = {1, 2, 10, 60, 300, MOST_CLASSES};

    for (int c = 0; c < 6; c++) {
        size_t cells = (size_t)classes[c] * (size_t)classes[c];
        int64_t *count = calloc(cells, sizeof *count);
        dv_page_words words = words_for(classes[c]);

        assert_non_null(count);
        for (size_t i = 0; i < cells; i += 1 + i % 3)
            count[i] = (int64_t)(1e6 * pow(dv_random_uniform(4, DV_PURPOSE_TEST, i), 9));
        for (int mode = DV_HEAT_ROW; mode <= DV_HEAT_ABSOLUTE; mode++) {
            dv_heat heat = {.classes = classes[c], .count = count, .mode = (dv_heat_mode)mode, .row = 0, .column = -1};

            assert_page(dv_figure_page_confusion(&words, &heat, NULL));
        }
        free(count);
    }
}

/* Cells that are right and wrong have the colours that the terminal gives them. */
static void confusion_colors(void **state)
{
    (void)state;
    static const uint8_t paper[3] = {255, 255, 255};
    const int64_t count[4] = {100, 0, 75, 25};
    dv_page_words words = words_for(2);
    dv_heat heat = {.classes = 2, .count = count, .row = -1, .column = -1};
    dv_image *image = dv_figure_page_confusion(&words, &heat, NULL);
    double level[3] = {1, sqrt(0.75), 0.5};

    assert_non_null(image);
    for (int i = 0; i < 3; i++) {
        uint8_t rgb[3];

        dv_heat_color(level[i], i != 1, paper, rgb);
        assert_true(count_color(image, (uint32_t)rgb[0] << 16 | (uint32_t)rgb[1] << 8 | rgb[2]) > 3000);
    }
    assert_page(image);
}

static void parallels(void **state)
{
    (void)state;
    enum { AXES = 200, LINES = 50 };
    static int dimension[AXES], line_class[LINES];
    static float low[AXES], high[AXES], center[AXES], band[AXES], mean[AXES], line[LINES * AXES];
    dv_page_words words = words_for(30);

    for (int d = 0; d < AXES; d++) {
        dimension[d] = d;
        low[d] = -3;
        high[d] = 3;
        center[d] = d == 1 ? NAN : (float)(d % 5) - 2;
        band[d] = 0.5f;
    }
    for (int i = 0; i < LINES * AXES; i++)
        line[i] = (float)(4 * dv_random_uniform(5, DV_PURPOSE_TEST, (uint64_t)i) - 2);
    for (int i = 0; i < LINES; i++)
        line_class[i] = i % 31 - 1;
    for (int axes = 1; axes <= AXES; axes += 9 + 10 * axes) {
        dv_parallel parallel = {.axes = axes,
                                .dimension = dimension,
                                .low = low,
                                .high = high,
                                .center = center,
                                .band = band,
                                .mean = mean,
                                .lines = LINES,
                                .line = line,
                                .stride = AXES,
                                .line_class = line_class,
                                .chosen = axes - 1};

        assert_page(dv_figure_page_parallel(&words, &parallel, NULL, NULL));
        assert_page(dv_figure_page_parallel(&words, &parallel, names, NULL));
    }
}

static void curves(void **state)
{
    (void)state;
    enum { CURVES = 40, COUNT = 5 };
    const double x[COUNT] = {1e-7, 1e-3, 1, 20, 3e6};
    double y[CURVES][COUNT];
    dv_curve curve[CURVES];

    for (int c = 0; c < CURVES; c++) {
        for (int i = 0; i < COUNT; i++)
            y[c][i] = i == 2 && c % 2 ? NAN : pow(10, c % 9 - 3) * (i + 1);
        curve[c] = (dv_curve){.count = COUNT, .x = x, .y = y[c], .color = {(uint8_t)(5 * c), 0, 200}};
    }
    for (int count = 0; count <= CURVES; count += 20) {
        for (int log_scale = 0; log_scale < 2; log_scale++) {
            dv_page_words words = words_for(0);
            dv_curves all = {.count = count, .curve = curve, .current = 0.5, .horizontal = NAN};
            dv_limits limits = dv_curve_limits(&all, log_scale, log_scale);

            assert_page(dv_figure_page_curves(&words, &all, &limits, "x", "y", names, NULL));
            const dv_panel panel = {&all, &limits, "x", "y"}, panels[] = {panel, panel, panel};
            assert_page(dv_figure_page_panels(&words, 3, panels, names, count ? names : NULL, NULL));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections),      cmocka_unit_test(projection_key), cmocka_unit_test(confusions),
        cmocka_unit_test(confusion_colors), cmocka_unit_test(parallels),      cmocka_unit_test(curves),
    };
    return cmocka_run_group_tests(tests, make_names, NULL);
}

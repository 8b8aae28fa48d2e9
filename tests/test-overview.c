#include "base/random.h"
#include "figure/chart.h"
#include "figure/figure.h"
#include "figure/page.h"
#include "vid/regions.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- text ---------------------------------------------------------------------- */

/* The smallest rectangle that holds every pixel that differs between two images of one size. */
typedef struct rectangle {
    int left, top, right, bottom; /* right and bottom are behind it; left == right: nothing differs */
} rectangle;

static rectangle difference(const dv_image *a, const dv_image *b)
{
    rectangle box = {.left = a->width, .top = a->height};

    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int y = 0; y < a->height; y++) {
        for (int x = 0; x < a->width; x++) {
            size_t at = 3 * ((size_t)y * (size_t)a->width + (size_t)x);

            if (memcmp(a->pixel + at, b->pixel + at, 3) == 0)
                continue;
            box.left = x < box.left ? x : box.left;
            box.top = y < box.top ? y : box.top;
            box.right = x + 1 > box.right ? x + 1 : box.right;
            box.bottom = y + 1 > box.bottom ? y + 1 : box.bottom;
        }
    }
    if (box.right == 0)
        box.left = box.top = 0;
    return box;
}

enum { SHEET_WIDTH = 400, SHEET_HEIGHT = 60 };

/* Where `text` leaves ink when it is written at x = 200. */
static rectangle ink_of(const char *text, dv_align align, double width)
{
    const dv_lettering lettering = {.size = 16, .align = align, .width = width};
    dv_canvas *canvas = dv_canvas_new(SHEET_WIDTH, SHEET_HEIGHT, 0xffffff, NULL);
    dv_image *empty = dv_canvas_image(canvas, SHEET_HEIGHT, NULL), *written;
    double used = dv_canvas_text(canvas, 200, 30, &lettering, "%s", text);
    dv_error error = {0};
    rectangle box;

    written = dv_canvas_image(canvas, SHEET_HEIGHT, &error);
    assert_string_equal(error.message, "");
    assert_non_null(written);
    box = difference(empty, written);
    if (width > 0)
        assert_true(used <= width);
    assert_true(box.right - box.left <= used + 4);
    dv_image_free(empty);
    dv_image_free(written);
    dv_canvas_free(canvas);
    return box;
}

static void text_alignment(void **state)
{
    (void)state;
    rectangle left = ink_of("Shirt", DV_ALIGN_LEFT, 0), center = ink_of("Shirt", DV_ALIGN_CENTER, 0);
    rectangle right = ink_of("Shirt", DV_ALIGN_RIGHT, 0);

    assert_in_range(left.left, 199, 204);
    assert_in_range(right.right, 196, 201);
    assert_in_range(center.left + center.right, 394, 406);
    assert_in_range(left.bottom, 29, 32);
    assert_int_equal(ink_of("", DV_ALIGN_LEFT, 0).right, 0);
}

static void text_is_shortened(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a text that is far too long for eighty pixels",
        "\xc3\x9c\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\x9c\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\x9c\xc3\xbc\xc3\x9f",
        "\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2\xe5\xad\x97",
        "broken \xff\xfe\xc3 UTF-8 and \x1b[31m a control",
    };
    char endless[5000];

    memset(endless, 'm', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(ink_of(texts[i], DV_ALIGN_LEFT, 80).right > 220);
    assert_true(ink_of(endless, DV_ALIGN_LEFT, 80).right > 220);
}

static void paragraphs_break_at_spaces(void **state)
{
    (void)state;
    dv_canvas *canvas = dv_canvas_new(SHEET_WIDTH, SHEET_HEIGHT, 0xffffff, NULL);
    dv_lettering lettering = {.size = 10};
    double word = dv_canvas_text_width(canvas, &lettering, "wool wool");

    lettering.width = word + 1;
    assert_int_equal(dv_canvas_paragraph(canvas, 0, 10, &lettering, 12, 9, "wool wool wool wool wool"), 3);
    assert_int_equal(dv_canvas_paragraph(canvas, 0, 10, &lettering, 12, 2, "wool wool wool wool wool"), 2);
    lettering.width = word - 1;
    assert_int_equal(dv_canvas_paragraph(canvas, 0, 10, &lettering, 12, 9, "  wool wool   wool wool "), 4);
    assert_int_equal(dv_canvas_paragraph(canvas, 0, 10, &lettering, 12, 9, ""), 0);
    lettering.width = 1;
    assert_int_equal(dv_canvas_paragraph(canvas, 0, 10, &lettering, 12, 9, "wool wool"), 2);
    dv_canvas_free(canvas);
}

static void percent(void **state)
{
    (void)state;
    static const struct {
        double share;
        int decimals;
        const char *text;
    } row[] = {
        {0.623, 0, "62 %"},      {0.623, 1, "62.3 %"},     {1, 0, "100 %"},
        {0, 1, "0.0 %"},         {0.0004, 1, "< 0.1 %"},   {0.004, 0, "< 1 %"},
        {0.9996, 1, "> 99.9 %"}, {NAN, 1, "\xe2\x80\x93"}, {INFINITY, 1, "\xe2\x80\x93"},
    };
    char text[32];

    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_string_equal(dv_chart_percent(text, sizeof text, row[i].share, row[i].decimals), row[i].text);
}

/* ---- an explanation that looks like one ------------------------------------------ */

typedef struct example {
    dv_explanation explanation;
    dv_bundle_facts facts;
    char **names;
} example;

static float *noise(size_t count, uint64_t seed)
{
    float *value = malloc(count * sizeof *value);

    assert_non_null(value);
    for (size_t i = 0; i < count; i++)
        value[i] = (float)dv_random_uniform(seed, DV_PURPOSE_TEST, i);
    return value;
}

static float *shares(int classes, uint64_t seed)
{
    float *share = noise((size_t)classes, seed), sum = 0;

    for (int k = 0; k < classes; k++)
        sum += share[k] = powf(share[k], 8);
    for (int k = 0; k < classes; k++)
        share[k] /= sum;
    return share;
}

static int likeliest(const float *share, int classes)
{
    int best = 0;

    for (int k = 1; k < classes; k++)
        if (share[k] > share[best])
            best = k;
    return best;
}

static example make_sample(int classes, int channels, int height, int width, int count, const char *name)
{
    size_t size = (size_t)channels * (size_t)height * (size_t)width;
    example sample = {0};
    dv_explanation *explanation = &sample.explanation;

    *explanation = (dv_explanation){
        .options = {.index = 12, .neighbors = count, .fresh = 1000, .band = 0.5, .temperature = 2, .seed = 1},
        .classes = classes,
        .rows = classes,
        .row_class = calloc((size_t)classes, sizeof(int)),
        .latent = 3,
        .channels = channels,
        .height = height,
        .width = width,
        .label = classes - 1,
        .picture = noise(size, 1),
        .reconstruction = noise(size, 2),
        .center_picture = noise(size, 3),
        .latent_mean = noise(3, 4),
        .latent_deviation = noise(3, 5),
        .center = noise(3, 4),
        .band = noise(3, 6),
        .teacher_probabilities = shares(classes, 7),
        .teacher_soft_label = shares(classes, 7),
        .student_probabilities = shares(classes, 8),
        .count = count,
        .kept = count,
        .neighbors = noise(size * (size_t)count, 9),
        .latents = noise(3 * (size_t)count, 10),
        .neighbor_classes = calloc((size_t)count, sizeof(int)),
        .weights = noise(size * (size_t)classes, 11),
        .lambda = 0.003,
        .fidelity = {.fresh = 1000, .kl = 0.008, .kl_at_1 = 0.02, .agreement = 0.94, .r2 = 0.9, .keeps_label = 0.65},
    };
    explanation->teacher_class = explanation->center_class = likeliest(explanation->teacher_probabilities, classes);
    explanation->picture_class = explanation->fidelity.reconstruction_label = explanation->teacher_class;
    for (int k = 0; k < classes; k++)
        explanation->row_class[k] = k;
    explanation->student_class = likeliest(explanation->student_probabilities, classes);
    for (int i = 0; i < count; i++)
        explanation->neighbor_classes[i] = (explanation->teacher_class + i * i % 7) % classes;
    sample.names = calloc((size_t)classes, sizeof *sample.names);
    for (int k = 0; k < classes; k++) {
        size_t room = strlen(name) + 16;

        sample.names[k] = malloc(room);
        snprintf(sample.names[k], room, "%s%d", name, k);
    }
    sample.facts =
        (dv_bundle_facts){.name = "Samples", .folder = "", .classes = classes, .latent = 3, .same_size = true};
    sample.facts.class_names = (const char *const *)sample.names;
    return sample;
}

static void free_sample(example *sample)
{
    dv_explanation *explanation = &sample->explanation;
    void *const owned[] = {
        explanation->picture,
        explanation->reconstruction,
        explanation->center_picture,
        explanation->latent_mean,
        explanation->latent_deviation,
        explanation->center,
        explanation->band,
        explanation->teacher_probabilities,
        explanation->teacher_soft_label,
        explanation->student_probabilities,
        explanation->neighbors,
        explanation->latents,
        explanation->neighbor_classes,
        explanation->weights,
        explanation->row_class,
    };

    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        free(owned[i]);
    for (int k = 0; k < explanation->classes; k++)
        free(sample->names[k]);
    free(sample->names);
}

static dv_image *draw(const example *sample)
{
    dv_error error = {0};
    dv_image *image = dv_figure_overview(&sample->explanation, NULL, &sample->facts, &error);

    assert_string_equal(error.message, "");
    assert_non_null(image);
    assert_int_equal(image->width, DV_PAGE_WIDTH);
    assert_int_equal(image->channels, 3);
    return image;
}

/* ---- the overview ------------------------------------------------------------------ */

static void overview_is_deterministic(void **state)
{
    (void)state;
    example sample = make_sample(10, 1, 28, 28, 40, "Class ");
    dv_image *first = draw(&sample), *second = draw(&sample);

    assert_int_equal(difference(first, second).right, 0);
    dv_image_free(first);
    dv_image_free(second);
    free_sample(&sample);
}

/* Where the page changes when one thing of the explanation does. */
static rectangle change(const example *sample, const dv_image *before)
{
    dv_image *after = draw(sample);
    rectangle box = difference(before, after);

    assert_true(box.right > box.left);
    dv_image_free(after);
    return box;
}

static void assert_in_column(rectangle box, int left, int width)
{
    assert_true(box.left >= left - 2 && box.right <= left + width + 2);
}

/* Each part of the explanation is drawn in its own place of the page, and nowhere else. */
static void overview_shows_everything(void **state)
{
    (void)state;
    example sample = make_sample(10, 1, 28, 28, 200, "Class ");
    dv_explanation *explanation = &sample.explanation;
    dv_image *before = draw(&sample);
    rectangle picture, reconstruction, bars, map, neighbors, figures, settings, verdict;
    const int picture_side = 252;

    explanation->picture[0] += explanation->picture[0] < 0.5 ? 0.5f : -0.5f;
    picture = change(&sample, before);
    assert_int_equal(picture.left, DV_PAGE_MARGIN);
    assert_in_column(picture, DV_PAGE_MARGIN, DV_PAGE_LEFT_WIDTH);
    assert_true(picture.right > DV_PAGE_MARGIN + 2 * picture_side); /* the evidence in it, two places to the right */
    dv_image_free(before);
    before = draw(&sample);

    explanation->reconstruction[28 * 28 - 1] += explanation->reconstruction[28 * 28 - 1] < 0.5 ? 0.5f : -0.5f;
    reconstruction = change(&sample, before);
    assert_true(reconstruction.left > DV_PAGE_MARGIN + picture_side);
    assert_int_equal(reconstruction.right - reconstruction.left, 9); /* one pixel of 28 in 252 */
    assert_int_equal(reconstruction.bottom - reconstruction.top, 9);
    assert_int_equal(reconstruction.bottom, picture.top + picture_side);
    dv_image_free(before);
    before = draw(&sample);

    explanation->student_probabilities[explanation->teacher_class] += 0.3f;
    bars = change(&sample, before);
    assert_in_column(bars, DV_PAGE_RIGHT, DV_PAGE_RIGHT_WIDTH);
    assert_true(bars.top > picture.top && bars.bottom < picture.top + picture_side);
    dv_image_free(before);
    before = draw(&sample);

    /* The weight is too small to change the scale, and the predicted class has two maps. */
    explanation->weights[(explanation->teacher_class + 1) % 10 * 28 * 28] = 0.5f;
    explanation->weights[(explanation->teacher_class + 2) % 10 * 28 * 28] = 0.5f;
    map = change(&sample, before);
    assert_in_column(map, DV_PAGE_MARGIN, DV_PAGE_LEFT_WIDTH);
    assert_true(map.bottom > picture.top + picture_side);
    dv_image_free(before);
    before = draw(&sample);

    for (int i = 0; i < 28 * 28 * 100; i++) { /* in another order: their mean, and with it the evidence, stays */
        float *one = &explanation->neighbors[i], *other = one + 28 * 28 * 100, kept = *one;
        *one = *other;
        *other = kept;
    }
    neighbors = change(&sample, before);
    assert_in_column(neighbors, DV_PAGE_RIGHT, DV_PAGE_RIGHT_WIDTH);
    assert_true(neighbors.top > picture.top + picture_side);
    dv_image_free(before);
    before = draw(&sample);

    explanation->neighbor_classes[7] = (explanation->neighbor_classes[7] + 1) % 10; /* the key counts all */
    assert_in_column(change(&sample, before), DV_PAGE_RIGHT, DV_PAGE_RIGHT_WIDTH);
    dv_image_free(before);
    before = draw(&sample);

    explanation->fidelity.kl = 0.5;
    figures = change(&sample, before);
    assert_in_column(figures, DV_PAGE_MARGIN, DV_PAGE_LEFT_WIDTH);
    assert_true(figures.top > neighbors.bottom);
    dv_image_free(before);
    before = draw(&sample);

    explanation->lambda = 0.5;
    settings = change(&sample, before);
    assert_in_column(settings, DV_PAGE_RIGHT, DV_PAGE_RIGHT_WIDTH);
    assert_true(settings.top > neighbors.bottom);
    dv_image_free(before);
    before = draw(&sample);

    explanation->fidelity.verdict = DV_VERDICT_DOUBTFUL; /* in the title and at the figures */
    verdict = change(&sample, before);
    assert_true(verdict.top < picture.top && verdict.bottom > neighbors.bottom);
    dv_image_free(before);
    free_sample(&sample);
}

/* The evidence is told by the picture, by half the mean neighbour and by the weights; where all of it lies in one ninth
 * and on one side of zero, words and colours say so. */
static void overview_tells_evidence(void **state)
{
    (void)state;
    example sample = make_sample(3, 1, 9, 9, 20, "Class ");
    dv_explanation *explanation = &sample.explanation;
    char regions[DV_REGIONS_SIZE];
    dv_error error;

    memset(explanation->weights, 0, 3 * 81 * sizeof(float));
    explanation->weights[explanation->teacher_class * 81 + 80] = 3; /* the last pixel: lower right */
    explanation->picture[80] = 1;
    for (int sign = 1; sign >= -1; sign -= 2) {
        for (int i = 0; i < 20; i++) /* half their mean is below the picture, then above it */
            explanation->neighbors[i * 81 + 80] = sign > 0 ? 1 : 4;
        dv_attribution *made = dv_attribution_own(explanation, "evidence-half", &error);
        assert_non_null(made);
        assert_int_equal(made->class_index, explanation->teacher_class);
        assert_true(fabs(made->map[80] - (sign > 0 ? 1 : -2)) < 1e-6);
        assert_int_equal(dv_regions_tell(made, sign, regions), 1);
        assert_string_equal(regions, sign > 0 ? "lower right +1.00" : "lower right -1.00");
        assert_int_equal(dv_regions_tell(made, -sign, regions), 0);
        assert_string_equal(regions, "");
        dv_attribution_free(made);
    }
    assert_null(dv_attribution_own(explanation, "nonsense", &error));
    free_sample(&sample);
}

/* Adding one map to every class changes no probability, and nothing here. */
static void overview_centers_weights(void **state)
{
    (void)state;
    example sample = make_sample(4, 1, 8, 8, 20, "Class ");
    dv_image *before, *after;

    for (int i = 0; i < 4 * 64; i++)
        sample.explanation.weights[i] = roundf(sample.explanation.weights[i] * 64) / 64;
    before = draw(&sample);
    for (int i = 0; i < 4 * 64; i++)
        sample.explanation.weights[i] += (float)(i % 64) / 4;
    after = draw(&sample);
    assert_int_equal(difference(before, after).right, 0);
    dv_image_free(before);
    dv_image_free(after);
    free_sample(&sample);
}

static void overview_of_extremes(void **state)
{
    (void)state;
    static const char long_name[] = "\xc3\x9c"
                                    "beraus \xe2\x80\x9elanger\xe2\x80\x9c name with \"quotes\", 'more' & <tags> "
                                    "%s %n \xe6\xbc\xa2\xe5\xad\x97 that does not come to an end anywhere near ";
    static const struct {
        int classes, channels, height, width, count;
        const char *name;
    } extreme[] = {
        {1, 1, 1, 1, 2, ""},
        {2, 1, 1, 1, 2, long_name},
        {1000, 3, 1, 1, 33, long_name},
        {1000, 1, 4, 3, 1500, "n"},
        {11, 3, 300, 2, 5, "tall "},
        {3, 1, 1, 500, 3, "wide "},
        {12, 3, 224, 224, 3, "large "},
    };

    for (size_t i = 0; i < sizeof extreme / sizeof *extreme; i++) {
        example sample = make_sample(extreme[i].classes, extreme[i].channels, extreme[i].height, extreme[i].width,
                                     extreme[i].count, extreme[i].name);
        dv_explanation *explanation = &sample.explanation;

        dv_image_free(draw(&sample));

        explanation->label = -1;
        explanation->center[0] += 1;
        explanation->options.method = DV_STUDENT_ADAM;
        explanation->fidelity.verdict = DV_VERDICT_DO_NOT_TRUST;
        explanation->fidelity.reason_count = DV_MAX_REASONS;
        explanation->fidelity.reconstruction_label = explanation->classes - 1;
        for (int r = 0; r < DV_MAX_REASONS; r++)
            memset(explanation->fidelity.reasons[r], r % 2 ? 'm' : '.', DV_REASON_SIZE - 1);
        dv_image_free(draw(&sample));
        free_sample(&sample);
    }
}

static void fill(float *value, size_t count, float with)
{
    for (size_t i = 0; i < count; i++)
        value[i] = with;
}

static void overview_without_numbers(void **state)
{
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 0};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        example sample = make_sample(12, 1, 6, 5, 40, "Class ");
        dv_explanation *explanation = &sample.explanation;
        dv_fidelity *fidelity = &explanation->fidelity;

        fill(explanation->picture, 30, bad[i]);
        fill(explanation->reconstruction, 30, bad[i]);
        fill(explanation->center, 3, bad[i]);
        fill(explanation->band, 3, bad[i]);
        fill(explanation->teacher_probabilities, 12, bad[i]);
        fill(explanation->teacher_soft_label, 12, bad[i]);
        fill(explanation->student_probabilities, 12, bad[i]);
        fill(explanation->neighbors, 30 * 40, bad[i]);
        fill(explanation->latents, 3 * 40, bad[i]);
        fill(explanation->weights, 30 * 12, bad[i]);
        fidelity->kl = fidelity->agreement = fidelity->r2 = fidelity->keeps_label = fidelity->entropy = bad[i];
        explanation->lambda = bad[i];
        dv_image_free(draw(&sample));
        free_sample(&sample);
    }
}

/* Other explainers make the page longer by rows of seven, with a map or the word why there is none. */
static void overview_of_attributions(void **state)
{
    enum { SIDE = 8, ALL = 8 };
    float map[SIDE * SIDE] = {1, -2};
    int segments[SIDE * SIDE] = {1, 1};
    example sample = make_sample(4, 1, SIDE, SIDE, 20, "Class ");
    dv_image *none = draw(&sample);
    dv_attribution it[ALL], *item[ALL];
    int height[ALL + 1] = {none->height};

    (void)state;
    dv_image_free(none);
    for (int i = 0; i < ALL; i++) {
        it[i] = (dv_attribution){.explainer = dv_explainer_at(i), .channels = 1, .height = SIDE, .width = SIDE};
        it[i].map = i % 3 ? map : NULL;
        it[i].segments = i % 3 ? segments : NULL;
        snprintf(it[i].problem, sizeof it[i].problem, "no gradient passes");
        item[i] = &it[i];
    }
    for (int count = 1; count <= ALL; count++) {
        const dv_attributions others = {count, item};
        dv_error error;
        dv_image *image = dv_figure_overview(&sample.explanation, &others, &sample.facts, &error);
        assert_non_null(image);
        height[count] = image->height;
        dv_image_free(image);
    }
    assert_true(height[1] > height[0] + 200 && height[7] == height[1]);
    assert_true(height[8] > height[7] + 200);
    free_sample(&sample);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_alignment),
        cmocka_unit_test(text_is_shortened),
        cmocka_unit_test(paragraphs_break_at_spaces),
        cmocka_unit_test(percent),
        cmocka_unit_test(overview_is_deterministic),
        cmocka_unit_test(overview_shows_everything),
        cmocka_unit_test(overview_tells_evidence),
        cmocka_unit_test(overview_centers_weights),
        cmocka_unit_test(overview_of_extremes),
        cmocka_unit_test(overview_without_numbers),
        cmocka_unit_test(overview_of_attributions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "image/image.h"
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "scratch.h"

/* ---- pixel buffers ---------------------------------------------------------- */

static void impossible_images_are_refused(void **state)
{
    (void)state;
    static const int sizes[][2] = {{0, 1}, {1, 0}, {-1, 5}, {DV_IMAGE_MAX_SIDE + 1, 1}, {1, INT_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        dv_error error = {0};
        assert_null(dv_image_new(sizes[i][0], sizes[i][1], 3, &error));
        assert_int_equal(error.code, DV_ERROR_UNSUPPORTED);
    }
    dv_image *image = dv_image_new(DV_IMAGE_MAX_SIDE, 1, 1, NULL);
    dv_error error = {0};
    assert_null(dv_image_enlarge(image, 2, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    assert_null(dv_image_enlarge(image, 0, &error));
    dv_image_free(image);
    dv_image_free(NULL);
}

static void floats_are_clipped_rounded_and_interleaved(void **state)
{
    (void)state;
    float ramp[256];
    for (int i = 0; i < 256; i++) {
        ramp[i] = (float)i / 255;
    }
    dv_image *image = dv_image_from_floats(ramp, 1, 16, 16, NULL);
    for (int i = 0; i < 256; i++) {
        assert_int_equal(image->pixel[i], i);
    }
    dv_image_free(image);
    /* 3 channels, 1 high, 2 wide */
    const float picture[] = {-1, 2, 0.5f, NAN, INFINITY, -INFINITY};
    static const uint8_t pixels[] = {0, 128, 255, 255, 0, 0};
    image = dv_image_from_floats(picture, 3, 1, 2, NULL);
    assert_int_equal(image->width, 2);
    assert_int_equal(image->height, 1);
    assert_memory_equal(image->pixel, pixels, sizeof pixels);
    dv_image_free(image);
}

static void images_are_enlarged(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        dv_image *image = dv_image_new(3, 2, channels, NULL);
        for (int i = 0; i < 6 * channels; i++) {
            image->pixel[i] = (uint8_t)(i + 1);
        }
        dv_image *large = dv_image_enlarge(image, 4, NULL);
        assert_int_equal(large->width, 12);
        assert_int_equal(large->height, 8);
        assert_int_equal(large->channels, channels);
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 12; x++) {
                assert_memory_equal(large->pixel + (y * 12 + x) * channels,
                                    image->pixel + (y / 4 * 3 + x / 4) * channels, (size_t)channels);
            }
        }
        dv_image_free(large);
        dv_image_free(image);
    }
}

/* Wherever a picture is pasted, each pixel of the target is the source's or its own. */
static void images_are_pasted_and_clipped(void **state)
{
    (void)state;
    static const int places[] = {INT_MIN, INT_MIN + 1, -100, -4, -3, -2,  -1,          0,
                                 1,       2,           5,    6,  7,  100, INT_MAX - 1, INT_MAX};
    enum { PLACES = sizeof places / sizeof places[0] };
    for (int kind = 0; kind < 4; kind++) {
        int from_channels = kind & 1 ? 3 : 1, to_channels = kind & 2 ? 3 : 1;
        dv_image *source = dv_image_new(4, 3, from_channels, NULL), *target = dv_image_new(7, 6, to_channels, NULL);
        dv_image_fill(source, 200, 200, 200);
        for (int i = 0; i < PLACES * PLACES; i++) {
            int64_t left = places[i / PLACES], top = places[i % PLACES];
            dv_image_fill(target, 10, 10, 10);
            dv_image_paste(target, source, (int)left, (int)top);
            for (int64_t y = 0; y < 6; y++) {
                for (int64_t x = 0; x < 7; x++) {
                    bool inside = x >= left && x < left + 4 && y >= top && y < top + 3;
                    for (int c = 0; c < to_channels; c++) {
                        assert_int_equal(target->pixel[(y * 7 + x) * to_channels + c], inside ? 200 : 10);
                    }
                }
            }
        }
        dv_image_free(source);
        dv_image_free(target);
    }
}

static void pasting_keeps_order_and_converts(void **state)
{
    (void)state;
    dv_image *color = dv_image_new(2, 1, 3, NULL), *grey = dv_image_new(2, 1, 1, NULL);
    memcpy(color->pixel, (uint8_t[]){255, 0, 0, 0, 255, 0}, 6);
    dv_image_paste(grey, color, 0, 0);
    assert_memory_equal(grey->pixel, ((uint8_t[]){76, 150}), 2); /* 0.299, 0.587 of 255 */
    dv_image_paste(color, grey, 1, 0);
    assert_memory_equal(color->pixel, ((uint8_t[]){255, 0, 0, 76, 76, 76}), 6);
    dv_image_fill(color, 1, 2, 3);
    assert_memory_equal(color->pixel, ((uint8_t[]){1, 2, 3, 1, 2, 3}), 6);
    dv_image_free(color);
    dv_image_free(grey);
}

/* ---- PNG -------------------------------------------------------------------- */

/* Calls `test` with every file of a folder whose name ends in .png; returns how many there were. */
static int each_png(const char *folder, void (*test)(const char *path, const char *name))
{
    char path[512];
    DIR *open = opendir(source_path(path, folder, ""));
    assert_non_null(open);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(open));) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ".png") == 0) {
            test(source_path(path, folder, entry->d_name), entry->d_name);
            count++;
        }
    }
    closedir(open);
    return count;
}

/* The pixels as tests/png/make.py computed them, from the PGM or PPM of the same name. */
static dv_image *read_expected(const char *png_path)
{
    char path[512];
    int channels = 1, width, height;
    snprintf(path, sizeof path, "%.*s.pgm", (int)strlen(png_path) - 4, png_path);
    FILE *file = fopen(path, "rb");
    if (!file) {
        channels = 3;
        path[strlen(path) - 2] = 'p';
        file = fopen(path, "rb");
    }
    assert_non_null(file);
    assert_int_equal(fscanf(file, channels == 1 ? "P5 %d %d 255" : "P6 %d %d 255", &width, &height), 2);
    assert_int_equal(fgetc(file), '\n');
    dv_image *image = dv_image_new(width, height, channels, NULL);
    size_t size = (size_t)(width * height * channels);
    assert_int_equal(fread(image->pixel, 1, size, file), size);
    fclose(file);
    return image;
}

static void read_as_expected(const char *path, const char *name)
{
    dv_error error = {0};
    dv_image *image = dv_png_read(path, &error), *expected = read_expected(path);
    if (!image) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(image->width, expected->width);
    assert_int_equal(image->height, expected->height);
    assert_int_equal(image->channels, expected->channels);
    /* Colour and alpha of 16 bits are scaled to 8 before they are mixed. */
    int tolerance = strstr(name, "alpha-16") ? 1 : 0;
    for (int i = 0; i < image->width * image->height * image->channels; i++) {
        if (abs(image->pixel[i] - expected->pixel[i]) > tolerance) {
            fail_msg("%s: byte %d is %d, not %d", name, i, image->pixel[i], expected->pixel[i]);
        }
    }
    dv_image_free(expected);
    dv_image_free(image);
}

static void every_kind_of_png_is_read(void **state)
{
    (void)state;
    assert_int_equal(each_png("png", read_as_expected), 52);
}

static void refuse(const char *path, const char *name)
{
    dv_error error = {0};
    if (dv_png_read(path, &error)) {
        fail_msg("%s was read", name);
    }
    assert_true(error.code == DV_ERROR_FORMAT || error.code == DV_ERROR_UNSUPPORTED);
    size_t length = strlen(path);
    assert_true(strncmp(error.message, path, length) == 0 && strncmp(error.message + length, ": ", 2) == 0);
    assert_true(strlen(error.message) > length + 10);
}

static void malformed_png_is_refused(void **state)
{
    (void)state;
    assert_true(each_png("bad", refuse) >= 20);
}

/* Cut anywhere, a file is refused; changed anywhere, it is refused or read, and nothing else happens. */
static void png_damaged_anywhere_is_harmless(void **state)
{
    static const char *const names[] = {"rgb-8-transparent-interlaced.png", "palette-4-transparent.png", "grey-16.png"};
    char path[512], copy[256];
    scratch_path(copy, *state, "damaged.png");
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        uint8_t *data;
        size_t size;
        assert_true(dv_file_read(source_path(path, "png", names[n]), 1 << 20, &data, &size, NULL));
        for (size_t i = 0; i < size; i++) {
            put_file(copy, data, i);
            assert_null(dv_png_read(copy, NULL));
            data[i] ^= 0x55;
            put_file(copy, data, size);
            dv_image_free(dv_png_read(copy, NULL));
            data[i] ^= 0x55;
        }
        free(data);
    }
}

static void png_written_is_read_back(void **state)
{
    static const int sizes[][3] = {{1, 1, 1}, {1, 1, 3}, {7, 5, 1}, {300, 200, 3}, {2, 3000, 3}};
    char path[256];
    scratch_path(path, *state, "out.png");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        dv_error error = {0};
        dv_image *image = dv_image_new(sizes[i][0], sizes[i][1], sizes[i][2], NULL);
        size_t size = (size_t)(image->width * image->height * image->channels);
        for (size_t j = 0; j < size; j++) {
            image->pixel[j] = (uint8_t)(j * j >> 3);
        }
        assert_true(dv_png_write(image, path, &error));
        dv_image *back = dv_png_read(path, &error);
        assert_non_null(back);
        assert_int_equal(back->width, image->width);
        assert_int_equal(back->height, image->height);
        assert_int_equal(back->channels, image->channels);
        assert_memory_equal(back->pixel, image->pixel, size);
        dv_image_free(back);
        dv_image_free(image);
    }
    assert_int_equal(scratch_count(*state), 1);
}

static void png_that_cannot_be_written(void **state)
{
    char path[256];
    dv_error error = {0};
    dv_image *image = dv_image_new(300, 300, 3, NULL);
    assert_false(dv_png_write(image, scratch_path(path, *state, "no/out.png"), &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    assert_non_null(strstr(error.message, path));
    if (access("/dev/full", W_OK) == 0) {
        /* Few bytes fail at the end, many on the way. */
        for (int noise = 0; noise <= 1; noise++) {
            for (uint32_t i = 0, value = 1; i < 300 * 300 * 3; i++, value = value * 1664525 + 1013904223) {
                image->pixel[i] = noise ? (uint8_t)(value >> 24) : 0;
            }
            assert_false(dv_png_write(image, "/dev/full", &error));
            assert_int_equal(error.code, DV_ERROR_FILE);
            assert_non_null(strstr(error.message, "/dev/full: cannot be written: "));
            assert_non_null(strstr(error.message, strerror(ENOSPC)));
        }
    }
    assert_int_equal(scratch_count(*state), 0);
    dv_image_free(image);
}

/* ---- colour maps ------------------------------------------------------------ */

static double linear(double byte)
{
    double c = byte / 255;
    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double root(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIELAB under D65 of linear sRGB (IEC 61966-2-1, CIE 15). */
static void to_lab(const double rgb[3], double lab[3])
{
    double x = 0.4124564 * rgb[0] + 0.3575761 * rgb[1] + 0.1804375 * rgb[2];
    double y = 0.2126729 * rgb[0] + 0.7151522 * rgb[1] + 0.0721750 * rgb[2];
    double z = 0.0193339 * rgb[0] + 0.1191920 * rgb[1] + 0.9503041 * rgb[2];
    double fx = root(x / 0.95047), fy = root(y), fz = root(z / 1.08883);
    lab[0] = 116 * fy - 16;
    lab[1] = 500 * (fx - fy);
    lab[2] = 200 * (fy - fz);
}

/* Full loss of the red, green and blue cones: Machado, Oliveira and Fernandes 2009; then what a healthy eye sees. */
static const double vision[4][3][3] = {
    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
};

static void lab_seen(const uint8_t rgb[3], const double eye[3][3], double lab[3])
{
    double seen[3];
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++) {
            sum += eye[i][j] * linear(rgb[j]);
        }
        seen[i] = fmin(fmax(sum, 0), 1);
    }
    to_lab(seen, lab);
}

static double difference(const double a[3], const double b[3])
{
    return sqrt(pow(a[0] - b[0], 2) + pow(a[1] - b[1], 2) + pow(a[2] - b[2], 2));
}

static void the_diverging_map_is_even(void **state)
{
    (void)state;
    enum { LAST = DV_COLORMAP_LEVELS - 1, MIDDLE = LAST / 2 };
    double lab[DV_COLORMAP_LEVELS][3], mean_step = 0;
    uint8_t rgb[3];
    for (int level = 0; level <= LAST; level++) {
        dv_colormap_diverging_level(level, rgb);
        lab_seen(rgb, vision[3], lab[level]);
    }
    dv_colormap_diverging_level(MIDDLE, rgb);
    assert_true(rgb[0] == rgb[1] && rgb[1] == rgb[2] && rgb[0] >= 240);
    for (int d = 1; d <= MIDDLE; d++) {
        /* Darker with each step, and on both sides alike. */
        assert_true(lab[MIDDLE + d][0] < lab[MIDDLE + d - 1][0] - 0.5);
        assert_true(lab[MIDDLE - d][0] < lab[MIDDLE - d + 1][0] - 0.5);
        assert_true(fabs(lab[MIDDLE + d][0] - lab[MIDDLE - d][0]) < 5);
        /* Blue below, orange above. */
        assert_true(lab[MIDDLE - d][2] < 0 && lab[MIDDLE + d][2] > 0);
    }
    for (int level = 0; level < LAST; level++) {
        mean_step += difference(lab[level], lab[level + 1]) / LAST;
    }
    for (int level = 0; level < LAST; level++) {
        double step = difference(lab[level], lab[level + 1]);
        assert_true(step > mean_step * 0.6 && step < mean_step * 1.6);
    }
}

/* Whatever cone an eye lacks, +t never looks like -t: the steps apart are many times the just noticeable 2.3. */
static void the_diverging_map_is_safe_for_colour_blind_eyes(void **state)
{
    (void)state;
    const int middle = DV_COLORMAP_LEVELS / 2;
    for (int eye = 0; eye < 4; eye++) {
        for (int d = 1; d <= middle; d++) {
            uint8_t low[3], high[3];
            double low_lab[3], high_lab[3];
            dv_colormap_diverging_level(middle - d, low);
            dv_colormap_diverging_level(middle + d, high);
            lab_seen(low, vision[eye], low_lab);
            lab_seen(high, vision[eye], high_lab);
            assert_true(difference(low_lab, high_lab) > (d < 4 ? 4.0 * d : 16));
        }
    }
}

static void the_diverging_map_takes_any_value(void **state)
{
    (void)state;
    static const struct {
        double t;
        int level;
    } cases[] = {{-1, 0}, {1, 32}, {0, 16}, {NAN, 16}, {-INFINITY, 0}, {1e300, 32}, {0.03, 16}, {0.032, 17}, {-0.5, 8}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t rgb[3], expected[3];
        dv_colormap_diverging(cases[i].t, rgb);
        dv_colormap_diverging_level(cases[i].level, expected);
        assert_memory_equal(rgb, expected, 3);
    }
}

static void classes_have_colours_of_their_own(void **state)
{
    (void)state;
    enum { CLASSES = 1000, FEW = 20 };
    static uint8_t rgb[CLASSES][3];
    double lab[FEW][3];
    for (int i = 0; i < CLASSES; i++) {
        dv_colormap_class(i, rgb[i]);
        for (int j = 0; j < i; j++) {
            assert_memory_not_equal(rgb[i], rgb[j], 3);
        }
    }
    for (int i = 0; i < FEW; i++) {
        lab_seen(rgb[i], vision[3], lab[i]);
        for (int j = 0; j < i; j++) {
            assert_true(difference(lab[i], lab[j]) > 10);
        }
    }
    dv_colormap_class(INT_MAX, rgb[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_images_are_refused),
        cmocka_unit_test(floats_are_clipped_rounded_and_interleaved),
        cmocka_unit_test(images_are_enlarged),
        cmocka_unit_test(images_are_pasted_and_clipped),
        cmocka_unit_test(pasting_keeps_order_and_converts),
        cmocka_unit_test(every_kind_of_png_is_read),
        cmocka_unit_test(malformed_png_is_refused),
        with_scratch(png_damaged_anywhere_is_harmless),
        with_scratch(png_written_is_read_back),
        with_scratch(png_that_cannot_be_written),
        cmocka_unit_test(the_diverging_map_is_even),
        cmocka_unit_test(the_diverging_map_is_safe_for_colour_blind_eyes),
        cmocka_unit_test(the_diverging_map_takes_any_value),
        cmocka_unit_test(classes_have_colours_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

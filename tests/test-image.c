#include "image/resample.h"
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
    assert_non_null(image);
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

/* ---- PNG and JPEG ------------------------------------------------------------- */

/* Calls `test` with every file of a folder whose name ends in `ending`; returns how many there were. */
static int each_picture(const char *folder, const char *ending, void (*test)(const char *path, const char *name))
{
    char path[512];
    DIR *open = opendir(source_path(path, folder, ""));
    assert_non_null(open);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(open));) {
        size_t length = strlen(entry->d_name);
        if (length > 4 && strcmp(entry->d_name + length - 4, ending) == 0) {
            test(source_path(path, folder, entry->d_name), entry->d_name);
            count++;
        }
    }
    closedir(open);
    return count;
}

/* The pixels as make.py in the same folder computed them, from the PGM or PPM of the same name. */
static dv_image *read_expected(const char *picture_path)
{
    char path[512];
    int channels = 1, width, height;
    snprintf(path, sizeof path, "%.*s.pgm", (int)strlen(picture_path) - 4, picture_path);
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
    dv_image *image = dv_image_read(path, &error), *expected = read_expected(path);
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
    assert_int_equal(each_picture("png", ".png", read_as_expected), 53);
}

static void every_kind_of_jpeg_is_read(void **state)
{
    (void)state;
    assert_int_equal(each_picture("jpeg", ".jpg", read_as_expected), 19);
}

static void the_header_tells_what_will_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *folder, *name, *format;
        int width, height, channels;
    } cases[] = {
        {"jpeg", "cmyk.jpg", "JPEG", 17, 9, 3},
        {"jpeg", "grey.jpg", "JPEG", 13, 10, 1},
        {"jpeg", "turned-6.jpg", "JPEG", 7, 11, 1},
        {"png", "grey-8-turned.png", "PNG", 4, 7, 1},
        {"png", "palette-4-transparent.png", "PNG", 11, 9, 3},
        {"png", "grey-alpha-16.png", "PNG", 11, 9, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[512];
        uint8_t *data;
        size_t size;
        dv_image_facts facts;
        assert_true(dv_file_read(source_path(path, cases[i].folder, cases[i].name), 1 << 20, &data, &size, NULL));
        assert_string_equal(dv_image_format(data, size), cases[i].format);
        assert_true(dv_image_describe(data, size, &facts, NULL));
        assert_string_equal(facts.format, cases[i].format);
        assert_int_equal(facts.width, cases[i].width);
        assert_int_equal(facts.height, cases[i].height);
        assert_int_equal(facts.channels, cases[i].channels);
        free(data);
    }
    assert_null(dv_image_format((const uint8_t *)"GIF89a..", 8));
}

static void refuse(const char *path, const char *name)
{
    dv_error error = {0};
    if (dv_image_read(path, &error)) {
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
    assert_true(each_picture("bad", ".png", refuse) >= 20);
}

static void malformed_jpeg_is_refused(void **state)
{
    (void)state;
    assert_true(each_picture("bad", ".jpg", refuse) >= 15);
}

/* As with PNG below, but that the mark of the end may be missing: the pixels are all there. */
static void jpeg_damaged_anywhere_is_harmless(void **state)
{
    static const char *const names[] = {"rgb-2.jpg", "rgb-0-progressive.jpg", "cmyk.jpg", "turned-6.jpg"};
    (void)state;
    char path[512];
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
        uint8_t *data;
        size_t size;
        assert_true(dv_file_read(source_path(path, "jpeg", names[n]), 1 << 20, &data, &size, NULL));
        for (size_t i = 0; i < size; i++) {
            dv_image *image = dv_image_decode(data, i, NULL);
            assert_true(!image || i >= size - 2);
            dv_image_free(image);
            for (int flip = 1; flip < 256; flip *= 16) {
                data[i] ^= (uint8_t)(0x55 * flip);
                dv_image_free(dv_image_decode(data, size, NULL));
                data[i] ^= (uint8_t)(0x55 * flip);
            }
        }
        free(data);
    }
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
            assert_null(dv_image_read(copy, NULL));
            data[i] ^= 0x55;
            put_file(copy, data, size);
            dv_image_free(dv_image_read(copy, NULL));
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
        dv_image *back = dv_image_read(path, &error);
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

/* ---- resampling --------------------------------------------------------------- */

/* The picture that tests/jpeg/make.py had resampled. */
static dv_image *make_wave(int width, int height, int channels)
{
    dv_image *image = dv_image_new(width, height, channels, NULL);
    uint8_t *pixel = image->pixel;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            for (int c = 0; c < channels; c++) {
                *pixel++ = (uint8_t)((x * x * (c + 3) + y * 17 * (c + 1) + x * y * 5) / 4 % 256);
            }
        }
    }
    return image;
}

static dv_resampler *make_resampler(int from_height, int from_width, int height, int width, double crop,
                                    dv_filter filter)
{
    dv_scaling scaling = dv_scaling_make(from_height, from_width, height, width, crop);
    dv_resampler *resampler = dv_resampler_new(from_height, from_width, &scaling, filter, NULL);
    assert_non_null(resampler);
    return resampler;
}

/* Bytes by Pillow 9.4. */
static void resampling_is_that_of_pillow(void **state)
{
    (void)state;
    char path[512], name[16];
    FILE *file = fopen(source_path(path, "jpeg", "resampled.txt"), "r");
    assert_non_null(file);
    int from_width, from_height, channels, width, height, lines = 0;
    while (fscanf(file, "%d %d %d %d %d %15s", &from_width, &from_height, &channels, &width, &height, name) == 6) {
        dv_filter filter;
        assert_true(dv_filter_find(name, &filter, NULL));
        dv_image *image = make_wave(from_width, from_height, channels);
        dv_resampler *resampler = make_resampler(from_height, from_width, height, width, 0, filter);
        dv_image *scaled = dv_resample_image(resampler, image, NULL);
        for (int i = 0; i < width * height * channels; i++) {
            int expected;
            assert_int_equal(fscanf(file, "%d", &expected), 1);
            assert_true(abs(scaled->pixel[i] - expected) <= 1);
        }
        dv_image_free(scaled);
        dv_resampler_free(resampler);
        dv_image_free(image);
        lines++;
    }
    assert_int_equal(lines, 12);
    fclose(file);
}

/* Sizes and margins by torchvision 0.14: Resize(round(size / crop)), then CenterCrop(size). */
static void pictures_are_placed_as_torchvision_does(void **state)
{
    (void)state;
    static const struct {
        int from_height, from_width, size;
        double crop;
        int64_t full_height, full_width, top, left;
    } cases[] = {
        {375, 500, 224, 0.875, 256, 341, 16, 58},
        {500, 375, 224, 0.875, 341, 256, 58, 16},
        {333, 500, 299, 0.875, 342, 513, 22, 107},
        {32, 32, 28, 1, 28, 28, 0, 0},
        {28, 35, 28, 1, 28, 35, 0, 4},
        {28, 33, 28, 1, 28, 33, 0, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dv_scaling s =
            dv_scaling_make(cases[i].from_height, cases[i].from_width, cases[i].size, cases[i].size, cases[i].crop);
        assert_int_equal(s.full_height, cases[i].full_height);
        assert_int_equal(s.full_width, cases[i].full_width);
        assert_int_equal(s.top, cases[i].top);
        assert_int_equal(s.left, cases[i].left);
    }
    /* Not square: both sides are covered, nothing is squeezed. */
    dv_scaling wide = dv_scaling_make(100, 100, 20, 60, 1), tall = dv_scaling_make(100, 400, 60, 20, 0.5);
    assert_true(wide.full_height == 60 && wide.full_width == 60 && wide.top == 20 && wide.left == 0);
    assert_true(tall.full_height == 120 && tall.full_width == 480 && tall.top == 30 && tall.left == 230);
    /* However long and thin a picture is, only what is kept of it is ever computed. */
    dv_image *thin = make_wave(1, DV_IMAGE_MAX_SIDE, 1);
    dv_resampler *resampler = make_resampler(DV_IMAGE_MAX_SIDE, 1, 299, 299, 0.875, DV_FILTER_BICUBIC);
    dv_image *scaled = dv_resample_image(resampler, thin, NULL);
    assert_true(scaled->width == 299 && scaled->height == 299);
    dv_image_free(scaled);
    dv_resampler_free(resampler);
    dv_image_free(thin);
}

static void a_picture_of_the_right_size_stays_itself(void **state)
{
    (void)state;
    for (int filter = 0; filter < DV_FILTERS; filter++) {
        dv_image *image = make_wave(9, 7, 3);
        dv_resampler *resampler = make_resampler(7, 9, 7, 9, 1, (dv_filter)filter);
        assert_true(dv_resampler_is_identity(resampler));
        dv_image *same = dv_resample_image(resampler, image, NULL);
        assert_memory_equal(same->pixel, image->pixel, 7 * 9 * 3);
        dv_image_free(same);
        dv_resampler_free(resampler);
        dv_image_free(image);
    }
}

/* Floats go the same way as bytes, up to the bytes' rounding, where these are not clipped. */
static void floats_are_resampled_like_bytes(void **state)
{
    (void)state;
    static const int sizes[][4] = {{17, 23, 5, 9}, {6, 5, 13, 11}, {8, 30, 8, 7}};
    for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
        for (int filter = 0; filter < DV_FILTERS; filter++) {
            int from_height = sizes[n][0], from_width = sizes[n][1], height = sizes[n][2], width = sizes[n][3];
            dv_image *image = make_wave(from_width, from_height, 3);
            float from[3 * 17 * 30], to[3 * 13 * 11];
            int plane = from_height * from_width;
            for (int i = 0; i < 3 * plane; i++) {
                image->pixel[i] = (uint8_t)(64 + image->pixel[i] / 2);
                from[i % 3 * plane + i / 3] = image->pixel[i];
            }
            dv_resampler *resampler = make_resampler(from_height, from_width, height, width, 0.8, (dv_filter)filter);
            float *scratch = malloc(dv_resampler_scratch(resampler) * sizeof *scratch);
            dv_image *scaled = dv_resample_image(resampler, image, NULL);
            dv_resample_float(resampler, 3, from, to, scratch);
            for (int i = 0; i < 3 * height * width; i++) {
                assert_float_equal(to[i % 3 * height * width + i / 3], scaled->pixel[i], 1.2);
            }
            free(scratch);
            dv_image_free(scaled);
            dv_resampler_free(resampler);
            dv_image_free(image);
        }
    }
}

/* <A x, y> = <x, A' y> for every x and y, so A' is the gradient of A. */
static void the_transpose_is_one(void **state)
{
    (void)state;
    enum { CHANNELS = 2, FROM = CHANNELS * 9 * 14, TO = CHANNELS * 6 * 5 };
    float x[FROM], y[TO], forward[TO], backward[FROM];
    for (int filter = 0; filter < DV_FILTERS; filter++) {
        dv_resampler *resampler = make_resampler(9, 14, 6, 5, 0.7, (dv_filter)filter);
        float *scratch = malloc(dv_resampler_scratch(resampler) * sizeof *scratch);
        double ahead = 0, back = 0;
        for (int i = 0; i < FROM; i++) {
            x[i] = (float)sin(i * 1.7);
            backward[i] = NAN; /* is overwritten */
        }
        for (int i = 0; i < TO; i++) {
            y[i] = (float)cos(i * 0.9);
            forward[i] = NAN;
        }
        dv_resample_float(resampler, CHANNELS, x, forward, scratch);
        dv_resample_transpose(resampler, CHANNELS, y, backward, scratch);
        for (int i = 0; i < TO; i++) {
            ahead += (double)forward[i] * y[i];
        }
        for (int i = 0; i < FROM; i++) {
            back += (double)x[i] * backward[i];
        }
        assert_true(fabs(ahead) > 0.1);
        assert_float_equal(ahead, back, 1e-5);
        free(scratch);
        dv_resampler_free(resampler);
    }
}

static void grey_and_colour_are_converted(void **state)
{
    (void)state;
    /* Pillow's convert("L"). */
    static const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 200, 99, 255, 255, 255, 77, 77, 77};
    static const uint8_t luma[] = {76, 150, 29, 132, 255, 77};
    dv_image *color = dv_image_new(3, 2, 3, NULL);
    memcpy(color->pixel, rgb, sizeof rgb);
    dv_image *grey = dv_image_convert(color, 1, NULL), *again = dv_image_convert(grey, 3, NULL);
    assert_memory_equal(grey->pixel, luma, sizeof luma);
    for (int i = 0; i < 18; i++) {
        assert_int_equal(again->pixel[i], luma[i / 3]);
    }
    dv_image_free(again);
    dv_image_free(grey);
    dv_image_free(color);
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
        cmocka_unit_test(images_are_pasted_and_clipped),
        cmocka_unit_test(pasting_keeps_order_and_converts),
        cmocka_unit_test(every_kind_of_png_is_read),
        cmocka_unit_test(every_kind_of_jpeg_is_read),
        cmocka_unit_test(the_header_tells_what_will_be_read),
        cmocka_unit_test(malformed_png_is_refused),
        cmocka_unit_test(malformed_jpeg_is_refused),
        cmocka_unit_test(jpeg_damaged_anywhere_is_harmless),
        with_scratch(png_damaged_anywhere_is_harmless),
        with_scratch(png_written_is_read_back),
        with_scratch(png_that_cannot_be_written),
        cmocka_unit_test(resampling_is_that_of_pillow),
        cmocka_unit_test(pictures_are_placed_as_torchvision_does),
        cmocka_unit_test(a_picture_of_the_right_size_stays_itself),
        cmocka_unit_test(floats_are_resampled_like_bytes),
        cmocka_unit_test(the_transpose_is_one),
        cmocka_unit_test(grey_and_colour_are_converted),
        cmocka_unit_test(the_diverging_map_is_even),
        cmocka_unit_test(the_diverging_map_is_safe_for_colour_blind_eyes),
        cmocka_unit_test(the_diverging_map_takes_any_value),
        cmocka_unit_test(classes_have_colours_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "image/codec.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <assert.h>
#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* libpng leaves by longjmp. So all that must survive lives in a struct of the function that cleans up, and setjmp is
 * called in a function of its own, whose locals are not looked at after the jump. */

/* Keeps libpng's reason for the user. */
static void give_up(png_structp png, png_const_charp reason)
{
    dv_error_set(png_get_error_ptr(png), DV_ERROR_FORMAT, "%s", reason);
    png_longjmp(png, 1);
}

static void ignore_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* ---- reading ---------------------------------------------------------------- */

typedef struct reader {
    png_structp png;
    png_infop info;
    const uint8_t *next; /* the file's bytes not yet taken */
    size_t left;
    int width, height;
    int channels;  /* with alpha: 1, 2, 3 or 4 */
    uint8_t *rows; /* height x width x channels */
} reader;

static void take_bytes(png_structp png, png_bytep to, size_t count)
{
    reader *r = png_get_io_ptr(png);
    if (count > r->left) {
        png_error(png, "the file is cut short");
    }
    memcpy(to, r->next, count);
    r->next += count;
    r->left -= count;
}

/* Reads up to the pixels and asks for 8-bit channels: grey or RGB, with alpha where the file has any transparency.
 * The gamma of the file is not applied, like in most programs: the pixels are what a network was trained on. */
static bool read_header(reader *r)
{
    if (setjmp(png_jmpbuf(r->png))) {
        return dv_error_prefix(png_get_error_ptr(r->png), "the PNG is damaged");
    }
    png_set_read_fn(r->png, r, take_bytes);
    png_set_user_limits(r->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* ours are checked before any pixel is read */
    png_read_info(r->png, r->info);
    png_uint_32 width = png_get_image_width(r->png, r->info), height = png_get_image_height(r->png, r->info);
    if (!dv_image_check(width, height, png_get_error_ptr(r->png))) {
        return false; /* before libpng makes room for a line */
    }
    r->width = (int)width;
    r->height = (int)height;
    png_set_expand(r->png);
    png_set_scale_16(r->png);
    png_set_interlace_handling(r->png);
    png_read_update_info(r->png, r->info);
    r->channels = png_get_channels(r->png, r->info);
    return true;
}

static bool read_rows(reader *r)
{
    if (setjmp(png_jmpbuf(r->png))) {
        return dv_error_prefix(png_get_error_ptr(r->png), "the PNG is damaged");
    }
    size_t stride = (size_t)r->width * (size_t)r->channels;
    int passes = png_get_interlace_type(r->png, r->info) == PNG_INTERLACE_NONE ? 1 : PNG_INTERLACE_ADAM7_PASSES;
    for (int pass = 0; pass < passes; pass++) {
        for (int y = 0; y < r->height; y++) {
            png_read_row(r->png, r->rows + (size_t)y * stride, NULL);
        }
    }
    png_read_end(r->png, r->info);
    return true;
}

/* Drops the alpha channel: what is transparent lies on white. */
static void over_white(const reader *r, dv_image *image)
{
    size_t count = (size_t)r->width * (size_t)r->height;
    int channels = image->channels;
    const uint8_t *from = r->rows;
    uint8_t *to = image->pixel;
    for (size_t i = 0; i < count; i++, from += channels + 1, to += channels) {
        int alpha = from[channels];
        for (int c = 0; c < channels; c++) {
            to[c] = (uint8_t)((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
        }
    }
}

/* 1 where the file tells none. */
static int find_orientation(const reader *r)
{
    int orientation = 1;
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(r->png, r->info, &size, &exif) == PNG_INFO_eXIf && exif) {
        orientation = dv_exif_orientation(exif, size);
    }
#endif
    return orientation;
}

static void tell(const reader *r, dv_stored *stored)
{
    *stored = (dv_stored){
        .width = r->width,
        .height = r->height,
        .channels = r->channels % 2 == 0 ? r->channels - 1 : r->channels,
        .orientation = find_orientation(r),
    };
}

static dv_image *read_image(reader *r, dv_stored *stored, dv_error *error)
{
    bool alpha = r->channels % 2 == 0;
    dv_image *image = dv_image_new(r->width, r->height, stored->channels, error);
    if (!image) {
        return NULL;
    }
    uint8_t *own = NULL;
    if (alpha) {
        own = dv_alloc((size_t)r->width * (size_t)r->height, (size_t)r->channels, error);
    }
    r->rows = alpha ? own : image->pixel;
    bool good = r->rows && read_rows(r);
    if (good && alpha) {
        over_white(r, image);
    }
    free(own);
    if (!good) {
        dv_image_free(image);
        return NULL;
    }
    tell(r, stored);
    return image;
}

/* Without `image` only the header is read. */
static bool read_png(const uint8_t *data, size_t size, dv_stored *stored, dv_image **image, dv_error *error)
{
    reader r = {.next = data, .left = size};
    r.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, error, give_up, ignore_warning);
    r.info = r.png ? png_create_info_struct(r.png) : NULL;
    bool good = r.info ? read_header(&r) : dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    if (good) {
        tell(&r, stored);
    }
    if (good && image) {
        *image = read_image(&r, stored, error);
        good = *image != NULL;
    }
    png_destroy_read_struct(&r.png, &r.info, NULL);
    return good;
}

static bool probe(const uint8_t *data, size_t size)
{
    return size >= 8 && png_sig_cmp(data, 0, 8) == 0;
}

static bool describe(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error)
{
    return read_png(data, size, stored, NULL, error);
}

static dv_image *decode(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error)
{
    dv_image *image = NULL;
    return read_png(data, size, stored, &image, error) ? image : NULL;
}

const dv_codec dv_codec_png = {.name = "PNG", .probe = probe, .describe = describe, .decode = decode};

/* ---- writing ---------------------------------------------------------------- */

static void put_bytes(png_structp png, png_bytep data, size_t count)
{
    if (fwrite(data, 1, count, png_get_io_ptr(png)) != count) {
        png_error(png, strerror(errno));
    }
}

static void put_nothing(png_structp png)
{
    (void)png;
}

static bool write_rows(png_structp png, png_infop info, const dv_image *image, FILE *stream)
{
    if (setjmp(png_jmpbuf(png))) {
        return false;
    }
    png_set_write_fn(png, stream, put_bytes, put_nothing);
    png_set_IHDR(png, info, (png_uint_32)image->width, (png_uint_32)image->height, 8,
                 image->channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    size_t stride = (size_t)image->width * (size_t)image->channels;
    for (int y = 0; y < image->height; y++) {
        png_write_row(png, image->pixel + (size_t)y * stride);
    }
    png_write_end(png, info);
    return true;
}

static bool encode(const dv_image *image, FILE *stream, dv_error *error)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, error, give_up, ignore_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool good = info ? write_rows(png, info, image, stream) : dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    png_destroy_write_struct(&png, &info);
    return good;
}

bool dv_png_write(const dv_image *image, const char *path, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    if (!output) {
        return false;
    }
    dv_error reason;
    if (!encode(image, dv_output_stream(output), &reason)) {
        dv_output_discard(output);
        return dv_error_set(error, DV_ERROR_FILE, "%s: cannot be written: %s", path, reason.message);
    }
    return dv_output_commit(output, error);
}

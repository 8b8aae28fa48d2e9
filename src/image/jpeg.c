/* JPEG by libjpeg, decoded to the bit as Pillow does. */
#include "image/codec.h"
#include "base/error.h"
#include "base/memory.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* After stdio.h, which it needs. */
#include <jpeglib.h>

#include <jerror.h>

/* libjpeg leaves by longjmp. So all that must survive lives in a struct of the function that cleans up, and setjmp is
 * called in a function of its own, whose locals are not looked at after the jump. */

enum {
    MAX_SCANS = 200, /* of a progressive picture: a short file of very many empty ones would take hours */
    EXIF_HEAD = 6,
    CMYK = 4,
};

typedef struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr handler;
    struct jpeg_progress_mgr progress;
    jmp_buf leave;
    dv_error *error;
    const uint8_t *data;
    size_t size;
    uint8_t *line; /* of CMYK; else NULL */
    dv_image *image;
} reader;

static void give_up(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, reason);
    dv_error_set(r->error, jpeg->err->msg_code == JERR_OUT_OF_MEMORY ? DV_ERROR_MEMORY : DV_ERROR_FORMAT,
                 "the JPEG is damaged: %s", reason);
    longjmp(r->leave, 1);
}

/* libjpeg only warns of missing data and goes on in grey. */
static void judge_warning(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE ||
                      code == JWRN_ARITH_BAD_CODE)) {
        give_up(jpeg);
    }
}

static void watch_scans(j_common_ptr jpeg)
{
    reader *r = jpeg->client_data;
    if (jpeg->is_decompressor && r->jpeg.input_scan_number > MAX_SCANS) {
        dv_error_set(r->error, DV_ERROR_UNSUPPORTED, "the JPEG has more than %d scans", MAX_SCANS);
        longjmp(r->leave, 1);
    }
}

static int find_orientation(const struct jpeg_decompress_struct *jpeg)
{
    for (jpeg_saved_marker_ptr marker = jpeg->marker_list; marker; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > EXIF_HEAD &&
            memcmp(marker->data, "Exif\0", EXIF_HEAD) == 0) {
            return dv_exif_orientation(marker->data + EXIF_HEAD, marker->data_length - EXIF_HEAD);
        }
    }
    return 1;
}

static bool read_header(reader *r, dv_stored *stored)
{
    if (setjmp(r->leave)) {
        return false;
    }
    jpeg_create_decompress(&r->jpeg);
    r->jpeg.client_data = r;
    r->jpeg.progress = &r->progress;
    jpeg_mem_src(&r->jpeg, r->data, r->size);
    jpeg_save_markers(&r->jpeg, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&r->jpeg, TRUE);
    if (!dv_image_check(r->jpeg.image_width, r->jpeg.image_height, r->error)) {
        return false;
    }
    J_COLOR_SPACE from = r->jpeg.jpeg_color_space;
    r->jpeg.out_color_space = from == JCS_GRAYSCALE                  ? JCS_GRAYSCALE
                              : from == JCS_CMYK || from == JCS_YCCK ? JCS_CMYK
                                                                     : JCS_RGB;
    *stored = (dv_stored){
        .width = (int)r->jpeg.image_width,
        .height = (int)r->jpeg.image_height,
        .channels = from == JCS_GRAYSCALE ? 1 : 3,
        .orientation = find_orientation(&r->jpeg),
    };
    return true;
}

/* a x b / 255, rounded */
static int product(int a, int b)
{
    int scaled = a * b + 128;
    return (scaled + (scaled >> 8)) >> 8;
}

/* Adobe's programs store CMYK inverted, and nobody else stores it; Pillow takes it for that, too. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int count)
{
    for (int i = 0; i < count; i++, cmyk += CMYK, rgb += 3) {
        int light = cmyk[3];
        for (int c = 0; c < 3; c++) {
            rgb[c] = (uint8_t)(light - product(255 - cmyk[c], light));
        }
    }
}

static bool read_rows(reader *r)
{
    if (setjmp(r->leave)) {
        return false;
    }
    jpeg_start_decompress(&r->jpeg);
    size_t stride = (size_t)r->image->width * (size_t)r->image->channels;
    while (r->jpeg.output_scanline < r->jpeg.output_height) {
        uint8_t *to = r->image->pixel + (size_t)r->jpeg.output_scanline * stride;
        JSAMPROW row = r->line ? r->line : to;
        if (jpeg_read_scanlines(&r->jpeg, &row, 1) == 1 && r->line) {
            cmyk_to_rgb(r->line, to, r->image->width);
        }
    }
    return true;
}

static bool decode_rows(reader *r, const dv_stored *stored)
{
    r->image = dv_image_new(stored->width, stored->height, stored->channels, r->error);
    if (!r->image) {
        return false;
    }
    if (r->jpeg.out_color_space == JCS_CMYK) {
        r->line = dv_alloc((size_t)stored->width, CMYK, r->error);
        if (!r->line) {
            return false;
        }
    }
    return read_rows(r);
}

/* Without `image` only the header is read. */
static bool read_jpeg(const uint8_t *data, size_t size, dv_stored *stored, dv_image **image, dv_error *error)
{
    dv_error unasked;
    reader r = {.error = error ? error : &unasked, .data = data, .size = size};
    r.jpeg.err = jpeg_std_error(&r.handler);
    r.jpeg.client_data = &r; /* creating may already fail */
    r.handler.error_exit = give_up;
    r.handler.emit_message = judge_warning;
    r.progress.progress_monitor = watch_scans;
    bool good = read_header(&r, stored) && (!image || decode_rows(&r, stored));
    jpeg_destroy_decompress(&r.jpeg);
    free(r.line);
    if (good && image) {
        *image = r.image;
    } else {
        dv_image_free(r.image);
    }
    return good;
}

static bool probe(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0xFF && data[1] == 0xD8 && data[2] == 0xFF;
}

static bool describe(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error)
{
    return read_jpeg(data, size, stored, NULL, error);
}

static dv_image *decode(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error)
{
    dv_image *image = NULL;
    return read_jpeg(data, size, stored, &image, error) ? image : NULL;
}

const dv_codec dv_codec_jpeg = {.name = "JPEG", .probe = probe, .describe = describe, .decode = decode};

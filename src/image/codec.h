/* What the readers of pictures share: one format, one file and a row in read.c. */
#ifndef DV_IMAGE_CODEC_H
#define DV_IMAGE_CODEC_H

#include "image/image.h"

/* A picture as its file has it, before it is turned: width and height are those of the pixels stored. */
typedef struct dv_stored {
    int width, height, channels; /* channels as they come out: 1 or 3 */
    int orientation;             /* 1..8 of EXIF */
} dv_stored;

/* Errors do not name the file. */
typedef struct dv_codec {
    const char *name;
    bool (*probe)(const uint8_t *data, size_t size);
    /* Looks at the header alone. */
    bool (*describe)(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error);
    dv_image *(*decode)(const uint8_t *data, size_t size, dv_stored *stored, dv_error *error);
} dv_codec;

extern const dv_codec dv_codec_png, dv_codec_jpeg;

/* The orientation that EXIF data tell (the TIFF structure, without "Exif\0\0" before it): 1..8; 1 where they tell none
 * or are damaged. */
int dv_exif_orientation(const uint8_t *data, size_t size);

/* The picture as it is to be looked at; orientations from 5 on exchange width and height. NULL for want of memory. */
dv_image *dv_image_turn(const dv_image *image, int orientation, dv_error *error);

#endif

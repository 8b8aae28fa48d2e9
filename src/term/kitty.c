#include "term/kitty.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    CHUNK = 4096, /* the most characters of data that one command may carry */
    CHUNK_BYTES = CHUNK / 4 * 3,
    LEVEL = 6,
};

bool dv_kitty_agrees(const char *text)
{
    return strcmp(text, "Gi=4456;OK") == 0;
}

/* Base64 (RFC 4648) of at most CHUNK_BYTES bytes. */
static void append_base64(const uint8_t *data, size_t size, dv_bytes *bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[CHUNK];
    size_t length = 0;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t second = i + 1 < size ? data[i + 1] : 0, third = i + 2 < size ? data[i + 2] : 0;
        uint32_t bits = (uint32_t)data[i] << 16 | second << 8 | third;
        text[length++] = digits[bits >> 18];
        text[length++] = digits[bits >> 12 & 63];
        text[length++] = i + 1 < size ? digits[bits >> 6 & 63] : '=';
        text[length++] = i + 2 < size ? digits[bits & 63] : '=';
    }
    dv_bytes_append(bytes, text, length);
}

static const uint8_t *rgb_of(const dv_image *image, size_t pixels, uint8_t *scratch)
{
    if (image->channels == 3) {
        return image->pixel;
    }
    for (size_t i = 0; i < pixels; i++) {
        memset(scratch + 3 * i, image->pixel[i], 3);
    }
    return scratch;
}

/* The pixels as zlib has them (RFC 1950); the caller frees. NULL when there is no memory. */
static uint8_t *deflated(const dv_image *image, size_t *size)
{
    size_t pixels = (size_t)image->width * (size_t)image->height;
    uLongf length = compressBound(3 * pixels);
    uint8_t *scratch = dv_alloc(image->channels == 3 ? 1 : pixels, 3, NULL);
    uint8_t *data = dv_alloc(length, 1, NULL);
    bool done = scratch && data && compress2(data, &length, rgb_of(image, pixels, scratch), 3 * pixels, LEVEL) == Z_OK;
    free(scratch);
    if (!done) {
        free(data);
        return NULL;
    }
    *size = length;
    return data;
}

bool dv_kitty_encode(const dv_image *image, uint32_t id, size_t limit, dv_bytes *bytes)
{
    size_t size, start = bytes->size;
    uint8_t *data = deflated(image, &size);
    bool fits = data && size < limit; /* no need to count exactly what is far too long */
    for (size_t done = 0; fits && done < size;) {
        size_t piece = size - done < CHUNK_BYTES ? size - done : CHUNK_BYTES;
        dv_bytes_text(bytes, "\033_G");
        if (done == 0) {
            dv_bytes_format(bytes, "a=T,f=24,o=z,s=%d,v=%d,i=%u,p=1,C=1,", image->width, image->height, id);
        }
        dv_bytes_format(bytes, "q=2,m=%d;", done + piece < size);
        append_base64(data + done, piece, bytes);
        dv_bytes_text(bytes, "\033\\");
        done += piece;
    }
    free(data);
    fits = fits && bytes->size - start <= limit && !bytes->failed;
    if (!fits) {
        bytes->size = start;
    }
    return fits;
}

void dv_kitty_delete(uint32_t id, dv_bytes *bytes)
{
    dv_bytes_format(bytes, "\033_Ga=d,d=I,i=%u,q=2\033\\", id);
}

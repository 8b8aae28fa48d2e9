#include "term/sixel.h"
#include "base/memory.h"
#include "term/palette.h"

#include <stdlib.h>
#include <string.h>

/* A band of six pixel rows is written in passes from left to right. The first pass paints the whole band with the
 * colour that it has most of, in one run; the others go over it, which every terminal takes. Of each other colour, the
 * stretches without a wide gap become segments, and a pass takes as many segments as fit behind each other. All this
 * is linear in the pixels for a given number of passes; libsixel's encoder, which packs segments too, is quadratic in
 * them and takes seconds for noise. */

enum {
    BAND = 6,
    FIRST_SIXEL = '?', /* the sixel of no pixels; the lowest bit is the uppermost pixel */
    LONGEST_GAP = 2,   /* columns; behind a wider one a new segment is cheaper */
    SHORTEST_RUN = 4,  /* repeats that are shorter than "!n" and the sixel when written out */
};

/* Columns first .. last of one colour. */
typedef struct segment {
    int first, last;
    int color;
    int next; /* the next one of the band that is still to be written */
} segment;

typedef struct encoder {
    const uint8_t *index; /* width x height palette entries */
    int width, height;
    uint8_t *mask;     /* DV_PALETTE_MAX x width: which of the six pixels of a column have a colour */
    segment *segments; /* room for BAND x width: no band has more */
    int *count_at;     /* width + 1, to sort the segments */
    segment *sorted;
    dv_bytes *bytes;
} encoder;

/* ---- writing ------------------------------------------------------------------------- */

static void write_number(dv_bytes *bytes, char what, int number)
{
    char text[16];
    int at = sizeof text;
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    text[--at] = what;
    dv_bytes_append(bytes, text + at, sizeof text - (size_t)at);
}

static void write_run(dv_bytes *bytes, int sixel, int length)
{
    char text[SHORTEST_RUN] = {(char)(FIRST_SIXEL + sixel), (char)(FIRST_SIXEL + sixel), (char)(FIRST_SIXEL + sixel)};
    if (length >= SHORTEST_RUN) {
        write_number(bytes, '!', length);
        length = 1;
    }
    dv_bytes_append(bytes, text, (size_t)length);
}

static void write_segment(encoder *e, const segment *s)
{
    const uint8_t *mask = e->mask + (size_t)s->color * (size_t)e->width;
    for (int from = s->first, x = s->first + 1; from <= s->last; x++) {
        if (x > s->last || mask[x] != mask[from]) {
            write_run(e->bytes, mask[from], x - from);
            from = x;
        }
    }
}

/* ---- one band ---------------------------------------------------------------------------- */

/* Fills the masks of a band; returns its most frequent colour and, in `colors`, all that it has. */
static int scan_band(encoder *e, int top, uint8_t *colors, int *color_count)
{
    int pixels[DV_PALETTE_MAX] = {0}, base = -1;
    int rows = e->height - top < BAND ? e->height - top : BAND;
    for (int y = 0; y < rows; y++) {
        const uint8_t *row = e->index + (size_t)(top + y) * (size_t)e->width;
        for (int x = 0; x < e->width; x++) {
            e->mask[(size_t)row[x] * (size_t)e->width + (size_t)x] |= (uint8_t)(1 << y);
            pixels[row[x]]++;
        }
    }
    *color_count = 0;
    for (int c = 0; c < DV_PALETTE_MAX; c++) {
        if (pixels[c] > 0) {
            colors[(*color_count)++] = (uint8_t)c;
            base = base < 0 || pixels[c] > pixels[base] ? c : base;
        }
    }
    return base;
}

static int find_segments(encoder *e, int color, int count)
{
    const uint8_t *mask = e->mask + (size_t)color * (size_t)e->width;
    int open = -1; /* the segment that may still grow */
    for (int x = 0; x < e->width; x++) {
        if (!mask[x]) {
            continue;
        }
        if (open >= 0 && x - e->segments[open].last <= LONGEST_GAP) {
            e->segments[open].last = x;
        } else {
            open = count++;
            e->segments[open] = (segment){.first = x, .last = x, .color = color};
        }
    }
    return count;
}

/* By their first columns: a counting sort, stable. */
static void sort_segments(encoder *e, int count)
{
    memset(e->count_at, 0, ((size_t)e->width + 1) * sizeof *e->count_at);
    for (int i = 0; i < count; i++) {
        e->count_at[e->segments[i].first + 1]++;
    }
    for (int x = 0; x < e->width; x++) {
        e->count_at[x + 1] += e->count_at[x];
    }
    for (int i = 0; i < count; i++) {
        e->sorted[e->count_at[e->segments[i].first]++] = e->segments[i];
    }
}

/* Passes over the sorted segments until none is left. */
static void write_passes(encoder *e, int count, int *color)
{
    int left = 0; /* the first segment still to be written */
    for (int i = 0; i < count; i++) {
        e->sorted[i].next = i + 1;
    }
    while (left < count) {
        int x = 0, *link = &left;
        dv_bytes_append(e->bytes, "$", 1);
        for (int i = left; i < count; i = e->sorted[i].next) {
            const segment *s = &e->sorted[i];
            if (s->first < x) {
                link = &e->sorted[i].next;
                continue;
            }
            if (s->color != *color) {
                write_number(e->bytes, '#', s->color);
                *color = s->color;
            }
            if (s->first > x) {
                write_run(e->bytes, 0, s->first - x);
            }
            write_segment(e, s);
            x = s->last + 1;
            *link = s->next;
        }
    }
}

static void write_band(encoder *e, int top, int *color)
{
    uint8_t colors[DV_PALETTE_MAX];
    int color_count, count = 0, rows = e->height - top < BAND ? e->height - top : BAND;
    int base = scan_band(e, top, colors, &color_count);
    if (base != *color) {
        write_number(e->bytes, '#', base);
        *color = base;
    }
    write_run(e->bytes, (1 << rows) - 1, e->width);
    for (int i = 0; i < color_count; i++) {
        if (colors[i] != base) {
            count = find_segments(e, colors[i], count);
        }
    }
    sort_segments(e, count);
    write_passes(e, count, color);
    for (int i = 0; i < color_count; i++) {
        memset(e->mask + (size_t)colors[i] * (size_t)e->width, 0, (size_t)e->width);
    }
}

/* ---- a picture ----------------------------------------------------------------------------- */

static void write_palette(dv_bytes *bytes, const dv_palette *palette)
{
    for (int i = 0; i < palette->count; i++) {
        const uint8_t *rgb = palette->rgb[i];
        dv_bytes_format(bytes, "#%d;2;%d;%d;%d", i, (rgb[0] * 100 + 127) / 255, (rgb[1] * 100 + 127) / 255,
                        (rgb[2] * 100 + 127) / 255);
    }
}

/* Stops early when it has become longer than `limit`: what follows could only make it longer. */
static bool write_picture(const uint8_t *index, int width, int height, const dv_palette *palette, size_t limit,
                          dv_bytes *bytes)
{
    size_t columns = (size_t)width, segments = BAND * columns, start = bytes->size;
    dv_arena *arena = dv_arena_new(NULL);
    if (!arena) {
        return false;
    }
    encoder e = {
        .index = index,
        .width = width,
        .height = height,
        .mask = dv_arena_alloc(arena, DV_PALETTE_MAX, columns, NULL),
        .segments = dv_arena_alloc(arena, segments, sizeof *e.segments, NULL),
        .count_at = dv_arena_alloc(arena, columns + 1, sizeof *e.count_at, NULL),
        .sorted = dv_arena_alloc(arena, segments, sizeof *e.sorted, NULL),
        .bytes = bytes,
    };
    bool ready = e.mask && e.segments && e.count_at && e.sorted;
    if (ready) {
        int color = -1;
        dv_bytes_format(bytes, "\033Pq\"1;1;%d;%d", width, height);
        write_palette(bytes, palette);
        for (int top = 0; top < height && bytes->size - start <= limit; top += BAND) {
            if (top > 0) {
                dv_bytes_append(bytes, "-", 1);
            }
            write_band(&e, top, &color);
        }
        dv_bytes_text(bytes, "\033\\");
    }
    dv_arena_free(arena);
    return ready && !bytes->failed;
}

/* Gives the colours that most pixels have the low numbers, which are shorter: 2 to 4 % less. */
static void sort_palette(dv_palette *palette, uint8_t *index, size_t pixels)
{
    size_t count[DV_PALETTE_MAX] = {0};
    uint8_t order[DV_PALETTE_MAX], number[DV_PALETTE_MAX];
    dv_palette before = *palette;
    for (size_t i = 0; i < pixels; i++) {
        count[index[i]]++;
    }
    for (int i = 0; i < palette->count; i++) {
        int at = i;
        for (; at > 0 && count[order[at - 1]] < count[i]; at--) {
            order[at] = order[at - 1];
        }
        order[at] = (uint8_t)i;
    }
    for (int i = 0; i < palette->count; i++) {
        memcpy(palette->rgb[i], before.rgb[order[i]], sizeof palette->rgb[i]);
        number[order[i]] = (uint8_t)i;
    }
    for (size_t i = 0; i < pixels; i++) {
        index[i] = number[index[i]];
    }
}

bool dv_sixel_encode(const dv_image *image, int registers, size_t limit, dv_bytes *bytes)
{
    dv_palette palette;
    size_t start = bytes->size, pixels = (size_t)image->width * (size_t)image->height;
    int colors = registers > DV_PALETTE_MAX ? DV_PALETTE_MAX : registers;
    uint8_t *index = dv_alloc(pixels, 1, NULL);
    bool done = index && dv_palette_collect(image, colors, &palette, index);
    if (done) {
        sort_palette(&palette, index, pixels);
        done =
            write_picture(index, image->width, image->height, &palette, limit, bytes) && bytes->size - start <= limit;
    }
    free(index);
    if (!done) {
        bytes->size = start;
    }
    return done;
}

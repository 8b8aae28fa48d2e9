#include "term/palette.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *pixel_at(const dv_image *image, size_t at)
{
    return image->pixel + at * (size_t)image->channels;
}

static uint32_t rgb_of(const uint8_t *pixel, int channels)
{
    return channels == 1 ? pixel[0] * 0x010101u : (uint32_t)pixel[0] << 16 | (uint32_t)pixel[1] << 8 | pixel[2];
}

static void set_rgb(uint8_t rgb[3], uint32_t color)
{
    rgb[0] = (uint8_t)(color >> 16);
    rgb[1] = (uint8_t)(color >> 8);
    rgb[2] = (uint8_t)color;
}

/* ---- few colours: a small hash table -------------------------------------------- */

enum { SLOTS = 1024, EMPTY = -1 }; /* four times the palette: short probes */

bool dv_palette_collect(const dv_image *image, int limit, dv_palette *palette, uint8_t *index)
{
    uint32_t color_of[SLOTS];
    int16_t entry_of[SLOTS];
    size_t count = (size_t)image->width * (size_t)image->height;
    assert(limit <= DV_PALETTE_MAX);
    memset(entry_of, 0xff, sizeof entry_of); /* EMPTY */
    palette->count = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t color = rgb_of(pixel_at(image, i), image->channels);
        uint32_t slot = color * 2654435761u >> 22; /* Knuth's multiplicative hash, 10 bits */
        while (entry_of[slot] != EMPTY && color_of[slot] != color) {
            slot = (slot + 1) % SLOTS;
        }
        if (entry_of[slot] == EMPTY) {
            if (palette->count == limit) {
                return false;
            }
            color_of[slot] = color;
            set_rgb(palette->rgb[palette->count], color);
            entry_of[slot] = (int16_t)palette->count++;
        }
        index[i] = (uint8_t)entry_of[slot];
    }
    return true;
}

/* ---- many colours: median cut ------------------------------------------------------ */

enum { BITS = 5, BINS = 1 << (3 * BITS) };

/* All pixels whose colours agree in the upper bits. */
typedef struct bin {
    uint32_t count;
    uint64_t sum[3];
    int key; /* 5 bits red, green, blue */
} bin;

/* A run of bins that becomes one palette entry. */
typedef struct box {
    int first, last; /* one behind */
    uint64_t count;
    int axis, extent; /* the widest side, and how wide in steps of the histogram */
} box;

static int key_of(const uint8_t *pixel, int channels)
{
    uint32_t color = rgb_of(pixel, channels);
    return (int)((color >> 19 & 31) << 10 | (color >> 11 & 31) << 5 | (color >> 3 & 31));
}

static int level(const bin *entry, int axis)
{
    return entry->key >> (10 - 5 * axis) & 31;
}

static box measure(const bin *bins, int first, int last)
{
    box result = {.first = first, .last = last, .extent = -1};
    for (int axis = 0; axis < 3; axis++) {
        int low = 32, high = -1;
        for (int i = first; i < last; i++) {
            int at = level(&bins[i], axis);
            low = at < low ? at : low;
            high = at > high ? at : high;
        }
        if (high - low > result.extent) {
            result.extent = high - low;
            result.axis = axis;
        }
    }
    for (int i = first; i < last; i++) {
        result.count += bins[i].count;
    }
    return result;
}

static int compare_bins(const void *a, const void *b, void *axis)
{
    const bin *left = a, *right = b;
    int difference = level(left, *(int *)axis) - level(right, *(int *)axis);
    return difference ? difference : left->key - right->key;
}

/* Cuts one box at the median of its widest side; both halves keep at least one bin. */
static void split(bin *bins, box *lower, box *upper)
{
    box whole = *lower;
    qsort_r(bins + whole.first, (size_t)(whole.last - whole.first), sizeof *bins, compare_bins, &whole.axis);
    uint64_t below = 0;
    int cut = whole.first;
    do {
        below += bins[cut++].count;
    } while (cut < whole.last - 1 && below < whole.count / 2);
    *lower = measure(bins, whole.first, cut);
    *upper = measure(bins, cut, whole.last);
}

static int cut_boxes(bin *bins, int bin_count, int limit, box *boxes)
{
    int count = 1;
    boxes[0] = measure(bins, 0, bin_count);
    while (count < limit) {
        int best = -1;
        for (int i = 0; i < count; i++) {
            if (boxes[i].last - boxes[i].first > 1 &&
                (best < 0 ||
                 boxes[i].count * (uint64_t)boxes[i].extent > boxes[best].count * (uint64_t)boxes[best].extent)) {
                best = i;
            }
        }
        if (best < 0) {
            break;
        }
        split(bins, &boxes[best], &boxes[count++]);
    }
    return count;
}

static int fill_bins(const dv_image *image, bin *bins)
{
    size_t count = (size_t)image->width * (size_t)image->height;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixel = pixel_at(image, i);
        bin *entry = &bins[key_of(pixel, image->channels)];
        entry->count++;
        for (int c = 0; c < 3; c++) {
            entry->sum[c] += pixel[image->channels == 1 ? 0 : c];
        }
    }
    int used = 0;
    for (int key = 0; key < BINS; key++) {
        if (bins[key].count) {
            bins[used] = bins[key];
            bins[used++].key = key;
        }
    }
    return used;
}

bool dv_palette_reduce(const dv_image *image, int limit, dv_palette *palette, uint8_t *index)
{
    bin *bins = dv_alloc(BINS, sizeof *bins, NULL);
    uint8_t *entry_of = dv_alloc(BINS, 1, NULL);
    box boxes[DV_PALETTE_MAX];
    bool done = bins && entry_of;
    assert(limit >= 1 && limit <= DV_PALETTE_MAX);
    if (done) {
        palette->count = cut_boxes(bins, fill_bins(image, bins), limit, boxes);
        for (int i = 0; i < palette->count; i++) {
            uint64_t sum[3] = {0};
            for (int b = boxes[i].first; b < boxes[i].last; b++) {
                entry_of[bins[b].key] = (uint8_t)i;
                for (int c = 0; c < 3; c++) {
                    sum[c] += bins[b].sum[c];
                }
            }
            for (int c = 0; c < 3; c++) {
                palette->rgb[i][c] = (uint8_t)((sum[c] + boxes[i].count / 2) / boxes[i].count);
            }
        }
        size_t count = (size_t)image->width * (size_t)image->height;
        for (size_t i = 0; i < count; i++) {
            index[i] = entry_of[key_of(pixel_at(image, i), image->channels)];
        }
    }
    free(bins);
    free(entry_of);
    return done;
}

/* ---- a simpler picture -------------------------------------------------------------- */

static int middle(int at, int side, int size)
{
    int middle = at / side * side + side / 2;
    return middle < size ? middle : size - 1;
}

bool dv_palette_simplify(const dv_image *image, int limit, int side, dv_image *simple, int *count)
{
    dv_palette palette;
    size_t width = (size_t)image->width, pixels = width * (size_t)image->height;
    uint8_t *index = dv_alloc(pixels, 1, NULL);
    *simple = (dv_image){.width = image->width, .height = image->height, .channels = 3};
    simple->pixel = dv_alloc(pixels, 3, NULL);
    bool done = index && simple->pixel &&
                (dv_palette_collect(image, limit, &palette, index) || dv_palette_reduce(image, limit, &palette, index));
    for (size_t i = 0; done && i < pixels; i++) {
        int x = middle((int)(i % width), side, image->width), y = middle((int)(i / width), side, image->height);
        memcpy(simple->pixel + 3 * i, palette.rgb[index[(size_t)y * width + (size_t)x]], 3);
    }
    free(index);
    if (!done) {
        free(simple->pixel);
        simple->pixel = NULL;
        return false;
    }
    *count = palette.count;
    return true;
}

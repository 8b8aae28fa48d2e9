#include "term/slot.h"
#include "base/memory.h"
#include "base/part.h"
#include "term/palette.h"

#include <stdlib.h>
#include <string.h>

static bool meet(const dv_rectangle *a, const dv_rectangle *b)
{
    return a->row < b->row + b->rows && b->row < a->row + a->rows && a->column < b->column + b->columns &&
           b->column < a->column + a->columns;
}

static bool copy_cut(dv_image *copy, const dv_image *image)
{
    size_t row = (size_t)copy->width * (size_t)image->channels;
    copy->channels = image->channels;
    copy->pixel = dv_alloc((size_t)copy->height, row, NULL); /* zeroed: the rest of the last band is black */
    for (int y = 0; copy->pixel && y < dv_smaller(copy->height, image->height); y++) {
        memcpy(copy->pixel + (size_t)y * row, image->pixel + (size_t)y * (size_t)image->width * (size_t)image->channels,
               row);
    }
    return copy->pixel != NULL;
}

/* The image with few colours in its place, if it has more; without memory it stays as it is. */
static void limit_colors(dv_image *image, int colors)
{
    dv_image simple;
    int count;
    if (dv_palette_simplify(image, colors, 1, &simple, &count)) {
        free(image->pixel);
        *image = simple;
    }
}

static bool make_room(dv_slots *slots)
{
    if (slots->count < slots->capacity) {
        return true;
    }
    int capacity = slots->capacity ? 2 * slots->capacity : 8;
    dv_slot *grown = realloc(slots->slot, (size_t)capacity * sizeof *grown);
    if (grown) {
        slots->slot = grown;
        slots->capacity = capacity;
    }
    return grown;
}

const dv_rectangle *dv_slots_add(dv_slots *slots, const dv_rectangle *place, const dv_image *image,
                                 const dv_raster *raster)
{
    int width = dv_smaller(image->width, place->columns * raster->cell_width);
    int height = place->rows * raster->cell_height, band = raster->band;
    width = raster->limit_width > 0 ? dv_smaller(width, raster->limit_width) : width;
    height = raster->limit_height > 0 ? dv_smaller(height, raster->limit_height) : height;
    height = dv_smaller(height / band, (image->height + band - 1) / band) * band;
    if (width <= 0 || height <= 0 || !make_room(slots)) {
        return NULL;
    }
    dv_slot slot = {.place = *place, .image = {.width = width, .height = height}};
    slot.place.rows = (height + raster->cell_height - 1) / raster->cell_height;
    slot.place.columns = (width + raster->cell_width - 1) / raster->cell_width;
    if (!copy_cut(&slot.image, image)) {
        return NULL;
    }
    if (raster->colors > 0) {
        limit_colors(&slot.image, raster->colors);
    }
    dv_slots_cover(slots, &slot.place);
    slots->slot[slots->count] = slot;
    return &slots->slot[slots->count++].place;
}

void dv_slots_cover(dv_slots *slots, const dv_rectangle *place)
{
    for (int i = 0; i < slots->count; i++) {
        slots->slot[i].covered |= meet(&slots->slot[i].place, place);
    }
}

/* One overdraws the other completely. */
static bool same_extent(const dv_slot *a, const dv_slot *b)
{
    return memcmp(&a->place, &b->place, sizeof a->place) == 0 && a->image.width == b->image.width &&
           a->image.height == b->image.height;
}

static bool same_content(const dv_image *a, const dv_image *b)
{
    return a->channels == b->channels &&
           memcmp(a->pixel, b->pixel, (size_t)a->width * (size_t)a->height * (size_t)a->channels) == 0;
}

bool dv_slots_compare(dv_slots *wanted, dv_slots *shown)
{
    bool all_moved = shown->count > 0;
    for (int i = 0; i < wanted->count; i++) {
        wanted->slot[i].send = !wanted->slot[i].covered;
        wanted->slot[i].before = NULL;
    }
    for (int s = 0; s < shown->count; s++) {
        dv_slot *old = &shown->slot[s];
        old->send = true;
        for (int i = 0; i < wanted->count; i++) {
            dv_slot *slot = &wanted->slot[i];
            if (!slot->covered && same_extent(slot, old)) {
                slot->send = !same_content(&slot->image, &old->image);
                slot->before = &old->image;
                slot->id = old->id;
                old->send = false;
                all_moved = false;
            }
        }
    }
    return all_moved;
}

void dv_slots_wipe(dv_slots *wanted, const dv_rectangle *place)
{
    for (int i = 0; i < wanted->count; i++) {
        dv_slot *slot = &wanted->slot[i];
        if (!slot->covered && meet(&slot->place, place)) {
            slot->send = true;
            slot->before = NULL;
        }
    }
}

bool dv_slots_keep(const dv_slots *wanted, uint32_t id)
{
    for (int i = 0; i < wanted->count; i++) {
        const dv_slot *slot = &wanted->slot[i];
        if (!slot->covered && !slot->send && slot->id == id) {
            return true;
        }
    }
    return false;
}

void dv_slots_settle(dv_slots *wanted, dv_slots *shown)
{
    dv_slots old = *shown;
    int kept = 0;
    dv_slots_clear(&old);
    for (int i = 0; i < wanted->count; i++) {
        if (wanted->slot[i].covered) {
            free(wanted->slot[i].image.pixel);
        } else {
            wanted->slot[kept++] = wanted->slot[i];
        }
    }
    wanted->count = kept;
    *shown = *wanted;
    *wanted = old;
}

void dv_slots_clear(dv_slots *slots)
{
    for (int i = 0; i < slots->count; i++) {
        free(slots->slot[i].image.pixel);
    }
    slots->count = 0;
}

void dv_slots_free(dv_slots *slots)
{
    dv_slots_clear(slots);
    free(slots->slot);
    *slots = (dv_slots){0};
}

#include "term/slot.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

bool dv_rectangles_meet(const dv_rectangle *a, const dv_rectangle *b)
{
    return a->row < b->row + b->rows && b->row < a->row + a->rows && a->column < b->column + b->columns &&
           b->column < a->column + a->columns;
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static bool copy_cut(dv_image *copy, const dv_image *image)
{
    size_t row = (size_t)copy->width * (size_t)image->channels;
    copy->channels = image->channels;
    copy->pixel = dv_alloc((size_t)copy->height, row, NULL); /* zeroed: the rest of the last band is black */
    for (int y = 0; copy->pixel && y < smaller(copy->height, image->height); y++) {
        memcpy(copy->pixel + (size_t)y * row, image->pixel + (size_t)y * (size_t)image->width * (size_t)image->channels,
               row);
    }
    return copy->pixel != NULL;
}

const dv_rectangle *dv_slots_add(dv_slots *slots, const dv_rectangle *place, const dv_image *image, int cell_width,
                                 int cell_height, int limit_width, int limit_height)
{
    int width = smaller(image->width, place->columns * cell_width);
    int height = place->rows * cell_height;
    width = limit_width > 0 ? smaller(width, limit_width) : width;
    height = limit_height > 0 ? smaller(height, limit_height) : height;
    height = smaller(height / DV_SIXEL_BAND, (image->height + DV_SIXEL_BAND - 1) / DV_SIXEL_BAND) * DV_SIXEL_BAND;
    if (width <= 0 || height <= 0) {
        return NULL;
    }
    if (slots->count == slots->capacity) {
        int capacity = slots->capacity ? 2 * slots->capacity : 8;
        dv_slot *grown = realloc(slots->slot, (size_t)capacity * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        slots->slot = grown;
        slots->capacity = capacity;
    }
    dv_slot slot = {.place = *place, .image = {.width = width, .height = height}};
    slot.place.rows = (height + cell_height - 1) / cell_height;
    slot.place.columns = (width + cell_width - 1) / cell_width;
    if (!copy_cut(&slot.image, image)) {
        return NULL;
    }
    dv_slots_cover(slots, &slot.place);
    slots->slot[slots->count] = slot;
    return &slots->slot[slots->count++].place;
}

void dv_slots_cover(dv_slots *slots, const dv_rectangle *place)
{
    for (int i = 0; i < slots->count; i++) {
        slots->slot[i].covered |= dv_rectangles_meet(&slots->slot[i].place, place);
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
    }
    for (int s = 0; s < shown->count; s++) {
        dv_slot *old = &shown->slot[s];
        old->send = true;
        for (int i = 0; i < wanted->count; i++) {
            dv_slot *slot = &wanted->slot[i];
            if (!slot->covered && same_extent(slot, old)) {
                slot->send = !same_content(&slot->image, &old->image);
                old->send = false;
                all_moved = false;
            }
        }
    }
    for (int s = 0; s < shown->count; s++) { /* writing stale cells wipes whatever is there */
        for (int i = 0; shown->slot[s].send && i < wanted->count; i++) {
            dv_slot *slot = &wanted->slot[i];
            slot->send |= !slot->covered && dv_rectangles_meet(&slot->place, &shown->slot[s].place);
        }
    }
    return all_moved;
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

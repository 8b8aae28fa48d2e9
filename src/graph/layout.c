/* Offsets in one block of memory: greedy best fit. */
#include "graph/layout.h"
#include "base/error.h"
#include "base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 };

void dv_layout_clear(dv_layout *layout)
{
    free(layout->gap);
    *layout = (dv_layout){0};
}

size_t dv_layout_round(size_t size)
{
    assert(size <= SIZE_MAX - LINE);
    return size ? (size + LINE - 1) / LINE * LINE : LINE;
}

static void remove_gap(dv_layout *layout, int at)
{
    layout->gap_count--;
    memmove(layout->gap + at, layout->gap + at + 1, (size_t)(layout->gap_count - at) * sizeof *layout->gap);
}

static bool insert_gap(dv_layout *layout, int at, dv_gap gap, dv_error *error)
{
    if (layout->gap_count == layout->gap_room) {
        int room = layout->gap_room ? layout->gap_room * 2 : 32;
        dv_gap *wider = realloc(layout->gap, (size_t)room * sizeof *wider);
        if (!wider)
            return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        layout->gap = wider;
        layout->gap_room = room;
    }
    memmove(layout->gap + at + 1, layout->gap + at, (size_t)(layout->gap_count - at) * sizeof *layout->gap);
    layout->gap[at] = gap;
    layout->gap_count++;
    return true;
}

/* The block grows; a gap at its end is made use of. */
static bool extend(dv_layout *layout, size_t size, size_t *offset, dv_error *error)
{
    size_t start = layout->extent;
    const dv_gap *last = layout->gap_count ? &layout->gap[layout->gap_count - 1] : NULL;
    if (last && last->offset + last->size == layout->extent)
        start = last->offset;
    if (start > layout->limit || size > layout->limit - start)
        return dv_memory_refuse((double)start + (double)size, layout->limit, error);
    if (start < layout->extent)
        layout->gap_count--;
    layout->extent = start + size;
    *offset = start;
    return true;
}

bool dv_layout_take(dv_layout *layout, size_t size, size_t *offset, dv_error *error)
{
    if (size > layout->limit || size > SIZE_MAX - LINE) /* the rounding might overflow */
        return extend(layout, size, offset, error);
    size = dv_layout_round(size);
    int best = -1;
    for (int g = 0; g < layout->gap_count; g++)
        if (layout->gap[g].size >= size && (best < 0 || layout->gap[g].size < layout->gap[best].size))
            best = g;
    if (best < 0)
        return extend(layout, size, offset, error);
    *offset = layout->gap[best].offset;
    layout->gap[best].offset += size;
    layout->gap[best].size -= size;
    if (!layout->gap[best].size)
        remove_gap(layout, best);
    return true;
}

bool dv_layout_give(dv_layout *layout, size_t offset, size_t size, dv_error *error)
{
    size = dv_layout_round(size);
    int at = 0;
    while (at < layout->gap_count && layout->gap[at].offset < offset)
        at++;
    dv_gap *before = at > 0 ? &layout->gap[at - 1] : NULL;
    dv_gap *behind = at < layout->gap_count ? &layout->gap[at] : NULL;
    bool joins_before = before && before->offset + before->size == offset;
    bool joins_behind = behind && offset + size == behind->offset;
    if (joins_before) {
        before->size += size;
        if (joins_behind) {
            before->size += behind->size;
            remove_gap(layout, at);
        }
        return true;
    }
    if (joins_behind) {
        behind->offset = offset;
        behind->size += size;
        return true;
    }
    return insert_gap(layout, at, (dv_gap){offset, size}, error);
}

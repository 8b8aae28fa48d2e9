#include "network/picture_set.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/part.h"
#include "kernel/vector.h"
#include "vid/span.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 }; /* pictures of a task */

/* ---- reading all of them ---------------------------------------------------- */

struct reading {
    dv_picture_set *set;
    uint8_t *good; /* by picture */
    int64_t first, end;
};

static void read_chunk(void *context, int64_t task, int thread)
{
    (void)thread;
    const struct reading *reading = context;
    const dv_picture_set *set = reading->set;
    const int64_t from = reading->first + task * CHUNK, to = dv_smaller(from + CHUNK, reading->end);
    for (int64_t i = from; i < to; i++)
        reading->good[i] =
            dv_dataset_bytes(set->dataset, set->number[i], &set->form, set->bytes + i * set->pixels, NULL);
}

/* Moves picture `from` to the place of picture `to`, before it. */
static void move(dv_picture_set *set, int64_t from, int64_t to)
{
    memmove(set->bytes + to * set->pixels, set->bytes + from * set->pixels, (size_t)set->pixels);
    set->number[to] = set->number[from];
}

static bool read_all(dv_picture_set *set, dv_team *team, const dv_progress *progress, dv_error *error)
{
    enum { AT_A_TIME = 16 * CHUNK };
    set->bytes = dv_alloc((size_t)set->count, (size_t)set->pixels, error);
    uint8_t *good = dv_alloc((size_t)set->count, 1, error);
    bool ok = set->bytes && good;
    for (int64_t first = 0; ok && first < set->count; first += AT_A_TIME) {
        struct reading reading = {set, good, first, dv_smaller(first + AT_A_TIME, set->count)};
        ok = dv_progress_report(progress, "reading pictures", (double)first / (double)set->count, error);
        if (ok)
            dv_team_run(team, read_chunk, &reading, dv_parts(reading.end - first, CHUNK));
    }
    int64_t kept = 0;
    for (int64_t i = 0; ok && i < set->count; i++)
        if (good[i])
            move(set, i, kept++);
    free(good);
    set->count = ok ? kept : set->count;
    return ok && dv_progress_report(progress, "reading pictures", 1, error);
}

/* ---- labels and marks ---------------------------------------------------------- */

static bool copy_labels(dv_picture_set *set, dv_error *error)
{
    const dv_dataset *dataset = set->dataset;
    if (dataset->labels && !(set->labels = dv_alloc((size_t)set->count, sizeof *set->labels, error)))
        return false;
    if (dataset->marks) {
        set->class_count = dataset->class_count;
        set->marks = dv_alloc((size_t)set->count, (size_t)set->class_count, error);
        if (!set->marks)
            return false;
    }
    for (int64_t i = 0; i < set->count; i++) {
        if (set->labels)
            set->labels[i] = dataset->labels[set->number[i]];
        if (set->marks)
            memcpy(set->marks + i * set->class_count, dataset->marks + set->number[i] * set->class_count,
                   (size_t)set->class_count);
    }
    return true;
}

/* ---- the set --------------------------------------------------------------------- */

static bool choose(dv_picture_set *set, const int64_t *number, int64_t count, dv_error *error)
{
    set->count = number ? count : set->dataset->count;
    set->number = dv_alloc((size_t)set->count, sizeof *set->number, error);
    for (int64_t i = 0; set->number && i < set->count; i++)
        set->number[i] = number ? number[i] : i;
    return set->number != NULL;
}

dv_picture_set *dv_picture_set_open(const dv_dataset *dataset, const dv_picture_form *form, const int64_t *number,
                                    int64_t count, size_t memory, dv_team *team, const dv_progress *progress,
                                    dv_error *error)
{
    dv_picture_set *set = dv_alloc(1, sizeof *set, error);
    if (!set)
        return NULL;
    set->dataset = dataset;
    set->form = *form;
    set->pixels = (int64_t)dv_picture_form_values(form);
    bool ok = choose(set, number, count, error);
    if (ok && (uint64_t)set->count <= memory / (uint64_t)set->pixels)
        ok = read_all(set, team, progress, error);
    if (ok && set->count == 0)
        ok = dv_error_set(error, DV_ERROR_FORMAT, "none of the pictures can be read");
    if (ok && copy_labels(set, error))
        return set;
    dv_picture_set_close(set);
    return NULL;
}

void dv_picture_set_close(dv_picture_set *set)
{
    if (!set)
        return;
    free(set->labels);
    free(set->marks);
    free(set->number);
    free(set->bytes);
    free(set);
}

const uint8_t *dv_picture_set_get(const dv_picture_set *set, int64_t index, uint8_t *room)
{
    if (set->bytes)
        return set->bytes + index * set->pixels;
    dv_dataset_bytes(set->dataset, set->number[index], &set->form, room, NULL);
    return room;
}

bool dv_picture_set_floats(const dv_picture_set *set, int64_t first, int64_t count, dv_team *team, float *pictures,
                           dv_error *error)
{
    if (!set->bytes)
        return dv_dataset_pick(set->dataset, set->number + first, count, &set->form, team, pictures, error);
    dv_vector_of_bytes(count * set->pixels, set->bytes + first * set->pixels, pictures);
    return true;
}

uint64_t dv_picture_set_hash(const dv_picture_set *set, uint64_t hash)
{
    const dv_picture_form *form = &set->form;
    const int size[] = {form->channels, form->height, form->width, form->filter};
    hash = dv_hash(hash, size, sizeof size);
    hash = dv_hash(hash, &form->crop, sizeof form->crop);
    hash = dv_hash(hash, set->number, (size_t)set->count * sizeof *set->number);
    if (set->labels)
        hash = dv_hash(hash, set->labels, (size_t)set->count * sizeof *set->labels);
    if (set->marks)
        hash = dv_hash(hash, set->marks, (size_t)set->count * (size_t)set->class_count);
    return set->bytes ? dv_hash(hash, set->bytes, (size_t)(set->count * set->pixels))
                      : dv_dataset_hash(set->dataset, true, hash);
}

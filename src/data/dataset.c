#include "data/cache.h"
#include "data/form.h"
#include "data/format.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FORMS = 32, SAMPLED = 1000, GREY = 128 };

struct dv_pictures {
    const dv_pictures_kind *kind;
    void *self;
    dv_cache *cache;
    pthread_mutex_t lock; /* of all that follows */
    int form_count;
    dv_picture_form form[MAX_FORMS]; /* asked for so far: their places are keys of the cache */
    uint8_t *unreadable;             /* count */
    int64_t unreadable_count;
    int64_t first_unreadable;
    dv_error reason; /* of the first */
};

/* ---- opening and closing ------------------------------------------------------- */

bool dv_dataset_attach(dv_dataset *dataset, const dv_pictures_kind *kind, void *self, dv_error *error)
{
    struct dv_pictures *pictures = dv_alloc(1, sizeof *pictures, error);
    if (!pictures) {
        return false;
    }
    pictures->unreadable = dv_alloc((size_t)dataset->count, 1, error);
    if (!pictures->unreadable) {
        free(pictures);
        return false;
    }
    pictures->kind = kind;
    pictures->self = self;
    pthread_mutex_init(&pictures->lock, NULL);
    dataset->pictures = pictures;
    return true;
}

bool dv_dataset_set_memory(dv_dataset *dataset, size_t memory, dv_error *error)
{
    dataset->pictures->cache = dv_cache_new(memory ? memory : DV_DATASET_MEMORY, error);
    return dataset->pictures->cache != NULL;
}

void dv_dataset_close(dv_dataset *dataset)
{
    if (!dataset) {
        return;
    }
    struct dv_pictures *pictures = dataset->pictures;
    if (pictures) {
        pictures->kind->close(pictures->self);
        dv_cache_free(pictures->cache);
        pthread_mutex_destroy(&pictures->lock);
        free(pictures->unreadable);
        free(pictures);
    }
    free(dataset->labels);
    free(dataset->class_names);
    free(dataset->marks);
    free(dataset);
}

/* ---- unreadable pictures --------------------------------------------------------- */

/* Only one's own name and reason are told: the first one by number, whoever met it first. */
static void note_unreadable(struct dv_pictures *pictures, int64_t index, const dv_error *reason)
{
    pthread_mutex_lock(&pictures->lock);
    if (!pictures->unreadable[index]) {
        if (!pictures->unreadable_count || index < pictures->first_unreadable) {
            pictures->first_unreadable = index;
            pictures->reason = *reason;
        }
        pictures->unreadable[index] = 1;
        pictures->unreadable_count++;
    }
    pthread_mutex_unlock(&pictures->lock);
}

int64_t dv_dataset_unreadable(const dv_dataset *dataset, dv_error *what)
{
    struct dv_pictures *pictures = dataset->pictures;
    pthread_mutex_lock(&pictures->lock);
    int64_t count = pictures->unreadable_count;
    if (count && what) {
        what->code = pictures->reason.code;
        dv_error_set(what, pictures->reason.code, "%lld of %lld pictures cannot be read and %s left out%s%s",
                     (long long)count, (long long)dataset->count, count == 1 ? "is" : "are",
                     count == 1 ? ": " : "; the first: ", pictures->reason.message);
    }
    pthread_mutex_unlock(&pictures->lock);
    return count;
}

bool dv_dataset_is_unreadable(const dv_dataset *dataset, int64_t index)
{
    struct dv_pictures *pictures = dataset->pictures;
    assert(index >= 0 && index < dataset->count);
    pthread_mutex_lock(&pictures->lock);
    bool unreadable = pictures->unreadable[index];
    pthread_mutex_unlock(&pictures->lock);
    return unreadable;
}

/* ---- one picture ------------------------------------------------------------------ */

dv_picture_form dv_dataset_native(const dv_dataset *dataset)
{
    return (dv_picture_form){.channels = dataset->channels,
                             .height = dataset->height,
                             .width = dataset->width,
                             .crop = 1,
                             .filter = DV_FILTER_BILINEAR};
}

/* The key of a form in the cache; -1 when there were too many. */
static int number_form(struct dv_pictures *pictures, const dv_picture_form *form)
{
    pthread_mutex_lock(&pictures->lock);
    int number = 0;
    while (number < pictures->form_count && !dv_form_equal(&pictures->form[number], form)) {
        number++;
    }
    if (number == MAX_FORMS) {
        number = -1;
    } else if (number == pictures->form_count) {
        pictures->form[pictures->form_count++] = *form;
    }
    pthread_mutex_unlock(&pictures->lock);
    return number;
}

static bool is_native(const dv_dataset *dataset, const dv_picture_form *form)
{
    return form->channels == dataset->channels && form->height == dataset->height && form->width == dataset->width &&
           (form->crop == 0 || form->crop == 1);
}

static bool decode(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, uint8_t *picture,
                   dv_error *error)
{
    struct dv_pictures *pictures = dataset->pictures;
    dv_image *image = pictures->kind->read(pictures->self, index, error);
    bool good = image && dv_form_apply(form, image, picture, error);
    dv_image_free(image);
    return good;
}

/* The bytes of a picture: where they lie, or written to `room`. NULL and an error. */
static const uint8_t *get_bytes(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, uint8_t *room,
                                dv_error *error)
{
    struct dv_pictures *pictures = dataset->pictures;
    assert(index >= 0 && index < dataset->count);
    if (!dataset->mixed && pictures->kind->look && is_native(dataset, form)) {
        const uint8_t *bytes = pictures->kind->look(pictures->self, index);
        if (bytes) {
            return bytes;
        }
    }
    size_t size = dv_picture_form_values(form);
    int number = pictures->cache ? number_form(pictures, form) : -1;
    if (number >= 0 && dv_cache_get(pictures->cache, number, index, room, size)) {
        return room;
    }
    dv_error reason = {0};
    if (!decode(dataset, index, form, room, &reason)) {
        if (reason.code != DV_ERROR_MEMORY) {
            note_unreadable(pictures, index, &reason);
        }
        if (error) {
            *error = reason;
        }
        return NULL;
    }
    if (number >= 0) {
        dv_cache_put(pictures->cache, number, index, room, size);
    }
    return room;
}

bool dv_dataset_bytes(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, uint8_t *picture,
                      dv_error *error)
{
    const dv_picture_form native = dv_dataset_native(dataset);
    form = form ? form : &native;
    const uint8_t *bytes = get_bytes(dataset, index, form, picture, error);
    if (!bytes) {
        memset(picture, GREY, dv_picture_form_values(form));
    } else if (bytes != picture) {
        memcpy(picture, bytes, dv_picture_form_values(form));
    }
    return bytes != NULL;
}

bool dv_dataset_picture(const dv_dataset *dataset, int64_t index, const dv_picture_form *form, float *picture,
                        dv_error *error)
{
    const dv_picture_form native = dv_dataset_native(dataset);
    form = form ? form : &native;
    size_t size = dv_picture_form_values(form);
    /* The bytes may stand at the end of the floats: each is read before a float is written over it. */
    uint8_t *room = (uint8_t *)picture + size * (sizeof *picture - 1);
    const uint8_t *bytes = get_bytes(dataset, index, form, room, error);
    if (!bytes) {
        memset(room, GREY, size);
    }
    const uint8_t *from = bytes ? bytes : room;
    for (size_t i = 0; i < size; i++) {
        picture[i] = (float)from[i] / 255;
    }
    return bytes != NULL;
}

/* ---- many pictures ------------------------------------------------------------------ */

struct errand {
    const dv_dataset *dataset;
    const dv_picture_form *form;
    int64_t first;
    const int64_t *index; /* NULL: first, first + 1, ... */
    size_t size;
    float *pictures;
    pthread_mutex_t lock;
    int64_t failed; /* the lowest number of a picture that failed for want of memory, or -1 */
    dv_error error;
};

static void fetch(void *context, int64_t task, int thread)
{
    struct errand *errand = context;
    (void)thread;
    dv_error error = {0};
    int64_t index = errand->index ? errand->index[task] : errand->first + task;
    if (dv_dataset_picture(errand->dataset, index, errand->form, errand->pictures + (size_t)task * errand->size,
                           &error) ||
        (error.code != DV_ERROR_MEMORY && errand->dataset->count > 1)) {
        return;
    }
    pthread_mutex_lock(&errand->lock);
    if (errand->failed < 0 || task < errand->failed) {
        errand->failed = task;
        errand->error = error;
    }
    pthread_mutex_unlock(&errand->lock);
}

static bool fetch_all(struct errand *errand, int64_t count, dv_team *team, dv_error *error)
{
    const dv_picture_form native = dv_dataset_native(errand->dataset);
    errand->form = errand->form ? errand->form : &native;
    errand->size = dv_picture_form_values(errand->form);
    errand->failed = -1;
    pthread_mutex_init(&errand->lock, NULL);
    dv_team_run(team, fetch, errand, count);
    pthread_mutex_destroy(&errand->lock);
    if (errand->failed >= 0 && error) {
        *error = errand->error;
    }
    return errand->failed < 0;
}

bool dv_dataset_pictures(const dv_dataset *dataset, int64_t first, int64_t count, const dv_picture_form *form,
                         dv_team *team, float *pictures, dv_error *error)
{
    struct errand errand = {.dataset = dataset, .form = form, .first = first, .pictures = pictures};
    return fetch_all(&errand, count, team, error);
}

bool dv_dataset_pick(const dv_dataset *dataset, const int64_t *index, int64_t count, const dv_picture_form *form,
                     dv_team *team, float *pictures, dv_error *error)
{
    struct errand errand = {.dataset = dataset, .form = form, .index = index, .pictures = pictures};
    return fetch_all(&errand, count, team, error);
}

/* ---- telling pictures apart ------------------------------------------------------------ */

bool dv_dataset_has_files(const dv_dataset *dataset)
{
    return dataset->pictures->kind->name != NULL;
}

void dv_dataset_file(const dv_dataset *dataset, int64_t index, char *name, size_t size)
{
    const struct dv_pictures *pictures = dataset->pictures;
    *name = 0;
    if (pictures->kind->name) {
        pictures->kind->name(pictures->self, index, name, size);
    }
}

uint64_t dv_dataset_hash(const dv_dataset *dataset, bool all, uint64_t hash)
{
    const struct dv_pictures *pictures = dataset->pictures;
    if (pictures->kind->hash) {
        return pictures->kind->hash(pictures->self, all, hash);
    }
    const dv_picture_form native = dv_dataset_native(dataset);
    size_t size = dv_picture_form_values(&native);
    uint8_t *room = malloc(size);
    int64_t step = all ? 1 : dataset->count / SAMPLED + 1;
    for (int64_t i = 0; room && i < dataset->count; i += step) {
        const uint8_t *bytes = get_bytes(dataset, i, &native, room, NULL);
        if (bytes) {
            hash = dv_hash(hash, bytes, size);
        }
    }
    free(room);
    return hash;
}

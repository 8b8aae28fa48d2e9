#include "data/records.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/memory.h"
#include "data/values.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SAMPLED = 1000 };

/* Consecutive records in one file. */
typedef struct segment {
    dv_source source;
    size_t start;
    int64_t first, count; /* numbers of the pictures */
} segment;

struct dv_records {
    dv_layout layout;
    size_t values, stride; /* of a record: elements, bytes */
    dv_meaning meaning;
    int64_t count;
    int segment_count, segment_room;
    segment *segment;
};

/* ---- making ------------------------------------------------------------------------- */

static dv_records *records_new(const dv_layout *layout, dv_error *error)
{
    dv_records *r = dv_alloc(1, sizeof *r, error);
    if (r) {
        r->layout = *layout;
        r->values = (size_t)layout->channels * (size_t)layout->height * (size_t)layout->width;
        r->stride = layout->skip + r->values * (size_t)layout->element;
    }
    return r;
}

dv_records *dv_records_new(const dv_layout *layout, dv_error *error)
{
    if (layout->channels != 1 && layout->channels != 3) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "its pictures have %lld channels; 1 (grey) or 3 (RGB) can be used",
                     (long long)layout->channels);
        return NULL;
    }
    if (layout->height < 1 || layout->width < 1 || layout->height > DV_IMAGE_MAX_SIDE ||
        layout->width > DV_IMAGE_MAX_SIDE) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED,
                     "its pictures are %lld pixels high and %lld wide; 1 to %d can be used", (long long)layout->height,
                     (long long)layout->width, DV_IMAGE_MAX_SIDE);
        return NULL;
    }
    return dv_image_check(layout->width, layout->height, error) ? records_new(layout, error) : NULL;
}

void dv_records_free(dv_records *records)
{
    if (records) {
        for (int i = 0; i < records->segment_count; i++) {
            dv_source_close(&records->segment[i].source);
        }
        free(records->segment);
        free(records);
    }
}

bool dv_records_add(dv_records *records, dv_source *source, size_t start, int64_t count, dv_error *error)
{
    if (records->segment_count == records->segment_room) {
        int room = records->segment_room ? 2 * records->segment_room : 1;
        segment *grown = realloc(records->segment, (size_t)room * sizeof *grown);
        if (!grown) {
            return dv_error_set(error, DV_ERROR_MEMORY, "no memory for a list of files");
        }
        records->segment = grown;
        records->segment_room = room;
    }
    records->segment[records->segment_count++] = (segment){*source, start, records->count, count};
    records->count += count;
    *source = (dv_source){.file = -1};
    return true;
}

/* ---- reading -------------------------------------------------------------------------- */

static const segment *find_segment(const dv_records *r, int64_t index)
{
    int low = 0, high = r->segment_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (r->segment[middle].first <= index) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return &r->segment[low];
}

/* Where the elements of a record stand in its file. */
static size_t place_of(const dv_records *r, const segment *s, int64_t index)
{
    return s->start + (size_t)(index - s->first) * r->stride + r->layout.skip;
}

static bool are_bytes(const dv_records *r)
{
    return r->layout.element == 1 && r->layout.kind != 'i' && r->meaning.scale == 1 && r->meaning.shift == 0;
}

static bool read_values(const dv_records *r, int64_t index, double *values, dv_error *error)
{
    const segment *s = find_segment(r, index);
    size_t size = r->values * (size_t)r->layout.element;
    uint8_t *raw = dv_alloc(size, 1, error);
    bool good = raw && dv_source_read(&s->source, place_of(r, s, index), size, raw, error);
    if (good) {
        dv_values_read(r->layout.kind ? r->layout.kind : 'u', r->layout.element, raw, r->values, values);
    }
    free(raw);
    return good;
}

/* The elements as bytes, in the order of the file. */
static bool read_levels(const dv_records *r, int64_t index, uint8_t *levels, dv_error *error)
{
    if (are_bytes(r)) {
        const segment *s = find_segment(r, index);
        return dv_source_read(&s->source, place_of(r, s, index), r->values, levels, error);
    }
    double *values = dv_alloc(r->values, sizeof *values, error);
    bool good = values && read_values(r, index, values, error);
    if (good) {
        dv_values_to_bytes(&r->meaning, values, r->values, levels);
    }
    free(values);
    return good;
}

/* channels x plane -> plane x channels */
static void interleave(const uint8_t *from, size_t channels, size_t plane, uint8_t *to)
{
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < plane; i++) {
            to[i * channels + c] = from[c * plane + i];
        }
    }
}

static dv_image *read_record(void *self, int64_t index, dv_error *error)
{
    const dv_records *r = self;
    size_t channels = (size_t)r->layout.channels;
    if (channels != 1 && channels != 3) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "pictures of %zu channels can be neither converted nor scaled",
                     channels);
        return NULL;
    }
    bool together = channels == 1 || r->layout.interleaved;
    dv_image *image = dv_image_new((int)r->layout.width, (int)r->layout.height, (int)channels, error);
    uint8_t *levels = together || !image ? NULL : dv_alloc(r->values, 1, error);
    bool good = image && (together || levels) && read_levels(r, index, together ? image->pixel : levels, error);
    if (good && !together) {
        interleave(levels, channels, r->values / channels, image->pixel);
    }
    free(levels);
    if (!good) {
        dv_image_free(image);
        return NULL;
    }
    return image;
}

static const uint8_t *look_at_record(void *self, int64_t index)
{
    const dv_records *r = self;
    const segment *s = find_segment(r, index);
    bool as_asked = are_bytes(r) && (!r->layout.interleaved || r->layout.channels == 1);
    return as_asked && s->source.bytes ? s->source.bytes + place_of(r, s, index) : NULL;
}

static void close_records(void *self)
{
    dv_records_free(self);
}

static const dv_pictures_kind records_kind = {
    .read = read_record,
    .look = look_at_record,
    .close = close_records,
};

static uint64_t hash_source(const dv_source *source, bool all, uint64_t hash)
{
    struct stat status;
    int64_t facts[] = {(int64_t)source->size, 0, 0};
    if (source->file >= 0 && fstat(source->file, &status) == 0) {
        facts[1] = status.st_mtim.tv_sec;
        facts[2] = status.st_mtim.tv_nsec;
    }
    return dv_hash(hash, facts, all ? sizeof facts : sizeof facts[0]);
}

/* Files that do not fit into memory are not read as a whole for this: their sizes, some pictures and, for `all`, the
 * times of their last changes have to do. */
static uint64_t hash_large(void *self, bool all, uint64_t hash)
{
    const dv_records *r = self;
    uint8_t *levels = malloc(r->values);
    int64_t step = r->count / SAMPLED + 1;
    for (int i = 0; i < r->segment_count; i++) {
        hash = hash_source(&r->segment[i].source, all, hash);
    }
    for (int64_t i = 0; levels && i < r->count; i += step) {
        if (read_levels(r, i, levels, NULL)) {
            hash = dv_hash(hash, levels, r->values);
        }
    }
    free(levels);
    return hash;
}

static const dv_pictures_kind large_records_kind = {
    .read = read_record,
    .look = look_at_record,
    .hash = hash_large,
    .close = close_records,
};

static bool in_memory(const dv_records *r)
{
    for (int i = 0; i < r->segment_count; i++) {
        if (!r->segment[i].source.bytes) {
            return false;
        }
    }
    return true;
}

/* ---- what the numbers mean ---------------------------------------------------------------- */

static bool find_meaning(dv_records *r, dv_error *error)
{
    dv_range range = {INFINITY, -INFINITY, true};
    double *values = r->layout.kind ? dv_alloc(r->values, sizeof *values, error) : NULL;
    bool good = !r->layout.kind || values, decided = !r->layout.kind;
    int64_t step = r->count / SAMPLED + 1;
    for (int64_t i = 0; good && !decided && i < r->count; i += step) {
        good = read_values(r, i, values, error);
        if (good) {
            dv_range_add(&range, values, r->values);
            decided = r->layout.kind == 'u' && r->layout.element == 1 && range.high > 1;
        }
    }
    free(values);
    return good && dv_range_meaning(&range, r->layout.kind, r->layout.element, &r->meaning, error);
}

/* "N x H x W of float64, 0..1": nothing needs to be said of bytes of 0..255 in the plain order. */
static void note(const dv_records *r, dv_dataset *dataset, const char *words)
{
    const dv_layout *l = &r->layout;
    const char *kind = l->kind == 'f' ? "float" : l->kind == 'i' ? "int" : l->kind == 'b' ? "bool" : "uint";
    if (!l->kind) {
        snprintf(dataset->note, sizeof dataset->note, "%s", words);
    } else if (l->kind == 'b') {
        snprintf(dataset->note, sizeof dataset->note, "%s of bool, taken for black and white", words);
    } else {
        snprintf(dataset->note, sizeof dataset->note, "%s of %s%d, taken for %s%s", words, kind, 8 * l->element,
                 r->meaning.words, l->kind == 'f' || r->meaning.scale < 1 ? ", rounded to 256 levels" : "");
    }
}

static bool attach(dv_records *r, dv_dataset *dataset, dv_error *error)
{
    dataset->count = r->count;
    dataset->channels = (int)r->layout.channels;
    dataset->height = (int)r->layout.height;
    dataset->width = (int)r->layout.width;
    return dv_dataset_attach(dataset, in_memory(r) ? &records_kind : &large_records_kind, r, error);
}

bool dv_records_attach(dv_records *records, dv_dataset *dataset, const char *words, dv_error *error)
{
    if (records->count < 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no pictures");
    }
    if (!find_meaning(records, error)) {
        return false;
    }
    note(records, dataset, words);
    return attach(records, dataset, error);
}

bool dv_records_attach_one(dv_dataset *dataset, const dv_layout *layout, dv_source *source, size_t start, int64_t count,
                           const char *words, dv_error *error)
{
    if (count < 1) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no pictures");
    }
    dv_records *records = dv_records_new(layout, error);
    if (!records) {
        return false;
    }
    if (dv_records_add(records, source, start, count, error)) {
        if (dv_records_attach(records, dataset, words, error)) {
            return true;
        }
        *source = records->segment[0].source; /* back to whom it belongs */
        records->segment_count = 0;
    }
    dv_records_free(records);
    return false;
}

/* ---- pictures that are in memory already ---------------------------------------------------- */

static bool copy_bytes(dv_dataset *dataset, const dv_layout *layout, int64_t count, const uint8_t *pixels,
                       dv_error *error)
{
    dv_records *r = records_new(layout, error);
    dv_source source = {.file = -1};
    if (!r) {
        return false;
    }
    r->meaning = (dv_meaning){1, 0, ""};
    source.owned = dv_alloc((size_t)count, r->values, error);
    if (source.owned) {
        source.size = (size_t)count * r->values;
        source.bytes = memcpy(source.owned, pixels, source.size);
        if (dv_records_add(r, &source, 0, count, error) && attach(r, dataset, error)) {
            return true;
        }
    }
    dv_source_close(&source);
    dv_records_free(r);
    return false;
}

dv_dataset *dv_dataset_from_bytes(int64_t count, int channels, int height, int width, const uint8_t *pixels,
                                  const int *labels, dv_error *error)
{
    assert(count > 0 && channels > 0 && height > 0 && width > 0);
    const dv_layout layout = {.channels = channels, .height = height, .width = width, .element = 1};
    dv_dataset *dataset = dv_alloc(1, sizeof *dataset, error);
    if (!dataset || !copy_bytes(dataset, &layout, count, pixels, error)) {
        dv_dataset_close(dataset);
        return NULL;
    }
    dataset->format = "memory";
    if (labels) {
        dataset->labels = dv_alloc((size_t)count, sizeof *labels, error);
        if (!dataset->labels) {
            dv_dataset_close(dataset);
            return NULL;
        }
        memcpy(dataset->labels, labels, (size_t)count * sizeof *labels);
    }
    return dataset;
}

/* CIFAR-10 and CIFAR-100, binary version (https://www.cs.toronto.edu/~kriz/cifar.html): records of one label byte, or
 * of a coarse and a fine one, and 32 x 32 pixels, the red plane first, then green, then blue. There is no header. */
#include "data/records.h"
#include "base/error.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, PIXELS = 3 * SIDE * SIDE, MAX_BATCHES = 64 };

typedef struct variant {
    const char *name;
    size_t labels;      /* label bytes before the pixels; the last one counts */
    uint8_t classes[2]; /* of each */
    const char *names;  /* the file that names the classes, in the same folder */
} variant;

static const variant variants[] = {
    {"CIFAR-10", 1, {10}, "batches.meta.txt"},
    {"CIFAR-100", 2, {20, 100}, "fine_label_names.txt"},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static size_t record_size(const variant *v)
{
    return v->labels + PIXELS;
}

/* ---- one file -------------------------------------------------------------------------- */

/* Without a header the sizes and label bytes tell what it is: each label is looked at. */
static bool fits(const variant *v, const dv_source *source, dv_error *error)
{
    size_t size = record_size(v);
    if (source->size < size || source->size % size != 0) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds %zu bytes, which are no records of %s (%zu bytes each)",
                            source->size, v->name, size);
    }
    for (size_t i = 0; i < source->size / size; i++) {
        uint8_t label[2];
        if (!dv_source_read(source, i * size, v->labels, label, error)) {
            return false;
        }
        for (size_t k = 0; k < v->labels; k++) {
            if (label[k] >= v->classes[k]) {
                return dv_error_set(error, DV_ERROR_FORMAT, "record %zu has label %d, but %s has %d classes", i,
                                    label[k], v->name, v->classes[k]);
            }
        }
    }
    return true;
}

static const variant *find_variant(const dv_source *source)
{
    for (int i = 0; i < VARIANTS; i++) {
        if (fits(&variants[i], source, NULL)) {
            return &variants[i];
        }
    }
    return NULL;
}

/* ---- a dataset of several ------------------------------------------------------------------- */

typedef struct reading {
    const variant *variant;
    dv_records *records;
    int *labels;
    int64_t count;
} reading;

static bool reading_init(reading *r, const variant *v, dv_error *error)
{
    const dv_layout layout = {.channels = 3, .height = SIDE, .width = SIDE, .element = 1, .skip = v->labels};
    *r = (reading){.variant = v, .records = dv_records_new(&layout, error)};
    return r->records != NULL;
}

static bool add(reading *r, dv_source *source, dv_error *error)
{
    const variant *v = r->variant;
    size_t size = record_size(v);
    if (!fits(v, source, error)) {
        return false;
    }
    int64_t count = (int64_t)(source->size / size);
    int *labels = realloc(r->labels, (size_t)(r->count + count) * sizeof *labels);
    if (!labels) {
        return dv_error_set(error, DV_ERROR_MEMORY, "no memory for labels");
    }
    r->labels = labels;
    for (int64_t i = 0; i < count; i++) {
        uint8_t label;
        if (!dv_source_read(source, (size_t)i * size + v->labels - 1, 1, &label, error)) {
            return false;
        }
        labels[r->count + i] = label;
    }
    r->count += count;
    return dv_records_add(r->records, source, 0, count, error);
}

/* The names are a help, no more: a file that is not there or has another number of lines is left alone. */
static void name_classes(const variant *v, const char *folder, dv_dataset *dataset)
{
    int count;
    char **names = NULL, *path = dv_path_join(folder, v->names);
    if (path && dv_labels_read(path, &names, &count, NULL)) {
        if (count == v->classes[v->labels - 1]) {
            dataset->class_names = names;
            dataset->class_count = count;
            names = NULL;
        }
        free(names);
    }
    free(path);
}

static bool finish(reading *r, const char *folder, dv_dataset *dataset, dv_error *error)
{
    char words[64];
    snprintf(words, sizeof words, "%s%s", r->variant->name, r->variant->labels > 1 ? ", fine labels" : "");
    if (!dv_records_attach(r->records, dataset, words, error)) {
        return false;
    }
    r->records = NULL;
    dataset->labels = r->labels;
    r->labels = NULL;
    name_classes(r->variant, folder, dataset);
    return true;
}

static void reading_clear(reading *r)
{
    dv_records_free(r->records);
    free(r->labels);
}

static bool probe(const dv_place *place)
{
    return !place->folder && find_variant(&place->source);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash + 1 - path)) : strdup(".");
}

static bool read_file(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    reading r;
    char *folder = folder_of(place->path);
    if (!folder) {
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    }
    bool good = reading_init(&r, find_variant(&place->source), error) && add(&r, &place->source, error) &&
                finish(&r, folder, pictures, error);
    reading_clear(&r);
    free(folder);
    return good;
}

const dv_format dv_format_cifar = {.name = "CIFAR", .probe = probe, .read_pictures = read_file};

/* ---- a folder ------------------------------------------------------------------------------------ */

/* "data_batch_1.bin", which may be packed by gzip, for the stem "data_batch_". */
static bool is_batch(const char *name, const char *stem, bool numbered)
{
    size_t length = strlen(stem);
    if (strncmp(name, stem, length) != 0) {
        return false;
    }
    name += length;
    size_t digits = strspn(name, "0123456789");
    if ((digits > 0) != numbered) {
        return false;
    }
    name += digits;
    return strcmp(name, ".bin") == 0 || strcmp(name, ".bin.gz") == 0;
}

/* What a distribution may hold, by the names of its files: pictures to train on before those to test with. */
static const struct {
    const char *stem;
    bool numbered;
    int variant;
} stems[] = {{"data_batch_", true, 0}, {"train", false, 1}, {"test_batch", false, 0}, {"test", false, 1}};
enum { STEMS = sizeof stems / sizeof stems[0] };

typedef struct batches {
    int count;
    char *name[MAX_BATCHES];
} batches;

static int by_number(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    long p = strtol(x + strcspn(x, "0123456789"), NULL, 10), q = strtol(y + strcspn(y, "0123456789"), NULL, 10);
    return p != q ? (p > q) - (p < q) : strcmp(x, y);
}

static void batches_clear(batches *found)
{
    for (int i = 0; i < found->count; i++) {
        free(found->name[i]);
    }
    found->count = 0;
}

static void add_name(const char *name, batches of_stem[STEMS])
{
    for (int i = 0; i < STEMS; i++) {
        batches *found = &of_stem[i];
        if (found->count < MAX_BATCHES && is_batch(name, stems[i].stem, stems[i].numbered) &&
            (found->name[found->count] = strdup(name))) {
            found->count++;
        }
    }
}

static void list_batches(const char *path, batches of_stem[STEMS])
{
    DIR *folder = opendir(path);
    struct dirent *entry;
    while (folder && (entry = readdir(folder))) {
        add_name(entry->d_name, of_stem);
    }
    if (folder) {
        closedir(folder);
    }
}

/* The first of the stems that there is. */
static const variant *find_distribution(const char *path, batches *found)
{
    const variant *which = NULL;
    batches of_stem[STEMS] = {0};
    list_batches(path, of_stem);
    found->count = 0;
    for (int i = 0; i < STEMS; i++) {
        if (which || !of_stem[i].count) {
            batches_clear(&of_stem[i]);
            continue;
        }
        which = &variants[stems[i].variant];
        *found = of_stem[i];
        qsort(found->name, (size_t)found->count, sizeof *found->name, by_number);
    }
    return which;
}

static bool probe_folder(const dv_place *place)
{
    batches found;
    bool good = place->folder && find_distribution(place->path, &found);
    if (good) {
        batches_clear(&found);
    }
    return good;
}

static bool add_batch(reading *r, const dv_place *place, const char *name, size_t *memory, dv_error *error)
{
    enum { LIMIT = 1 << 30 };
    dv_source source = {.file = -1};
    bool good = dv_place_open_file(place, name, LIMIT, memory, &source, error) &&
                (add(r, &source, error) || dv_error_prefix(error, "%s", name));
    dv_source_close(&source);
    return good;
}

static bool read_folder(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    batches found;
    reading r;
    size_t memory = place->memory;
    const variant *which = find_distribution(place->path, &found);
    if (!which) {
        return dv_error_set(error, DV_ERROR_FILE, "its files have gone");
    }
    bool good = reading_init(&r, which, error);
    for (int i = 0; good && i < found.count; i++) {
        good = add_batch(&r, place, found.name[i], &memory, error);
    }
    good = good && finish(&r, place->path, pictures, error);
    reading_clear(&r);
    batches_clear(&found);
    return good;
}

const dv_format dv_format_cifar_folder = {
    .name = "folder of CIFAR", .probe = probe_folder, .read_pictures = read_folder};

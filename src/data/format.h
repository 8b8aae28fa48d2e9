/* What the readers of this room share. A format is a file with a probe and its readers, and a row in formats.c. */
#ifndef DV_DATA_FORMAT_H
#define DV_DATA_FORMAT_H

#include "base/file.h"
#include "data/data.h"
#include "data/label_list.h"

/* A whole file in memory. */
typedef struct dv_bytes {
    const uint8_t *data;
    size_t size;
} dv_bytes;

enum { DV_HEAD = 1 << 16 };

/* What a path leads to. */
typedef struct dv_place {
    const char *path;
    const char *member; /* what was named behind it: "file.npz:member"; else NULL */
    bool folder;
    dv_source source; /* of a file: a reader may take it over and leave {.file = -1} */
    dv_bytes head;    /* of a file: its first bytes, DV_HEAD at most */
    size_t memory;    /* bytes that may be taken into memory */
} dv_place;

/* The whole of a file for readers that want it at once: freed by free(*owned), which is NULL where it lies in memory
 * already. */
bool dv_place_bytes(const dv_place *place, dv_bytes *bytes, uint8_t **owned, dv_error *error);

/* Opens a file of a folder; *memory is what may still be taken, and shrinks by what is. */
bool dv_place_open_file(const dv_place *folder, const char *name, size_t limit, size_t *memory, dv_source *source,
                        dv_error *error);

/* Readers do not name the file in their errors: who opened it does. On failure they leave nothing behind. A NULL slot:
 * the format holds no such thing. */
typedef struct dv_format {
    const char *name;
    bool (*probe)(const dv_place *place); /* by the content, whatever the file is called */
    bool (*read_pictures)(dv_place *place, dv_dataset *pictures, dv_error *error);
    bool (*read_labels)(dv_place *place, dv_label_list *labels, dv_error *error);
    bool (*describe)(dv_place *place, dv_array *array, dv_error *error); /* all but the elements */
} dv_format;

/* Each in its own file. */
extern const dv_format dv_format_idx, dv_format_npy, dv_format_npz, dv_format_cifar, dv_format_picture, dv_format_list,
    dv_format_json, dv_format_celeba, dv_format_cifar_folder, dv_format_array_folder, dv_format_picture_folder;

/* ---- what readers of pictures make ----------------------------------------------- */

/* How the pictures of a dataset are had: the row of functions of one kind of place they lie in. */
typedef struct dv_pictures_kind {
    /* Picture `index` as it is there. By any number of threads at a time. */
    dv_image *(*read)(void *self, int64_t index, dv_error *error);
    /* Its channels x height x width bytes where they simply lie in memory, else NULL. NULL slot: they never do. */
    const uint8_t *(*look)(void *self, int64_t index);
    void (*name)(void *self, int64_t index, char *name, size_t size); /* NULL slot: pictures have only a number */
    uint64_t (*hash)(void *self, bool all, uint64_t hash);            /* NULL slot: the pixels themselves are hashed */
    void (*close)(void *self);
} dv_pictures_kind;

/* Ends every reader of pictures, which fills the facts of the dataset before. `self` belongs to the dataset when this
 * returns true. */
bool dv_dataset_attach(dv_dataset *dataset, const dv_pictures_kind *kind, void *self, dv_error *error);
/* Decoded pictures are kept from now on. */
bool dv_dataset_set_memory(dv_dataset *dataset, size_t memory, dv_error *error);

/* The unaltered name of a file, "" where pictures have none; and whether they have. */
void dv_dataset_file(const dv_dataset *dataset, int64_t index, char *name, size_t size);
bool dv_dataset_has_files(const dv_dataset *dataset);

/* ---- names of classes --------------------------------------------------------------- */

/* One block of pointers and clean texts, freed by free(). */
char **dv_names_copy(const char *const *names, int count, dv_error *error);
/* Sorted bytewise, each once; *distinct how many. The pointers are those given. */
void dv_names_sort(const char **names, int64_t count, int *distinct);
/* The place of a name among sorted ones, or -1. */
int dv_names_find(const char *const *sorted, int count, const char *name);

/* A text as JSON, freed by json_decref; a byte order mark is passed over. */
struct json_t *dv_json_parse(const char *text, size_t size, dv_error *error);

/* Names of classes as JSON: a list; an object from the number of a class to its name, or to a list that ends with it;
 * an object from names to numbers; one of these as the "id2label" of an object. */
bool dv_json_is_names(const char *text, size_t size);
bool dv_json_names(const char *text, size_t size, char ***names, int *count, dv_error *error);

#endif

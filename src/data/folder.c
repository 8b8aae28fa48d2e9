/* A folder of pictures. Its sub-folders are the classes, in the order of their bytes, as torchvision's ImageFolder has
 * it; without sub-folders nobody knows the classes. */
#include "data/files.h"
#include "base/error.h"
#include "base/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_DEPTH = 32, MAX_PICTURES = 100000000 };

/* ---- one folder --------------------------------------------------------------------------- */

typedef struct listing {
    char *within;          /* the path of the folder below the root, where it is part of a tree */
    char **file, **folder; /* names, in the order of their bytes */
    int64_t files, folders, file_room, folder_room;
    int64_t others; /* files that are no pictures by their names */
    char *other;    /* one of them */
} listing;

static void listing_clear(listing *l)
{
    for (int64_t i = 0; i < l->files; i++) {
        free(l->file[i]);
    }
    for (int64_t i = 0; i < l->folders; i++) {
        free(l->folder[i]);
    }
    free(l->within);
    free(l->file);
    free(l->folder);
    free(l->other);
}

static bool append(char ***names, int64_t *count, int64_t *room, const char *name)
{
    if (*count == *room) {
        int64_t more = 2 * *room + 64;
        char **grown = realloc(*names, (size_t)more * sizeof *grown);
        if (!grown) {
            return false;
        }
        *names = grown;
        *room = more;
    }
    (*names)[*count] = strdup(name);
    return (*names)[(*count)++] != NULL;
}

/* Follows symbolic links. */
static bool is_folder(int parent, const struct dirent *entry)
{
    struct stat status;
    if (entry->d_type == DT_DIR || entry->d_type == DT_REG) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(parent, entry->d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

static bool list_entry(listing *l, int parent, const struct dirent *entry)
{
    if (entry->d_name[0] == '.' || strcmp(entry->d_name, "__MACOSX") == 0) {
        return true;
    }
    if (is_folder(parent, entry)) {
        return append(&l->folder, &l->folders, &l->folder_room, entry->d_name);
    }
    if (dv_files_is_picture(entry->d_name)) {
        return append(&l->file, &l->files, &l->file_room, entry->d_name);
    }
    /* The first by its bytes: the order of a folder is left to chance. */
    if (!l->others++ || (l->other && strcmp(entry->d_name, l->other) < 0)) {
        free(l->other);
        l->other = strdup(entry->d_name);
    }
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool list_folder(listing *l, const char *path, dv_error *error)
{
    DIR *folder = opendir(path);
    if (!folder) {
        return dv_error_set(error, DV_ERROR_FILE, "%s: the folder cannot be read: %s", path, strerror(errno));
    }
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        good = list_entry(l, dirfd(folder), entry) ||
               dv_error_set(error, DV_ERROR_MEMORY, "%s: no memory for the list of its files", path);
    }
    closedir(folder);
    if (l->files) {
        qsort(l->file, (size_t)l->files, sizeof *l->file, by_bytes);
    }
    if (l->folders) {
        qsort(l->folder, (size_t)l->folders, sizeof *l->folder, by_bytes);
    }
    return good;
}

/* ---- a whole tree ---------------------------------------------------------------------------- */

typedef struct identity {
    dev_t device;
    ino_t inode;
} identity;

typedef struct walk {
    const char *root;
    dv_files *files;
    int64_t others;
    identity above[MAX_DEPTH]; /* the folders one is in: a link to one of them would go on for ever */
} walk;

/* True if the folder is entered for the first time on this way down. */
static bool enter(walk *w, const char *path, int depth)
{
    struct stat status;
    if (depth == MAX_DEPTH || stat(path, &status) != 0) {
        return false;
    }
    for (int i = 0; i < depth; i++) {
        if (w->above[i].device == status.st_dev && w->above[i].inode == status.st_ino) {
            return false;
        }
    }
    w->above[depth] = (identity){status.st_dev, status.st_ino};
    return true;
}

/* "within/name"; `within` may be "". */
static char *join(const char *within, const char *name, dv_error *error)
{
    char *path = dv_path_join(within, name);
    if (!path) {
        dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    }
    return path;
}

static bool add_files(walk *w, const char *within, const listing *l, dv_error *error)
{
    bool good = true;
    w->others += l->others;
    for (int64_t i = 0; good && i < l->files; i++) {
        char *name = join(within, l->file[i], error);
        good = name && dv_files_add(w->files, name, error);
        free(name);
    }
    if (good && dv_files_count(w->files) > MAX_PICTURES) {
        good = dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds more than %d pictures", MAX_PICTURES);
    }
    return good;
}

/* All folders of a tree. */
typedef struct tree {
    listing *folder;
    int64_t count, room;
} tree;

static void tree_clear(tree *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        listing_clear(&t->folder[i]);
    }
    free(t->folder);
}

/* Takes the folder over. */
static bool tree_add(tree *t, listing *folder, dv_error *error)
{
    if (t->count == t->room) {
        int64_t room = 2 * t->room + 16;
        listing *grown = realloc(t->folder, (size_t)room * sizeof *grown);
        if (!grown) {
            return dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
        }
        t->folder = grown;
        t->room = room;
    }
    t->folder[t->count++] = *folder;
    *folder = (listing){0};
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const listing *)a)->within, ((const listing *)b)->within);
}

/* Adds all folders at and below one. */
static bool find_folders(walk *w, const char *within, int depth, tree *found, dv_error *error)
{
    listing l = {0};
    char *path = join(w->root, within, error);
    if (!path) {
        return false;
    }
    if (!enter(w, path, depth)) {
        free(path);
        return true;
    }
    l.within = strdup(within);
    bool good = l.within ? list_folder(&l, path, error) : dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    for (int64_t i = 0; good && i < l.folders; i++) {
        char *below = join(within, l.folder[i], error);
        good = below && find_folders(w, below, depth + 1, found, error);
        free(below);
    }
    good = good && tree_add(found, &l, error);
    listing_clear(&l);
    free(path);
    return good;
}

/* All pictures at and below a folder, folder by folder in the order of their paths' bytes: ImageFolder's order. */
static bool add_tree(walk *w, const char *within, dv_error *error)
{
    tree found = {0};
    bool good = find_folders(w, within, 1, &found, error);
    if (good && found.count) {
        qsort(found.folder, (size_t)found.count, sizeof *found.folder, by_path);
    }
    for (int64_t i = 0; good && i < found.count; i++) {
        good = add_files(w, found.folder[i].within, &found.folder[i], error);
    }
    tree_clear(&found);
    return good;
}

/* ---- classes ------------------------------------------------------------------------------------ */

static bool is_split(const char *name)
{
    static const char *const splits[] = {"train", "training", "test", "testing", "val", "valid", "validation"};
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        if (strcasecmp(name, splits[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Parts of a dataset are no classes. */
static bool check_splits(const listing *top, dv_error *error)
{
    for (int64_t i = 0; i < top->folders; i++) {
        if (!is_split(top->folder[i])) {
            return true;
        }
    }
    return dv_error_set(error, DV_ERROR_FORMAT, "holds the parts of a dataset, not its classes; name one: %s",
                        top->folder[0]);
}

static bool add_classes(walk *w, const listing *top, dv_dataset *pictures, dv_error *error)
{
    int64_t *end = dv_alloc((size_t)top->folders, sizeof *end, error);
    bool good = end && check_splits(top, error);
    for (int64_t k = 0; good && k < top->folders; k++) {
        good = add_tree(w, top->folder[k], error);
        end[k] = dv_files_count(w->files);
    }
    good = good && (pictures->labels = dv_alloc((size_t)dv_files_count(w->files), sizeof(int), error)) &&
           (pictures->class_names = dv_names_copy((const char *const *)top->folder, (int)top->folders, error));
    for (int64_t k = 0, i = 0; good && k < top->folders; k++) {
        for (; i < end[k]; i++) {
            pictures->labels[i] = (int)k;
        }
    }
    pictures->class_count = good ? (int)top->folders : 0;
    free(end);
    return good;
}

/* What was passed over. */
static void note(const walk *w, const listing *top, dv_dataset *pictures)
{
    int64_t loose = top->folders ? top->files : 0;
    size_t used = 0, size = sizeof pictures->note;
    char *text = pictures->note;
    if (loose) {
        used = (size_t)snprintf(text, size, "%lld pictures beside the sub-folders are left out", (long long)loose);
    }
    if (w->others && used < size) {
        snprintf(text + used, size - used, "%s%lld files that are neither PNG nor JPEG are left out", used ? "; " : "",
                 (long long)w->others);
    }
}

/* Some sub-folder holds a picture; otherwise they are nobody's classes. */
static bool read_tree(walk *w, const listing *top, dv_dataset *pictures, dv_error *error)
{
    if (top->folders > DV_MAX_CLASSES) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "holds %lld sub-folders; %d classes can be told apart",
                            (long long)top->folders, DV_MAX_CLASSES);
    }
    if (top->folders ? !add_classes(w, top, pictures, error) : !add_files(w, "", top, error)) {
        return false;
    }
    if (dv_files_count(w->files) == 0) {
        return dv_error_set(error, DV_ERROR_FORMAT, "holds no pictures (PNG or JPEG)%s%s%s",
                            top->folders ? " in its sub-folders" : "",
                            top->other ? "; name the file if they are in one: " : "", top->other ? top->other : "");
    }
    note(w, top, pictures);
    return dv_files_attach(w->files, pictures, error);
}

static bool probe(const dv_place *place)
{
    return place->folder;
}

static bool read_pictures(dv_place *place, dv_dataset *pictures, dv_error *error)
{
    listing top = {0};
    walk *w = dv_alloc(1, sizeof *w, error);
    if (!w) {
        return false;
    }
    w->root = place->path;
    w->files = dv_files_new(place->path, error);
    bool good = w->files && enter(w, place->path, 0) && list_folder(&top, place->path, error) &&
                read_tree(w, &top, pictures, error);
    if (!good) {
        dv_files_free(w->files);
    }
    listing_clear(&top);
    free(w);
    return good;
}

const dv_format dv_format_picture_folder = {
    .name = "folder of pictures", .probe = probe, .read_pictures = read_pictures};

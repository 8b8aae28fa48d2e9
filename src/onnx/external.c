/* External data: a model is not trusted, so what it names is read only where it lies in the model's own folder. */
#include "onnx/external.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/number.h"
#include "onnx/model.h"
#include "op/element.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void dv_external_init(dv_external *it, const char *model)
{
    *it = (dv_external){.model = model, .file = -1};
}

void dv_external_clear(dv_external *it)
{
    if (it->file >= 0)
        close(it->file);
    free(it->location);
    dv_external_init(it, it->model);
}

/* ---- what the tensor says ------------------------------------------------------------ */

bool dv_external_is_used(const Onnx__TensorProto *proto)
{
    return proto->data_location == 1 || proto->n_external_data;
}

static bool read_number(const Onnx__StringStringEntryProto *entry, int64_t *number, dv_error *error)
{
    if (entry->value && dv_number_read_whole(entry->value, number) && *number >= 0)
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "the %s '%s' of its external data is no number of bytes", entry->key,
                        dv_text_of(entry->value));
}

bool dv_extent_read(const Onnx__TensorProto *proto, dv_extent *extent, dv_error *error)
{
    *extent = (dv_extent){.location = "", .length = -1};
    for (size_t k = 0; k < proto->n_external_data; k++) {
        const Onnx__StringStringEntryProto *entry = proto->external_data[k];
        const char *key = dv_text_of(entry->key);
        if (strcmp(key, "location") == 0)
            extent->location = dv_text_of(entry->value);
        else if (strcmp(key, "offset") == 0 && !read_number(entry, &extent->offset, error))
            return false;
        else if (strcmp(key, "length") == 0 && !read_number(entry, &extent->length, error))
            return false;
    }
    return *extent->location || dv_error_set(error, DV_ERROR_FORMAT, "its external data has no location");
}

/* ---- the file --------------------------------------------------------------------------- */

static bool refuse_place(const char *location, dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT,
                        "its data is said to be in '%s', which is not in the model's folder: such a file is not read",
                        location);
}

/* Relative, and never one up. */
static bool stays_below(const char *location)
{
    if (*location == '/')
        return false;
    for (const char *part = location; part; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || !part[2]))
            return false;
    }
    return true;
}

/* The folder that a file is in, freed by the caller. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* `path`, which has no links in it, is below the folder. */
static bool is_below(const char *folder, const char *path)
{
    char *real = folder ? realpath(folder, NULL) : NULL;
    size_t length = real ? strlen(real) : 0;
    bool below = real && strncmp(path, real, length) == 0 && (path[length] == '/' || strcmp(real, "/") == 0);
    free(real);
    return below;
}

/* The folder where the model is named, or where it lies if that is a link: stores of models keep links to their files
 * side by side. */
static bool is_beside(const char *model, const char *path)
{
    char *named = folder_of(model), *real = realpath(model, NULL), *lies = real ? folder_of(real) : NULL;
    bool beside = is_below(named, path) || is_below(lies, path);
    free(named);
    free(real);
    free(lies);
    return beside;
}

static bool complain_missing(const char *location, dv_error *error)
{
    if (errno == ENOENT || errno == ENOTDIR)
        return dv_error_set(error, DV_ERROR_FILE,
                            "its data is in the file '%s', which is missing beside the model: copy that file too, or "
                            "export the model with external_data=False",
                            location);
    return dv_error_set(error, DV_ERROR_FILE, "its data is in the file '%s', which cannot be opened: %s", location,
                        strerror(errno));
}

static bool open_beside(dv_external *it, const char *path, const char *location, dv_error *error)
{
    struct stat status;
    char *real = realpath(path, NULL);
    if (!real)
        return complain_missing(location, error);
    bool beside = is_beside(it->model, real);
    it->file = beside ? open(real, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;
    free(real);
    if (!beside)
        return refuse_place(location, error);
    if (it->file < 0 || fstat(it->file, &status) != 0)
        return complain_missing(location, error);
    if (!S_ISREG(status.st_mode))
        return dv_error_set(error, DV_ERROR_FILE, "its data is said to be in '%s', which is no regular file", location);
    it->size = status.st_size;
    return true;
}

static bool open_location(dv_external *it, const char *location, dv_error *error)
{
    if (it->location && strcmp(it->location, location) == 0)
        return true;
    dv_external_clear(it);
    if (!stays_below(location))
        return refuse_place(location, error);
    char *folder = folder_of(it->model), *path = folder ? dv_path_join(folder, location) : NULL;
    bool ok = path ? open_beside(it, path, location, error) : dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    free(folder);
    free(path);
    if (ok && !(it->location = strdup(location)))
        ok = dv_error_set(error, DV_ERROR_MEMORY, "out of memory");
    if (!ok)
        dv_external_clear(it);
    return ok;
}

bool dv_external_open(dv_external *it, dv_extent *extent, dv_error *error)
{
    if (!open_location(it, extent->location, error))
        return false;
    int64_t there = it->size - extent->offset;
    if (there < 0 || extent->length > there)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "its data reaches beyond the end of the file '%s' (%" PRId64
                            " bytes): the file is cut, or that of another model; copy it again",
                            extent->location, it->size);
    if (extent->length < 0)
        extent->length = there;
    return true;
}

/* ---- elements --------------------------------------------------------------------------- */

static bool read_bytes(const dv_external *it, int64_t offset, void *bytes, size_t size, dv_error *error)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(it->file, (char *)bytes + done, size - done, offset + (int64_t)done);
        if (count > 0)
            done += (size_t)count;
        else if (count == 0 || errno != EINTR)
            return dv_error_set(error, DV_ERROR_FILE, "the file '%s' cannot be read: %s", it->location,
                                count ? strerror(errno) : "it has become shorter");
    }
    return true;
}

/* In pieces, so that a large tensor needs no second copy of itself. */
bool dv_external_decode(dv_external *it, const dv_extent *extent, dv_tensor *tensor, dv_error *error)
{
    enum { PIECE = 1 << 17 };
    size_t size = dv_element_size(tensor->type), stored = dv_type_stored_size(tensor->type);
    int64_t count = dv_shape_elements(&tensor->shape);
    if (dv_elements_are_as_stored(tensor->type))
        return read_bytes(it, extent->offset, tensor->data, (size_t)count * size, error);
    uint8_t *piece = dv_alloc(PIECE, size, error);
    bool ok = piece != NULL;
    for (int64_t done = 0; ok && done < count; done += PIECE) {
        int64_t here = count - done < PIECE ? count - done : PIECE;
        ok = read_bytes(it, extent->offset + done * (int64_t)size, piece, (size_t)here * size, error);
        if (ok)
            dv_elements_decode(tensor->type, here, piece, (char *)tensor->data + (size_t)done * stored);
    }
    free(piece);
    return ok;
}

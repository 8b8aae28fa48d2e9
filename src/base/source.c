/* Files of which parts are read when they are needed. */
#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_gzip(int file)
{
    uint8_t magic[2];
    return pread(file, magic, sizeof magic, 0) == sizeof magic && magic[0] == 0x1F && magic[1] == 0x8B;
}

bool dv_source_open(dv_source *source, const char *path, size_t memory, size_t limit, dv_error *error)
{
    struct stat status;
    *source = (dv_source){.file = open(path, O_RDONLY | O_CLOEXEC)};
    if (source->file < 0 || fstat(source->file, &status) != 0) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
        dv_source_close(source);
        return false;
    }
    bool regular = S_ISREG(status.st_mode), packed = regular && is_gzip(source->file);
    if (regular && !packed && (uintmax_t)status.st_size > memory) {
        source->size = (size_t)status.st_size;
        return true;
    }
    dv_source_close(source);
    if (!dv_file_read_gzip(path, packed || !regular ? limit : memory, &source->owned, &source->size, error)) {
        return false;
    }
    source->bytes = source->owned;
    return true;
}

void dv_source_close(dv_source *source)
{
    if (source->file >= 0) {
        close(source->file);
    }
    free(source->owned);
    *source = (dv_source){.file = -1};
}

bool dv_source_read(const dv_source *source, size_t offset, size_t size, void *to, dv_error *error)
{
    if (offset > source->size || size > source->size - offset) {
        return dv_error_set(error, DV_ERROR_FORMAT, "is cut short");
    }
    if (source->bytes) {
        memcpy(to, source->bytes + offset, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(source->file, (uint8_t *)to + done, size - done, (off_t)(offset + done));
        if (count == 0) {
            return dv_error_set(error, DV_ERROR_FILE, "has become shorter since it was opened");
        }
        if (count < 0 && errno != EINTR) {
            return dv_error_set(error, DV_ERROR_FILE, "cannot be read: %s", strerror(errno));
        }
        done += count > 0 ? (size_t)count : 0;
    }
    return true;
}

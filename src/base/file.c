#include "base/file.h"
#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>

/* ---- reading ---------------------------------------------------------------- */

/* Bytes that grow up to a limit. The capacity may be limit + 1: a byte there tells that the limit is exceeded.
 * Beyond the capacity there is always one byte more, for the terminating zero. */
typedef struct buffer {
    const char *path; /* for messages */
    uint8_t *data;
    size_t size, capacity, limit;
} buffer;

static bool buffer_reserve(buffer *b, size_t capacity, dv_error *error)
{
    capacity = capacity <= b->limit ? capacity : b->limit + 1;
    uint8_t *data = realloc(b->data, capacity + 1);
    if (!data) {
        return dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory for %zu bytes", b->path, capacity);
    }
    b->data = data;
    b->capacity = capacity;
    return true;
}

static bool buffer_init(buffer *b, const char *path, size_t limit, size_t capacity, dv_error *error)
{
    *b = (buffer){.path = path, .limit = limit < SIZE_MAX / 4 ? limit : SIZE_MAX / 4};
    return buffer_reserve(b, capacity < 4096 ? 4096 : capacity, error);
}

static bool too_large(const char *path, size_t limit, dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FORMAT, "%s: holds more than the %zu bytes that are accepted here", path,
                        limit);
}

/* Makes room for at least one byte more. */
static bool buffer_grow(buffer *b, dv_error *error)
{
    if (b->size < b->capacity) {
        return true;
    }
    if (b->size > b->limit) {
        return too_large(b->path, b->limit, error);
    }
    return buffer_reserve(b, 2 * b->capacity, error);
}

/* Hands the bytes to the caller, or frees them. */
static bool buffer_finish(buffer *b, bool good, uint8_t **data, size_t *size)
{
    if (good) {
        b->data[b->size] = 0;
        *data = b->data;
        *size = b->size;
    } else {
        free(b->data);
    }
    return good;
}

static bool read_all(int file, buffer *b, dv_error *error)
{
    for (;;) {
        if (!buffer_grow(b, error)) {
            return false;
        }
        ssize_t count = read(file, b->data + b->size, b->capacity - b->size);
        if (count == 0) {
            return true; /* not above the limit: there was room left */
        }
        if (count > 0) {
            b->size += (size_t)count;
        } else if (errno != EINTR) {
            return dv_error_set(error, DV_ERROR_FILE, "%s: cannot be read: %s", b->path, strerror(errno));
        }
    }
}

bool dv_file_read(const char *path, size_t limit, uint8_t **data, size_t *size, dv_error *error)
{
    buffer b = {0};
    bool good = false;
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) != 0) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    } else if (S_ISDIR(status.st_mode)) {
        dv_error_set(error, DV_ERROR_FILE, "%s: is a folder; a file is needed", path);
    } else if (S_ISREG(status.st_mode) && (uintmax_t)status.st_size > limit) {
        too_large(path, limit, error);
    } else {
        /* The size is a hint: a pipe has none, and a file may grow while it is read. */
        good = buffer_init(&b, path, limit, (size_t)status.st_size + 1, error) && read_all(file, &b, error);
    }
    if (file >= 0) {
        close(file);
    }
    return buffer_finish(&b, good, data, size);
}

static bool is_gzip(const uint8_t *data, size_t size)
{
    return size >= 2 && data[0] == 0x1F && data[1] == 0x8B;
}

static bool gzip_error(const buffer *b, int status, const z_stream *stream, dv_error *error)
{
    if (status == Z_MEM_ERROR) {
        return dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory for unpacking", b->path);
    }
    if (status == Z_BUF_ERROR) {
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: the gzip data is cut short; fetch the file again", b->path);
    }
    return dv_error_set(error, DV_ERROR_FORMAT, "%s: the gzip data is damaged (%s); fetch the file again", b->path,
                        stream->msg ? stream->msg : "not a deflate stream");
}

/* Unpacks all members (RFC 1952, 2.2: a file is one or more). What follows the last one must be another or nothing. */
static bool unpack(const uint8_t *packed, size_t size, buffer *b, dv_error *error)
{
    enum { GZIP_WINDOW = 15 + 16 };
    z_stream stream = {0};
    int status = inflateInit2(&stream, GZIP_WINDOW);
    if (status != Z_OK) {
        return gzip_error(b, status, &stream, error);
    }
    bool good = false;
    const uint8_t *end = packed + size;
    stream.next_in = packed;
    while (status == Z_OK) {
        if (!buffer_grow(b, error)) {
            goto done;
        }
        /* zlib counts in unsigned int. */
        size_t left = (size_t)(end - stream.next_in), room = b->capacity - b->size;
        stream.avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX;
        stream.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
        stream.next_out = b->data + b->size;
        status = inflate(&stream, Z_NO_FLUSH);
        b->size = (size_t)(stream.next_out - b->data);
        left = (size_t)(end - stream.next_in);
        if (status == Z_STREAM_END && left > 0) {
            if (!is_gzip(stream.next_in, left)) {
                dv_error_set(error, DV_ERROR_FORMAT, "%s: %zu bytes that are not gzip follow the gzip data", b->path,
                             left);
                goto done;
            }
            status = inflateReset(&stream);
        }
    }
    if (status != Z_STREAM_END) {
        gzip_error(b, status, &stream, error);
    } else if (b->size > b->limit) {
        too_large(b->path, b->limit, error);
    } else {
        good = true;
    }
done:
    inflateEnd(&stream);
    return good;
}

bool dv_file_read_gzip(const char *path, size_t limit, uint8_t **data, size_t *size, dv_error *error)
{
    uint8_t *packed;
    size_t packed_size;
    if (!dv_file_read(path, limit, &packed, &packed_size, error)) {
        return false;
    }
    if (!is_gzip(packed, packed_size)) {
        *data = packed;
        *size = packed_size;
        return true;
    }
    buffer b;
    bool good = buffer_init(&b, path, limit, packed_size, error) && unpack(packed, packed_size, &b, error);
    free(packed);
    return buffer_finish(&b, good, data, size);
}

uint32_t dv_crc32(const uint8_t *data, size_t size)
{
    uLong sum = crc32(0, NULL, 0);
    for (size_t done = 0; done < size;) {
        size_t part = size - done < UINT_MAX ? size - done : UINT_MAX;
        sum = crc32(sum, data + done, (uInt)part);
        done += part;
    }
    return (uint32_t)sum;
}

bool dv_inflate(const uint8_t *packed, size_t packed_size, uint8_t *to, size_t size, uint32_t crc, dv_error *error)
{
    z_stream stream = {.next_in = packed, .next_out = to};
    if (inflateInit2(&stream, -15) != Z_OK) {
        return dv_error_set(error, DV_ERROR_MEMORY, "out of memory for unpacking");
    }
    int status = Z_OK;
    while (status == Z_OK) {
        size_t left = packed_size - (size_t)(stream.next_in - packed), room = size - (size_t)(stream.next_out - to);
        stream.avail_in = left < UINT_MAX ? (uInt)left : UINT_MAX;
        stream.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
        status = inflate(&stream, Z_NO_FLUSH);
    }
    bool whole = status == Z_STREAM_END && stream.next_out == to + size && stream.next_in == packed + packed_size;
    inflateEnd(&stream);
    if (!whole || dv_crc32(to, size) != crc) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the packed data are damaged");
    }
    return true;
}

/* ---- writing ---------------------------------------------------------------- */

struct dv_output {
    FILE *stream;
    char *path;      /* of the file itself: symbolic links are followed, and stay */
    char *temporary; /* NULL when it is written straight, to a device or a pipe */
};

static void output_free(dv_output *output)
{
    if (output->stream) {
        fclose(output->stream);
    }
    if (output->temporary) {
        unlink(output->temporary);
    }
    free(output->temporary);
    free(output->path);
    free(output);
}

/* Opens a new file in the folder of `path`, under a short name of its own, with the rights the umask leaves. */
static int open_temporary(const char *path, char **temporary)
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    for (int attempt = 0; attempt < 1000; attempt++) {
        if (asprintf(temporary, "%.*s.deepvid-%ld-%d", folder, path, (long)getpid(), attempt) < 0) {
            *temporary = NULL;
            errno = ENOMEM;
            return -1;
        }
        int file = open(*temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0) {
            return file;
        }
        free(*temporary);
        *temporary = NULL;
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

/* Opens the descriptor behind an output; -1 and errno if it cannot be. */
static int output_open(dv_output *output, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        output->path = strdup(path);
        return output->path ? open_temporary(output->path, &output->temporary) : -1;
    }
    if (!S_ISREG(status.st_mode)) {
        output->path = strdup(path);
        return output->path ? open(path, O_WRONLY | O_CLOEXEC) : -1;
    }
    output->path = realpath(path, NULL);
    /* The old file is replaced, not written to, but its rights are respected and kept. */
    if (!output->path || access(path, W_OK) != 0) {
        return -1;
    }
    int file = open_temporary(output->path, &output->temporary);
    if (file >= 0 && fchmod(file, status.st_mode & 0777) != 0) {
        close(file);
        return -1;
    }
    return file;
}

dv_output *dv_output_open(const char *path, dv_error *error)
{
    dv_output *output = calloc(1, sizeof *output);
    if (!output) {
        dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", path);
        return NULL;
    }
    int file = output_open(output, path);
    output->stream = file >= 0 ? fdopen(file, "wb") : NULL;
    if (!output->stream) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        if (file >= 0) {
            close(file);
        }
        output_free(output);
        return NULL;
    }
    return output;
}

FILE *dv_output_stream(dv_output *output)
{
    return output->stream;
}

/* Brings everything to the disk; false and errno if some of it did not get there. */
static bool output_flush(dv_output *output)
{
    int reason = 0;
    if (fflush(output->stream) != 0) {
        reason = errno;
    } else if (ferror(output->stream)) {
        reason = EIO; /* an earlier write failed; why is forgotten */
    } else if (output->temporary && fsync(fileno(output->stream)) != 0) {
        reason = errno;
    }
    if (fclose(output->stream) != 0 && reason == 0) {
        reason = errno;
    }
    output->stream = NULL;
    errno = reason;
    return reason == 0;
}

bool dv_output_commit(dv_output *output, dv_error *error)
{
    bool good = output_flush(output) && (!output->temporary || rename(output->temporary, output->path) == 0);
    if (!good) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be written: %s", output->path, strerror(errno));
    } else {
        free(output->temporary); /* it has become the file */
        output->temporary = NULL;
    }
    output_free(output);
    return good;
}

void dv_output_discard(dv_output *output)
{
    if (output) {
        output_free(output);
    }
}

bool dv_output_is_straight(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

bool dv_output_check(const char *path, dv_error *error)
{
    if (dv_output_is_straight(path)) {
        return true; /* a pipe that is opened twice would have ended for its reader */
    }
    dv_output *output = dv_output_open(path, error);
    dv_output_discard(output);
    return output != NULL;
}

bool dv_file_write(const char *path, const void *data, size_t size, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    if (!output) {
        return false;
    }
    if (size > 0 && fwrite(data, size, 1, output->stream) != 1) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot be written: %s", path, strerror(errno));
        dv_output_discard(output);
        return false;
    }
    return dv_output_commit(output, error);
}

/* ---- folders, paths, time --------------------------------------------------- */

/* Creates one folder unless it is there; false and errno. */
static bool folder_create(const char *path, mode_t mode)
{
    if (mkdir(path, mode) == 0) {
        return true;
    }
    int reason = errno;
    bool there = dv_path_is_folder(path);
    errno = reason;
    return there;
}

static bool folders_create(const char *path, mode_t mode, dv_error *error)
{
    char *part = strdup(path);
    if (!part) {
        return dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", path);
    }
    bool good = true;
    size_t length = strlen(part);
    for (size_t i = 1; i <= length && good; i++) {
        if (part[i] == '/' || i == length) {
            char kept = part[i];
            part[i] = 0;
            good = folder_create(part, mode);
            if (!good) {
                dv_error_set(error, DV_ERROR_FILE, "%s: the folder cannot be created: %s", part, strerror(errno));
            }
            part[i] = kept;
        }
    }
    free(part);
    return good;
}

bool dv_folder_create(const char *path, dv_error *error)
{
    return folders_create(path, 0777, error);
}

bool dv_folder_create_private(const char *path, dv_error *error)
{
    return folders_create(path, 0700, error);
}

char *dv_path_join(const char *folder, const char *name)
{
    if (!folder || !*folder || name[0] == '/') {
        return strdup(name);
    }
    char *path;
    bool slash = folder[strlen(folder) - 1] == '/';
    return asprintf(&path, "%s%s%s", folder, slash ? "" : "/", name) < 0 ? NULL : path;
}

const char *dv_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

bool dv_path_is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

char *dv_path_real(const char *path)
{
    char *real = realpath(path, NULL), *joined;
    const char *colon = real ? NULL : strrchr(path, ':');
    char *file = colon ? strndup(path, (size_t)(colon - path)) : NULL;
    if (!file) {
        return real;
    }
    real = realpath(file, NULL);
    bool good = real && asprintf(&joined, "%s%s", real, colon) >= 0;
    free(real);
    free(file);
    return good ? joined : NULL;
}

double dv_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

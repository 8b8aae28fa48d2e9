#include "term/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Makes room for `more` bytes behind the content and returns where they go; NULL when there is no memory. The caller
 * adds to `size` what it used. */
static char *reserve(dv_bytes *bytes, size_t more)
{
    size_t needed;
    if (bytes->failed || __builtin_add_overflow(bytes->size, more, &needed) || needed > SIZE_MAX / 2) {
        bytes->failed = true;
        return NULL;
    }
    if (needed > bytes->capacity) {
        size_t capacity = needed + needed / 2;
        char *data = realloc(bytes->data, capacity);
        if (!data) {
            bytes->failed = true;
            return NULL;
        }
        bytes->data = data;
        bytes->capacity = capacity;
    }
    return bytes->data + bytes->size;
}

void dv_bytes_append(dv_bytes *bytes, const void *data, size_t size)
{
    if (size == 0) {
        return;
    }
    char *end = reserve(bytes, size);
    if (end) {
        memcpy(end, data, size);
        bytes->size += size;
    }
}

void dv_bytes_text(dv_bytes *bytes, const char *text)
{
    dv_bytes_append(bytes, text, strlen(text));
}

void dv_bytes_format(dv_bytes *bytes, const char *format, ...)
{
    char text[128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        bytes->failed = true;
        return;
    }
    dv_bytes_append(bytes, text, (size_t)length);
}

void dv_bytes_clear(dv_bytes *bytes)
{
    bytes->size = 0;
    bytes->failed = false;
}

void dv_bytes_free(dv_bytes *bytes)
{
    free(bytes->data);
    *bytes = (dv_bytes){0};
}

int dv_scratch_open(void)
{
#ifdef MFD_CLOEXEC
    return memfd_create("deepvid", MFD_CLOEXEC);
#else
    FILE *file = tmpfile();
    int fd = file ? fcntl(fileno(file), F_DUPFD_CLOEXEC, 3) : -1;
    if (file) {
        fclose(file);
    }
    return fd;
#endif
}

void dv_scratch_take(int fd, dv_bytes *bytes)
{
    off_t size = lseek(fd, 0, SEEK_END);
    char *end = size > 0 ? reserve(bytes, (size_t)size) : NULL;
    for (off_t done = 0; end && done < size;) {
        ssize_t count = pread(fd, end + done, (size_t)(size - done), done);
        if (count > 0) {
            done += count;
            bytes->size += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            bytes->failed = true;
            break;
        }
    }
    if (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) != 0) {
        bytes->failed = true;
    }
}

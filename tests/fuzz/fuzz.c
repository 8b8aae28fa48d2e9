#include "fuzz.h"

#include "base/memory.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_FILES = 16, MAX_MEMORY = 256 << 20 };

/* What would need more is to be refused, before it is asked for. */
__attribute__((constructor)) static void limit_memory(void)
{
    dv_memory_allow(MAX_MEMORY);
}

static char folder[256];
static char *known[MAX_FILES]; /* paths given so far */

_Noreturn void fuzz_fail(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
    abort();
}

void fuzz_check_refusal(const dv_error *error, const char *word)
{
    size_t length = strnlen(error->message, sizeof error->message);
    fuzz_require(error->code != DV_OK);
    fuzz_require(length > 0 && length < sizeof error->message);
    for (size_t i = 0; i < length; i++)
        fuzz_require((unsigned char)error->message[i] >= ' ' && error->message[i] != 0x7f);
    if (!strstr(error->message, word)) {
        fprintf(stderr, "'%s' does not tell of '%s'\n", error->message, word);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (int i = 0; i < MAX_FILES; i++)
        free(known[i]);
}

const char *fuzz_folder(void)
{
    static const char *const variables[] = {"HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"};
    if (!*folder) {
        const char *parent = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/deepvid-fuzz-XXXXXX", parent && *parent ? parent : "/tmp");
        fuzz_require(mkdtemp(folder));
        atexit(remove_folder);
        for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
            setenv(variables[i], folder, 1);
    }
    return folder;
}

/* One string for each name, so that an error can be looked at after the next call. */
static const char *path_of(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    for (int i = 0; i < MAX_FILES; i++) {
        if (!known[i])
            known[i] = strdup(path);
        if (strcmp(known[i], path) == 0)
            return known[i];
    }
    fuzz_fail(__FILE__, __LINE__, "fewer than MAX_FILES names");
}

const char *fuzz_file(const char *name, const void *data, size_t size)
{
    const char *path = path_of(name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    mkdir(path, 0700);
    *slash = '/';
    FILE *file = fopen(path, "wb");
    fuzz_require(file && fwrite(data, 1, size, file) == size);
    fclose(file);
    return path;
}

/* A temporary folder of a test's own. Include after cmocka.h. */
#ifndef DV_TESTS_SCRATCH_H
#define DV_TESTS_SCRATCH_H

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int scratch_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

/* Setup and teardown: *state is the folder's path. */
static inline int scratch_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    char *folder;
    if (asprintf(&folder, "%s/deepvid-test-XXXXXX", parent && *parent ? parent : "/tmp") < 0) {
        return -1;
    }
    *state = folder;
    return mkdtemp(folder) ? 0 : -1;
}

static inline int scratch_teardown(void **state)
{
    int failure = nftw(*state, scratch_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(*state);
    return failure;
}

#define with_scratch(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

/* "folder/name" in `path`. */
static inline const char *scratch_path(char path[256], const char *folder, const char *name)
{
    assert_in_range(snprintf(path, 256, "%s/%s", folder, name), 1, 255);
    return path;
}

/* Writes a file by plain means. */
static inline void put_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    fclose(file);
}

/* Entries of a folder. */
static inline int scratch_count(const char *folder)
{
    DIR *open = opendir(folder);
    int count = -2; /* . and .. */
    while (open && readdir(open)) {
        count++;
    }
    if (open) {
        closedir(open);
    }
    return count;
}

/* "tests/folder/name" among the sources. */
static inline const char *source_path(char path[512], const char *folder, const char *name)
{
    const char *top = getenv("top_srcdir");
    snprintf(path, 512, "%s/tests/%s/%s", top ? top : ".", folder, name);
    return path;
}

#endif

/* Gives a target, linked with this instead of libFuzzer, the files that are kept for it: those of
 * tests/fuzz/corpus/NAME and tests/bad/NAME-*, each as it is and cut short. `NAME FILE...` gives it these files as they
 * are, to look at one that libFuzzer found. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CUTS = 16 };

static int files, runs;

/* A copy in memory of its own: reading past its end is seen. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    fuzz_require(copy);
    if (size)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    runs++;
}

static void run_file(const char *path, int cuts)
{
    uint8_t *data = NULL;
    size_t size = 0, room = 0, count;
    FILE *file = fopen(path, "rb");
    fuzz_require(file);
    do {
        room += 1 << 16;
        data = realloc(data, room);
        fuzz_require(data);
        size += count = fread(data + size, 1, room - size, file);
    } while (count);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    files++;
    run(data, size);
    for (int cut = 0; cut < cuts && size; cut++)
        run(data, size * (size_t)cut / (size_t)cuts);
    free(data);
}

static void run_folder(const char *folder, const char *prefix)
{
    struct dirent **entry;
    int count = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
        if (entry[i]->d_name[0] != '.' && strncmp(entry[i]->d_name, prefix, strlen(prefix)) == 0)
            run_file(path, CUTS);
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
}

int main(int argc, char **argv)
{
    const char *top = getenv("top_srcdir"), *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
    char folder[512], prefix[64];
    for (int i = 1; i < argc; i++)
        run_file(argv[i], 0);
    if (argc == 1) {
        run((const uint8_t *)"", 0);
        snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
        run_folder(folder, "");
        snprintf(folder, sizeof folder, "%s/tests/bad", top ? top : ".");
        snprintf(prefix, sizeof prefix, "%s-", name);
        run_folder(folder, prefix);
    }
    printf("%d files, %d runs\n", files, runs);
    return files ? EXIT_SUCCESS : EXIT_FAILURE;
}

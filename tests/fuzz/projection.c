/* Projections kept in the cache folder. */
#include "fuzz.h"

#include "vid/project_cache.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { PICTURES = 3 };

/* "deepvid/projections/NAME": the name that the program gives the file of that key. */
static void find_name(const dv_project_key *key, char name[320])
{
    const float positions[2 * PICTURES] = {0};
    char folder[512];
    snprintf(folder, sizeof folder, "%s/deepvid/projections", fuzz_folder());
    dv_project_cache_store(key, positions);
    DIR *open = opendir(folder);
    fuzz_require(open);
    for (struct dirent *entry; (entry = readdir(open));)
        if (entry->d_name[0] != '.')
            snprintf(name, 320, "deepvid/projections/%s", entry->d_name);
    closedir(open);
    fuzz_require(*name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[320];
    const dv_project_key key = {.bundle = 7, .pictures = 8, .count = PICTURES};
    float positions[2 * PICTURES];
    if (!*name)
        find_name(&key, name);
    fuzz_file(name, data, size);
    memset(positions, 0, sizeof positions);
    dv_project_cache_load(&key, positions);
    return 0;
}

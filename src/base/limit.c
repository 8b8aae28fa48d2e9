/* How much memory there is for a plan. */
#include "base/memory.h"
#include "base/error.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t physical_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    size_t bytes;
    return pages > 0 && size > 0 && !__builtin_mul_overflow((size_t)pages, (size_t)size, &bytes) ? bytes : SIZE_MAX;
}

/* Of this process, by ulimit. */
static size_t process_limit(void)
{
    struct rlimit limit;
    bool is_limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_limited && limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

/* The number in a file; what is no number ("max"), and no file, is no limit. */
static size_t number_in(const char *path)
{
    unsigned long long number;
    FILE *file = fopen(path, "re");
    bool found = file && fscanf(file, "%llu", &number) == 1;
    if (file)
        fclose(file);
    return found && number < SIZE_MAX ? (size_t)number : SIZE_MAX;
}

/* The least of a control group's limit and those of the groups that it is in. */
static size_t limit_of_groups(const char *root, char *group, const char *file)
{
    char path[512];
    size_t least = SIZE_MAX;
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", root, group, file);
        least = smaller(least, number_in(path));
        char *slash = strrchr(group, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

/* Linux: "0::/group" for version 2, "5:memory:/group" for version 1. */
static size_t group_limit(void)
{
    char line[256];
    size_t least = SIZE_MAX;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = 0;
        if (!controllers[1])
            least = smaller(least, limit_of_groups("/sys/fs/cgroup", group, "memory.max"));
        else if (strcmp(controllers + 1, "memory") == 0)
            least = smaller(least, limit_of_groups("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
    if (file)
        fclose(file);
    return least;
}

static size_t found, told;

static void find_allowed(void)
{
    found = smaller(smaller(physical_memory(), process_limit()), group_limit()) / 4 * 3;
}

size_t dv_memory_allowed(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, find_allowed);
    return told ? told : found;
}

void dv_memory_allow(size_t bytes)
{
    told = bytes;
}

/* "17.2 GiB" */
static void write_size(double size, char *text, size_t room)
{
    static const char *const unit[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    size_t u = 0;
    for (; size >= 1024 && u + 1 < sizeof unit / sizeof *unit; u++)
        size /= 1024;
    snprintf(text, room, u ? "%.1f %s" : "%.0f %s", size, unit[u]);
}

bool dv_memory_refuse(double bytes, size_t limit, dv_error *error)
{
    char wanted[32], given[32];
    write_size(bytes, wanted, sizeof wanted);
    write_size((double)limit, given, sizeof given);
    return dv_error_set(error, DV_ERROR_MEMORY, "%s of memory are needed up to here, %s may be used", wanted, given);
}

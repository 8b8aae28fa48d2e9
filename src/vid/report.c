/* The report of an explanation: a folder of files that appear together or not at all. */
#include "vid/report.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "data/data.h"
#include "vid/json.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dv_report {
    char *folder, *staging;
    size_t kept; /* bytes of `folder` that name what was there before */
    bool fresh;  /* the folder is not there yet: `staging` will become it */
};

/* Length of the longest leading part of a path that is there. */
static size_t length_of_existing(const char *path)
{
    struct stat status;
    char *part = strdup(path);
    size_t length = part ? strlen(part) : 0;
    while (length > 0 && stat(part, &status) != 0) {
        while (length > 0 && part[length - 1] == '/')
            length--;
        while (length > 0 && part[length - 1] != '/')
            length--;
        part[length] = '\0';
    }
    free(part);
    return length;
}

static bool each_file(const char *folder, bool (*act)(const char *folder, const char *name, void *context),
                      void *context)
{
    DIR *stream = opendir(folder);
    bool ok = stream != NULL;
    for (struct dirent *entry; ok && (entry = readdir(stream));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = act(folder, entry->d_name, context);
    if (stream)
        closedir(stream);
    return ok;
}

static bool remove_file(const char *folder, const char *name, void *context)
{
    char *path = dv_path_join(folder, name);
    (void)context;
    if (path)
        unlink(path);
    free(path);
    return true;
}

/* False and errno when a folder is in the way of the file. */
static bool can_move(const char *folder, const char *name, void *context)
{
    const dv_report *report = context;
    char *to = dv_path_join(report->folder, name);
    bool free_place = to && !dv_path_is_folder(to);
    (void)folder;
    if (to && !free_place)
        errno = EISDIR;
    free(to);
    return free_place;
}

static bool move_file(const char *folder, const char *name, void *context)
{
    const dv_report *report = context;
    char *from = dv_path_join(folder, name), *to = dv_path_join(report->folder, name);
    bool ok = from && to && rename(from, to) == 0;
    free(from);
    free(to);
    return ok;
}

/* Folders that were made for the report, innermost first; those that are not empty stay. */
static void remove_folders(dv_report *report)
{
    for (size_t length = strlen(report->folder); length > report->kept;) {
        if (rmdir(report->folder) != 0 && errno != ENOENT)
            return;
        while (length > report->kept && report->folder[length - 1] == '/')
            length--;
        while (length > report->kept && report->folder[length - 1] != '/')
            length--;
        report->folder[length] = '\0';
    }
}

static void end(dv_report *report)
{
    free(report->staging);
    free(report->folder);
    free(report);
}

/* The folder around a path without slashes at its end. */
static char *parent_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
}

/* A new folder inside another, of a name that is not taken, with the rights of any new one. */
static char *make_staging(const char *parent)
{
    char name[64];
    char *path = NULL;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, ".deepvid-%ld-%d", (long)getpid(), i);
        path = dv_path_join(parent, name);
        if (!path || mkdir(path, 0777) == 0)
            return path;
        int reason = errno;
        free(path);
        errno = reason;
        if (reason != EEXIST)
            break;
    }
    return NULL;
}

/* Files of a new report wait beside its folder, in one that takes its name in the end; those that replace older ones
 * wait inside. */
static bool stage(dv_report *report, dv_error *error)
{
    char *place = report->fresh ? parent_of(report->folder) : strdup(report->folder);
    if (!place) {
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    } else if (dv_folder_create(place, error)) {
        report->staging = make_staging(place);
        if (!report->staging)
            dv_error_set(error, DV_ERROR_FILE, "%s: cannot write there: %s", report->folder, strerror(errno));
    }
    free(place);
    return report->staging != NULL;
}

dv_report *dv_report_open(const char *folder, dv_error *error)
{
    struct stat status;
    if (!*folder) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "the folder of the report has an empty name");
        return NULL;
    }
    dv_report *report = dv_alloc(1, sizeof *report, error);
    if (!report)
        return NULL;
    report->folder = strdup(folder);
    report->kept = length_of_existing(folder);
    report->fresh = stat(folder, &status) != 0;
    for (size_t i = report->folder ? strlen(folder) : 0; i > 1 && folder[i - 1] == '/'; i--)
        report->folder[i - 1] = '\0';
    if (!report->folder)
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    else if (stage(report, error))
        return report;
    dv_report_discard(report);
    return NULL;
}

void dv_report_discard(dv_report *report)
{
    if (!report)
        return;
    if (report->staging) {
        each_file(report->staging, remove_file, NULL);
        rmdir(report->staging);
    }
    if (report->folder)
        remove_folders(report);
    end(report);
}

bool dv_report_commit(dv_report *report, dv_error *error)
{
    if (report->fresh && rename(report->staging, report->folder) == 0) {
        end(report);
        return true;
    }
    /* Over older files: each of them stays whole. */
    if (!each_file(report->staging, can_move, report) || !each_file(report->staging, move_file, report)) {
        dv_error_set(error, DV_ERROR_FILE, "%s: cannot move the files there: %s", report->folder, strerror(errno));
        dv_report_discard(report);
        return false;
    }
    rmdir(report->staging);
    end(report);
    return true;
}

char *dv_report_path(const dv_report *report, const char *name, dv_error *error)
{
    char *path = dv_path_join(report->staging, name);
    if (!path)
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    return path;
}

bool dv_report_blame(const dv_report *report, const char *name, dv_error *error)
{
    dv_error cause = *error;
    const char *reason = strrchr(cause.message, ':');
    return dv_error_set(error, cause.code, "%s/%s: cannot be written%s", report->folder, name, reason ? reason : "");
}

static bool write_array(const dv_report *report, const char *name, char kind, int rank, const int64_t *dim,
                        const void *data, dv_error *error)
{
    char *path = dv_report_path(report, name, error);
    bool ok = path && (dv_npy_write(path, kind, 4, rank, dim, data, error) || dv_report_blame(report, name, error));
    free(path);
    return ok;
}

static bool write_attribution(const dv_report *report, const dv_attribution *attribution, dv_error *error)
{
    const int64_t dim[] = {attribution->channels, attribution->height, attribution->width};
    char map[DV_REASON_SIZE], segments[DV_REASON_SIZE];
    snprintf(map, sizeof map, "%s.npy", attribution->explainer->name);
    snprintf(segments, sizeof segments, "%s-segments.npy", attribution->explainer->name);
    return (!attribution->map || write_array(report, map, 'f', 3, dim, attribution->map, error)) &&
           (!attribution->segments || write_array(report, segments, 'i', 2, dim + 1, attribution->segments, error));
}

static bool write_json(const dv_report *report, const dv_explanation *explanation, const dv_attributions *others,
                       const dv_bundle_facts *facts, dv_error *error)
{
    const char *name = "explanation.json";
    char *path = dv_report_path(report, name, error),
         *text = path ? dv_json_explanation(explanation, others, facts, false, error) : NULL;
    bool ok = false;
    if (text) {
        size_t length = strlen(text);
        text[length] = '\n'; /* in place of the zero byte, which is not written */
        ok = dv_file_write(path, text, length + 1, error) || dv_report_blame(report, name, error);
    }
    free(text);
    free(path);
    return ok;
}

bool dv_report_write(const dv_report *report, const dv_explanation *explanation, const dv_attributions *others,
                     const dv_bundle_facts *facts, dv_error *error)
{
    const int64_t rows = explanation->rows, latent = explanation->latent, kept = explanation->kept;
    const int64_t picture[] = {explanation->channels, explanation->height, explanation->width};
    const struct {
        const char *name;
        int rank;
        int64_t dim[4];
        const float *data;
    } arrays[] = {
        {"weights.npy", 4, {rows, picture[0], picture[1], picture[2]}, explanation->weights},
        {"bias.npy", 1, {rows}, explanation->bias},
        {"neighbors.npy", 4, {kept, picture[0], picture[1], picture[2]}, explanation->neighbors},
        {"latents.npy", 2, {kept, latent}, explanation->latents},
        {"soft_labels.npy", 2, {kept, rows}, explanation->soft_labels},
    };
    for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
        if (!write_array(report, arrays[i].name, 'f', arrays[i].rank, arrays[i].dim, arrays[i].data, error))
            return false;
    for (int i = 0; others && i < others->count; i++)
        if (!write_attribution(report, others->item[i], error))
            return false;
    return write_json(report, explanation, others, facts, error);
}

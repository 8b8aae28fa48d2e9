/* A page and its numbers as files of a folder. */
#include "figure/pages.h"

#include "base/file.h"
#include "vid/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 64 };

static bool write_json(const dv_report *report, const char *name, char *json, dv_error *error)
{
    char *path = dv_report_path(report, name, error);
    size_t length = strlen(json);
    bool ok = false;
    if (path) {
        json[length] = '\n'; /* in place of the zero byte, which is not written */
        ok = dv_file_write(path, json, length + 1, error) || dv_report_blame(report, name, error);
    }
    free(path);
    return ok;
}

static bool write_page(const dv_report *report, const char *name, const dv_image *page, dv_error *error)
{
    char *path = dv_report_path(report, name, error);
    bool ok = path && (dv_png_write(page, path, error) || dv_report_blame(report, name, error));
    free(path);
    return ok;
}

bool dv_figure_page_report(const char *folder, const char *name, dv_image *page, char *json, dv_error *error)
{
    char page_name[NAME_SIZE], json_name[NAME_SIZE];
    snprintf(page_name, sizeof page_name, "%s.png", name);
    snprintf(json_name, sizeof json_name, "%s.json", name);
    dv_report *report = page && json ? dv_report_open(folder, error) : NULL;
    bool ok = report && write_json(report, json_name, json, error) && write_page(report, page_name, page, error);
    dv_image_free(page);
    free(json);
    if (ok)
        return dv_report_commit(report, error);
    dv_report_discard(report);
    return false;
}

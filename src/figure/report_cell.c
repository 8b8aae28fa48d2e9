/* Why a cell is confused, as files of a folder. */
#include "base/file.h"
#include "figure/pages.h"
#include "vid/json.h"
#include "vid/report.h"

#include <stdlib.h>
#include <string.h>

static bool write_json(const dv_report *report, const dv_bundle *bundle, const dv_cell_findings *cell, dv_error *error)
{
    char *path = dv_report_path(report, "cell.json", error);
    char *text = path ? dv_json_cell(cell, dv_bundle_get_facts(bundle), error) : NULL;
    bool ok = false;

    if (text) {
        size_t length = strlen(text);

        text[length] = '\n'; /* in place of the zero byte, which is not written */
        ok = dv_file_write(path, text, length + 1, error) || dv_report_blame(report, "cell.json", error);
    }
    free(text);
    free(path);
    return ok;
}

static bool write_page(const dv_report *report, const dv_bundle *bundle, const dv_cell_findings *cell, dv_error *error)
{
    char *path = dv_report_path(report, "cell.png", error);
    dv_image *image = path ? dv_figure_page_cell(bundle, cell, error) : NULL;
    bool ok = image && (dv_png_write(image, path, error) || dv_report_blame(report, "cell.png", error));

    dv_image_free(image);
    free(path);
    return ok;
}

bool dv_figure_cell_report(const char *folder, const dv_bundle *bundle, const dv_cell_findings *cell, dv_error *error)
{
    dv_report *report = dv_report_open(folder, error);

    if (!report)
        return false;
    if (write_json(report, bundle, cell, error) && write_page(report, bundle, cell, error))
        return dv_report_commit(report, error);
    dv_report_discard(report);
    return false;
}

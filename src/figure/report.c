/* The report: everything one explanation knows, as files of a folder. */
#include "figure/figure.h"
#include "vid/report.h"

#include <stdlib.h>

static bool write_overview(const dv_report *report, const dv_explanation *explanation, const dv_attributions *others,
                           const dv_bundle_facts *facts, dv_error *error)
{
    char *path = dv_report_path(report, "overview.png", error);
    dv_image *image = path ? dv_figure_overview(explanation, others, facts, error) : NULL;
    bool ok = image && (dv_png_write(image, path, error) || dv_report_blame(report, "overview.png", error));
    dv_image_free(image);
    free(path);
    return ok;
}

bool dv_figure_report(const char *folder, const dv_explanation *explanation, const dv_attributions *others,
                      const dv_bundle_facts *facts, dv_error *error)
{
    dv_report *report = dv_report_open(folder, error);
    if (!report)
        return false;
    if (dv_report_write(report, explanation, others, facts, error) &&
        write_overview(report, explanation, others, facts, error))
        return dv_report_commit(report, error);
    dv_report_discard(report);
    return false;
}

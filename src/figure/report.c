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

bool dv_figure_explain(dv_bundle *bundle, const dv_explain_options *options, int explainer, const char *folder,
                       const dv_progress *progress, dv_error *error)
{
    const dv_attribution_options usual = dv_attribution_defaults();
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_attributions made = {0}, *others = explainer < 0 ? NULL : &made;
    dv_explain_options all = *options;
    all.keep_all = true;
    dv_explanation *explanation = dv_explain(bundle, &all, progress, error);
    bool fine = explanation && (!others || dv_attributions_make(bundle, 1, &explainer, options, explanation, &usual,
                                                                progress, others, error));
    fine = fine && dv_figure_report(folder, explanation, others, facts, error);
    dv_attributions_clear(&made);
    dv_explanation_free(explanation);
    return fine;
}

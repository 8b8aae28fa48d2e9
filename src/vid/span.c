#include "vid/span.h"

#include "base/error.h"

static bool report(void *context, const char *stage, double fraction)
{
    const dv_span *span = context;
    if (!span->whole || !span->whole->report)
        return true;
    return span->whole->report(span->whole->context, stage, fraction < 0 ? -1 : span->first + fraction * span->share);
}

dv_progress dv_span_progress(dv_span *span)
{
    return (dv_progress){.report = report, .context = span};
}

bool dv_progress_report(const dv_progress *progress, const char *stage, double fraction, dv_error *error)
{
    if (!progress || !progress->report || progress->report(progress->context, stage, fraction))
        return true;
    return dv_error_set(error, DV_ERROR_CANCELLED, "%s was cancelled", stage);
}

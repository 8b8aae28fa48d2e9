/* Work that is a part of a longer one reports its part of the whole. */
#ifndef DV_VID_SPAN_H
#define DV_VID_SPAN_H

#include "deepvid.h"

typedef struct dv_span {
    const dv_progress *whole; /* NULL: nobody listens */
    double first, share;      /* the part is first .. first + share of the whole */
} dv_span;

/* A progress that reports to span->whole; valid as long as the span. */
dv_progress dv_span_progress(dv_span *span);
/* Reports to `progress`, which may be NULL; false and DV_ERROR_CANCELLED when it says so. */
bool dv_progress_report(const dv_progress *progress, const char *stage, double fraction, dv_error *error);

#endif

/* Opens a second teacher while the first one goes on answering. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "tui/job.h"
#include "tui/pictures.h"

#include <stdlib.h>

static void free_newcomer(void *result)
{
    dv_newcomer *newcomer = result;
    dv_pictures_free(newcomer->pictures);
    dv_bundle_close(newcomer->bundle);
    free(newcomer);
}

/* False and an error when it is cancelled. */
static bool tell(const dv_errand *errand, dv_error *error)
{
    const dv_progress *progress = errand->progress;
    return progress->report(progress->context, dv_path_name(errand->request->file), -1) ||
           dv_error_set(error, DV_ERROR_CANCELLED, "cancelled");
}

static dv_errand_state run(const dv_errand *errand, dv_error *error)
{
    dv_bundle_source source = *errand->request->source;
    dv_newcomer *newcomer = dv_alloc(1, sizeof(*newcomer), error);
    if (!newcomer)
        return DV_ERRAND_FAILED;
    source.teacher = errand->request->file;
    if (!tell(errand, error) || !(newcomer->bundle = dv_bundle_open_second(errand->bundle, &source, error)) ||
        !(newcomer->pictures = dv_pictures_new(dv_bundle_get_facts(newcomer->bundle), error)) || !tell(errand, error)) {
        free_newcomer(newcomer);
        return DV_ERRAND_FAILED;
    }
    return errand->post_teacher(errand, newcomer, newcomer->bundle, error) ? DV_ERRAND_DONE : DV_ERRAND_FAILED;
}

const dv_job_kind dv_job_teacher = {
    .doing = "opening a second teacher", .stays = true, .run = run, .free_result = free_newcomer};

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

static dv_errand_state run(const dv_errand *errand, dv_error *error)
{
    dv_bundle_source source = *errand->request->source;
    dv_newcomer *newcomer = dv_alloc(1, sizeof(*newcomer), error);
    if (!newcomer)
        return DV_ERRAND_FAILED;
    source.teacher = errand->request->file;
    errand->progress->report(errand->progress->context, dv_path_name(errand->request->file), -1);
    if (!(newcomer->bundle = dv_bundle_open_second(errand->bundle, &source, error)) ||
        !(newcomer->pictures = dv_pictures_new(dv_bundle_get_facts(newcomer->bundle), error))) {
        free_newcomer(newcomer);
        return DV_ERRAND_FAILED;
    }
    errand->take_teacher(errand, newcomer->bundle);
    errand->post(errand, newcomer, false);
    return DV_ERRAND_DONE;
}

const dv_job_kind dv_job_teacher = {
    .doing = "opening a second teacher", .stays = true, .run = run, .free_result = free_newcomer};

/* Why a cell is confused: work that gives way, and goes on where it was. */
#include "tui/job.h"

#include "tui/cells.h"

typedef struct unfinished {
    dv_cell_study *study; /* of the request with that key; NULL: none */
    uint64_t key;
} unfinished;

static void forget(void *memory)
{
    unfinished *last = memory;
    dv_cell_study_free(last->study);
    last->study = NULL;
}

static dv_errand_state run(const dv_errand *errand, dv_error *error)
{
    const dv_request *request = errand->request;
    unfinished *last = errand->memory;
    if (last->key != request->key)
        forget(last);
    if (!last->study) {
        dv_cell_wish wish = dv_cells_wish(&request->wish->options, request->number, request->count);
        wish.count = request->chosen;
        wish.index = request->pictures;
        last->key = request->key;
        last->study = dv_cell_study_new(errand->bundle, &wish, error);
    }
    dv_cell_findings *findings = last->study ? dv_cell_study_run(last->study, errand->progress, error) : NULL;
    if (!findings)
        return DV_ERRAND_FAILED;
    forget(last);
    errand->post(errand, findings, false);
    return DV_ERRAND_DONE;
}

static void free_findings(void *result)
{
    dv_cell_findings_free(result);
}

const dv_job_kind dv_job_cell = {
    .doing = "cell",
    .memory_size = sizeof(unfinished),
    .forget = forget,
    .run = run,
    .free_result = free_findings,
};

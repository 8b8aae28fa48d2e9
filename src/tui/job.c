/* The table of the kinds of work. */
#include "tui/job.h"

#include <assert.h>

static const dv_job_kind *const kinds[DV_JOB_COUNT] = {
    [DV_JOB_TRAVERSE] = &dv_job_traverse, [DV_JOB_EXPLAIN] = &dv_job_explain,     [DV_JOB_MEASURE] = &dv_job_measure,
    [DV_JOB_EXPORT] = &dv_job_export,     [DV_JOB_ATTRIBUTE] = &dv_job_attribute, [DV_JOB_FLIP] = &dv_job_flip,
    [DV_JOB_MORPH] = &dv_job_morph,       [DV_JOB_INFLUENCE] = &dv_job_influence, [DV_JOB_LAMBDA] = &dv_job_lambda,
    [DV_JOB_CLASSIFY] = &dv_job_classify, [DV_JOB_SURVEY] = &dv_job_survey,       [DV_JOB_PROJECT] = &dv_job_project,
    [DV_JOB_CELL] = &dv_job_cell,         [DV_JOB_TEACHER] = &dv_job_teacher,
};

const dv_job_kind *dv_job_get(dv_job job)
{
    assert(job > DV_JOB_NONE && job < DV_JOB_COUNT);
    return kinds[job];
}

void dv_job_free_result(dv_job job, void *result)
{
    if (result)
        dv_job_get(job)->free_result(result);
}

/* Questions about the latent space around a wish: each is one call of the engine. */
#include "base/memory.h"
#include "tui/job.h"

#include <stdlib.h>

static dv_errand_state hand_over(const dv_errand *errand, void *result)
{
    if (!result)
        return DV_ERRAND_FAILED;
    errand->post(errand, result, false);
    return DV_ERRAND_DONE;
}

static dv_errand_state traverse(const dv_errand *errand, dv_error *error)
{
    const dv_request *request = errand->request;
    return hand_over(errand, dv_traverse(errand->bundle, &request->wish->options, request->number, request->count,
                                         request->reach, errand->progress, error));
}

static void free_strip(void *result)
{
    dv_strip_free(result);
}

const dv_job_kind dv_job_traverse = {.doing = "decoding", .run = traverse, .free_result = free_strip};

static dv_errand_state morph(const dv_errand *errand, dv_error *error)
{
    const dv_request *request = errand->request;
    return hand_over(errand, dv_morph_make(errand->bundle, &request->wish->options, request->index, request->count,
                                           errand->progress, error));
}

static void free_morph(void *result)
{
    dv_morph_free(result);
}

const dv_job_kind dv_job_morph = {.doing = "morphing", .run = morph, .free_result = free_morph};

static dv_errand_state flip(const dv_errand *errand, dv_error *error)
{
    return hand_over(errand, dv_flip_find(errand->bundle, &errand->request->wish->options, errand->request->number,
                                          errand->progress, error));
}

static void free_flip(void *result)
{
    dv_flip_free(result);
}

const dv_job_kind dv_job_flip = {.doing = "seeking a flip", .run = flip, .free_result = free_flip};

static dv_errand_state influence(const dv_errand *errand, dv_error *error)
{
    float *result = dv_alloc((size_t)errand->facts->latent, sizeof(*result), error);
    if (result && !dv_influence(errand->bundle, &errand->request->wish->options, result, errand->progress, error)) {
        free(result);
        result = NULL;
    }
    return hand_over(errand, result);
}

const dv_job_kind dv_job_influence = {.doing = "weighing dimensions", .run = influence, .free_result = free};

static dv_errand_state lambda_path(const dv_errand *errand, dv_error *error)
{
    int count = errand->request->count;
    dv_lambda_points *points = dv_alloc(1, sizeof(*points) + (size_t)count * sizeof(*points->point), error);
    if (points) {
        points->count = count;
        if (!dv_lambda_path(errand->bundle, &errand->request->wish->options, points->point, count, errand->progress,
                            error)) {
            free(points);
            points = NULL;
        }
    }
    return hand_over(errand, points);
}

const dv_job_kind dv_job_lambda = {.doing = "trying lambdas", .run = lambda_path, .free_result = free};

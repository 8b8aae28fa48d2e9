/* Whether Winograd's transforms and tiles of bfloat16 may be used for a network, whose rounding errors are larger than
 * those of plain sums of products: by trial. They are a thousandth of what would be noticed as a rule, but a network
 * may multiply them. */
#include "base/random.h"
#include "graph/runner.h"

#include <math.h>
#include <stdlib.h>

/* Of the largest element of an output. */
static const float tolerance = 1e-3F;

/* A plan and all it needs for one run. */
typedef struct trial {
    dv_plan *plan;
    dv_packing *packing;
    dv_frame *frame;
} trial;

static void clear(trial *it)
{
    dv_frame_free(it->frame);
    dv_packing_free(it->packing);
    dv_plan_free(it->plan);
}

/* The frame is left out where the plan knows of no way that rounds more. */
static bool prepare(const dv_runner *runner, const dv_shape *sample, dv_rounding rounding, trial *it)
{
    const dv_plan_options options = {
        .input_shape = sample, .memory_limit = runner->memory_limit / 2, .rounding = rounding};
    *it = (trial){.plan = dv_plan_new(runner->blocked.graph, &options, NULL)};
    if (!it->plan || !it->plan->rounds)
        return false;
    it->packing = dv_packing_new(runner->blocked.graph, NULL);
    return it->packing && dv_plan_pack(it->plan, it->packing, NULL) && (it->frame = dv_frame_new(it->plan, NULL));
}

/* A difference of two numbers that are not finite is none. */
static bool is_seen(const dv_tensor *most, const dv_tensor *least)
{
    float largest = 0, difference = 0;
    for (int64_t k = 0; k < dv_shape_elements(&least->shape); k++) {
        largest = fmaxf(largest, fabsf(least->f[k]));
        difference = fmaxf(difference, fabsf(most->f[k] - least->f[k]));
        if (isfinite(least->f[k]) && !isfinite(most->f[k]))
            return true;
    }
    return difference > tolerance * largest;
}

static bool differs(const dv_runner *runner, const dv_shape *sample, const trial *most, const trial *least)
{
    const int64_t count = dv_shape_elements(sample);
    float *x = malloc((size_t)count * sizeof *x);
    if (!x)
        return false;
    for (int64_t k = 0; k < count; k++)
        x[k] = (float)dv_random_normal(1, DV_PURPOSE_SEPARATION, (uint64_t)k);
    dv_frame_feed(most->frame, 0, x);
    dv_frame_feed(least->frame, 0, x);
    dv_frame_run(most->frame, NULL);
    dv_frame_run(least->frame, NULL);
    free(x);
    bool seen = false;
    for (int o = 0; o < runner->graph->output_count && !seen; o++) {
        const int v = runner->blocked.graph->output[o];
        seen = dv_type_is_float(most->frame->value[v].type) && is_seen(&most->frame->value[v], &least->frame->value[v]);
    }
    return seen;
}

void dv_runner_try_rounding(dv_runner *runner, const dv_shape *sample)
{
    trial most = {0}, least = {0};
    if (runner->rounding == DV_ROUNDING_ANY && prepare(runner, sample, DV_ROUNDING_MOST, &most)) {
        if (prepare(runner, sample, DV_ROUNDING_LEAST, &least) && differs(runner, sample, &most, &least))
            runner->rounding = DV_ROUNDING_LEAST;
        clear(&least);
    }
    clear(&most);
}

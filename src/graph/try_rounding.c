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

/* As the runner would plan it. The frame is left out where the plan knows of no way that rounds more. */
static bool prepare(const dv_runner *runner, const dv_shape *sample, dv_rounding rounding, trial *it)
{
    const dv_plan_options options = {
        .input_shape = sample, .memory_limit = runner->memory_limit / 2, .rounding = rounding};
    it->plan = dv_plan_new(runner->blocked.graph, &options, NULL);
    if (!it->plan)
        it->plan = dv_plan_new(runner->plain.graph, &options, NULL);
    if (!it->plan || !it->plan->rounds)
        return it->plan != NULL;
    it->packing = dv_packing_new(it->plan->graph, NULL);
    return it->packing && dv_plan_pack(it->plan, it->packing, NULL) && (it->frame = dv_frame_new(it->plan, NULL));
}

/* Infinities that become others or NaN are seen, what was NaN is not. */
static bool is_seen(const dv_tensor *most, const dv_tensor *least)
{
    float largest = 0, difference = 0;
    for (int64_t k = 0; k < dv_shape_elements(&least->shape); k++) {
        const float m = most->f[k], l = least->f[k];
        if (isfinite(l) != isfinite(m) || (isinf(l) && l != m))
            return true;
        if (!isfinite(l))
            continue;
        largest = fmaxf(largest, fabsf(l));
        difference = fmaxf(difference, fabsf(m - l));
    }
    return difference > tolerance * largest;
}

/* Or there is no memory to tell. */
static bool differs(const dv_runner *runner, const dv_shape *sample, const trial *most, const trial *least)
{
    const int64_t count = dv_shape_elements(sample);
    float *x = malloc((size_t)count * sizeof *x);
    if (!x)
        return true;
    for (int64_t k = 0; k < count; k++)
        x[k] = (float)dv_random_normal(1, DV_PURPOSE_SEPARATION, (uint64_t)k);
    dv_frame_feed(most->frame, 0, x);
    dv_frame_feed(least->frame, 0, x);
    dv_frame_run(most->frame, NULL);
    dv_frame_run(least->frame, NULL);
    free(x);
    bool seen = false;
    for (int o = 0; o < runner->graph->output_count && !seen; o++) {
        const int v = least->plan->graph->output[o];
        seen = dv_type_is_float(most->frame->value[v].type) && is_seen(&most->frame->value[v], &least->frame->value[v]);
    }
    return seen;
}

/* False as well where there is no memory to tell. */
static bool rounds_well(const dv_runner *runner, const dv_shape *sample)
{
    trial most = {0}, least = {0};
    bool well = prepare(runner, sample, DV_ROUNDING_MOST, &most);
    if (well && most.plan->rounds)
        well = prepare(runner, sample, DV_ROUNDING_LEAST, &least) && !differs(runner, sample, &most, &least);
    clear(&most);
    clear(&least);
    return well;
}

void dv_runner_try_rounding(dv_runner *runner, const dv_shape *sample)
{
    const dv_graph *graph = runner->graph;
    if (runner->tried || runner->rounding != DV_ROUNDING_ANY)
        return;
    runner->tried = true;
    if (graph->input_count != 1 || !dv_type_is_float(graph->value[graph->input[0]].type) ||
        !rounds_well(runner, sample))
        runner->rounding = DV_ROUNDING_LEAST;
}

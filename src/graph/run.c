/* Running graphs: plans made once per shape, frames per thread. */
#include "graph/run.h"
#include "base/error.h"
#include "base/file.h"
#include "graph/evaluate.h"
#include "graph/rewrite.h"
#include "graph/runner.h"

#include <stdlib.h>
#include <string.h>

/* Inputs of at most so many elements may decide on shapes. */
enum { SMALL_INPUT = 4096 };

static bool block_channels(dv_runner *runner, dv_error *error)
{
    dv_graph *blocked = runner->owned = dv_graph_borrow(runner->graph, error);
    if (!blocked || !dv_rewrite_block_channels(blocked, error))
        return false;
    runner->blocked = (dv_planned){blocked, dv_packing_new(blocked, error)};
    return runner->blocked.packing != NULL;
}

dv_runner *dv_runner_new(const dv_graph *graph, dv_team *team, dv_error *error)
{
    dv_runner *runner = dv_alloc(1, sizeof *runner, error);
    if (!runner)
        return NULL;
    runner->graph = runner->plain.graph = graph;
    runner->team = dv_team_size(team) > 1 ? team : NULL;
    runner->memory_limit = dv_memory_allowed();
    runner->rounding = dv_rounding_wish();
    runner->input_shape = dv_alloc((size_t)graph->input_count, sizeof *runner->input_shape, error);
    runner->input_data = dv_alloc((size_t)graph->input_count, sizeof *runner->input_data, error);
    runner->output = dv_alloc((size_t)graph->output_count, sizeof *runner->output, error);
    runner->plain.packing = dv_packing_new(graph, error);
    if (!runner->plain.packing || !runner->input_shape || !runner->input_data || !runner->output ||
        !block_channels(runner, error)) {
        dv_runner_free(runner);
        return NULL;
    }
    return runner;
}

/* ---- the cache of plans ---------------------------------------------------- */

static void clear_plan(dv_prepared_plan *it)
{
    for (int f = 0; f < it->frame_room; f++)
        dv_frame_free(it->frame[f]);
    free(it->frame);
    dv_plan_free(it->plan);
    *it = (dv_prepared_plan){0};
}

void dv_runner_free(dv_runner *runner)
{
    if (!runner)
        return;
    for (int p = 0; p < CACHED_PLANS; p++)
        clear_plan(&runner->cache[p]);
    dv_packing_free(runner->blocked.packing);
    dv_packing_free(runner->plain.packing);
    dv_graph_free(runner->owned);
    free(runner->input_shape);
    free(runner->input_data);
    free(runner->output);
    free(runner);
}

void dv_runner_limit_memory(dv_runner *runner, size_t bytes)
{
    for (int p = 0; p < CACHED_PLANS; p++)
        clear_plan(&runner->cache[p]);
    runner->memory_limit = bytes ? bytes : dv_memory_allowed();
    runner->micro_batch = 0; /* it may depend on that */
}

/* A plan fits if the shapes are the same, and the elements of those inputs that its shapes depend on. */
static bool fits(const dv_runner *runner, const dv_plan *plan, const dv_tensor *inputs, const dv_team *team)
{
    if (!plan || plan->team != team || plan->rounding != runner->rounding)
        return false;
    for (int i = 0; i < plan->graph->input_count; i++) {
        const dv_tensor *planned = &plan->value[plan->graph->input[i]];
        if (!dv_shape_equal(&planned->shape, &runner->input_shape[i]))
            return false;
        if (planned->data && (!inputs || memcmp(planned->data, inputs[i].data, dv_tensor_bytes(planned)) != 0))
            return false;
    }
    return true;
}

static dv_plan *plan_either(dv_runner *runner, const void *const *data, dv_team *team, dv_error *error)
{
    const dv_plan_options options = {.input_shape = runner->input_shape,
                                     .input_data = data,
                                     .team = team,
                                     .memory_limit = runner->memory_limit,
                                     .rounding = runner->rounding};
    dv_plan *plan = dv_plan_new(runner->blocked.graph, &options, NULL);
    return plan ? plan : dv_plan_new(runner->plain.graph, &options, error);
}

/* A plan that knows the elements of the small inputs, such as the shape that a Reshape is to give. */
static dv_plan *plan_with_data(dv_runner *runner, const dv_tensor *inputs, dv_team *team, dv_error *error)
{
    bool any = false;
    for (int i = 0; i < runner->graph->input_count; i++) {
        bool is_small = dv_shape_elements(&inputs[i].shape) <= SMALL_INPUT;
        runner->input_data[i] = is_small ? inputs[i].data : NULL;
        any = any || is_small;
    }
    return any ? plan_either(runner, runner->input_data, team, error) : NULL;
}

/* For runner->input_shape; what cannot be planned by shapes alone is planned for these very inputs, if there are any.
 */
static dv_plan *make_plan(dv_runner *runner, const dv_tensor *inputs, dv_team *team, dv_error *error)
{
    dv_error failure = {0};
    dv_plan *plan = plan_either(runner, NULL, team, &failure);
    if (plan)
        return plan;
    if (error)
        *error = failure;
    return inputs && failure.code != DV_ERROR_MEMORY ? plan_with_data(runner, inputs, team, error) : NULL;
}

static bool make_frames(dv_runner *runner, dv_prepared_plan *it, int frames, dv_error *error)
{
    const bool blocked = it->plan->graph == runner->blocked.graph;
    dv_packing *packing = blocked ? runner->blocked.packing : runner->plain.packing;
    if (frames > it->frame_room) {
        dv_frame **wider = dv_alloc((size_t)frames, sizeof *wider, error);
        if (!wider)
            return false;
        for (int f = 0; f < it->frame_room; f++)
            wider[f] = it->frame[f];
        free(it->frame);
        it->frame = wider;
        it->frame_room = frames;
    }
    if (frames && !it->frame[0] && !dv_plan_pack(it->plan, packing, error))
        return false;
    for (int f = 0; f < frames; f++)
        if (!it->frame[f] && !(it->frame[f] = dv_frame_new(it->plan, error)))
            return false;
    return true;
}

dv_prepared_plan *dv_runner_prepare(dv_runner *runner, const dv_tensor *inputs, dv_team *team, int frames,
                                    dv_error *error)
{
    dv_prepared_plan *it = NULL, *oldest = &runner->cache[0];
    for (int p = 0; p < CACHED_PLANS && !it; p++) {
        if (fits(runner, runner->cache[p].plan, inputs, team))
            it = &runner->cache[p];
        if (runner->cache[p].used < oldest->used)
            oldest = &runner->cache[p];
    }
    if (!it) {
        it = oldest;
        clear_plan(it);
        if (!(it->plan = make_plan(runner, inputs, team, error)))
            return NULL;
    }
    it->used = ++runner->clock;
    return make_frames(runner, it, frames, error) ? it : NULL;
}

/* ---- one run ---------------------------------------------------------------- */

bool dv_runner_run(dv_runner *runner, const dv_tensor *inputs, const dv_tensor **outputs, dv_error *error)
{
    const dv_graph *graph = runner->graph;
    for (int i = 0; i < graph->input_count; i++) {
        const dv_value *declared = &graph->value[graph->input[i]];
        if (inputs[i].type != declared->type)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "input '%s' is of type %s, the graph takes %s",
                                declared->name, dv_type_name(inputs[i].type), dv_type_name(declared->type));
        runner->input_shape[i] = inputs[i].shape;
    }
    dv_runner_try_rounding(runner, &runner->input_shape[0]);
    dv_prepared_plan *it = dv_runner_prepare(runner, inputs, runner->team, 1, error);
    if (!it)
        return false;
    dv_frame *frame = it->frame[0];
    for (int i = 0; i < graph->input_count; i++)
        dv_frame_feed(frame, i, inputs[i].data);
    dv_frame_run(frame, NULL);
    for (int o = 0; o < graph->output_count; o++)
        runner->output[o] = frame->value[graph->output[o]];
    *outputs = runner->output;
    return true;
}

/* Running many samples: micro-batches over the team. */
#include "base/error.h"
#include "base/file.h"
#include "base/random.h"
#include "graph/evaluate.h"
#include "graph/runner.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Micro-batches are as large as keeps their activations in a core's own cache, or larger where weights, which come by
 * once for each of them, are more than all that is computed of a sample; a few of them for the threads to share. */
enum { ACTIVATION_BYTES = 2 << 20, MAX_MICRO_BATCH = 32 };
/* Progress is reported about this often. */
static const double wave_ms = 50;

/* The only input of a graph that takes batches. */
static const dv_value *batch_input(const dv_runner *runner, dv_error *error)
{
    const dv_graph *graph = runner->graph;
    if (graph->input_count != 1) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "the network has %d inputs, only one is supported here",
                     graph->input_count);
        return NULL;
    }
    const dv_value *input = &graph->value[graph->input[0]];
    char text[128];
    bool fits = dv_type_is_float(input->type) && input->has_shape && input->shape.rank > 0 && input->shape.dim[0] != 0;
    for (int d = 1; fits && d < input->shape.rank; d++)
        fits = input->shape.dim[d] > 0;
    if (fits)
        return input;
    dv_error_set(error, DV_ERROR_UNSUPPORTED,
                 "input '%s' (%s %s) is not supported here: a batch of float samples of "
                 "known size is needed",
                 input->name, dv_type_name(input->type),
                 input->has_shape ? dv_shape_text(&input->shape, text, sizeof text) : "of unknown shape");
    return NULL;
}

/* A plan for `batch` samples. */
static dv_prepared_plan *prepare_batch(dv_runner *runner, int64_t batch, dv_team *team, int frames, dv_error *error)
{
    const dv_value *input = batch_input(runner, error);
    if (!input)
        return NULL;
    runner->input_shape[0] = input->shape;
    runner->input_shape[0].dim[0] = batch;
    return dv_runner_prepare(runner, NULL, team, frames, error);
}

static const dv_tensor *planned_output(const dv_plan *plan, int o)
{
    return &plan->value[plan->graph->output[o]];
}

/* An output with one row per sample. */
static bool has_rows(const dv_plan *plan, int o, int64_t batch)
{
    const dv_tensor *output = planned_output(plan, o);
    return dv_type_is_float(output->type) && output->shape.rank > 0 && output->shape.dim[0] == batch;
}

/* True if the graph can be run on `batch` samples at once, each output a row per sample as it has for one. */
static bool takes_batch(dv_runner *runner, int64_t batch)
{
    dv_prepared_plan *one = prepare_batch(runner, 1, NULL, 0, NULL);
    dv_prepared_plan *many = one ? prepare_batch(runner, batch, NULL, 0, NULL) : NULL;
    if (!many)
        return false;
    for (int o = 0; o < runner->graph->output_count; o++)
        if (has_rows(one->plan, o, 1) && !has_rows(many->plan, o, batch))
            return false;
    return true;
}

/* ---- samples apart --------------------------------------------------------------------------- */

enum { TRIED = 3 };

/* Runs `count` samples, a plan's batch at a time; rows of output o go to result[o]. */
static bool try_rows(dv_runner *runner, int64_t batch, const float *samples, int64_t sample_size, float *const *result)
{
    const dv_prepared_plan *it = prepare_batch(runner, batch, NULL, 1, NULL);
    for (int64_t first = 0; it && first < TRIED; first += batch) {
        dv_frame_feed(it->frame[0], 0, samples + first * sample_size);
        dv_frame_run(it->frame[0], NULL);
        for (int o = 0; o < runner->graph->output_count; o++) {
            const dv_tensor *output = &it->frame[0]->value[runner->graph->output[o]];
            int64_t row = result[o] ? dv_shape_elements(&output->shape) / batch : 0;
            if (row)
                memcpy(result[o] + first * row, output->f, (size_t)(batch * row) * sizeof(float));
        }
    }
    return it != NULL;
}

/* Within rounding, which differs as matrices of other sizes are multiplied: in other ways, it may be. */
static bool is_alike(const dv_runner *runner, const float *one, const float *other, int64_t count)
{
    const float tolerance = runner->rounding == DV_ROUNDING_LEAST ? 1e-4F : 2e-3F;
    float largest = 0;
    for (int64_t k = 0; k < count; k++)
        largest = fmaxf(largest, fabsf(one[k]));
    for (int64_t k = 0; k < count; k++)
        if (!(fabsf(one[k] - other[k]) <= tolerance * largest) && !(isnan(one[k]) && isnan(other[k])))
            return false;
    return true;
}

/* Room for TRIED rows of output o, both ways; nothing for an output without rows. */
static bool make_rows(const dv_plan *one, int o, dv_arena *arena, float **rows[2])
{
    size_t row = has_rows(one, o, 1) ? (size_t)dv_shape_elements(&planned_output(one, o)->shape) : 0;
    for (int way = 0; row && way < 2; way++)
        if (!(rows[way][o] = dv_arena_alloc(arena, TRIED * row, sizeof(float), NULL)))
            return false;
    return true;
}

static bool try_samples(dv_runner *runner, const dv_plan *one, dv_arena *arena)
{
    int outputs = runner->graph->output_count;
    int64_t size = dv_shape_elements(&one->value[runner->graph->input[0]].shape);
    float *samples = dv_arena_alloc(arena, (size_t)(TRIED * size), sizeof *samples, NULL);
    float **rows[2] = {dv_arena_alloc(arena, (size_t)outputs, sizeof **rows, NULL),
                       dv_arena_alloc(arena, (size_t)outputs, sizeof **rows, NULL)};
    if (!samples || !rows[0] || !rows[1])
        return false;
    for (int o = 0; o < outputs; o++)
        if (!make_rows(one, o, arena, rows))
            return false;
    for (int64_t k = 0; k < TRIED * size; k++)
        samples[k] = (float)dv_random_normal(1, DV_PURPOSE_SEPARATION, (uint64_t)k);
    if (!try_rows(runner, 1, samples, size, rows[0]) || !try_rows(runner, TRIED, samples, size, rows[1]))
        return false;
    for (int o = 0; o < outputs; o++)
        if (rows[0][o] &&
            !is_alike(runner, rows[0][o], rows[1][o], TRIED * dv_shape_elements(&planned_output(one, o)->shape)))
            return false;
    return true;
}

/* Some samples at once give what they give one by one: nothing in the graph mixes them. By trial. */
static bool keeps_samples_apart(dv_runner *runner)
{
    const dv_prepared_plan *one = prepare_batch(runner, 1, NULL, 0, NULL);
    dv_arena *arena = one ? dv_arena_new(NULL) : NULL;
    bool apart = arena && try_samples(runner, one->plan, arena);
    if (arena)
        dv_arena_free(arena);
    return apart;
}

/* ---- micro-batches ------------------------------------------------------------------------------ */

/* Bytes of the constants that the steps of a plan read, by the bytes that they compute. */
static int64_t weigh_constants(const dv_plan *plan)
{
    size_t constants = 0, computed = 1;
    for (int s = 0; s < plan->step_count; s++) {
        const dv_node *node = plan->step[s].node;
        for (int i = 0; i < node->input_count; i++)
            if (node->input[i] >= 0 && plan->graph->value[node->input[i]].constant)
                constants += dv_tensor_bytes(&plan->value[node->input[i]]);
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0 && plan->value[node->output[o]].type != DV_TYPE_NONE)
                computed += dv_tensor_bytes(&plan->value[node->output[o]]);
    }
    return (int64_t)(constants / computed);
}

static bool decide_micro_batch(dv_runner *runner, dv_error *error)
{
    if (runner->micro_batch)
        return true;
    const dv_value *input = batch_input(runner, error);
    if (!input)
        return false;
    runner->fixed_batch = input->shape.dim[0] > 0;
    dv_shape sample = input->shape;
    sample.dim[0] = runner->fixed_batch ? sample.dim[0] : 1;
    dv_runner_try_rounding(runner, &sample);
    if (runner->fixed_batch) {
        runner->micro_batch = input->shape.dim[0];
        return true;
    }
    dv_prepared_plan *one = prepare_batch(runner, 1, NULL, 0, error);
    if (!one)
        return false;
    int64_t batch = ACTIVATION_BYTES / (int64_t)(one->plan->value_size + 1), heavy = weigh_constants(one->plan);
    batch = batch > heavy ? batch : heavy;
    batch = batch < 1 ? 1 : batch > MAX_MICRO_BATCH ? MAX_MICRO_BATCH : batch;
    runner->micro_batch = batch > 1 && takes_batch(runner, batch) && keeps_samples_apart(runner) ? batch : 1;
    return true;
}

int64_t dv_runner_micro_batch(dv_runner *runner, dv_error *error)
{
    return decide_micro_batch(runner, error) ? runner->micro_batch : 0;
}

static bool check_rows(const dv_runner *runner, const dv_plan *plan, int o, int64_t batch, dv_error *error)
{
    if (has_rows(plan, o, batch))
        return true;
    char text[128];
    const dv_tensor *output = planned_output(plan, o);
    return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                        "output '%s' (%s %s) is not supported here: it has no float row for each of %lld samples",
                        runner->graph->value[runner->graph->output[o]].name, dv_type_name(output->type),
                        dv_shape_text(&output->shape, text, sizeof text), (long long)batch);
}

static dv_shape without_batch(const dv_shape *shape)
{
    return dv_shape_make(shape->rank - 1, shape->dim + 1);
}

bool dv_runner_sample_shapes(dv_runner *runner, dv_shape *input, int output, dv_shape *result, dv_error *error)
{
    assert(output >= 0 && output < runner->graph->output_count);
    if (!decide_micro_batch(runner, error))
        return false;
    dv_prepared_plan *it = prepare_batch(runner, runner->micro_batch, NULL, 0, error);
    if (!it || !check_rows(runner, it->plan, output, runner->micro_batch, error))
        return false;
    *input = without_batch(&runner->input_shape[0]);
    *result = without_batch(&planned_output(it->plan, output)->shape);
    return true;
}

/* One call of dv_runner_run_batch: count samples as `full` micro-batches and perhaps a smaller one at the end. */
typedef struct batch_job {
    dv_runner *runner;
    const float *input;
    float *const *outputs;
    int64_t count, sample_size; /* of the input, in floats */
    int64_t full, tasks;
    dv_prepared_plan *whole, *tail;
    float *padded; /* input of the last micro-batch of a graph with a fixed batch; NULL: as it is */
    int64_t first; /* task of this wave */
} batch_job;

static void run_micro_batch(void *context, int64_t task, int thread)
{
    batch_job *job = context;
    const dv_runner *runner = job->runner;
    task += job->first;
    bool is_tail = task == job->full;
    const dv_prepared_plan *it = is_tail ? job->tail : job->whole;
    dv_frame *frame = it->frame[it == job->whole ? thread : 0]; /* there is one tail only */
    int64_t start = task * runner->micro_batch;
    int64_t rows = is_tail ? job->count - start : runner->micro_batch;
    dv_frame_feed(frame, 0, is_tail && job->padded ? job->padded : job->input + start * job->sample_size);
    dv_frame_run(frame, NULL);
    for (int o = 0; o < runner->graph->output_count; o++) {
        if (!job->outputs[o])
            continue;
        const dv_tensor *output = &frame->value[runner->graph->output[o]];
        int64_t row = dv_shape_elements(&output->shape) / output->shape.dim[0];
        memcpy(job->outputs[o] + start * row, output->f, (size_t)(rows * row) * sizeof(float));
    }
}

/* The last samples, and the last one again as often as the graph's fixed batch asks for. */
static bool pad_tail(batch_job *job, dv_error *error)
{
    int64_t start = job->full * job->runner->micro_batch, size = job->sample_size;
    job->padded = dv_alloc((size_t)job->runner->micro_batch, (size_t)size * sizeof(float), error);
    if (!job->padded)
        return false;
    for (int64_t s = 0; s < job->runner->micro_batch; s++) {
        int64_t from = start + s < job->count ? start + s : job->count - 1;
        memcpy(job->padded + s * size, job->input + from * size, (size_t)size * sizeof(float));
    }
    return true;
}

/* Plans and frames for the whole micro-batches and for the tail. */
static bool prepare_job(batch_job *job, dv_team *inside, int threads, dv_error *error)
{
    dv_runner *runner = job->runner;
    int64_t rest = job->count - job->full * runner->micro_batch;
    if (job->full) {
        job->whole = prepare_batch(runner, runner->micro_batch, inside, threads, error);
        if (!job->whole)
            return false;
    }
    if (rest) {
        int64_t batch = runner->fixed_batch ? runner->micro_batch : rest;
        job->tail = prepare_batch(runner, batch, inside, 1, error);
        if (!job->tail || (runner->fixed_batch && !pad_tail(job, error)))
            return false;
    }
    for (int o = 0; o < runner->graph->output_count; o++) {
        if (!job->outputs[o])
            continue;
        if (job->whole && !check_rows(runner, job->whole->plan, o, runner->micro_batch, error))
            return false;
        if (job->tail && !runner->fixed_batch && !check_rows(runner, job->tail->plan, o, rest, error))
            return false;
    }
    return true;
}

/* Waves of tasks, so that progress comes from this thread; their length changes no result. */
static bool run_waves(batch_job *job, dv_team *over, const dv_progress *progress, const char *stage, dv_error *error)
{
    int64_t step = dv_team_size(over), wave = progress ? step : job->tasks;
    while (job->first < job->tasks) {
        if (progress && !progress->report(progress->context, stage, (double)job->first / (double)job->tasks))
            return dv_error_set(error, DV_ERROR_CANCELLED, "cancelled");
        int64_t tasks = wave < job->tasks - job->first ? wave : job->tasks - job->first;
        double start = dv_clock_ms();
        dv_team_run(over, run_micro_batch, job, tasks);
        double took = dv_clock_ms() - start;
        job->first += tasks;
        if (took < wave_ms / 2 && wave <= job->tasks)
            wave *= 2;
        else if (took > wave_ms * 2 && wave > step)
            wave = wave / 2 / step * step;
        if (wave < step)
            wave = step;
    }
    if (progress)
        progress->report(progress->context, stage, 1);
    return true;
}

/* Frames for the whole team at once. What cannot be planned at all is complained of later. */
static bool has_memory_for(dv_runner *runner, int frames)
{
    if (frames == 1)
        return true;
    const dv_prepared_plan *it = prepare_batch(runner, runner->micro_batch, NULL, 0, NULL);
    return !it || it->plan->memory_size <= (runner->memory_limit - it->plan->known_size) / (size_t)frames;
}

bool dv_runner_run_batch(dv_runner *runner, const float *input, int64_t count, float *const *outputs,
                         const dv_progress *progress, const char *stage, dv_error *error)
{
    assert(count >= 0);
    if (!decide_micro_batch(runner, error))
        return false;
    batch_job job = {.runner = runner, .input = input, .outputs = outputs, .count = count};
    job.full = count / runner->micro_batch;
    job.tasks = job.full + (count % runner->micro_batch != 0);
    if (job.tasks == 0)
        return true;
    const dv_shape *shape = &runner->graph->value[runner->graph->input[0]].shape;
    dv_shape sample = without_batch(shape);
    job.sample_size = dv_shape_elements(&sample);

    /* Too few micro-batches to go round, or no memory for so many at once: the team works inside the operators instead.
     */
    int size = dv_team_size(runner->team);
    bool inside = job.tasks < size || !has_memory_for(runner, size);
    bool ok = prepare_job(&job, inside ? runner->team : NULL, inside ? 1 : size, error) &&
              run_waves(&job, inside ? NULL : runner->team, progress, stage, error);
    free(job.padded);
    return ok;
}

/* Running graphs: plans made once per shape, frames per thread, micro-batches over the team. */
#include "graph/run.h"
#include "base/error.h"
#include "base/file.h"
#include "graph/evaluate.h"
#include "graph/plan.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Micro-batches are as large as keeps their activations in a core's own cache, and no larger than what dense layers,
 * whose weights come by once for each of them, gain by. */
enum { ACTIVATION_BYTES = 1 << 20, MAX_MICRO_BATCH = 64 };
/* Progress is reported about this often. */
static const double wave_ms = 50;

/* Plans kept: the micro-batch's, the tail's, one for single runs, each with the team inside or not, and some spare. */
enum { CACHED_PLANS = 8 };

/* Inputs of at most so many elements may decide on shapes. */
enum { SMALL_INPUT = 4096 };

typedef struct prepared_plan {
    dv_plan *plan; /* NULL: unused */
    int frame_room;
    dv_frame **frame; /* frame_room entries, NULL: not made yet */
    uint64_t used;    /* by the runner's clock */
} prepared_plan;

struct dv_runner {
    const dv_graph *graph;
    dv_team *team;
    size_t memory_limit;
    uint64_t clock;
    prepared_plan cache[CACHED_PLANS];
    dv_shape *input_shape;   /* one per input of the graph */
    const void **input_data; /* likewise; filled where a plan needs it */
    dv_tensor *output;       /* one per output of the graph */
    int64_t micro_batch;     /* 0: not decided yet */
    bool fixed_batch;        /* the graph takes micro_batch samples and no other number */
};

dv_runner *dv_runner_new(const dv_graph *graph, dv_team *team, dv_error *error)
{
    dv_runner *runner = dv_alloc(1, sizeof *runner, error);
    if (!runner)
        return NULL;
    runner->graph = graph;
    runner->team = dv_team_size(team) > 1 ? team : NULL;
    runner->memory_limit = dv_memory_allowed();
    runner->input_shape = dv_alloc((size_t)graph->input_count, sizeof *runner->input_shape, error);
    runner->input_data = dv_alloc((size_t)graph->input_count, sizeof *runner->input_data, error);
    runner->output = dv_alloc((size_t)graph->output_count, sizeof *runner->output, error);
    if (!runner->input_shape || !runner->input_data || !runner->output) {
        dv_runner_free(runner);
        return NULL;
    }
    return runner;
}

/* ---- the cache of plans ---------------------------------------------------- */

static void clear_plan(prepared_plan *it)
{
    for (int f = 0; f < it->frame_room; f++)
        dv_frame_free(it->frame[f]);
    free(it->frame);
    dv_plan_free(it->plan);
    *it = (prepared_plan){0};
}

void dv_runner_free(dv_runner *runner)
{
    if (!runner)
        return;
    for (int p = 0; p < CACHED_PLANS; p++)
        clear_plan(&runner->cache[p]);
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
}

/* A plan fits if the shapes are the same, and the elements of those inputs that its shapes depend on. */
static bool fits(const dv_plan *plan, const dv_shape *shape, const dv_tensor *inputs, const dv_team *team)
{
    if (!plan || plan->team != team)
        return false;
    for (int i = 0; i < plan->graph->input_count; i++) {
        const dv_tensor *planned = &plan->value[plan->graph->input[i]];
        if (!dv_shape_equal(&planned->shape, &shape[i]))
            return false;
        if (planned->data && (!inputs || memcmp(planned->data, inputs[i].data, dv_tensor_bytes(planned)) != 0))
            return false;
    }
    return true;
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
    return any ? dv_plan_new(runner->graph,
                             &(dv_plan_options){.input_shape = runner->input_shape,
                                                .input_data = runner->input_data,
                                                .team = team,
                                                .memory_limit = runner->memory_limit},
                             error)
               : NULL;
}

/* For runner->input_shape; what cannot be planned by shapes alone is planned for these very inputs, if there are any.
 */
static dv_plan *make_plan(dv_runner *runner, const dv_tensor *inputs, dv_team *team, dv_error *error)
{
    dv_plan *plan = dv_plan_new(
        runner->graph,
        &(dv_plan_options){.input_shape = runner->input_shape, .team = team, .memory_limit = runner->memory_limit},
        error);
    return plan || !inputs ? plan : plan_with_data(runner, inputs, team, error);
}

static bool make_frames(prepared_plan *it, int frames, dv_error *error)
{
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
    for (int f = 0; f < frames; f++)
        if (!it->frame[f] && !(it->frame[f] = dv_frame_new(it->plan, error)))
            return false;
    return true;
}

/* The plan for runner->input_shape, and perhaps for the elements of `inputs` (may be NULL), with `frames` frames;
 * `team` works inside the operators. */
static prepared_plan *prepare(dv_runner *runner, const dv_tensor *inputs, dv_team *team, int frames, dv_error *error)
{
    prepared_plan *it = NULL, *oldest = &runner->cache[0];
    for (int p = 0; p < CACHED_PLANS && !it; p++) {
        if (fits(runner->cache[p].plan, runner->input_shape, inputs, team))
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
    return make_frames(it, frames, error) ? it : NULL;
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
    prepared_plan *it = prepare(runner, inputs, runner->team, 1, error);
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

/* ---- batches ------------------------------------------------------------------ */

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
static prepared_plan *prepare_batch(dv_runner *runner, int64_t batch, dv_team *team, int frames, dv_error *error)
{
    const dv_value *input = batch_input(runner, error);
    if (!input)
        return NULL;
    runner->input_shape[0] = input->shape;
    runner->input_shape[0].dim[0] = batch;
    return prepare(runner, NULL, team, frames, error);
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
    prepared_plan *one = prepare_batch(runner, 1, NULL, 0, NULL);
    prepared_plan *many = one ? prepare_batch(runner, batch, NULL, 0, NULL) : NULL;
    if (!many)
        return false;
    for (int o = 0; o < runner->graph->output_count; o++)
        if (has_rows(one->plan, o, 1) && !has_rows(many->plan, o, batch))
            return false;
    return true;
}

static bool decide_micro_batch(dv_runner *runner, dv_error *error)
{
    if (runner->micro_batch)
        return true;
    const dv_value *input = batch_input(runner, error);
    if (!input)
        return false;
    runner->fixed_batch = input->shape.dim[0] > 0;
    if (runner->fixed_batch) {
        runner->micro_batch = input->shape.dim[0];
        return true;
    }
    prepared_plan *one = prepare_batch(runner, 1, NULL, 0, error);
    if (!one)
        return false;
    int64_t batch = ACTIVATION_BYTES / (int64_t)(one->plan->value_size + 1);
    batch = batch < 1 ? 1 : batch > MAX_MICRO_BATCH ? MAX_MICRO_BATCH : batch;
    runner->micro_batch = batch > 1 && takes_batch(runner, batch) ? batch : 1;
    return true;
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
    prepared_plan *it = prepare_batch(runner, runner->micro_batch, NULL, 0, error);
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
    prepared_plan *whole, *tail;
    float *padded; /* input of the last micro-batch of a graph with a fixed batch; NULL: as it is */
    int64_t first; /* task of this wave */
} batch_job;

static void run_micro_batch(void *context, int64_t task, int thread)
{
    batch_job *job = context;
    const dv_runner *runner = job->runner;
    task += job->first;
    bool is_tail = task == job->full;
    const prepared_plan *it = is_tail ? job->tail : job->whole;
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
    const prepared_plan *it = prepare_batch(runner, runner->micro_batch, NULL, 0, NULL);
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

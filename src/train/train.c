/* The training loop. A batch is cut into micro-batches, which go forward and backward each by itself, whatever thread
 * works on it. The gradients of the weights are then found for the whole batch, a chunk of rows at a time, and the
 * chunk takes its step while they are in cache. Both cuts are by shapes alone, so the bits do not depend on the team.
 */
#include "train/train.h"
#include "base/error.h"
#include "base/file.h"
#include "base/part.h"
#include "base/random.h"
#include "train/checkpoint.h"
#include "train/fingerprint.h"
#include "train/optimizer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MICRO_BATCH = 64,      /* wanted size: enough for matrix products, little enough for the cache */
    MAX_MICRO_BATCHES = 8, /* each holds activations and gradients of its own */
    CHUNK = 1 << 16,       /* parameters updated by one task, about: their gradient stays in the second cache */
    CHUNK_ROWS = 32,       /* a multiple of so many rows, which products of matrices take at a time */
};

/* Rows of a tensor of parameters. */
struct chunk {
    int parameter;
    int64_t from, to, row; /* row: numbers of each */
};

struct trainer {
    dv_graph *graph;
    const dv_objective *objective;
    const dv_training_options *options;
    dv_team *team;
    dv_arena *arena; /* of what follows */

    int parameter_count;
    dv_tensor **parameter, **running; /* running: as many as the objective has */
    float **state;                    /* DV_OPTIMIZER_MAX_SLOTS for each parameter, as the optimiser has slots */
    float **home;                     /* where each parameter lies in the graph, but while it is trained */
    int64_t chunk_count;
    struct chunk *chunk;
    int64_t chunk_room; /* numbers of the largest chunk, on whole cache lines */
    size_t sum_room;    /* bytes of workspace to sum a chunk's gradient */
    uint8_t *room;      /* of both, for each thread */
    dv_checkpoint checkpoint;

    int64_t batch, batches; /* samples of a full batch; batches of an epoch */
    int64_t micro_batch;
    int micro_batches; /* of a full batch */
    dv_gradient *gradient[MAX_MICRO_BATCHES];
    dv_tensor **input[MAX_MICRO_BATCHES], **output_gradient[MAX_MICRO_BATCHES];
    const dv_tensor **output[MAX_MICRO_BATCHES];
    dv_batch_loss loss[MAX_MICRO_BATCHES];

    int64_t *order; /* of the samples in this epoch */
    /* The samples of this batch, from the start again behind the last one up to whole micro-batches. */
    int64_t *index;
    uint64_t *draw;

    /* The batch at work. */
    int64_t first, count;
    int used;    /* micro-batches of it */
    double done; /* share of all steps that lies behind */
    dv_optimizer_step step;
};

/* ---- making ready --------------------------------------------------------- */

static bool check_options(const dv_objective *objective, const dv_training_options *options, dv_error *error)
{
    if (objective->count < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there are no samples to train on");
    if (options->epochs < 1 || options->batch < 1)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "epochs and batch must be at least 1, not %d and %d",
                            options->epochs, options->batch);
    if (!(options->learning_rate > 0 && options->learning_rate <= 1e3))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the learning rate must lie above 0 and up to 1000, not %g",
                            options->learning_rate);
    if (!(options->weight_decay >= 0 && options->weight_decay * options->learning_rate < 1))
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "the weight decay must be at least 0 and less than 1 / learning rate, not %g",
                            options->weight_decay);
    if (!(options->momentum >= 0 && options->momentum < 1))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the momentum must be at least 0 and less than 1, not %g",
                            options->momentum);
    return true;
}

static int64_t elements(const dv_tensor *tensor)
{
    return dv_shape_elements(&tensor->shape);
}

/* Cuts one parameter into chunks; returns how many, and writes them unless chunk is NULL. */
static int64_t cut_parameter(const dv_tensor *tensor, int parameter, struct chunk *chunk)
{
    const int64_t total = elements(tensor), rows = tensor->shape.rank > 0 ? tensor->shape.dim[0] : 1;
    if (total == 0)
        return 0;
    const int64_t row = total / rows, size = dv_parts(dv_parts(CHUNK, row), CHUNK_ROWS) * CHUNK_ROWS;
    for (int64_t c = 0; chunk && c < dv_parts(rows, size); c++)
        chunk[c] = (struct chunk){parameter, c * size, dv_part_end(c, size, rows), row};
    return dv_parts(rows, size);
}

static bool prepare_chunks(struct trainer *trainer, dv_error *error)
{
    for (int p = 0; p < trainer->parameter_count; p++)
        trainer->chunk_count += cut_parameter(trainer->parameter[p], p, NULL);
    trainer->chunk = dv_arena_alloc(trainer->arena, (size_t)trainer->chunk_count, sizeof *trainer->chunk, error);
    if (!trainer->chunk)
        return false;
    struct chunk *chunk = trainer->chunk;
    for (int p = 0; p < trainer->parameter_count; p++)
        chunk += cut_parameter(trainer->parameter[p], p, chunk);
    for (int64_t c = 0; c < trainer->chunk_count; c++) {
        const int64_t size = (trainer->chunk[c].to - trainer->chunk[c].from) * trainer->chunk[c].row;
        if (size > trainer->chunk_room)
            trainer->chunk_room = (size + 15) / 16 * 16;
    }
    return true;
}

/* For the threads that update chunks; the gradients are there. */
static bool prepare_room(struct trainer *trainer, dv_error *error)
{
    const size_t threads = (size_t)dv_team_size(trainer->team);
    trainer->sum_room = (dv_gradient_sum_workspace(trainer->gradient[0]) + 63) / 64 * 64;
    trainer->room =
        dv_arena_alloc(trainer->arena, threads, (size_t)trainer->chunk_room * sizeof(float) + trainer->sum_room, error);
    return trainer->room != NULL;
}

static int64_t whole_lines(int64_t floats)
{
    return (floats + 15) / 16 * 16;
}

/* Parameters and what the optimiser remembers of them, in one block, which every step goes through: such a block lies
 * on large pages. */
static bool move_parameters(struct trainer *trainer, const int *parameters, dv_checkpoint_array *array, dv_error *error)
{
    const int slots = dv_optimizer_slots(trainer->options->optimizer), count = trainer->parameter_count;
    int64_t total = 0;
    for (int p = 0; p < count; p++)
        total += whole_lines(elements(trainer->graph->value[parameters[p]].constant)) * (1 + slots);
    float *block = dv_arena_alloc(trainer->arena, (size_t)total, sizeof *block, error);
    for (int p = 0; block && p < count; p++) {
        dv_tensor *tensor = trainer->parameter[p] = trainer->graph->value[parameters[p]].constant;
        const int64_t size = elements(tensor);
        trainer->home[p] = tensor->f;
        tensor->f = memcpy(block, tensor->f, (size_t)size * sizeof *block);
        for (int s = -1; s < slots; s++, block += whole_lines(size)) {
            if (s >= 0)
                trainer->state[p * DV_OPTIMIZER_MAX_SLOTS + s] = block;
            *array++ = (dv_checkpoint_array){block, size};
            trainer->checkpoint.array_count++;
        }
    }
    return block != NULL;
}

static bool prepare_parameters(struct trainer *trainer, const int *parameters, dv_error *error)
{
    int count = trainer->parameter_count, running = trainer->objective->running_count;
    dv_checkpoint_array *array;
    trainer->parameter = dv_arena_alloc(trainer->arena, (size_t)count, sizeof *trainer->parameter, error);
    trainer->state =
        dv_arena_alloc(trainer->arena, (size_t)count * DV_OPTIMIZER_MAX_SLOTS, sizeof *trainer->state, error);
    array = dv_arena_alloc(trainer->arena, (size_t)count * (1 + DV_OPTIMIZER_MAX_SLOTS) + (size_t)running,
                           sizeof *array, error);
    trainer->running = dv_arena_alloc(trainer->arena, (size_t)running, sizeof *trainer->running, error);
    trainer->home = dv_arena_alloc(trainer->arena, (size_t)count, sizeof *trainer->home, error);
    if (!trainer->parameter || !trainer->state || !array || !trainer->running || !trainer->home)
        return false;
    trainer->checkpoint.array = array;
    for (int r = 0; r < running; r++) {
        dv_tensor *tensor = trainer->running[r] =
            trainer->graph->value[trainer->objective->running[r].constant].constant;
        array[trainer->checkpoint.array_count++] = (dv_checkpoint_array){tensor->f, elements(tensor)};
    }
    return move_parameters(trainer, parameters, array + running, error) && prepare_chunks(trainer, error);
}

static bool prepare_gradient(struct trainer *trainer, int m, const int *parameters, dv_error *error)
{
    const dv_graph *graph = trainer->graph;
    size_t inputs = (size_t)graph->input_count, outputs = (size_t)graph->output_count;
    dv_gradient *gradient = dv_gradient_new(graph, trainer->micro_batch, trainer->parameter_count, parameters, error);
    trainer->gradient[m] = gradient;
    trainer->input[m] = dv_arena_alloc(trainer->arena, inputs, sizeof *trainer->input[m], error);
    trainer->output[m] = dv_arena_alloc(trainer->arena, outputs, sizeof *trainer->output[m], error);
    trainer->output_gradient[m] = dv_arena_alloc(trainer->arena, outputs, sizeof *trainer->output_gradient[m], error);
    if (!gradient || !trainer->input[m] || !trainer->output[m] || !trainer->output_gradient[m])
        return false;
    dv_gradient_defer(gradient);
    for (int i = 0; i < graph->input_count; i++)
        trainer->input[m][i] = dv_gradient_input(gradient, i);
    for (int o = 0; o < graph->output_count; o++) {
        trainer->output[m][o] = dv_gradient_output(gradient, o);
        trainer->output_gradient[m][o] = dv_gradient_output_gradient(gradient, o);
    }
    return true;
}

static bool prepare(struct trainer *trainer, const int *parameters, dv_error *error)
{
    int64_t count = trainer->objective->count;
    trainer->arena = dv_arena_new(error);
    if (!trainer->arena || !prepare_parameters(trainer, parameters, error))
        return false;
    trainer->checkpoint.epochs = trainer->options->epochs;
    trainer->checkpoint.fingerprint = dv_training_fingerprint(trainer->graph, trainer->objective, trainer->options);

    trainer->batch = trainer->options->batch < count ? trainer->options->batch : count;
    trainer->batches = (count + trainer->batch - 1) / trainer->batch;
    const int64_t size = trainer->options->micro_batch > 0 ? trainer->options->micro_batch : MICRO_BATCH;
    int64_t wanted = (trainer->batch + size - 1) / size;
    if (wanted > MAX_MICRO_BATCHES)
        wanted = MAX_MICRO_BATCHES;
    trainer->micro_batch = (trainer->batch + wanted - 1) / wanted;
    trainer->micro_batches = (int)((trainer->batch + trainer->micro_batch - 1) / trainer->micro_batch);
    for (int m = 0; m < trainer->micro_batches; m++)
        if (!prepare_gradient(trainer, m, parameters, error))
            return false;
    if (!prepare_room(trainer, error))
        return false;

    trainer->order = dv_arena_alloc(trainer->arena, (size_t)count, sizeof *trainer->order, error);
    const size_t rows = (size_t)(trainer->micro_batches * trainer->micro_batch);
    trainer->index = dv_arena_alloc(trainer->arena, rows, sizeof *trainer->index, error);
    trainer->draw = dv_arena_alloc(trainer->arena, rows, sizeof *trainer->draw, error);
    return trainer->order && trainer->index && trainer->draw;
}

static void clear(struct trainer *trainer)
{
    for (int m = 0; m < MAX_MICRO_BATCHES; m++)
        dv_gradient_free(trainer->gradient[m]);
    for (int p = 0; trainer->home && p < trainer->parameter_count; p++)
        if (trainer->home[p]) {
            dv_tensor *tensor = trainer->parameter[p];
            memcpy(trainer->home[p], tensor->f, (size_t)elements(tensor) * sizeof *tensor->f);
            tensor->f = trainer->home[p];
        }
    dv_arena_free(trainer->arena);
}

/* ---- one batch ------------------------------------------------------------ */

/* Loss and gradient of one micro-batch. */
static void work_micro_batch(void *context, int64_t task, int thread)
{
    struct trainer *trainer = context;
    const dv_objective *objective = trainer->objective;
    int64_t start = task * trainer->micro_batch, left = trainer->count - start;
    int64_t count = left < trainer->micro_batch ? left : trainer->micro_batch;
    const int64_t *index = trainer->index + start;
    dv_gradient *gradient = trainer->gradient[task];

    objective->fill(objective->context, index, trainer->draw + start, trainer->micro_batch, trainer->input[task]);
    dv_training_state training = {
        .seed = trainer->options->seed,
        .counter = (uint64_t)trainer->step.number * MAX_MICRO_BATCHES + (uint64_t)task,
    };
    dv_gradient_forward(gradient, &training);
    trainer->loss[task] = objective->loss(objective->context, index, count, trainer->done, thread,
                                          trainer->output[task], trainer->output_gradient[task]);
    dv_gradient_backward(gradient);
}

/* The gradient of the batch for a chunk of parameters, and the step along its mean. */
static void work_update(void *context, int64_t task, int thread)
{
    struct trainer *trainer = context;
    const struct chunk *chunk = &trainer->chunk[task];
    const int p = chunk->parameter;
    const int64_t start = chunk->from * chunk->row, count = (chunk->to - chunk->from) * chunk->row;
    uint8_t *room = trainer->room + (size_t)thread * (trainer->chunk_room * sizeof(float) + trainer->sum_room);
    float *sum = (float *)room;
    dv_gradient_sum(trainer->gradient, trainer->used, p, chunk->from, chunk->to, sum,
                    room + trainer->chunk_room * sizeof(float));

    float *state[DV_OPTIMIZER_MAX_SLOTS] = {NULL};
    for (int s = 0; s < dv_optimizer_slots(trainer->options->optimizer); s++)
        state[s] = trainer->state[p * DV_OPTIMIZER_MAX_SLOTS + s] + start;
    dv_optimizer_step step = trainer->step;
    if (trainer->parameter[p]->shape.rank < 2)
        step.weight_decay = 0;
    dv_optimizer_update(trainer->options->optimizer, &step, count, trainer->parameter[p]->f + start, sum, state);
}

/* Which samples the batch is made of, and their draws. */
static void gather_batch(struct trainer *trainer, int64_t epoch)
{
    const uint64_t samples = (uint64_t)trainer->objective->count;
    for (int64_t i = 0; i < trainer->used * trainer->micro_batch; i++) {
        trainer->index[i] = trainer->order[trainer->first + i % trainer->count];
        trainer->draw[i] = (uint64_t)epoch * samples + (uint64_t)trainer->index[i];
    }
}

static void update_running(const struct trainer *trainer)
{
    for (int r = 0; r < trainer->objective->running_count; r++) {
        float *running = trainer->running[r]->f;
        const int64_t count = elements(trainer->running[r]);
        const int output = trainer->objective->running[r].output;
        memset(running, 0, (size_t)count * sizeof *running);
        for (int m = 0; m < trainer->used; m++)
            for (int64_t i = 0; i < count; i++)
                running[i] += trainer->output[m][output]->f[i] / (float)trainer->used;
    }
}

/* Trains on `count` samples from `first` of the epoch's order; returns their losses before the step. */
static dv_batch_loss train_batch(struct trainer *trainer, int64_t epoch, int64_t first, int64_t count)
{
    const dv_training_options *options = trainer->options;
    int64_t number = epoch * trainer->batches + first / trainer->batch + 1, steps = options->epochs * trainer->batches;
    trainer->done = (double)(number - 1) / (double)steps;
    trainer->first = first;
    trainer->count = count;
    trainer->used = (int)((count + trainer->micro_batch - 1) / trainer->micro_batch);
    trainer->step = (dv_optimizer_step){
        .number = number,
        .learning_rate = dv_learning_rate(options->learning_rate, number, steps),
        .weight_decay = options->weight_decay,
        .momentum = options->momentum,
        .samples = count,
    };
    gather_batch(trainer, epoch);
    dv_team_run(trainer->team, work_micro_batch, trainer, trainer->used);
    dv_batch_loss loss = {0};
    for (int m = 0; m < trainer->used; m++) {
        loss.sum += trainer->loss[m].sum;
        loss.part += trainer->loss[m].part;
    }
    if (isfinite(loss.sum)) {
        dv_team_run(trainer->team, work_update, trainer, trainer->chunk_count);
        update_running(trainer);
    }
    return loss;
}

/* ---- the run -------------------------------------------------------------- */

static bool parameters_finite(const struct trainer *trainer)
{
    for (int p = 0; p < trainer->parameter_count; p++)
        for (int64_t i = 0, count = elements(trainer->parameter[p]); i < count; i++)
            if (!isfinite(trainer->parameter[p]->f[i]))
                return false;
    return true;
}

static bool diverged(const dv_training_options *options, int64_t epoch, dv_error *error)
{
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "training went astray in epoch %lld: the loss is no longer a finite number; use a learning "
                        "rate below %g",
                        (long long)epoch + 1, options->learning_rate);
}

/* Writes where the run stands, unless its numbers are no use any more. */
static bool save(const struct trainer *trainer, dv_error *error)
{
    if (!parameters_finite(trainer))
        return diverged(trainer->options, trainer->checkpoint.epoch, error);
    return !trainer->options->checkpoint ||
           dv_checkpoint_write(&trainer->checkpoint, trainer->options->checkpoint, error);
}

static bool resume(struct trainer *trainer, dv_error *error)
{
    dv_checkpoint *checkpoint = &trainer->checkpoint;
    const char *path = trainer->options->checkpoint;
    bool found;
    if (!path)
        return true;
    if (!dv_checkpoint_read(checkpoint, path, &found, error))
        return false;
    if (checkpoint->epoch < 0 || checkpoint->epoch > trainer->options->epochs || checkpoint->sample < 0 ||
        checkpoint->sample >= trainer->objective->count || checkpoint->sample % trainer->batch != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "%s stands at an impossible place; delete it to start anew", path);
    return true;
}

/* Tells the observer; false if it wants to stop. */
static bool tell(const struct trainer *trainer, const dv_training_observer *observer, double started_ms,
                 int64_t trained)
{
    const dv_checkpoint *at = &trainer->checkpoint;
    int64_t samples = trainer->objective->count;
    double rate = (double)trained / fmax((dv_clock_ms() - started_ms) / 1000, 1e-9);
    double left = (double)(trainer->options->epochs - at->epoch) * (double)samples - (double)at->sample;
    dv_training_status status = {
        .epoch = (int)at->epoch,
        .epochs = trainer->options->epochs,
        .sample = at->sample,
        .samples = samples,
        .loss = at->loss_sum / (double)at->sample,
        .part_name = trainer->objective->part,
        .part = at->part_sum / (double)at->sample,
        .samples_per_second = rate,
        .seconds_left = left / rate,
        .epoch_end = at->sample == samples,
    };
    return !observer || observer->step(observer->context, &status);
}

static bool run(struct trainer *trainer, const dv_training_observer *observer, bool *stopped, dv_error *error)
{
    dv_checkpoint *at = &trainer->checkpoint;
    int64_t samples = trainer->objective->count, trained = 0;
    double started = dv_clock_ms();
    while (at->epoch < trainer->options->epochs) {
        dv_random_order(trainer->options->seed, DV_PURPOSE_EPOCH_ORDER, (uint64_t)at->epoch, samples, trainer->order);
        while (at->sample < samples) {
            int64_t left = samples - at->sample, count = left < trainer->batch ? left : trainer->batch;
            const dv_batch_loss loss = train_batch(trainer, at->epoch, at->sample, count);
            if (!isfinite(loss.sum))
                return diverged(trainer->options, at->epoch, error);
            at->loss_sum += loss.sum;
            at->part_sum += loss.part;
            at->sample += count;
            trained += count;
            *stopped = !tell(trainer, observer, started, trained);
            if (*stopped && at->sample < samples)
                return save(trainer, error);
        }
        at->epoch++;
        at->sample = 0;
        at->loss_sum = at->part_sum = 0;
        if (!save(trainer, error))
            return false;
        if (*stopped && at->epoch < trainer->options->epochs)
            return true;
    }
    *stopped = false; /* too late: it is done */
    return true;
}

bool dv_train(dv_graph *graph, int parameter_count, const int *parameters, const dv_objective *objective,
              const dv_training_options *options, dv_team *team, const dv_training_observer *observer, bool *stopped,
              dv_error *error)
{
    struct trainer trainer = {
        .graph = graph,
        .objective = objective,
        .options = options,
        .team = team,
        .parameter_count = parameter_count,
    };
    *stopped = false;
    bool good = check_options(objective, options, error) && prepare(&trainer, parameters, error) &&
                resume(&trainer, error) && run(&trainer, observer, stopped, error);
    clear(&trainer);
    return good;
}

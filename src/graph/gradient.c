/* Gradients: forward keeps every value, backward walks the steps in reverse. */
#include "graph/run.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/plan.h"
#include "kernel/vector.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The backward call of one step; NULL entries are not wanted or zero. */
typedef struct back_step {
    const dv_tensor **output_gradient;
    dv_tensor **input_gradient;
    bool *first; /* by input: no step before, going backward, has added to its gradient */
    bool active; /* on a way from a wanted value to an output */
} back_step;

struct dv_gradient {
    dv_arena *arena; /* owns everything below but plan and frame */
    const dv_graph *graph;
    dv_plan *plan;
    dv_frame *frame;
    int wanted_count;
    int *wanted;
    int *deferred;       /* by wanted value: the step whose operator sums it over micro-batches; -1: backward adds it */
    bool *variable;      /* by value: a wanted constant */
    dv_tensor *gradient; /* by value; data NULL: none */
    dv_tensor *seed;     /* by output: what the caller fills in */
    bool *added_to;      /* by value: a step or an output adds to its gradient */
    back_step *back;     /* by step */
    bool is_training;    /* of the last forward */
    dv_training_state training;
};

/* ---- which way gradients flow ----------------------------------------------- */

/* By value: there is a way from a wanted value, or a way on to an output. */
typedef struct ways {
    bool *from_wanted, *to_output;
} ways;

static bool any(const bool *marked, int count, const int *value)
{
    for (int i = 0; i < count; i++)
        if (value[i] >= 0 && marked[value[i]])
            return true;
    return false;
}

static void mark(bool *marked, const dv_tensor *tensor, int count, const int *value)
{
    for (int i = 0; i < count; i++)
        if (value[i] >= 0 && dv_type_is_float(tensor[value[i]].type))
            marked[value[i]] = true;
}

static bool is_active(const ways *way, const dv_node *node)
{
    return any(way->from_wanted, node->input_count, node->input) &&
           any(way->to_output, node->output_count, node->output);
}

/* Every node that gradients must pass has to have a backward. */
static bool find_ways(const dv_gradient *gradient, ways *way, dv_error *error)
{
    const dv_plan *plan = gradient->plan;
    mark(way->from_wanted, plan->value, gradient->wanted_count, gradient->wanted);
    for (int s = 0; s < plan->step_count; s++) {
        const dv_node *node = plan->step[s].node;
        if (any(way->from_wanted, node->input_count, node->input))
            mark(way->from_wanted, plan->value, node->output_count, node->output);
    }
    mark(way->to_output, plan->value, gradient->graph->output_count, gradient->graph->output);
    for (int s = plan->step_count - 1; s >= 0; s--) {
        const dv_node *node = plan->step[s].node;
        if (any(way->to_output, node->output_count, node->output))
            mark(way->to_output, plan->value, node->input_count, node->input);
    }
    for (int s = 0; s < plan->step_count; s++) {
        const dv_node *node = plan->step[s].node;
        if (is_active(way, node) && !node->op->backward) {
            dv_error_set(error, DV_ERROR_UNSUPPORTED, "training through this operator is not supported");
            return dv_node_error(node, error);
        }
    }
    return true;
}

/* ---- memory ------------------------------------------------------------------- */

/* A gradient for every value on a way, and for those asked for, in one block. */
static bool make_gradients(dv_gradient *gradient, const ways *way, dv_error *error)
{
    const dv_graph *graph = gradient->graph;
    const dv_tensor *value = gradient->plan->value;
    bool *has = dv_alloc((size_t)graph->value_count, sizeof *has, error);
    size_t *offset = dv_arena_alloc(gradient->arena, (size_t)graph->value_count, sizeof *offset, error);
    gradient->gradient = dv_arena_alloc(gradient->arena, (size_t)graph->value_count, sizeof(dv_tensor), error);
    bool ok = has && offset && gradient->gradient;
    if (!ok)
        goto done;
    for (int w = 0; w < gradient->wanted_count; w++)
        has[gradient->wanted[w]] = true;
    size_t total = 0; /* in floats, every one on a cache line; bounded as the values themselves are */
    for (int v = 0; v < graph->value_count; v++) {
        has[v] = has[v] || (way->from_wanted[v] && way->to_output[v]);
        if (!has[v])
            continue;
        offset[v] = total;
        total += ((size_t)dv_shape_elements(&value[v].shape) + 15) / 16 * 16;
    }
    float *memory = dv_arena_alloc(gradient->arena, total, sizeof(float), error);
    ok = memory != NULL;
    for (int v = 0; ok && v < graph->value_count; v++)
        if (has[v])
            gradient->gradient[v] =
                (dv_tensor){.type = value[v].type, .shape = value[v].shape, .f = memory + offset[v]};
done:
    free(has);
    return ok;
}

static bool make_seeds(dv_gradient *gradient, dv_error *error)
{
    const dv_graph *graph = gradient->graph;
    gradient->seed = dv_arena_alloc(gradient->arena, (size_t)graph->output_count, sizeof *gradient->seed, error);
    if (!gradient->seed)
        return false;
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *output = &gradient->plan->value[graph->output[o]];
        dv_type type = dv_type_is_float(output->type) ? output->type : DV_TYPE_FLOAT;
        dv_tensor *seed = dv_tensor_new(gradient->arena, type, &output->shape, error);
        if (!seed)
            return false;
        gradient->seed[o] = *seed;
    }
    return true;
}

/* Binds the backward calls to the gradients. */
static bool make_back_steps(dv_gradient *gradient, const ways *way, dv_error *error)
{
    const dv_plan *plan = gradient->plan;
    dv_tensor *all = gradient->gradient;
    gradient->back = dv_arena_alloc(gradient->arena, (size_t)plan->step_count, sizeof *gradient->back, error);
    if (!gradient->back)
        return false;
    for (int s = 0; s < plan->step_count; s++) {
        const dv_node *node = plan->step[s].node;
        back_step *back = &gradient->back[s];
        if (!is_active(way, node))
            continue;
        back->active = true;
        back->output_gradient =
            dv_arena_alloc(gradient->arena, (size_t)node->output_count, sizeof *back->output_gradient, error);
        back->input_gradient =
            dv_arena_alloc(gradient->arena, (size_t)node->input_count, sizeof *back->input_gradient, error);
        back->first = dv_arena_alloc(gradient->arena, (size_t)node->input_count, sizeof *back->first, error);
        if (!back->output_gradient || !back->input_gradient || !back->first)
            return false;
        for (int o = 0; o < node->output_count; o++)
            if (node->output[o] >= 0 && all[node->output[o]].data)
                back->output_gradient[o] = &all[node->output[o]];
        for (int i = 0; i < node->input_count; i++)
            if (node->input[i] >= 0 && all[node->input[i]].data)
                back->input_gradient[i] = &all[node->input[i]];
    }
    return true;
}

/* Which step is the first to add to a gradient, and so finds it zero: it is zeroed just before, and then in cache. */
static bool find_first(dv_gradient *gradient, dv_error *error)
{
    const dv_graph *graph = gradient->graph;
    gradient->added_to = dv_arena_alloc(gradient->arena, (size_t)graph->value_count, sizeof(bool), error);
    if (!gradient->added_to)
        return false;
    for (int o = 0; o < graph->output_count; o++)
        gradient->added_to[graph->output[o]] = true;
    for (int s = gradient->plan->step_count - 1; s >= 0; s--) {
        const dv_node *node = gradient->plan->step[s].node;
        const back_step *back = &gradient->back[s];
        for (int i = 0; back->active && i < node->input_count; i++) {
            if (!back->input_gradient[i])
                continue;
            back->first[i] = !gradient->added_to[node->input[i]];
            gradient->added_to[node->input[i]] = true;
        }
    }
    return true;
}

/* ---- the whole ------------------------------------------------------------------ */

static bool check_wanted(const dv_graph *graph, int count, const int *wanted, dv_error *error)
{
    for (int w = 0; w < count; w++) {
        assert(wanted[w] >= 0 && wanted[w] < graph->value_count);
        const dv_value *value = &graph->value[wanted[w]];
        bool is_input = false;
        for (int i = 0; i < graph->input_count; i++)
            is_input = is_input || graph->input[i] == wanted[w];
        if (!is_input && !value->constant)
            return dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' is neither an input nor a constant", value->name);
        if (!dv_type_is_float(value->type))
            return dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' is of type %s and has no gradient", value->name,
                                dv_type_name(value->type));
    }
    return true;
}

/* Plan and frame for one micro-batch. */
static bool make_frame(dv_gradient *gradient, int64_t micro_batch, dv_error *error)
{
    const dv_graph *graph = gradient->graph;
    dv_shape *shape = dv_arena_alloc(gradient->arena, (size_t)graph->input_count, sizeof *shape, error);
    if (!shape || !dv_plan_bind(graph, micro_batch, shape, error))
        return false;
    gradient->plan =
        dv_plan_new(graph, &(dv_plan_options){.input_shape = shape, .variable = gradient->variable}, error);
    gradient->frame = gradient->plan ? dv_frame_new(gradient->plan, error) : NULL;
    return gradient->frame != NULL;
}

dv_gradient *dv_gradient_new(const dv_graph *graph, int64_t micro_batch, int wanted_count, const int *wanted,
                             dv_error *error)
{
    if (!check_wanted(graph, wanted_count, wanted, error))
        return NULL;
    dv_arena *arena = dv_arena_new(error);
    if (!arena)
        return NULL;
    size_t values = (size_t)graph->value_count;
    dv_gradient *gradient = dv_arena_alloc(arena, 1, sizeof *gradient, error);
    if (!gradient) {
        dv_arena_free(arena);
        return NULL;
    }
    *gradient = (dv_gradient){.arena = arena, .graph = graph, .wanted_count = wanted_count};
    ways way = {dv_arena_alloc(arena, values, sizeof(bool), error), dv_arena_alloc(arena, values, sizeof(bool), error)};
    gradient->wanted = dv_arena_alloc(arena, (size_t)wanted_count, sizeof *gradient->wanted, error);
    gradient->deferred = dv_arena_alloc(arena, (size_t)wanted_count, sizeof *gradient->deferred, error);
    gradient->variable = dv_arena_alloc(arena, values, sizeof *gradient->variable, error);
    if (!way.from_wanted || !way.to_output || !gradient->wanted || !gradient->deferred || !gradient->variable)
        goto failed;
    for (int w = 0; w < wanted_count; w++) {
        gradient->wanted[w] = wanted[w];
        gradient->deferred[w] = -1;
        gradient->variable[wanted[w]] = graph->value[wanted[w]].constant != NULL;
    }
    if (make_frame(gradient, micro_batch, error) && find_ways(gradient, &way, error) &&
        make_gradients(gradient, &way, error) && make_seeds(gradient, error) &&
        make_back_steps(gradient, &way, error) && find_first(gradient, error))
        return gradient;
failed:
    dv_gradient_free(gradient);
    return NULL;
}

void dv_gradient_free(dv_gradient *gradient)
{
    if (!gradient)
        return;
    dv_frame_free(gradient->frame);
    dv_plan_free(gradient->plan);
    dv_arena_free(gradient->arena);
}

dv_tensor *dv_gradient_input(dv_gradient *gradient, int i)
{
    assert(i >= 0 && i < gradient->graph->input_count);
    return &gradient->frame->value[gradient->graph->input[i]];
}

const dv_tensor *dv_gradient_output(const dv_gradient *gradient, int o)
{
    assert(o >= 0 && o < gradient->graph->output_count);
    return &gradient->frame->value[gradient->graph->output[o]];
}

dv_tensor *dv_gradient_output_gradient(dv_gradient *gradient, int o)
{
    assert(o >= 0 && o < gradient->graph->output_count);
    return &gradient->seed[o];
}

const dv_tensor *dv_gradient_result(const dv_gradient *gradient, int w)
{
    assert(w >= 0 && w < gradient->wanted_count);
    return &gradient->gradient[gradient->wanted[w]];
}

void dv_gradient_forward(dv_gradient *gradient, const dv_training_state *training)
{
    const dv_graph *graph = gradient->graph;
    for (int v = 0; v < graph->value_count; v++)
        if (gradient->variable[v])
            gradient->frame->value[v].data = graph->value[v].constant->data;
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *seed = &gradient->seed[o];
        memset(seed->f, 0, (size_t)dv_shape_elements(&seed->shape) * sizeof(float));
    }
    gradient->is_training = training != NULL;
    if (training)
        gradient->training = *training;
    dv_frame_run(gradient->frame, gradient->is_training ? &gradient->training : NULL);
}

static void set_to_zero(const dv_tensor *tensor)
{
    memset(tensor->f, 0, dv_tensor_bytes(tensor));
}

/* The gradients that no step is the first to add to. */
static void start_gradients(dv_gradient *gradient)
{
    const dv_graph *graph = gradient->graph;
    for (int v = 0; v < graph->value_count; v++)
        if (gradient->gradient[v].data && !gradient->added_to[v])
            set_to_zero(&gradient->gradient[v]);
    for (int o = 0; o < graph->output_count; o++)
        if (gradient->gradient[graph->output[o]].data)
            set_to_zero(&gradient->gradient[graph->output[o]]);
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *sum = &gradient->gradient[graph->output[o]], *seed = &gradient->seed[o];
        if (sum->data)
            dv_vector_add(dv_shape_elements(&seed->shape), 1, seed->f, sum->f);
    }
}

void dv_gradient_backward(dv_gradient *gradient)
{
    start_gradients(gradient);
    for (int s = gradient->plan->step_count - 1; s >= 0; s--) {
        const dv_node *node = gradient->plan->step[s].node;
        const back_step *back = &gradient->back[s];
        if (!back->active)
            continue;
        for (int i = 0; i < node->input_count; i++)
            if (back->first[i] && back->input_gradient[i])
                set_to_zero(back->input_gradient[i]);
        node->op->backward(&gradient->frame->call[s], back->output_gradient, back->input_gradient);
    }
}

/* ---- of several micro-batches ----------------------------------------------------- */

/* The step that the value goes into, as its input 1 and nowhere else; -1: it is not so. */
static int only_step(const dv_gradient *gradient, int value)
{
    int found = -1, uses = 0;
    for (int s = 0; s < gradient->plan->step_count; s++) {
        const dv_node *node = gradient->plan->step[s].node;
        for (int i = 0; i < node->input_count; i++) {
            if (node->input[i] != value)
                continue;
            uses++;
            found = i == 1 ? s : -1;
        }
    }
    return uses == 1 ? found : -1;
}

void dv_gradient_defer(dv_gradient *gradient)
{
    for (int w = 0; w < gradient->wanted_count; w++) {
        const int value = gradient->wanted[w], s = gradient->variable[value] ? only_step(gradient, value) : -1;
        back_step *back = s < 0 ? NULL : &gradient->back[s];
        const dv_operator *op = s < 0 ? NULL : gradient->plan->step[s].node->op;
        if (!back || !back->active || !back->output_gradient[0] || !op->sums_weights ||
            !op->sums_weights(&gradient->frame->call[s]))
            continue;
        back->input_gradient[1] = NULL;
        gradient->gradient[value].data = NULL;
        gradient->deferred[w] = s;
    }
}

size_t dv_gradient_sum_workspace(const dv_gradient *gradient)
{
    size_t most = 0;
    for (int w = 0; w < gradient->wanted_count; w++) {
        const int s = gradient->deferred[w];
        if (s >= 0 && gradient->plan->step[s].workspace_size > most)
            most = gradient->plan->step[s].workspace_size;
    }
    return most;
}

static void add_results(dv_gradient *const *gradient, int count, int w, int64_t from, int64_t to, float *sum)
{
    const dv_shape *shape = &dv_gradient_result(gradient[0], w)->shape;
    const int64_t rows = shape->rank > 0 ? shape->dim[0] : 1, row = rows > 0 ? dv_shape_elements(shape) / rows : 0;
    const int64_t size = (to - from) * row;
    memcpy(sum, dv_gradient_result(gradient[0], w)->f + from * row, (size_t)size * sizeof *sum);
    for (int g = 1; g < count; g++) {
        const float *part = dv_gradient_result(gradient[g], w)->f + from * row;
        for (int64_t i = 0; i < size; i++)
            sum[i] += part[i];
    }
}

void dv_gradient_sum(dv_gradient *const *gradient, int count, int w, int64_t from, int64_t to, float *sum,
                     void *workspace)
{
    enum { MOST = 64 };
    const dv_call *call[MOST];
    const dv_tensor *output_gradient[MOST];
    const int s = gradient[0]->deferred[w];
    assert(count > 0 && count <= MOST);
    if (s < 0) {
        add_results(gradient, count, w, from, to, sum);
        return;
    }
    for (int g = 0; g < count; g++) {
        call[g] = &gradient[g]->frame->call[s];
        output_gradient[g] = gradient[g]->back[s].output_gradient[0];
    }
    gradient[0]->plan->step[s].node->op->sum_weights(call, output_gradient, count, from, to, sum, workspace);
}

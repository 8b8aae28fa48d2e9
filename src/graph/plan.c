/* Plans: shapes, what is known before the run, and where everything else lies in memory. */
#include "graph/plan.h"
#include "base/error.h"
#include "graph/evaluate.h"
#include "graph/layout.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- inputs --------------------------------------------------------------- */

bool dv_plan_bind(const dv_graph *graph, int64_t batch, dv_shape *shape, dv_error *error)
{
    for (int i = 0; i < graph->input_count; i++) {
        const dv_value *input = &graph->value[graph->input[i]];
        if (!input->has_shape)
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "input '%s' of unknown shape is not supported here",
                                input->name);
        shape[i] = input->shape;
        for (int d = 0; d < shape[i].rank; d++)
            if (shape[i].dim[d] < 0)
                shape[i].dim[d] = batch;
    }
    return true;
}

static bool fits(const dv_shape *shape, const dv_shape *declared)
{
    if (shape->rank != declared->rank)
        return false;
    for (int d = 0; d < shape->rank; d++)
        if (declared->dim[d] >= 0 && declared->dim[d] != shape->dim[d])
            return false;
    return true;
}

static bool plan_inputs(dv_plan *plan, const dv_plan_options *options, dv_error *error)
{
    const dv_shape *shape = options->input_shape;
    for (int i = 0; i < plan->graph->input_count; i++) {
        int v = plan->graph->input[i];
        const dv_value *input = &plan->graph->value[v];
        char given[128], taken[128];
        int64_t count;
        if (!dv_shape_count(&shape[i], &count) || (input->has_shape && !fits(&shape[i], &input->shape)))
            return dv_error_set(error, DV_ERROR_ARGUMENT, "input '%s' has shape %s, the graph takes %s", input->name,
                                dv_shape_text(&shape[i], given, sizeof given),
                                input->has_shape ? dv_shape_text(&input->shape, taken, sizeof taken) : "other sizes");
        dv_tensor *value = &plan->value[v];
        *value = (dv_tensor){.type = input->type, .shape = shape[i]};
        if (!options->input_data || !options->input_data[i])
            continue;
        if (!(value->data = dv_arena_alloc(plan->arena, dv_tensor_bytes(value), 1, error)))
            return false;
        memcpy(value->data, options->input_data[i], dv_tensor_bytes(value));
    }
    return true;
}

static void plan_constants(dv_plan *plan, const bool *variable)
{
    for (int v = 0; v < plan->graph->value_count; v++)
        if (plan->graph->value[v].constant) {
            plan->value[v] = *plan->graph->value[v].constant;
            if (variable && variable[v])
                plan->value[v].data = NULL;
        }
}

/* ---- one node -------------------------------------------------------------- */

/* For gradients only shape arithmetic counts as known: what Dropout and the like do to floats differs from run to
 * run. */
static bool is_known(const dv_evaluation *it, bool for_gradient)
{
    for (int o = 0; for_gradient && o < it->call.output_count; o++)
        if (it->output[o] && dv_type_is_float(it->output[o]->type))
            return false;
    return dv_evaluation_is_known(it);
}

static bool plan_node(dv_plan *plan, const dv_node *node, bool for_gradient, dv_error *error)
{
    dv_evaluation it;
    dv_evaluation_bind(&it, node, plan->value, plan->wanted);
    it.call.rounding = plan->rounding;
    if (!dv_evaluation_infer(&it, plan->arena, plan->team, error))
        return false;
    plan->rounds = plan->rounds || it.call.rounds;
    if (is_known(&it, for_gradient) && !dv_evaluation_swells(&it))
        return dv_evaluation_run(&it, plan->arena, plan->known_limit, &plan->known_size, error);
    plan->step[plan->step_count++] = (dv_step){node, it.call.prepared, NULL, it.call.workspace_size};
    return true;
}

/* ---- memory ---------------------------------------------------------------- */

typedef struct lifetimes {
    int *last;  /* by value: the last step that reads it; INT_MAX: to the end; -1: none */
    bool *owns; /* by value: holds a part of the memory now */
} lifetimes;

static void find_lifetimes(const dv_plan *plan, bool keep_all, lifetimes *lives)
{
    for (int v = 0; v < plan->graph->value_count; v++)
        lives->last[v] = keep_all ? INT_MAX : -1;
    for (int s = 0; !keep_all && s < plan->step_count; s++) {
        const dv_node *node = plan->step[s].node;
        for (int i = 0; i < node->input_count; i++)
            if (node->input[i] >= 0)
                lives->last[node->input[i]] = s;
    }
    for (int o = 0; o < plan->graph->output_count; o++)
        lives->last[plan->graph->output[o]] = INT_MAX;
}

static bool take(dv_plan *plan, dv_layout *layout, lifetimes *lives, int v, dv_error *error)
{
    lives->owns[v] = true;
    return dv_layout_take(layout, dv_tensor_bytes(&plan->value[v]), &plan->offset[v], error);
}

/* Gives the memory back if no step after `s` reads the value. */
static bool give_if_dead(dv_plan *plan, dv_layout *layout, lifetimes *lives, int v, int s, dv_error *error)
{
    if (v < 0 || !lives->owns[v] || lives->last[v] > s)
        return true;
    lives->owns[v] = false;
    return dv_layout_give(layout, plan->offset[v], dv_tensor_bytes(&plan->value[v]), error);
}

/* The first output may take over the memory of the first input that dies in this step. */
static bool works_in_place(const dv_plan *plan, const lifetimes *lives, int s)
{
    const dv_node *node = plan->step[s].node;
    if (!node->op->in_place || node->input_count < 1 || node->input[0] < 0 || node->output[0] < 0)
        return false;
    int from = node->input[0], to = node->output[0];
    return lives->owns[from] && lives->last[from] == s &&
           dv_tensor_bytes(&plan->value[from]) == dv_tensor_bytes(&plan->value[to]);
}

static bool lay_out_step(dv_plan *plan, dv_layout *layout, lifetimes *lives, int s, dv_error *error)
{
    const dv_node *node = plan->step[s].node;
    bool in_place = works_in_place(plan, lives, s);
    if (in_place) {
        lives->owns[node->input[0]] = false;
        lives->owns[node->output[0]] = true;
        plan->offset[node->output[0]] = plan->offset[node->input[0]];
    }
    for (int o = in_place ? 1 : 0; o < node->output_count; o++) {
        int v = node->output[o];
        if (v >= 0 && plan->value[v].type != DV_TYPE_NONE && !take(plan, layout, lives, v, error))
            return false;
    }
    for (int i = 0; i < node->input_count; i++)
        if (!give_if_dead(plan, layout, lives, node->input[i], s, error))
            return false;
    for (int o = 0; o < node->output_count; o++)
        if (!give_if_dead(plan, layout, lives, node->output[o], s, error))
            return false;
    return true;
}

/* Inputs are borrowed from the caller, except where they must outlive the call. */
static bool lay_out_inputs(dv_plan *plan, dv_layout *layout, lifetimes *lives, dv_error *error)
{
    for (int i = 0; i < plan->graph->input_count; i++) {
        int v = plan->graph->input[i];
        if (lives->last[v] == INT_MAX && !take(plan, layout, lives, v, error))
            return false;
    }
    return true;
}

static bool fits_memory(const dv_layout *layout, size_t workspace, dv_error *error)
{
    return workspace <= layout->limit - layout->extent ||
           dv_memory_refuse((double)layout->extent + (double)workspace, layout->limit, error);
}

static bool lay_out(dv_plan *plan, bool keep_all, dv_error *error)
{
    dv_layout layout = {.limit = plan->memory_limit - plan->known_size};
    bool ok = false;
    size_t count = (size_t)plan->graph->value_count, workspace = 0;
    lifetimes lives = {.last = dv_alloc(count, sizeof *lives.last, error),
                       .owns = dv_alloc(count, sizeof *lives.owns, error)};
    if (!lives.last || !lives.owns)
        goto done;
    for (size_t v = 0; v < count; v++)
        plan->offset[v] = DV_NOWHERE;
    find_lifetimes(plan, keep_all, &lives);
    if (!lay_out_inputs(plan, &layout, &lives, error))
        goto done;
    for (int s = 0; s < plan->step_count; s++) {
        if (plan->step[s].workspace_size > workspace)
            workspace = plan->step[s].workspace_size;
        if (!lay_out_step(plan, &layout, &lives, s, error) || !fits_memory(&layout, workspace, error)) {
            dv_node_error(plan->step[s].node, error);
            goto done;
        }
    }
    plan->value_size = layout.extent;
    plan->memory_size = layout.extent + dv_layout_round(workspace);
    ok = true;
done:
    dv_layout_clear(&layout);
    free(lives.last);
    free(lives.owns);
    return ok;
}

/* ---- the whole -------------------------------------------------------------- */

/* What operators prepare is no more than what results may take, and a little for their bookkeeping. */
enum { SLACK = 1 << 20 };

dv_plan *dv_plan_new(const dv_graph *graph, const dv_plan_options *options, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    if (!arena)
        return NULL;
    dv_plan *plan = dv_arena_alloc(arena, 1, sizeof *plan, error);
    if (!plan)
        goto failed;
    *plan = (dv_plan){.arena = arena, .graph = graph, .team = options->team, .rounding = options->rounding};
    plan->memory_limit = options->memory_limit ? options->memory_limit : dv_memory_allowed();
    plan->known_limit = dv_known_limit(graph);
    if (plan->known_limit > plan->memory_limit)
        plan->known_limit = plan->memory_limit;
    size_t values = (size_t)graph->value_count;
    plan->value = dv_arena_alloc(arena, values, sizeof *plan->value, error);
    plan->offset = dv_arena_alloc(arena, values, sizeof *plan->offset, error);
    plan->wanted = dv_arena_alloc(arena, values, sizeof *plan->wanted, error);
    plan->step = dv_arena_alloc(arena, (size_t)graph->node_count, sizeof *plan->step, error);
    if (!plan->value || !plan->offset || !plan->wanted || !plan->step)
        goto failed;
    dv_graph_mark_wanted(graph, plan->wanted);
    plan_constants(plan, options->variable);
    if (!plan_inputs(plan, options, error))
        goto failed;
    dv_arena_limit(arena, plan->memory_limit < SIZE_MAX - SLACK ? plan->memory_limit + SLACK : SIZE_MAX);
    for (int n = 0; n < graph->node_count; n++)
        if (!plan_node(plan, &graph->node[n], options->variable != NULL, error))
            goto failed;
    if (!lay_out(plan, options->variable != NULL, error))
        goto failed;
    return plan;
failed:
    dv_arena_free(arena);
    return NULL;
}

void dv_plan_free(dv_plan *plan)
{
    if (plan)
        dv_arena_free(plan->arena);
}

/* ---- packed constants ---------------------------------------------------------- */

dv_packing *dv_packing_new(const dv_graph *graph, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_packing *packing = arena ? dv_arena_alloc(arena, 1, sizeof *packing, error) : NULL;
    const void **packed = packing ? dv_arena_alloc(arena, (size_t)graph->node_count, sizeof *packed, error) : NULL;
    if (!packed) {
        if (arena)
            dv_arena_free(arena);
        return NULL;
    }
    *packing = (dv_packing){arena, packed};
    return packing;
}

void dv_packing_free(dv_packing *packing)
{
    if (packing)
        dv_arena_free(packing->arena);
}

bool dv_plan_pack(dv_plan *plan, dv_packing *packing, dv_error *error)
{
    for (int s = 0; s < plan->step_count; s++) {
        dv_step *step = &plan->step[s];
        ptrdiff_t n = step->node - plan->graph->node;
        if (!step->node->op->pack)
            continue;
        dv_evaluation it;
        dv_evaluation_bind(&it, step->node, plan->value, plan->wanted);
        it.call.prepared = step->prepared;
        it.call.team = plan->team;
        if (!step->node->op->pack(&it.call, packing->arena, &packing->packed[n], error))
            return dv_node_error(step->node, error);
        step->packed = packing->packed[n];
    }
    return true;
}

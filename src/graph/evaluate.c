/* One node on values some of which are known. */
#include "graph/evaluate.h"
#include "base/error.h"
#include "graph/layout.h"

#include <stdlib.h>

/* More elements are no shape arithmetic. */
enum { LARGEST_KNOWN = 1 << 16 };

size_t dv_tensor_bytes(const dv_tensor *tensor)
{
    return (size_t)dv_shape_elements(&tensor->shape) * dv_type_stored_size(tensor->type);
}

void dv_graph_mark_wanted(const dv_graph *graph, bool *wanted)
{
    for (int o = 0; o < graph->output_count; o++)
        wanted[graph->output[o]] = true;
    for (int n = 0; n < graph->node_count; n++)
        for (int i = 0; i < graph->node[n].input_count; i++)
            if (graph->node[n].input[i] >= 0)
                wanted[graph->node[n].input[i]] = true;
}

void dv_evaluation_bind(dv_evaluation *it, const dv_node *node, dv_tensor *value, const bool *wanted)
{
    for (int i = 0; i < node->input_count; i++)
        it->input[i] = node->input[i] < 0 ? NULL : &value[node->input[i]];
    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];
        bool left_out = v < 0 || (wanted && o >= node->op->min_outputs && !wanted[v]);
        it->output[o] = left_out ? NULL : &value[v];
    }
    it->node = node;
    it->call = (dv_call){
        .attributes = &node->attributes,
        .opset = node->opset,
        .node_name = node->name,
        .input_count = node->input_count,
        .input = it->input,
        .output_count = node->output_count,
        .output = it->output,
    };
}

/* What an operator makes of hostile shapes is not trusted either. */
static bool check_output(const dv_tensor *output, dv_error *error)
{
    int64_t count;
    if (!dv_type_is_known(output->type))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a result of type %s is not supported",
                            dv_type_name(output->type));
    if (output->shape.rank > DV_MAX_RANK || !dv_shape_count(&output->shape, &count))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a result as large as that is not supported");
    return true;
}

/* Who tries other sizes than a file declares may go too far. */
static bool check_inputs(const dv_evaluation *it, dv_error *error)
{
    int64_t count;
    for (int i = 0; i < it->call.input_count; i++)
        if (it->input[i] && !dv_shape_count(&it->input[i]->shape, &count))
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "an input as large as that is not supported");
    return true;
}

bool dv_evaluation_infer(dv_evaluation *it, dv_arena *arena, dv_team *team, dv_error *error)
{
    it->call.arena = arena;
    it->call.team = team;
    if (!check_inputs(it, error) || !it->node->op->infer(&it->call, error))
        return dv_node_error(it->node, error);
    for (int o = 0; o < it->call.output_count; o++)
        if (it->output[o] && !check_output(it->output[o], error))
            return dv_node_error(it->node, error);
    return true;
}

bool dv_evaluation_is_known(const dv_evaluation *it)
{
    const bool shape_only = it->node->op->shape_only;
    for (int i = 0; i < it->call.input_count; i++) {
        const dv_tensor *input = it->input[i];
        if (input && !input->data && (!shape_only || input->type == DV_TYPE_NONE))
            return false;
    }
    return true;
}

size_t dv_known_limit(const dv_graph *graph)
{
    size_t allowed = dv_memory_allowed(), limit = (size_t)1 << 30;
    for (int v = 0; v < graph->value_count && limit < allowed; v++)
        if (graph->value[v].constant)
            limit += 2 * dv_tensor_bytes(graph->value[v].constant);
    return limit < allowed ? limit : allowed;
}

bool dv_evaluation_swells(const dv_evaluation *it)
{
    const size_t small = (size_t)16 << 20;
    size_t read = 0, made = 0;
    for (int i = 0; i < it->call.input_count; i++)
        read += it->input[i] ? dv_tensor_bytes(it->input[i]) : 0;
    for (int o = 0; o < it->call.output_count; o++)
        made += it->output[o] ? dv_tensor_bytes(it->output[o]) : 0;
    return made > small && made / 2 > read;
}

static bool make_room(dv_evaluation *it, dv_arena *arena, size_t limit, size_t *spent, dv_error *error)
{
    for (int o = 0; o < it->call.output_count; o++) {
        dv_tensor *output = it->output[o];
        if (!output)
            continue;
        size_t size = dv_tensor_bytes(output);
        if (*spent > limit || size > limit - *spent)
            return dv_memory_refuse((double)size + (double)*spent, limit, error);
        *spent += size;
        if (!(output->data = dv_arena_alloc(arena, size, 1, error)))
            return false;
    }
    if (it->call.workspace_size > limit)
        return dv_memory_refuse((double)it->call.workspace_size, limit, error);
    it->call.workspace = dv_alloc(it->call.workspace_size, 1, error);
    return it->call.workspace != NULL;
}

bool dv_evaluation_run(dv_evaluation *it, dv_arena *arena, size_t limit, size_t *spent, dv_error *error)
{
    if (!make_room(it, arena, limit, spent, error))
        return dv_node_error(it->node, error);
    it->node->op->forward(&it->call);
    free(it->call.workspace);
    it->call.workspace = NULL;
    return true;
}

static bool is_small(const dv_evaluation *it)
{
    for (int o = 0; o < it->call.output_count; o++)
        if (it->output[o] && dv_shape_elements(&it->output[o]->shape) > LARGEST_KNOWN)
            return false;
    return true;
}

bool dv_evaluation_follow(const dv_node *node, dv_tensor *value, const bool *wanted, dv_arena *scratch, dv_arena *known)
{
    dv_evaluation it;
    size_t spent = 0, limit = SIZE_MAX; /* what is small needs little */
    dv_evaluation_bind(&it, node, value, wanted);
    if (!dv_evaluation_infer(&it, scratch, NULL, NULL))
        return false;
    return !dv_evaluation_is_known(&it) || !is_small(&it) || dv_evaluation_run(&it, known, limit, &spent, NULL);
}

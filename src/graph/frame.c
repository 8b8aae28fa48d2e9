/* Frames: the memory of a plan, and its calls bound to it. */
#include "graph/evaluate.h"
#include "graph/plan.h"

#include <string.h>

static void bind_values(dv_frame *frame, uint8_t *memory)
{
    const dv_plan *plan = frame->plan;
    for (int v = 0; v < plan->graph->value_count; v++) {
        frame->value[v] = plan->value[v];
        if (plan->offset[v] != DV_NOWHERE)
            frame->value[v].data = memory + plan->offset[v];
    }
}

/* Binds a step to the frame; `input` and `output` have room for its pointers. */
static void bind_call(dv_frame *frame, int s, const dv_tensor **input, dv_tensor **output, void *workspace)
{
    const dv_plan *plan = frame->plan;
    const dv_node *node = plan->step[s].node;
    for (int i = 0; i < node->input_count; i++)
        input[i] = node->input[i] < 0 ? NULL : &frame->value[node->input[i]];
    for (int o = 0; o < node->output_count; o++) {
        int v = node->output[o];
        output[o] = v < 0 || plan->value[v].type == DV_TYPE_NONE ? NULL : &frame->value[v];
    }
    frame->call[s] = (dv_call){
        .attributes = &node->attributes,
        .opset = node->opset,
        .node_name = node->name,
        .input_count = node->input_count,
        .input = input,
        .output_count = node->output_count,
        .output = output,
        .prepared = plan->step[s].prepared,
        .packed = plan->step[s].packed,
        .workspace_size = plan->step[s].workspace_size,
        .workspace = workspace,
        .team = plan->team,
    };
}

dv_frame *dv_frame_new(const dv_plan *plan, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    if (!arena)
        return NULL;
    size_t inputs = 0, outputs = 0;
    for (int s = 0; s < plan->step_count; s++) {
        inputs += (size_t)plan->step[s].node->input_count;
        outputs += (size_t)plan->step[s].node->output_count;
    }
    dv_frame *frame = dv_arena_alloc(arena, 1, sizeof *frame, error);
    dv_tensor *value = dv_arena_alloc(arena, (size_t)plan->graph->value_count, sizeof *value, error);
    dv_call *call = dv_arena_alloc(arena, (size_t)plan->step_count, sizeof *call, error);
    const dv_tensor **input = dv_arena_alloc(arena, inputs, sizeof *input, error);
    dv_tensor **output = dv_arena_alloc(arena, outputs, sizeof *output, error);
    uint8_t *memory = dv_arena_alloc(arena, plan->memory_size, 1, error);
    if (!frame || !value || !call || !input || !output || !memory) {
        dv_arena_free(arena);
        return NULL;
    }
    *frame = (dv_frame){arena, plan, value, call};
    bind_values(frame, memory);
    for (int s = 0; s < plan->step_count; s++) {
        bind_call(frame, s, input, output, memory + plan->value_size);
        input += plan->step[s].node->input_count;
        output += plan->step[s].node->output_count;
    }
    return frame;
}

void dv_frame_free(dv_frame *frame)
{
    if (frame)
        dv_arena_free(frame->arena);
}

void dv_frame_feed(dv_frame *frame, int i, const void *data)
{
    int v = frame->plan->graph->input[i];
    dv_tensor *input = &frame->value[v];
    if (frame->plan->offset[v] == DV_NOWHERE)
        input->data = (void *)data; /* operators read their inputs only, and in place is done in the frame's own */
    else if (data)
        memcpy(input->data, data, dv_tensor_bytes(input));
}

void dv_frame_run(dv_frame *frame, const dv_training_state *training)
{
    for (int s = 0; s < frame->plan->step_count; s++) {
        frame->call[s].training = training;
        frame->plan->step[s].node->op->forward(&frame->call[s]);
    }
}

/* One graph from pictures to reconstructions, parted where the latent vector is. */
#include "base/error.h"
#include "vid/encoder_outputs.h"

#include <stdlib.h>

/* The output that has as many numbers as the pictures that come in; -1: none. */
static int find_reconstruction(const dv_plan *plan)
{
    const dv_graph *graph = plan->graph;
    int64_t wanted = dv_shape_elements(&plan->value[graph->input[0]].shape);
    for (int o = 0; o < graph->output_count; o++) {
        const dv_tensor *tensor = &plan->value[graph->output[o]];
        if (dv_type_is_float(tensor->type) && dv_shape_elements(&tensor->shape) == wanted)
            return o;
    }
    return -1;
}

enum { RESTS_ON_MEAN = 1, RESTS_ON_SPREAD = 2, RESTS_ON_BOTH = 3 };

/* The first value that rests on all that is wanted and is needed for the reconstruction. `rests` and `needed` are one a
 * value, zeroed. */
static int find_meeting(const dv_graph *graph, int reconstruction, int wanted, uint8_t *rests, bool *needed)
{
    dv_inspect_mark(graph, reconstruction, needed);
    for (int n = 0; n < graph->node_count; n++) {
        const dv_node *node = &graph->node[n];
        uint8_t of_inputs = 0;
        for (int i = 0; i < node->input_count; i++)
            of_inputs |= node->input[i] >= 0 ? rests[node->input[i]] : 0;
        for (int o = 0; o < node->output_count; o++) {
            int value = node->output[o];
            if (value < 0)
                continue;
            rests[value] |= of_inputs;
            if ((rests[value] & wanted) == wanted && needed[value])
                return value;
        }
    }
    return -1;
}

/* What is decoded: where mean and spread first come together, or, where nothing is drawn, the mean itself. -1: nothing
 * of both. */
static int find_latent(const dv_graph *graph, const dv_encoder_outputs *outputs, int reconstruction)
{
    uint8_t *rests = dv_alloc((size_t)graph->value_count, sizeof *rests, NULL);
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, NULL);
    int mean = dv_inspect_origin(graph, outputs->mean), found = -1;
    if (rests && needed) {
        rests[mean] = RESTS_ON_MEAN;
        if (outputs->spread >= 0)
            rests[dv_inspect_origin(graph, outputs->spread)] |= RESTS_ON_SPREAD;
        found = find_meeting(graph, reconstruction, RESTS_ON_BOTH, rests, needed);
        if (found < 0 && needed[mean])
            found = mean;
    }
    free(needed);
    free(rests);
    return found;
}

/* From the latent vector on. A reshape to the pictures' own shape, which would need these, is left out. */
static dv_graph *extract_decoder(const dv_graph *whole, int latent, int reconstruction, dv_error *error)
{
    dv_error lost;
    dv_graph *decoder = dv_graph_extract(whole, 1, &latent, 1, &reconstruction, error);
    if (decoder)
        return decoder;
    int before = dv_inspect_origin(whole, reconstruction);
    return before == reconstruction ? NULL : dv_graph_extract(whole, 1, &latent, 1, &before, &lost);
}

/* The latent vector's shape was never declared: that of the plan, with the batch that the pictures have. */
static void declare_latent(const dv_plan *plan, int latent, int64_t batch, dv_graph *decoder)
{
    dv_value *value = &decoder->value[decoder->input[0]];
    value->type = DV_TYPE_FLOAT;
    value->has_shape = true;
    value->shape = plan->value[latent].shape;
    value->shape.dim[0] = batch;
}

static bool split(const dv_plan *plan, int64_t batch, dv_graph **encoder, dv_graph **decoder, dv_notes *notes,
                  dv_error *error)
{
    const dv_graph *whole = plan->graph;
    int output = find_reconstruction(plan);
    dv_encoder_outputs outputs;
    dv_notes none = {0}; /* the encoder will be looked at again */
    if (output < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "has no output of the pictures' size: it is no auto-encoder");
    if (!dv_encoder_outputs_find(plan, output, 0, &outputs, &none, error))
        return false;
    int reconstruction = whole->output[output], latent = find_latent(whole, &outputs, reconstruction);
    if (latent < 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "the reconstruction '%s' does not rest on the mean '%s'",
                            whole->value[reconstruction].name, whole->value[outputs.mean].name);
    int rows[] = {outputs.mean, outputs.spread}, count = outputs.spread < 0 ? 1 : 2;
    if (!(*encoder = dv_graph_extract(whole, whole->input_count, whole->input, count, rows, error)) ||
        !(*decoder = extract_decoder(whole, latent, reconstruction, error)))
        return false;
    declare_latent(plan, latent, batch, *decoder);
    dv_notes_add(notes, "parted at '%.60s', the latent vector; '%.60s' is the reconstruction",
                 whole->value[latent].name, whole->value[reconstruction].name);
    return true;
}

bool dv_split_auto_encoder(const dv_graph *whole, const dv_inspect_wish *wish, dv_graph **encoder, dv_graph **decoder,
                           dv_notes *notes, dv_error *error)
{
    dv_network_input input;
    dv_shape shape;
    dv_plan *plan;
    dv_notes none = {0};
    *encoder = *decoder = NULL;
    bool ok = dv_inspect_input(whole, wish, &input, &shape, &plan, &none, error) &&
              split(plan, shape.dim[0], encoder, decoder, notes, error);
    dv_plan_free(plan);
    if (ok)
        return true;
    dv_graph_free(*encoder);
    dv_graph_free(*decoder);
    *encoder = *decoder = NULL;
    return false;
}

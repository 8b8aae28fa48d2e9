/* The auto-encoder of a bundle: two files or one, as they come from elsewhere. */
#include "vid/bundle_parts.h"

#include "base/error.h"
#include "base/random.h"
#include "onnx/onnx.h"
#include "vid/encoder_outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LATENT = 1 << 16, MAX_PIXELS = 1 << 26, PROBES = 4, SHAPE_TEXT = 128 };

/* ---- files -------------------------------------------------------------------- */

static bool read_network(dv_network *network, const char *path, dv_error *error)
{
    network->path = path;
    network->graph = dv_onnx_read(path, error);
    if (!network->graph)
        return false;
    if (network->graph->input_count == 1 && network->graph->output_count > 0)
        return true;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s has %d inputs and %d outputs; one input is wanted", path,
                        network->graph->input_count, network->graph->output_count);
}

static bool read_whole(dv_bundle *bundle, const char *path, const dv_inspect_wish *wish, dv_error *error)
{
    dv_network whole = {0};
    dv_notes notes = {0};
    bool ok = read_network(&whole, path, error);
    bundle->encoder.path = bundle->decoder.path = path;
    if (ok && !dv_split_auto_encoder(whole.graph, wish, &bundle->encoder.graph, &bundle->decoder.graph, &notes, error))
        ok = dv_error_prefix(error, "%s", path);
    dv_graph_free(whole.graph);
    dv_bundle_note(bundle, path, &notes);
    return ok;
}

static bool make_runner(dv_network *network, dv_team *team, dv_error *error)
{
    return dv_graph_optimize(network->graph, error) &&
           (network->runner = dv_runner_new(network->graph, team, error)) != NULL;
}

/* Elements of one sample of the network's first output. */
static bool sample_shapes(const dv_network *network, dv_shape *input, dv_shape *output, dv_error *error)
{
    return dv_runner_sample_shapes(network->runner, input, 0, output, error);
}

/* ---- the decoder ------------------------------------------------------------------ */

const char *dv_decoder_range_name(dv_decoder_range range)
{
    static const char *const names[DV_DECODER_RANGES] = {"unit", "tanh", "logits"};
    return names[range];
}

static bool find_range(const char *name, dv_decoder_range *range, dv_error *error)
{
    for (int r = 0; r < DV_DECODER_RANGES; r++)
        if (strcmp(dv_decoder_range_name(r), name) == 0) {
            *range = r;
            return true;
        }
    return dv_error_set(error, DV_ERROR_ARGUMENT, "a decoder puts out unit, tanh or logits, not '%s'", name);
}

/* What the last operator says; false where it says nothing. */
static bool tell_range(const dv_graph *graph, dv_decoder_range *range)
{
    const dv_node *node = dv_inspect_producer(graph, dv_inspect_origin(graph, graph->output[0]));
    static const struct {
        const char *op;
        dv_decoder_range range;
    } ends[] = {{"Sigmoid", DV_RANGE_UNIT}, {"HardSigmoid", DV_RANGE_UNIT}, {"Tanh", DV_RANGE_TANH}};
    while (node && strcmp(node->op->name, "Transpose") == 0)
        node = dv_inspect_producer(graph, dv_inspect_origin(graph, node->input[0]));
    for (size_t i = 0; node && i < sizeof ends / sizeof ends[0]; i++)
        if (strcmp(node->op->name, ends[i].op) == 0) {
            *range = ends[i].range;
            return true;
        }
    return false;
}

/* Pictures of 0..1, made by a decoder without a last function, overshoot by little; log-odds of dark pixels lie far
 * below zero. */
static const float least_logit = -1, most_unit = 2;

/* Looks at what it makes of a few latent vectors. */
static bool probe_range(dv_bundle *bundle, int64_t pixels, dv_error *error)
{
    const dv_network *decoder = &bundle->decoder;
    int latent = bundle->facts.latent;
    float *latents = dv_alloc((size_t)PROBES * latent, sizeof *latents, error);
    float *values = dv_alloc((size_t)PROBES * pixels, sizeof *values, error);
    float least = INFINITY, most = -INFINITY;
    bool ok = latents && values;
    for (int i = 0; ok && i < PROBES * latent; i++)
        latents[i] = (float)dv_random_normal(1, DV_PURPOSE_PROBE, i);
    ok = ok && dv_runner_run_batch(decoder->runner, latents, PROBES, &values, NULL, NULL, error);
    for (int64_t i = 0; ok && i < PROBES * pixels; i++) {
        least = fminf(least, values[i]);
        most = fmaxf(most, values[i]);
    }
    if (ok && least >= least_logit && most > most_unit)
        ok = dv_error_set(error, DV_ERROR_FORMAT, "puts out values up to %.3g; pictures of 0..1 are wanted",
                          (double)most);
    bundle->range = ok && least < least_logit ? DV_RANGE_LOGITS : DV_RANGE_UNIT;
    free(values);
    free(latents);
    return ok;
}

static bool set_range(dv_bundle *bundle, const char *asked, int64_t pixels, dv_notes *notes, dv_error *error)
{
    if (asked)
        return find_range(asked, &bundle->range, error);
    if (tell_range(bundle->decoder.graph, &bundle->range)) {
        if (bundle->range == DV_RANGE_TANH)
            dv_notes_add(notes, "ends in Tanh, so pictures are -1..1 for it and for the encoder");
        return true;
    }
    if (!probe_range(bundle, pixels, error))
        return false;
    if (bundle->range == DV_RANGE_LOGITS)
        dv_notes_add(notes, "puts out values far below 0: taken for log-odds of pixels; [vae] output says otherwise");
    return true;
}

static bool open_decoder(dv_bundle *bundle, const dv_bundle_settings *settings, const dv_inspect_wish *wish,
                         dv_notes *notes, dv_error *error)
{
    dv_network *decoder = &bundle->decoder;
    dv_shape input, output;
    int64_t latent, pixels;
    char text[SHAPE_TEXT];
    decoder->graph->output_count = 1;
    if (!make_runner(decoder, bundle->team, error) || !sample_shapes(decoder, &input, &output, error))
        return false;
    if (!dv_shape_count(&input, &latent) || latent < 1 || latent > MAX_LATENT)
        return dv_error_set(error, DV_ERROR_FORMAT, "shape %s cannot be a latent vector",
                            dv_shape_text(&input, text, sizeof text));
    bundle->facts.latent = (int)latent;
    if (!dv_inspect_sample(&output, wish, &bundle->decoded, notes, error))
        return dv_error_prefix(error, "what it puts out");
    if (!dv_shape_count(&output, &pixels) || pixels > MAX_PIXELS)
        return dv_error_set(error, DV_ERROR_FORMAT, "pictures of shape %s cannot be explained",
                            dv_shape_text(&output, text, sizeof text));
    return set_range(bundle, settings->vae_output, pixels, notes, error);
}

/* ---- the encoder -------------------------------------------------------------------- */

static void take_outputs(dv_bundle *bundle, const dv_encoder_outputs *outputs)
{
    dv_graph *graph = bundle->encoder.graph;
    graph->output[0] = outputs->mean;
    if (outputs->spread >= 0 && graph->output_count > 1)
        graph->output[1] = outputs->spread;
    graph->output_count = outputs->spread >= 0 ? 2 : 1;
    bundle->halves = outputs->halves;
    bundle->spread = outputs->kind;
    bundle->facts.has_deviation = outputs->spread >= 0 || outputs->halves;
}

static bool check_encoder(const dv_bundle *bundle, const dv_network_input *input, dv_error *error)
{
    dv_shape shape, output;
    int64_t numbers;
    int latent = bundle->facts.latent;
    const dv_network_input *decoded = &bundle->decoded;
    if (!sample_shapes(&bundle->encoder, &shape, &output, error))
        return false;
    if (!dv_shape_count(&output, &numbers) || numbers != (bundle->halves ? 2 : 1) * (int64_t)latent)
        return dv_error_set(error, DV_ERROR_FORMAT, "puts out %lld latent dimensions, but %s takes %d",
                            (long long)numbers, bundle->decoder.path, latent);
    if (input->channels == decoded->channels && input->height == decoded->height && input->width == decoded->width)
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "takes pictures of %d x %d x %d, but %s puts out %d x %d x %d",
                        input->channels, input->height, input->width, bundle->decoder.path, decoded->channels,
                        decoded->height, decoded->width);
}

/* The decoder, which is opened first, tells the size of the pictures where the encoder leaves it open. */
static bool open_encoder(dv_bundle *bundle, const dv_inspect_wish *wish, dv_network_input *input, dv_notes *notes,
                         dv_error *error)
{
    dv_network *encoder = &bundle->encoder;
    const dv_network_input *decoded = &bundle->decoded;
    dv_inspect_wish known = *wish;
    dv_encoder_outputs outputs;
    dv_shape shape;
    dv_plan *plan = NULL;
    known.channels = decoded->channels;
    known.height = decoded->height;
    known.width = decoded->width;
    known.mixed = false;
    bool ok = dv_inspect_input(encoder->graph, &known, input, &shape, &plan, notes, error) &&
              dv_encoder_outputs_find(plan, -1, bundle->facts.latent, &outputs, notes, error);
    dv_plan_free(plan);
    if (!ok)
        return false;
    take_outputs(bundle, &outputs);
    return dv_inspect_bind(encoder->graph, &shape, error) && make_runner(encoder, bundle->team, error) &&
           check_encoder(bundle, input, error);
}

/* ---- both -------------------------------------------------------------------------------- */

static void set_form(dv_bundle *bundle)
{
    const dv_network_input *decoded = &bundle->decoded;
    bundle->facts.channels = decoded->channels;
    bundle->facts.height = decoded->height;
    bundle->facts.width = decoded->width;
    bundle->pixels = decoded->channels * decoded->height * decoded->width;
    bundle->form = (dv_picture_form){.channels = decoded->channels,
                                     .height = decoded->height,
                                     .width = decoded->width,
                                     .crop = 1,
                                     .filter = DV_FILTER_BILINEAR};
}

bool dv_bundle_open_vae(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error)
{
    dv_inspect_wish wish = dv_bundle_wish(bundle->dataset);
    dv_network_input input;
    dv_notes of_encoder = {0}, of_decoder = {0};
    wish.layout = settings->vae_layout;
    if (settings->vae ? !read_whole(bundle, settings->vae, &wish, error)
                      : !read_network(&bundle->encoder, settings->encoder, error) ||
                            !read_network(&bundle->decoder, settings->decoder, error))
        return false;
    if (!open_decoder(bundle, settings, &wish, &of_decoder, error))
        return dv_error_prefix(error, "%s", bundle->decoder.path);
    if (!open_encoder(bundle, &wish, &input, &of_encoder, error))
        return dv_error_prefix(error, "%s", bundle->encoder.path);
    for (int c = 0; bundle->range == DV_RANGE_TANH && c < input.channels; c++)
        input.mean[c] = input.deviation[c] = 0.5f;
    set_form(bundle);
    dv_bundle_note(bundle, bundle->encoder.path, &of_encoder);
    dv_bundle_note(bundle, bundle->decoder.path, &of_decoder);
    return (bundle->encoder_feed =
                dv_feed_new(input.channels, input.height, input.width, &input, DV_FILTER_BILINEAR, error)) != NULL;
}

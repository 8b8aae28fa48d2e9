/* Grad-CAM: the last feature maps, each weighted by the mean of the score's gradient by it, summed, and what is
 * negative left out. Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, ICCV 2017. */
#include "vid/explainer.h"

#include "base/error.h"
#include "graph/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The teacher in two: what makes the feature maps, and what makes logits of these. */
struct halves {
    dv_graph *before, *after;
    dv_runner *runner;     /* of the first */
    dv_gradient *gradient; /* of the second, by the feature maps */
    dv_shape input, maps;  /* of the batch that the teacher takes: usually of one */
};

/* ---- where to cut ------------------------------------------------------------- */

/* Steps back over what only moves or thins out the maps. */
static bool is_thinning(const dv_node *node)
{
    static const char *const names[] = {"MaxPool",       "AveragePool", "LpPool",  "GlobalAveragePool",
                                        "GlobalMaxPool", "Transpose",   "Dropout", "Identity"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(node->op->name, names[i]) == 0)
            return true;
    return false;
}

/* Whether a convolution leads to the value. */
static bool is_convolved(const dv_graph *graph, int value)
{
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, NULL), found = false;
    if (!needed)
        return false;
    dv_inspect_mark(graph, value, needed);
    for (int n = 0; n < graph->node_count; n++)
        found |= strcmp(graph->node[n].op->name, "Conv") == 0 && needed[graph->node[n].output[0]];
    free(needed);
    return found;
}

/* The last value that alone leads to the output and is maps: N x C x h x w, of more than one place, made by a
 * convolution or what follows it, but for pooling. -1: there is none. */
static int find_maps(const dv_plan *plan)
{
    const dv_graph *graph = plan->graph;
    const dv_node *node;
    int value = graph->output[0];
    while (value >= 0 && (node = dv_inspect_producer(graph, value))) {
        const dv_shape *shape = &plan->value[value].shape;
        if (shape->rank == 4 && shape->dim[2] * shape->dim[3] > 1 && !is_thinning(node))
            return is_convolved(graph, value) ? value : -1;
        value = dv_node_only_computed(graph, node);
    }
    return -1;
}

static bool cut(const dv_bundle *bundle, const dv_plan *plan, struct halves *it, dv_error *error)
{
    const dv_graph *graph = bundle->teacher.graph;
    int maps = find_maps(plan);
    if (maps < 0)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "no feature maps of a convolution are there that alone lead to its output");
    it->maps = plan->value[maps].shape;
    if (!(it->before = dv_graph_extract(graph, 1, graph->input, 1, &maps, error)) ||
        !(it->after = dv_graph_extract(graph, 1, &maps, 1, graph->output, error)) ||
        !dv_inspect_bind(it->before, &it->input, error) || !dv_inspect_bind(it->after, &it->maps, error))
        return false;
    return (it->runner = dv_runner_new(it->before, bundle->team, error)) &&
           (it->gradient = dv_gradient_new(it->after, 1, 1, it->after->input, error));
}

static void clear(struct halves *it)
{
    dv_gradient_free(it->gradient);
    dv_runner_free(it->runner);
    dv_graph_free(it->after);
    dv_graph_free(it->before);
}

static bool open_halves(const dv_bundle *bundle, struct halves *it, dv_error *error)
{
    if (!dv_plan_bind(bundle->teacher.graph, 1, &it->input, error))
        return false;
    dv_plan *plan = dv_plan_new(bundle->teacher.graph, &(dv_plan_options){.input_shape = &it->input}, error);
    bool ok = plan && cut(bundle, plan, it, error);
    dv_plan_free(plan);
    return ok;
}

/* ---- the map ------------------------------------------------------------------- */

/* Feature maps of the picture, and the gradient of the score by them. */
static bool measure(const dv_inquiry *inquiry, struct halves *it, dv_attribution *attribution, dv_error *error)
{
    const dv_bundle *bundle = inquiry->bundle;
    const dv_teacher_facts *head = &bundle->head;
    const dv_tensor *maps;
    dv_tensor input = {.type = DV_TYPE_FLOAT, .shape = it->input};
    float *scratch = dv_alloc(dv_feed_scratch(bundle->teacher_feed), sizeof *scratch, error);
    float *logits = dv_alloc(2 * (size_t)head->classes, sizeof *logits, error), *by_logits = logits + head->classes;
    input.f = dv_alloc((size_t)dv_shape_elements(&it->input), sizeof *input.f, error);
    bool ok = scratch && logits && input.f;
    if (ok) {
        dv_feed_forward(bundle->teacher_feed, inquiry->picture, input.f, scratch);
        ok = dv_runner_run(it->runner, &input, &maps, error);
    }
    if (ok) {
        memcpy(dv_gradient_input(it->gradient, 0)->f, maps->f, (size_t)dv_shape_elements(&it->maps) * sizeof(float));
        dv_gradient_forward(it->gradient, NULL);
        dv_head_logits(head, dv_gradient_output(it->gradient, 0)->f, logits);
        dv_score_gradient(attribution->score, bundle->facts.multi_label, logits, head->classes,
                          attribution->class_index, by_logits);
        dv_head_gradient(head, dv_gradient_output(it->gradient, 0)->f, by_logits,
                         dv_gradient_output_gradient(it->gradient, 0)->f);
        dv_gradient_backward(it->gradient);
        attribution->teacher_calls = 1;
    }
    free(input.f);
    free(logits);
    free(scratch);
    return ok;
}

/* coarse (h x w) = max(0, sum over maps of the mean gradient times the map), of the first sample. */
static void combine(const struct halves *it, float *coarse)
{
    int64_t channels = it->maps.dim[1], places = it->maps.dim[2] * it->maps.dim[3];
    const float *map = dv_gradient_input(it->gradient, 0)->f, *slope = dv_gradient_result(it->gradient, 0)->f;
    for (int64_t c = 0; c < channels; c++) {
        double weight = 0;
        for (int64_t p = 0; p < places; p++)
            weight += slope[c * places + p] / (double)places;
        for (int64_t p = 0; p < places; p++)
            coarse[p] += (float)(weight * map[c * places + p]);
    }
    for (int64_t p = 0; p < places; p++)
        coarse[p] = fmaxf(coarse[p], 0);
}

/* Brings the map to the picture's size. Where the teacher is shown the middle only, so is the map: nothing is known of
 * the rest. */
static bool enlarge(const dv_inquiry *inquiry, const struct halves *it, const float *coarse,
                    dv_attribution *attribution, dv_error *error)
{
    const dv_network_input *seen = &inquiry->bundle->head.input;
    int height = attribution->height, width = attribution->width;
    /* The part of the picture that the teacher sees, in its pixels. */
    double scale = fmin((double)height / seen->height, (double)width / seen->width);
    int seen_height = (int)fmax(1, lround(scale * seen->height)),
        seen_width = (int)fmax(1, lround(scale * seen->width));
    int top = (height - seen_height) / 2, left = (width - seen_width) / 2;
    int from_height = (int)it->maps.dim[2], from_width = (int)it->maps.dim[3];
    dv_scaling scaling = dv_scaling_make(from_height, from_width, seen_height, seen_width, 0);
    dv_resampler *resampler = dv_resampler_new(from_height, from_width, &scaling, DV_FILTER_BILINEAR, error);
    float *scratch = resampler ? dv_alloc(dv_resampler_scratch(resampler), sizeof *scratch, error) : NULL;
    float *fine = dv_alloc((size_t)seen_height * seen_width, sizeof *fine, error);
    bool ok = scratch && fine;
    if (ok)
        dv_resample_float(resampler, 1, coarse, fine, scratch);
    for (int y = 0; ok && y < seen_height; y++)
        memcpy(attribution->map + (size_t)(top + y) * width + left, fine + (size_t)y * seen_width,
               seen_width * sizeof *fine);
    free(fine);
    free(scratch);
    dv_resampler_free(resampler);
    return ok;
}

bool dv_explain_grad_cam(const dv_inquiry *inquiry, dv_attribution *attribution, dv_error *error)
{
    struct halves it = {0};
    float *coarse = NULL;
    bool ok = dv_attribution_map(attribution, 1, error);
    if (ok && !open_halves(inquiry->bundle, &it, error))
        ok = dv_error_prefix(error, "%s", inquiry->bundle->teacher.path);
    ok = ok && measure(inquiry, &it, attribution, error) &&
         (coarse = dv_alloc((size_t)(it.maps.dim[2] * it.maps.dim[3]), sizeof *coarse, error)) != NULL;
    if (ok) {
        combine(&it, coarse);
        ok = enlarge(inquiry, &it, coarse, attribution, error);
    }
    free(coarse);
    clear(&it);
    return ok;
}

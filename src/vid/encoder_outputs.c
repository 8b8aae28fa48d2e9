/* Which outputs of an encoder are the latent mean and its spread. */
#include "vid/encoder_outputs.h"

#include "base/error.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- names ------------------------------------------------------------------- */

static bool name_has(const char *name, const char *part)
{
    for (; *name; name++) {
        size_t i = 0;
        while (part[i] && tolower((unsigned char)name[i]) == part[i])
            i++;
        if (!part[i])
            return true;
    }
    return false;
}

static bool names_spread(const char *name, dv_spread *kind)
{
    bool log = name_has(name, "log"), variance = name_has(name, "var");
    bool deviation = name_has(name, "std") || name_has(name, "sigma") || name_has(name, "dev");
    if (!variance && !deviation)
        return false;
    *kind = variance ? (log ? DV_SPREAD_LOG_VARIANCE : DV_SPREAD_VARIANCE)
                     : (log ? DV_SPREAD_LOG_DEVIATION : DV_SPREAD_DEVIATION);
    return true;
}

static bool names_mean(const char *name)
{
    return name_has(name, "mean") || strcasecmp(name, "mu") == 0 || strcasecmp(name, "z_mu") == 0;
}

/* ---- rows --------------------------------------------------------------------- */

static int64_t numbers_of(const dv_plan *plan, int value)
{
    const dv_tensor *tensor = &plan->value[value];
    int64_t batch = plan->value[plan->graph->input[0]].shape.dim[0];
    if (!dv_type_is_float(tensor->type) || tensor->shape.rank < 2 || tensor->shape.dim[0] != batch)
        return 0;
    return dv_shape_elements(&tensor->shape) / batch;
}

static bool is_random(const dv_node *node)
{
    return strncmp(node->op->name, "Random", 6) == 0;
}

static bool rests_on_chance(const dv_graph *graph, int value)
{
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, NULL), found = false;
    if (needed)
        dv_inspect_mark(graph, value, needed);
    for (int n = 0; needed && n < graph->node_count; n++) {
        int drawn = graph->node[n].output[0];
        found |= is_random(&graph->node[n]) && drawn >= 0 && needed[drawn];
    }
    free(needed);
    return found;
}

/* The part of mean + noise that is no noise; the value itself where it is no such sum. */
static int before_chance(const dv_graph *graph, int value)
{
    const dv_node *node = dv_inspect_producer(graph, dv_inspect_origin(graph, value));
    if (!node || strcmp(node->op->name, "Add") != 0 || !rests_on_chance(graph, value))
        return value;
    bool first = rests_on_chance(graph, node->input[0]), second = rests_on_chance(graph, node->input[1]);
    return first == second ? value : node->input[first ? 1 : 0];
}

/* ---- the whole ------------------------------------------------------------------ */

/* Outputs that may be latent, in graph order: those without chance where there are two such. */
static int list_candidates(const dv_plan *plan, int left_out, int *candidate, int room)
{
    const dv_graph *graph = plan->graph;
    int all = 0, sure = 0;
    for (int o = 0; o < graph->output_count && all < room; o++)
        if (o != left_out && numbers_of(plan, graph->output[o]) > 0)
            candidate[all++] = graph->output[o];
    for (int i = 0; i < all; i++)
        sure += !rests_on_chance(graph, candidate[i]);
    for (int i = 0, kept = 0; sure >= 2 && i < all; i++)
        if (!rests_on_chance(graph, candidate[i]))
            candidate[kept++] = candidate[i];
    return sure >= 2 ? sure : all;
}

static void choose_by_name(const dv_graph *graph, const int *candidate, int count, dv_encoder_outputs *found)
{
    for (int i = count - 1; i >= 0; i--) {
        const char *name = graph->value[candidate[i]].name;
        if (names_spread(name, &found->kind))
            found->spread = candidate[i];
        else if (names_mean(name))
            found->mean = candidate[i];
    }
    if (count != 2 || (found->mean >= 0 && found->spread >= 0))
        return;
    if (found->mean < 0)
        found->mean = found->spread == candidate[0] ? candidate[1] : candidate[0];
    found->spread = candidate[0] + candidate[1] - found->mean;
}

bool dv_encoder_outputs_find(const dv_plan *plan, int left_out, int latent, dv_encoder_outputs *found, dv_notes *notes,
                             dv_error *error)
{
    enum { MOST = 16 };
    const dv_graph *graph = plan->graph;
    int candidate[MOST], count = list_candidates(plan, left_out, candidate, MOST);
    *found = (dv_encoder_outputs){.mean = -1, .spread = -1};
    choose_by_name(graph, candidate, count, found);
    if (found->mean < 0 && count == 1)
        found->mean = candidate[0];
    if (found->mean < 0 || (found->spread < 0 && count > 1))
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "has %d outputs, but not one for the mean and one for the log-variance",
                            graph->output_count);
    if (found->spread >= 0 && numbers_of(plan, found->mean) != numbers_of(plan, found->spread))
        return dv_error_set(error, DV_ERROR_FORMAT, "puts out %lld means, but %lld log-variances",
                            (long long)numbers_of(plan, found->mean), (long long)numbers_of(plan, found->spread));
    int drawn = found->mean;
    found->mean = before_chance(graph, drawn);
    if (found->mean != drawn)
        dv_notes_add(notes, "'%.60s' is drawn at random: its mean is read instead", graph->value[drawn].name);
    if (found->spread >= 0)
        return true;
    found->halves = latent > 0 && numbers_of(plan, found->mean) == 2 * (int64_t)latent;
    dv_notes_add(notes, found->halves ? "its output is taken for the mean, then the log-variance"
                                      : "it tells no log-variance: the spread of the posterior is not known");
    return true;
}

void dv_spread_to_log_variance(dv_spread kind, float *value, int64_t count)
{
    for (int64_t i = 0; i < count && kind != DV_SPREAD_LOG_VARIANCE; i++)
        value[i] = kind == DV_SPREAD_LOG_DEVIATION ? 2 * value[i]
                   : kind == DV_SPREAD_VARIANCE    ? logf(value[i])
                                                   : 2 * logf(value[i]);
}

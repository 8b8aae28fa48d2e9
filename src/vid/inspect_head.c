/* What a classifier's answer is: which output, and what its numbers mean. */
#include "vid/inspect.h"

#include "base/error.h"
#include "base/number.h"
#include "base/random.h"
#include "graph/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CLASSES = 1 << 16, PROBES = 4, MOST_OUTPUTS = 64 };

/* ---- the table of heads ---------------------------------------------------------- */

static float same(float output)
{
    return output;
}

/* A probability of exactly zero says no more than that it was very small. */
static const float least = 1e-12f;

static float logarithm(float output)
{
    return logf(fmaxf(output, least));
}

static float log_odds(float output)
{
    return logf(fmaxf(output, least)) - logf(fmaxf(1 - output, least));
}

static float slope_of_same(float output)
{
    (void)output;
    return 1;
}

static float slope_of_logarithm(float output)
{
    return 1 / fmaxf(output, least);
}

static float slope_of_log_odds(float output)
{
    return 1 / fmaxf(output, least) + 1 / fmaxf(1 - output, least);
}

enum { LOGITS, PROBABILITIES, LOG_PROBABILITIES, SIGMOID, LOG_ODDS };

static const dv_head heads[] = {
    [LOGITS] = {.name = "logits", .meaning = "logits", .logit = same, .slope = slope_of_same},
    [PROBABILITIES] = {.name = "probabilities",
                       .meaning = "probabilities that sum to 1",
                       .logit = logarithm,
                       .slope = slope_of_logarithm},
    [LOG_PROBABILITIES] = {.name = "log-probabilities",
                           .meaning = "logarithms of probabilities that sum to 1",
                           .logit = same,
                           .slope = slope_of_same},
    [SIGMOID] = {.name = "sigmoid",
                 .meaning = "a probability for each label",
                 .logit = log_odds,
                 .slope = slope_of_log_odds,
                 .multi_label = true},
    [LOG_ODDS] = {.name = "log-odds",
                  .meaning = "log-odds of each label",
                  .logit = same,
                  .slope = slope_of_same,
                  .multi_label = true},
};

/* One number, which speaks for the second of two classes. */
static const dv_head one_logit = {.name = "logits", .meaning = "one logit", .logit = same, .slope = slope_of_same};
static const dv_head one_probability = {
    .name = "sigmoid", .meaning = "one probability", .logit = log_odds, .slope = slope_of_log_odds};

const dv_head *dv_head_find(const char *name, dv_error *error)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        if (strcmp(heads[i].name, name) == 0)
            return &heads[i];
    dv_error_set(error, DV_ERROR_ARGUMENT,
                 "a teacher puts out logits, probabilities, log-probabilities, sigmoid or log-odds, not '%s'", name);
    return NULL;
}

void dv_head_logits(const dv_teacher_facts *facts, const float *row, float *logits)
{
    logits[0] = 0;
    for (int k = 0; k < facts->width; k++)
        logits[facts->classes - facts->width + k] = facts->head->logit(row[k]);
}

void dv_head_gradient(const dv_teacher_facts *facts, const float *row, const float *by_logits, float *by_row)
{
    for (int k = 0; k < facts->width; k++)
        by_row[k] = by_logits[facts->classes - facts->width + k] * facts->head->slope(row[k]);
}

/* ---- graphs ------------------------------------------------------------------------ */

const dv_node *dv_inspect_producer(const dv_graph *graph, int value)
{
    for (int n = 0; n < graph->node_count; n++)
        for (int o = 0; o < graph->node[n].output_count; o++)
            if (graph->node[n].output[o] == value)
                return &graph->node[n];
    return NULL;
}

static bool is_one_of(const dv_node *node, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(node->op->name, *names) == 0)
            return true;
    return false;
}

int dv_inspect_origin(const dv_graph *graph, int value)
{
    static const char *const silent[] = {"Identity", "Reshape", "Cast",           "Squeeze",          "Unsqueeze",
                                         "Flatten",  "Dropout", "QuantizeLinear", "DequantizeLinear", NULL};
    const dv_node *node;
    while ((node = dv_inspect_producer(graph, value)) && is_one_of(node, silent) && node->output[0] == value &&
           node->input[0] >= 0 && !graph->value[node->input[0]].constant)
        value = node->input[0];
    return value;
}

int dv_inspect_mark(const dv_graph *graph, int value, bool *needed)
{
    int nodes = 0;
    needed[value] = true;
    for (int n = graph->node_count - 1; n >= 0; n--) {
        const dv_node *node = &graph->node[n];
        bool wanted = false;
        for (int o = 0; o < node->output_count; o++)
            wanted |= node->output[o] >= 0 && needed[node->output[o]];
        for (int i = 0; wanted && i < node->input_count; i++)
            if (node->input[i] >= 0)
                needed[node->input[i]] = true;
        nodes += wanted;
    }
    return nodes;
}

/* ---- which output ------------------------------------------------------------------- */

/* Numbers that a value has for each sample, all in one row; 0 where it is not so. */
static int row_width(const dv_plan *plan, int value)
{
    const dv_tensor *tensor = &plan->value[value];
    const dv_shape *input = &plan->value[plan->graph->input[0]].shape;
    int64_t width = 1;
    int wide = 0;
    if (!dv_type_is_float(tensor->type) || tensor->shape.rank < 1 || tensor->shape.dim[0] != input->dim[0])
        return 0;
    for (int d = 1; d < tensor->shape.rank; d++) {
        wide += tensor->shape.dim[d] != 1;
        width = wide > 1 ? 0 : width * tensor->shape.dim[d];
    }
    return width > MAX_CLASSES ? 0 : (int)width;
}

/* Nodes that a value rests on. */
static int depth_of(const dv_graph *graph, int value)
{
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, NULL);
    int depth = needed ? dv_inspect_mark(graph, value, needed) : 0;
    free(needed);
    return depth;
}

/* True if computing `value` needs `other`, or it is that. */
static bool rests_on(const dv_graph *graph, int value, int other)
{
    bool *needed = dv_alloc((size_t)graph->value_count, sizeof *needed, NULL), found = false;
    if (needed) {
        dv_inspect_mark(graph, value, needed);
        found = needed[other];
    }
    free(needed);
    return found;
}

/* Features that another row of numbers is made of. */
static bool leads_to_another(const dv_plan *plan, int output)
{
    const dv_graph *graph = plan->graph;
    int value = dv_inspect_origin(graph, graph->output[output]);
    for (int o = 0; o < graph->output_count && o < MOST_OUTPUTS; o++) {
        int other = dv_inspect_origin(graph, graph->output[o]);
        if (o != output && other != value && row_width(plan, graph->output[o]) && rests_on(graph, other, value))
            return true;
    }
    return false;
}

/* How many numbers there should be for so many names: as many, or one for two. */
static bool fits_names(int width, int names)
{
    return names > 0 && (width == names || (width == 1 && names <= 2));
}

/* Whether output `a` is the likelier one to hold the classes. */
static bool is_likelier(const dv_plan *plan, const dv_inspect_wish *wish, int a, int b)
{
    const dv_graph *graph = plan->graph;
    int width_a = row_width(plan, graph->output[a]), width_b = row_width(plan, graph->output[b]);
    bool named_a = fits_names(width_a, wish->class_names), named_b = fits_names(width_b, wish->class_names);
    if (named_a != named_b)
        return named_a;
    bool feature_a = leads_to_another(plan, a), feature_b = leads_to_another(plan, b);
    if (feature_a != feature_b)
        return feature_b;
    if (width_a != width_b)
        return width_a > width_b;
    return depth_of(graph, graph->output[a]) > depth_of(graph, graph->output[b]);
}

/* By name, or by number. */
static int find_output(const dv_graph *graph, const char *name, dv_error *error)
{
    int64_t number;
    for (int o = 0; o < graph->output_count; o++)
        if (strcmp(graph->value[graph->output[o]].name, name) == 0)
            return o;
    if (dv_number_read_whole(name, &number) && number >= 0 && number < graph->output_count)
        return (int)number;
    dv_error_set(error, DV_ERROR_ARGUMENT, "has no output '%s': there are %d, the first is '%s'", name,
                 graph->output_count, graph->value[graph->output[0]].name);
    return -1;
}

static int choose_output(const dv_plan *plan, const dv_inspect_wish *wish, dv_notes *notes, dv_error *error)
{
    const dv_graph *graph = plan->graph;
    int best = -1;
    if (wish->output_name)
        return find_output(graph, wish->output_name, error);
    for (int o = 0; o < graph->output_count && o < MOST_OUTPUTS; o++)
        if (row_width(plan, graph->output[o]) && (best < 0 || is_likelier(plan, wish, o, best)))
            best = o;
    if (best < 0)
        best = 0;
    if (graph->output_count > 1)
        dv_notes_add(notes, "of %d outputs '%.60s' is taken for the classes; output_name = NAME says otherwise",
                     graph->output_count, graph->value[graph->output[best]].name);
    return best;
}

/* ---- the last node --------------------------------------------------------------------- */

/* Whether a Softmax runs over the numbers of a sample, and over nothing else. */
static bool runs_over_row(const dv_plan *plan, const dv_node *node, int width)
{
    const dv_shape *shape = &plan->value[node->input[0]].shape;
    bool one_axis = plan->graph->opset >= 13;
    int64_t axis = dv_attribute_int(&node->attributes, "axis", one_axis ? -1 : 1), product = 1;
    axis += axis < 0 ? shape->rank : 0;
    if (axis < 1 || axis >= shape->rank)
        return false;
    for (int d = (int)axis; d < (one_axis ? axis + 1 : shape->rank); d++)
        product *= shape->dim[d];
    return product == width;
}

/* The function a row of numbers went through last, if it can be undone by reading what it was made of. */
static const dv_node *last_function(const dv_plan *plan, int value, int width)
{
    const dv_node *node = dv_inspect_producer(plan->graph, dv_inspect_origin(plan->graph, value));
    if (!node || row_width(plan, node->input[0]) != width)
        return NULL;
    if (strcmp(node->op->name, "Sigmoid") == 0)
        return node;
    bool softmax = is_one_of(node, (const char *const[]){"Softmax", "LogSoftmax", NULL});
    return softmax && runs_over_row(plan, node, width) ? node : NULL;
}

/* Operators that a softmax or a sigmoid may end in when it was exported as its parts. */
static bool may_end_a_function(const dv_node *node)
{
    static const char *const names[] = {"Div", "Mul",    "Sub", "Exp", "Log",        "Clip",
                                        "Max", "Concat", "Min", "Pow", "Reciprocal", NULL};
    return node && is_one_of(node, names);
}

/* Whether rows are probabilities or their logarithms, by a few. */
static int judge_rows(const float *row, int count, int width)
{
    bool probabilities = width > 1, logarithms = width > 1, independent = true;
    for (int i = 0; i < count; i++, row += width) {
        double sum = 0, sum_of_powers = 0;
        for (int k = 0; k < width; k++) {
            sum += row[k];
            sum_of_powers += exp(row[k]);
            independent &= row[k] >= 0 && row[k] <= 1;
            logarithms &= row[k] <= 0;
        }
        probabilities &= independent && fabs(sum - 1) < 0.02;
        logarithms &= fabs(sum_of_powers - 1) < 0.02;
    }
    return probabilities ? PROBABILITIES : logarithms ? LOG_PROBABILITIES : independent ? SIGMOID : LOGITS;
}

/* Looks at the answers to a few pictures of noise, by a graph that ends in what may be a function. */
static bool probe(const dv_plan *plan, const dv_teacher_facts *facts, int *head, dv_error *error)
{
    const dv_graph *graph = plan->graph;
    const dv_tensor *declared = &plan->value[graph->input[0]];
    int64_t rows = declared->shape.dim[0], sample = dv_shape_elements(&declared->shape) / rows;
    const dv_tensor *outputs;
    float *answer = dv_alloc((size_t)PROBES * facts->width, sizeof *answer, error);
    dv_tensor input = *declared;
    size_t size = dv_type_stored_size(input.type);
    input.data = dv_alloc((size_t)(rows * sample), size, error);
    dv_runner *runner = dv_runner_new(graph, NULL, error);
    bool ok = answer && input.data && runner;
    for (int i = 0; ok && i < PROBES; i++) {
        for (int64_t p = 0; p < rows * sample; p++) {
            double shade = dv_random_uniform(i + 1, DV_PURPOSE_PROBE, (uint64_t)(p % sample));
            if (dv_type_is_float(input.type))
                input.f[p] = (float)shade;
            else
                input.i[p] = (int64_t)(255 * shade);
        }
        ok = dv_runner_run(runner, &input, &outputs, error);
        if (ok)
            memcpy(answer + (size_t)i * facts->width, outputs[facts->output].f, facts->width * sizeof *answer);
    }
    *head = ok ? judge_rows(answer, PROBES, facts->width) : LOGITS;
    dv_runner_free(runner);
    free(input.data);
    free(answer);
    return ok;
}

/* ---- the head ------------------------------------------------------------------------------ */

static void tell_cut(const dv_node *function, const dv_inspect_wish *wish, dv_notes *notes)
{
    dv_notes_add(notes, "logits are taken before the final %s (node '%.60s')%s", function->op->name, function->name,
                 wish->output && strcmp(wish->output, "logits") == 0 ? ", since output = logits" : "");
}

/* What the numbers are, where the user has not said so. */
static bool infer_head(const dv_plan *plan, const dv_inspect_wish *wish, dv_teacher_facts *facts, int *head,
                       dv_error *error)
{
    const dv_graph *graph = plan->graph;
    const dv_node *last = dv_inspect_producer(graph, dv_inspect_origin(graph, graph->output[facts->output]));
    *head = LOGITS;
    if (may_end_a_function(last) && !probe(plan, facts, head, error))
        return false;
    if (*head != LOGITS)
        dv_notes_add(&facts->notes, "by its answers to noise the teacher puts out %s; output = ... says otherwise",
                     facts->width == 1 ? one_probability.meaning : heads[*head].meaning);
    bool fits = wish->class_names == 0 || wish->class_names == facts->width;
    if (*head == LOGITS && wish->marks && fits && facts->width > 1) {
        *head = LOG_ODDS;
        dv_notes_add(&facts->notes, "the data mark several labels a picture, so the outputs are taken for log-odds");
    }
    return true;
}

/* What reading before a final function gives; -1: what was asked for is another thing. */
static int head_before(const dv_node *function, const dv_inspect_wish *wish)
{
    bool sigmoid = strcmp(function->op->name, "Sigmoid") == 0;
    if (!wish->output)
        return sigmoid ? LOG_ODDS : LOGITS;
    if (strcmp(wish->output, "logits") == 0)
        return LOGITS;
    if (strcmp(wish->output, "log-odds") == 0 || strcmp(wish->output, "sigmoid") == 0)
        return sigmoid ? LOG_ODDS : -1;
    return sigmoid ? -1 : LOGITS;
}

static bool find_head(const dv_plan *plan, const dv_inspect_wish *wish, dv_teacher_facts *facts, dv_error *error)
{
    const dv_node *function = last_function(plan, facts->value, facts->width);
    int before = function ? head_before(function, wish) : -1, head = LOGITS;
    if (function && (before >= 0 || facts->width == 1)) {
        facts->value = function->input[0];
        facts->head = &heads[before >= 0 ? before : LOGITS];
        tell_cut(function, wish, &facts->notes);
    } else if (wish->output) {
        if (!(facts->head = dv_head_find(wish->output, error)))
            return false;
    } else if (!infer_head(plan, wish, facts, &head, error))
        return false;
    else
        facts->head = &heads[head];
    if (facts->width > 1)
        return true;
    bool is_logit = facts->head->logit == same;
    facts->head = is_logit ? &one_logit : &one_probability;
    dv_notes_add(&facts->notes, "one number a picture: two classes, the second of which it speaks for");
    return true;
}

bool dv_inspect_teacher(const dv_graph *graph, const dv_inspect_wish *wish, dv_teacher_facts *facts, dv_error *error)
{
    dv_plan *plan;
    char text[128];
    *facts = (dv_teacher_facts){0};
    if (wish->output && !dv_head_find(wish->output, error))
        return false;
    if (!dv_inspect_input(graph, wish, &facts->input, &facts->shape, &plan, &facts->notes, error))
        return false;
    bool ok = (facts->output = choose_output(plan, wish, &facts->notes, error)) >= 0;
    if (ok) {
        facts->value = graph->output[facts->output];
        facts->width = row_width(plan, facts->value);
        facts->classes = facts->width == 1 ? 2 : facts->width;
    }
    if (ok && !facts->width)
        ok = dv_error_set(error, DV_ERROR_UNSUPPORTED, "output '%s' of shape %s cannot be one number a class",
                          graph->value[facts->value].name,
                          dv_shape_text(&plan->value[facts->value].shape, text, sizeof text));
    ok = ok && find_head(plan, wish, facts, error);
    dv_plan_free(plan);
    return ok;
}

bool dv_inspect_prepare(dv_graph *graph, const dv_teacher_facts *facts, dv_error *error)
{
    graph->output[0] = facts->value;
    graph->output_count = 1;
    return dv_inspect_bind(graph, &facts->shape, error) && dv_graph_optimize(graph, error);
}

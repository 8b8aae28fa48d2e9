#include "network/guide.h"

#include "base/error.h"
#include "base/hash.h"
#include "vid/bundle_parts.h"
#include "vid/preprocessing.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_ROWS = 16,          /* reconstructions that go through the teacher at once, */
    ROW_FLOATS = 3 * 32 * 32 /* where they are no larger than this; of larger ones fewer */
};

/* What one thread works with. */
struct stand {
    dv_gradient *gradient;
    float *picture; /* one reconstruction, or the gradient by it */
    float *logits, *soft;
    double *log_soft;
    float *scratch; /* of the feed */
};

struct dv_guide {
    dv_arena *arena; /* owns the arrays */
    const dv_picture_set *set;
    dv_graph *graph;
    dv_teacher_facts head;
    dv_feed *feed;
    double temperature;
    float *soft; /* count x classes: what the teacher says of the pictures */
    uint64_t hash;
    int64_t rows; /* of a run */
    int threads;
    struct stand *stand; /* threads */
};

/* ---- making ready --------------------------------------------------------------- */

static bool open_feed(dv_guide *guide, const dv_bundle_settings *settings, dv_error *error)
{
    dv_network_input *input = &guide->head.input;
    const dv_picture_form *from = &guide->set->form;
    dv_picture_form form = {.channels = input->channels, .height = input->height, .width = input->width};
    return dv_preprocessing_set(settings, guide->set->dataset, input, &form, error) &&
           (guide->feed = dv_feed_new(from->channels, from->height, from->width, input, form.filter, error));
}

static bool make_stand(dv_guide *guide, struct stand *stand, dv_error *error)
{
    const size_t classes = (size_t)guide->head.classes;
    return (stand->gradient = dv_gradient_new(guide->graph, guide->rows, 1, guide->graph->input, error)) &&
           (stand->picture = dv_arena_alloc(guide->arena, (size_t)guide->set->pixels, sizeof(float), error)) &&
           (stand->logits = dv_arena_alloc(guide->arena, classes, sizeof(float), error)) &&
           (stand->soft = dv_arena_alloc(guide->arena, classes, sizeof(float), error)) &&
           (stand->log_soft = dv_arena_alloc(guide->arena, classes, sizeof(double), error)) &&
           (stand->scratch = dv_arena_alloc(guide->arena, dv_feed_scratch(guide->feed), sizeof(float), error));
}

static bool make_stands(dv_guide *guide, dv_error *error)
{
    const int64_t size = (int64_t)dv_feed_input_size(guide->feed), fitting = MOST_ROWS * (int64_t)ROW_FLOATS / size;
    guide->rows = fitting < 1 ? 1 : fitting < MOST_ROWS ? fitting : MOST_ROWS;
    if (!(guide->stand = dv_arena_alloc(guide->arena, (size_t)guide->threads, sizeof *guide->stand, error)))
        return false;
    for (int t = 0; t < guide->threads; t++)
        if (!make_stand(guide, &guide->stand[t], error))
            return false;
    /* A graph may take no other number of samples than its own. */
    guide->rows = dv_shape_elements(&dv_gradient_input(guide->stand[0].gradient, 0)->shape) / size;
    const dv_tensor *output = dv_gradient_output(guide->stand[0].gradient, 0);
    return (guide->rows > 0 && dv_shape_elements(&output->shape) == guide->rows * guide->head.width) ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED, "does not take pictures and put out a row for each");
}

/* ---- what it says of the pictures ------------------------------------------------- */

/* A chunk of them: as they are, as the teacher takes them, what it puts out. */
struct asked {
    float *picture, *input, *output;
};

static bool soften(const dv_guide *guide, const float *output, int64_t count, float *soft, dv_error *error)
{
    const dv_teacher_facts *head = &guide->head;
    for (int64_t i = 0; i < count; i++) {
        float *row = soft + i * head->classes;
        dv_head_logits(head, output + i * head->width, row);
        for (int k = 0; k < head->classes; k++)
            if (!isfinite(row[k]))
                return dv_error_set(error, DV_ERROR_FORMAT, "puts out numbers that are not finite");
        dv_soften(head->head->multi_label, row, head->classes, guide->temperature, row);
    }
    return true;
}

static bool ask_chunk(dv_guide *guide, dv_runner *runner, const struct asked *asked, int64_t first, int64_t count,
                      dv_team *team, const dv_progress *progress, dv_error *error)
{
    float *output = asked->output;
    return dv_picture_set_floats(guide->set, first, count, team, asked->picture, error) &&
           dv_feed_many(guide->feed, team, asked->picture, count, asked->input, error) &&
           dv_runner_run_batch(runner, asked->input, count, &output, progress, "teacher", error) &&
           soften(guide, output, count, guide->soft + first * guide->head.classes, error);
}

static bool ask_all(dv_guide *guide, dv_team *team, const dv_progress *progress, dv_error *error)
{
    enum { CHUNK = 512 };
    const int64_t total = guide->set->count, size = (int64_t)dv_feed_input_size(guide->feed);
    const int64_t fitting = CHUNK * (int64_t)ROW_FLOATS / size, chunk = fitting < 1 ? 1 : fitting;
    dv_arena *arena = dv_arena_new(error);
    dv_runner *runner = arena ? dv_runner_new(guide->graph, team, error) : NULL;
    struct asked asked;
    bool ok =
        runner &&
        (asked.picture = dv_arena_alloc(arena, (size_t)chunk, (size_t)guide->set->pixels * sizeof(float), error)) &&
        (asked.input = dv_arena_alloc(arena, (size_t)chunk, (size_t)size * sizeof(float), error)) &&
        (asked.output = dv_arena_alloc(arena, (size_t)chunk, (size_t)guide->head.width * sizeof(float), error));
    for (int64_t first = 0; ok && first < total; first += chunk) {
        const int64_t count = total - first < chunk ? total - first : chunk;
        dv_span span = {.whole = progress, .first = (double)first / total, .share = (double)count / total};
        const dv_progress part = dv_span_progress(&span);
        ok = ask_chunk(guide, runner, &asked, first, count, team, &part, error);
    }
    dv_runner_free(runner);
    dv_arena_free(arena);
    return ok;
}

/* ---- the whole ---------------------------------------------------------------------- */

static bool read_hash(dv_guide *guide, const char *path, dv_error *error)
{
    const size_t labels = (size_t)guide->set->count * (size_t)guide->head.classes;
    guide->hash = dv_hash(DV_HASH_START, &guide->temperature, sizeof guide->temperature);
    guide->hash = dv_hash(guide->hash, guide->soft, labels * sizeof *guide->soft);
    return dv_file_hash(path, &guide->hash, error);
}

/* Whether anything comes back through the teacher: what quantises or rounds lets nothing pass. */
static bool check_passage(const dv_guide *guide, dv_error *error)
{
    const int64_t size = (int64_t)dv_feed_input_size(guide->feed), width = guide->head.width;
    const int64_t rows = guide->rows < guide->set->count ? guide->rows : guide->set->count;
    const struct stand *stand = &guide->stand[0];
    bool passes = false;
    for (int64_t i = 0; i < rows; i++) {
        if (!dv_picture_set_floats(guide->set, i, 1, NULL, stand->picture, error))
            return false;
        dv_feed_forward(guide->feed, stand->picture, dv_gradient_input(stand->gradient, 0)->f + i * size,
                        stand->scratch);
    }
    dv_gradient_forward(stand->gradient, NULL);
    for (int64_t k = 0; k < rows * width; k++)
        dv_gradient_output_gradient(stand->gradient, 0)->f[k] = (float)(1 + k % width);
    dv_gradient_backward(stand->gradient);
    for (int64_t i = 0; !passes && i < rows * size; i++)
        passes = dv_gradient_result(stand->gradient, 0)->f[i] != 0;
    return passes ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED,
                        "no gradient passes through it: its answers do not follow small changes of a picture");
}

static bool check_cost(const dv_guide *guide, int64_t most, dv_error *error)
{
    const int64_t cost = dv_graph_multiply_adds(guide->graph, 1, error);
    if (cost == 0)
        return false;
    return most == 0 || cost <= most ||
           dv_error_set(error, DV_ERROR_UNSUPPORTED,
                        "a picture takes %.0f million multiplications, too many to ask at each step of a training",
                        (double)cost / 1e6);
}

static bool prepare(dv_guide *guide, const dv_bundle_settings *settings, int64_t most, dv_team *team,
                    const dv_progress *progress, dv_error *error)
{
    return check_cost(guide, most, error) && open_feed(guide, settings, error) && make_stands(guide, error) &&
           check_passage(guide, error) &&
           (guide->soft = dv_arena_alloc(guide->arena, (size_t)guide->set->count,
                                         (size_t)guide->head.classes * sizeof(float), error)) &&
           ask_all(guide, team, progress, error);
}

dv_guide *dv_guide_open(const dv_bundle_settings *settings, const dv_picture_set *set, double temperature, int64_t most,
                        dv_team *team, const dv_progress *progress, dv_error *error)
{
    dv_guide *guide = dv_alloc(1, sizeof *guide, error);
    if (!guide)
        return NULL;
    *guide = (dv_guide){.set = set, .temperature = temperature, .threads = dv_team_size(team)};
    bool ok = (guide->arena = dv_arena_new(error)) &&
              (guide->graph = dv_bundle_read_teacher(settings, set->dataset, &guide->head, error));
    if (ok && !prepare(guide, settings, most, team, progress, error)) {
        ok = false;
        if (error->code != DV_ERROR_CANCELLED)
            dv_error_prefix(error, "%s", settings->teacher);
    }
    if (ok && read_hash(guide, settings->teacher, error))
        return guide;
    dv_guide_free(guide);
    return NULL;
}

void dv_guide_free(dv_guide *guide)
{
    if (!guide)
        return;
    for (int t = 0; guide->stand && t < guide->threads; t++)
        dv_gradient_free(guide->stand[t].gradient);
    dv_feed_free(guide->feed);
    dv_graph_free(guide->graph);
    dv_arena_free(guide->arena);
    free(guide);
}

uint64_t dv_guide_hash(const dv_guide *guide, uint64_t hash)
{
    return dv_hash(hash, &guide->hash, sizeof guide->hash);
}

/* ---- how far reconstructions are from it ----------------------------------------------- */

/* p log(p / q), given log q; what is impossible costs nothing. */
static double term(double p, double log_q)
{
    return p > 0 ? p * (log(p) - log_q) : 0;
}

static double divergence_of_classes(const dv_guide *guide, const struct stand *stand, const float *target)
{
    double sum = 0;
    dv_log_softmax(stand->logits, guide->head.classes, guide->temperature, stand->log_soft);
    for (int k = 0; k < guide->head.classes; k++)
        sum += term(target[k], stand->log_soft[k]);
    return sum;
}

static double divergence_of_labels(const dv_guide *guide, const struct stand *stand, const float *target)
{
    double sum = 0;
    for (int k = 0; k < guide->head.classes; k++) {
        const double logit = stand->logits[k] / guide->temperature;
        sum += term(target[k], dv_log_sigmoid(logit)) + term(1 - (double)target[k], dv_log_sigmoid(-logit));
    }
    return sum;
}

/* The divergence of one row of the teacher's output from the target; its gradient, times `weight`, is written to
 * `by_output`. */
static double compare(const dv_guide *guide, const struct stand *stand, const float *output, const float *target,
                      double weight, float *by_output)
{
    const dv_teacher_facts *head = &guide->head;
    const bool labels = head->head->multi_label;
    const int skipped = head->classes - head->width;
    dv_head_logits(head, output, stand->logits);
    dv_soften(labels, stand->logits, head->classes, guide->temperature, stand->soft);
    for (int k = 0; k < head->width; k++)
        by_output[k] = (float)(weight * (stand->soft[skipped + k] - target[skipped + k]) / guide->temperature *
                               head->head->slope(output[k]));
    return (labels ? divergence_of_labels : divergence_of_classes)(guide, stand, target);
}

static void show(const dv_guide *guide, const struct stand *stand, const float *logits, float *input)
{
    for (int64_t p = 0; p < guide->set->pixels; p++)
        stand->picture[p] = 1 / (1 + expf(-logits[p]));
    dv_feed_forward(guide->feed, stand->picture, input, stand->scratch);
}

/* The gradient by what the teacher took, added to that by the logits of the pixels. */
static void lead_back(const dv_guide *guide, const struct stand *stand, const float *by_input, const float *logits,
                      float *gradient)
{
    dv_feed_backward(guide->feed, by_input, stand->picture, stand->scratch);
    for (int64_t p = 0; p < guide->set->pixels; p++) {
        const float value = 1 / (1 + expf(-logits[p]));
        gradient[p] += stand->picture[p] * value * (1 - value);
    }
}

/* No more than the rows of a run. */
static double measure_rows(const dv_guide *guide, const struct stand *stand, const int64_t *index, int64_t count,
                           double weight, const float *logits, float *gradient)
{
    const int64_t size = (int64_t)dv_feed_input_size(guide->feed), pixels = guide->set->pixels;
    const int64_t classes = guide->head.classes, width = guide->head.width;
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        show(guide, stand, logits + i * pixels, dv_gradient_input(stand->gradient, 0)->f + i * size);
    dv_gradient_forward(stand->gradient, NULL);
    for (int64_t i = 0; i < count; i++)
        sum += compare(guide, stand, dv_gradient_output(stand->gradient, 0)->f + i * width,
                       guide->soft + index[i] * classes, weight,
                       dv_gradient_output_gradient(stand->gradient, 0)->f + i * width);
    dv_gradient_backward(stand->gradient);
    for (int64_t i = 0; i < count; i++)
        lead_back(guide, stand, dv_gradient_result(stand->gradient, 0)->f + i * size, logits + i * pixels,
                  gradient + i * pixels);
    return sum;
}

double dv_guide_measure(const dv_guide *guide, int thread, const int64_t *index, int64_t count, double weight,
                        const float *logits, float *gradient)
{
    const int64_t pixels = guide->set->pixels;
    double sum = 0;
    for (int64_t first = 0; first < count; first += guide->rows) {
        const int64_t rows = count - first < guide->rows ? count - first : guide->rows;
        sum += measure_rows(guide, &guide->stand[thread], index + first, rows, weight, logits + first * pixels,
                            gradient + first * pixels);
    }
    return sum;
}

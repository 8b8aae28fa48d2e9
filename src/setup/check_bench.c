/* What preprocessings are tried on: the teacher in the layouts that may be meant, and a sample of the pictures. */
#include "setup/check_trial.h"

#include "base/error.h"
#include "base/part.h"
#include "base/random.h"
#include "vid/preprocessing.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_PICTURES = 1000, FEWEST_PICTURES = 100, MEASURED = 256 };
/* Multiply-adds that the sample may take, where nobody says how many pictures it is to have. */
static const double budget = 2e11;

/* ---- the teacher ------------------------------------------------------------------------ */

static bool prepare(dv_trial_teacher *teacher, dv_team *team, dv_error *error)
{
    return dv_inspect_prepare(teacher->graph, &teacher->facts, error) &&
           (teacher->runner = dv_runner_new(teacher->graph, team, error));
}

/* The other layout, where shapes do not tell. */
static bool open_other_layout(dv_trial_bench *it, dv_graph *graph, dv_error *error)
{
    dv_trial_teacher *one = &it->teacher[0], *other = &it->teacher[1];
    dv_inspect_wish wish = *it->wish->inspect;
    wish.layout = one->facts.input.layout == DV_LAYOUT_NCHW ? "nhwc" : "nchw";
    if (it->wish->inspect->layout || one->facts.input.channels == 1 ||
        !dv_inspect_teacher(graph, &wish, &other->facts, NULL))
        return true;
    it->teachers = 2;
    other->is_own = true;
    other->graph = dv_graph_extract(graph, graph->input_count, graph->input, graph->output_count, graph->output, error);
    return other->graph && dv_inspect_teacher(other->graph, &wish, &other->facts, error) &&
           prepare(other, it->team, error);
}

static bool open_teachers(dv_trial_bench *it, dv_graph *graph, dv_error *error)
{
    dv_trial_teacher *teacher = &it->teacher[0];
    teacher->graph = graph;
    teacher->facts = *it->wish->facts;
    it->teachers = 1;
    return open_other_layout(it, graph, error) && prepare(teacher, it->team, error);
}

/* ---- the sample ------------------------------------------------------------------------ */

/* A class of the teacher, 0 where several labels a picture are known, -1 where nothing is. */
static int label_of(const dv_trial_bench *it, int64_t i)
{
    const dv_dataset *data = it->data;
    if (!it->trials->multi_label)
        return data->labels && data->labels[i] < it->trials->classes ? data->labels[i] : -1;
    for (int k = 0; k < data->class_count; k++)
        if (data->marks[i * data->class_count + k] >= 0)
            return 0;
    return -1;
}

static int64_t choose_count(dv_trial_bench *it, int64_t labelled)
{
    const dv_graph *graph = it->teacher[0].graph;
    int64_t batch = graph->value[graph->input[0]].shape.dim[0];
    double each = (double)dv_graph_multiply_adds(graph, 1, NULL) / (batch > 0 ? (double)batch : 1);
    double affordable = fmin(MOST_PICTURES, fmax(FEWEST_PICTURES, budget / fmax(1, each)));
    int64_t count = it->wish->count ? it->wish->count : (int64_t)affordable;
    it->trials->is_small = !it->wish->count && count < MOST_PICTURES && count < labelled;
    return dv_smaller(labelled, count);
}

/* A random sample of the pictures with a label. */
static bool draw_sample(dv_trial_bench *it, dv_error *error)
{
    dv_trials *all = it->trials;
    int64_t count = it->data->count, labelled = 0;
    int64_t *order = dv_alloc((size_t)count, sizeof *order, error);
    if (!order)
        return false;
    dv_random_order(it->wish->seed, DV_PURPOSE_SAMPLE, 0, count, order);
    for (int64_t i = 0; i < count; i++)
        if (it->wish->is_single || label_of(it, order[i]) >= 0)
            order[labelled++] = order[i];
    all->count = choose_count(it, labelled);
    all->index = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *all->index, error);
    all->label = dv_arena_alloc(all->arena, (size_t)all->count, sizeof *all->label, error);
    bool ok = all->index && all->label;
    for (int64_t i = 0; ok && i < all->count; i++) {
        all->index[i] = order[i];
        all->label[i] = label_of(it, order[i]);
    }
    free(order);
    if (ok && !all->count)
        ok = dv_error_set(error, DV_ERROR_FORMAT, "no picture has a label that is one of the %d classes", all->classes);
    return ok;
}

dv_trial dv_trial_plain(const dv_trial_bench *it, int teacher)
{
    const dv_teacher_facts *facts = &it->teacher[teacher].facts;
    dv_trial trial = {.input = facts->input, .teacher = teacher};
    trial.form =
        (dv_picture_form){facts->input.channels, facts->input.height, facts->input.width, 1, DV_FILTER_BILINEAR};
    return trial;
}

/* ---- the pictures' own mean and deviation ---------------------------------------------------------- */

static float rounded(double value)
{
    return (float)(round(value * 1e4) / 1e4);
}

static void measure_channels(dv_trial_bench *it, const dv_picture_form *form, const float *pictures, int64_t count)
{
    int channels = form->channels;
    size_t plane = (size_t)form->height * (size_t)form->width;
    for (int c = 0; c < channels; c++) {
        double sum = 0, squares = 0, total = (double)count * (double)plane;
        for (int64_t i = 0; i < count; i++) {
            const float *from = pictures + ((size_t)i * (size_t)channels + (size_t)c) * plane;
            for (size_t p = 0; p < plane; p++) {
                sum += from[p];
                squares += (double)from[p] * from[p];
            }
        }
        double mean = sum / total, variance = squares / total - mean * mean;
        it->trials->mean[c] = rounded(mean);
        it->trials->deviation[c] = fmaxf(rounded(sqrt(fmax(0, variance))), 1e-4f);
    }
}

/* Within what JPEG makes of grey. */
static bool has_no_colors(const dv_picture_form *form, const float *pictures, int64_t count)
{
    size_t plane = (size_t)form->height * (size_t)form->width;
    for (int64_t i = 0; form->channels > 1 && i < count; i++) {
        const float *red = pictures + (size_t)i * 3 * plane;
        for (size_t p = 0; p < plane; p++)
            if (fabsf(red[p] - red[p + plane]) > 0.02f || fabsf(red[p] - red[p + 2 * plane]) > 0.02f)
                return false;
    }
    return form->channels > 1 || count > 0;
}

static bool measure(dv_trial_bench *it, dv_error *error)
{
    const dv_dataset *data = it->data;
    dv_picture_form form = dv_trial_plain(it, 0).form;
    int64_t count = dv_smaller(it->trials->count, MEASURED);
    float *pictures = dv_alloc((size_t)count * dv_picture_form_values(&form), sizeof *pictures, error);
    bool ok = pictures && dv_dataset_pick(data, it->trials->index, count, &form, it->team, pictures, error);
    if (ok) {
        measure_channels(it, &form, pictures, count);
        it->is_grey = data->channels == 1 || has_no_colors(&form, pictures, count);
    }
    it->trials->shrinks = dv_preprocessing_shrinks(data, &form);
    free(pictures);
    return ok;
}

/* ---- the whole ------------------------------------------------------------------------- */

bool dv_trial_bench_open(dv_trial_bench *it, dv_graph *graph, const dv_trial_wish *wish, dv_error *error)
{
    it->wish = wish;
    if (!open_teachers(it, graph, error))
        return false;
    it->trials->classes = it->teacher[0].facts.classes;
    it->trials->multi_label = it->data->marks && it->data->class_count == it->trials->classes;
    return draw_sample(it, error) && measure(it, error);
}

void dv_trial_bench_close(dv_trial_bench *it)
{
    for (int t = 0; t < DV_TRIAL_TEACHERS; t++) {
        dv_runner_free(it->teacher[t].runner);
        if (it->teacher[t].is_own)
            dv_graph_free(it->teacher[t].graph);
    }
}

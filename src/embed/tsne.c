#include "embed/tsne.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/part.h"
#include "base/random.h"
#include "embed/nearest.h"
#include "embed/pca.h"
#include "embed/repulsion.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    AXES = 2,
    EXAGGERATED = 250, /* iterations */
    SORT_EVERY = 10,   /* iterations: points move little meanwhile */
    SMALL_SET = 1024,  /* up to here all pairs cost no more than the tree */
    BLOCKS_A_THREAD = 2,
    TASK_ROWS = 256,
    LANES = 16,
};

/* Neighbours of all rows together; at the peak each takes some 32 bytes. */
static const int64_t most_neighbors = INT64_C(1) << 28;

static const float exaggeration = 12, least_gain = 0.01F;
static const double least_rate = 50, start_deviation = 1e-4, shake = 1e-6;

/* One coordinate of all points. */
typedef struct axis {
    float *position, *velocity, *gain;
    float *pull, *push; /* towards neighbours; away from everybody */
} axis;

/* A descent goes through these stages. */
typedef enum stage { SEARCH, DESCEND, DONE } stage;

struct dv_tsne {
    dv_tsne_options options;
    int64_t count, size;
    dv_team *team;
    stage stage;

    /* While searching; gone afterwards. */
    dv_nearest *nearest;
    int neighbors;
    int32_t *index; /* count x neighbors */
    float *p;       /* count x neighbors: distances, then conditional probabilities */
    float *scratch; /* neighbors a thread */
    int64_t block;  /* the next one, of `blocks` */
    int64_t blocks;

    dv_affinities affinities;
    dv_repulsion *repulsion;
    double *sums; /* one a group */
    double sum;   /* of q over all pairs */
    int iteration;
    float rate;
    axis axis[AXES];
};

dv_tsne_options dv_tsne_defaults(void)
{
    return (dv_tsne_options){.perplexity = 30, .iterations = 1000, .theta = 0.6};
}

/* ---- making and freeing ----------------------------------------------------------- */

static void free_search(dv_tsne *it)
{
    dv_nearest_free(it->nearest);
    free(it->index);
    free(it->p);
    free(it->scratch);
    it->nearest = NULL;
    it->p = it->scratch = NULL;
    it->index = NULL;
}

void dv_tsne_free(dv_tsne *tsne)
{
    if (!tsne)
        return;
    free_search(tsne);
    dv_affinities_clear(&tsne->affinities);
    dv_repulsion_free(tsne->repulsion);
    free(tsne->sums);
    for (int a = 0; a < AXES; a++) {
        axis *at = &tsne->axis[a];
        free(at->position);
        free(at->velocity);
        free(at->gain);
        free(at->pull);
        free(at->push);
    }
    free(tsne);
}

static bool make_axes(dv_tsne *it, const float *start, dv_error *error)
{
    for (int a = 0; a < AXES; a++) {
        axis *at = &it->axis[a];
        float **all[] = {&at->position, &at->velocity, &at->gain, &at->pull, &at->push};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            if (!(*all[i] = dv_alloc(it->count, sizeof(float), error)))
                return false;
        for (int64_t i = 0; i < it->count; i++)
            at->position[i] = start[i * AXES + a];
    }
    return true;
}

static bool make_search(dv_tsne *it, const float *rows, dv_error *error)
{
    int threads = dv_team_size(it->team);
    it->neighbors = (int)dv_smaller(it->count - 1, (int64_t)(3 * it->options.perplexity + 1));
    if (it->neighbors > most_neighbors / it->count)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "a perplexity of %g over %lld pictures needs too much memory; take a smaller one",
                            it->options.perplexity, (long long)it->count);
    if (!(it->nearest = dv_nearest_new(rows, it->count, it->size, it->neighbors, threads, error)) ||
        !(it->index = dv_alloc(it->count * it->neighbors, sizeof *it->index, error)) ||
        !(it->p = dv_alloc(it->count * it->neighbors, sizeof(float), error)) ||
        !(it->scratch = dv_alloc((size_t)threads * it->neighbors, sizeof(float), error)))
        return false;
    it->blocks = dv_nearest_blocks(it->nearest);
    return true;
}

static bool make_repulsion(dv_tsne *it, dv_error *error)
{
    double theta = it->count <= SMALL_SET ? 0 : it->options.theta;
    return (it->repulsion = dv_repulsion_new(it->count, theta, dv_team_size(it->team), error)) &&
           (it->sums = dv_alloc(dv_repulsion_groups(it->repulsion), sizeof *it->sums, error));
}

dv_tsne *dv_tsne_new(const float *rows, int64_t count, int64_t size, const float *start, const dv_tsne_options *options,
                     dv_team *team, dv_error *error)
{
    assert(count > 0 && size > 0 && options->perplexity >= 1 && options->iterations > 0 && options->theta >= 0);
    if (count > INT32_MAX) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "%lld pictures are too many for t-SNE", (long long)count);
        return NULL;
    }
    dv_tsne *it = dv_embed_check(rows, count, size, error) ? dv_alloc(1, sizeof *it, error) : NULL;
    if (!it)
        return NULL;
    *it = (dv_tsne){.options = *options, .count = count, .size = size, .team = team};
    it->options.perplexity = dv_tsne_perplexity(options->perplexity, count);
    it->rate = (float)fmax(least_rate, (double)count / exaggeration / 4);
    if (!make_axes(it, start, error) || !make_repulsion(it, error) || (count > 1 && !make_search(it, rows, error))) {
        dv_tsne_free(it);
        return NULL;
    }
    if (count == 1)
        it->stage = DONE;
    return it;
}

void dv_tsne_start(const float *components, int64_t count, uint64_t seed, float *start)
{
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < count; i++)
        mean += components[i * AXES] / (double)count;
    for (int64_t i = 0; i < count; i++)
        squares += pow(components[i * AXES] - mean, 2) / (double)count;
    double factor = squares > 0 ? start_deviation / sqrt(squares) : 0;
    for (int64_t i = 0; i < count * AXES; i++)
        start[i] = (float)(factor * components[i] + shake * dv_random_normal(seed, DV_PURPOSE_EMBEDDING, i));
}

/* ---- searching --------------------------------------------------------------------- */

static void search_block(void *context, int64_t task, int thread)
{
    dv_tsne *it = context;
    int64_t block = it->block + task, first = block * DV_NEAREST_BLOCK;
    float *distance = it->scratch + (int64_t)thread * it->neighbors;
    dv_nearest_search(it->nearest, block, thread, it->index, it->p);
    for (int64_t i = first; i < dv_smaller(first + DV_NEAREST_BLOCK, it->count); i++) {
        float *row = it->p + i * it->neighbors;
        memcpy(distance, row, it->neighbors * sizeof *distance);
        dv_affinity_calibrate(distance, it->neighbors, it->options.perplexity, row);
    }
}

static bool search(dv_tsne *it, dv_error *error)
{
    int64_t blocks = dv_smaller(BLOCKS_A_THREAD * dv_team_size(it->team), it->blocks - it->block);
    dv_team_run(it->team, search_block, it, blocks);
    it->block += blocks;
    if (it->block < it->blocks)
        return true;
    if (!dv_affinities_make(&it->affinities, it->index, it->p, it->count, it->neighbors, it->team, error))
        return false;
    free_search(it);
    it->stage = DESCEND;
    return true;
}

/* ---- forces ------------------------------------------------------------------------- */

/* What the neighbours of point i pull, in LANES partial sums. */
static void pull_point(dv_tsne *it, int64_t i)
{
    const dv_affinities *p = &it->affinities;
    const float *x = it->axis[0].position, *y = it->axis[1].position;
    float sum_x[LANES] = {0}, sum_y[LANES] = {0}, own_x = x[i], own_y = y[i];
    int64_t e = p->start[i], end = p->start[i + 1];
    for (; e + LANES <= end; e += LANES)
        for (int l = 0; l < LANES; l++) {
            float dx = own_x - x[p->column[e + l]], dy = own_y - y[p->column[e + l]];
            float weight = p->value[e + l] / (1 + dx * dx + dy * dy);
            sum_x[l] += weight * dx;
            sum_y[l] += weight * dy;
        }
    for (int l = 0; e < end; e++, l++) {
        float dx = own_x - x[p->column[e]], dy = own_y - y[p->column[e]];
        float weight = p->value[e] / (1 + dx * dx + dy * dy);
        sum_x[l] += weight * dx;
        sum_y[l] += weight * dy;
    }
    for (int l = 1; l < LANES; l++) {
        sum_x[0] += sum_x[l];
        sum_y[0] += sum_y[l];
    }
    it->axis[0].pull[i] = sum_x[0];
    it->axis[1].pull[i] = sum_y[0];
}

/* The groups of the repulsion first, then the points that are pulled. */
static void apply_forces(void *context, int64_t task, int thread)
{
    dv_tsne *it = context;
    int64_t groups = dv_repulsion_groups(it->repulsion);
    if (task < groups) {
        it->sums[task] = dv_repulsion_push(it->repulsion, task, thread, it->axis[0].push, it->axis[1].push);
        return;
    }
    for (int64_t i = (task - groups) * TASK_ROWS; i < dv_part_end(task - groups, TASK_ROWS, it->count); i++)
        pull_point(it, i);
}

static void find_forces(dv_tsne *it)
{
    int64_t groups = dv_repulsion_groups(it->repulsion);
    dv_repulsion_place(it->repulsion, it->axis[0].position, it->axis[1].position, it->team);
    dv_team_run(it->team, apply_forces, it, groups + dv_parts(it->count, TASK_ROWS));
    it->sum = 0;
    for (int64_t g = 0; g < groups; g++)
        it->sum += it->sums[g];
}

/* ---- descending ------------------------------------------------------------------------ */

/* Of the divergence from P times `attraction`, by one coordinate. */
static float gradient_at(const dv_tsne *it, int a, int64_t i, float attraction)
{
    float repulsion = it->sum > 0 ? (float)(1 / it->sum) : 0;
    return 4 * (attraction * it->axis[a].pull[i] - repulsion * it->axis[a].push[i]);
}

static void move_points(void *context, int64_t task, int thread)
{
    dv_tsne *it = context;
    bool early = it->iteration < EXAGGERATED;
    float attraction = early ? exaggeration : 1, momentum = early ? 0.5F : 0.8F;
    (void)thread;
    for (int a = 0; a < AXES; a++) {
        axis *at = &it->axis[a];
        for (int64_t i = task * TASK_ROWS; i < dv_part_end(task, TASK_ROWS, it->count); i++) {
            float gradient = gradient_at(it, a, i, attraction);
            float gain = at->velocity[i] * gradient < 0 ? at->gain[i] + 0.2F : at->gain[i] * 0.8F;
            at->gain[i] = gain > least_gain ? gain : least_gain;
            at->velocity[i] = momentum * at->velocity[i] - it->rate * at->gain[i] * gradient;
            at->position[i] += at->velocity[i];
        }
    }
}

/* As the descent begins, and when the exaggeration ends. */
static void rest(dv_tsne *it)
{
    for (int a = 0; a < AXES; a++)
        for (int64_t i = 0; i < it->count; i++) {
            it->axis[a].velocity[i] = 0;
            it->axis[a].gain[i] = 1;
        }
}

static void descend(dv_tsne *it)
{
    if (it->iteration == 0 || it->iteration == EXAGGERATED)
        rest(it);
    if (it->iteration % SORT_EVERY == 0)
        dv_repulsion_sort(it->repulsion, it->axis[0].position, it->axis[1].position);
    find_forces(it);
    dv_team_run(it->team, move_points, it, dv_parts(it->count, TASK_ROWS));
    if (++it->iteration == it->options.iterations)
        it->stage = DONE;
}

bool dv_tsne_step(dv_tsne *tsne, double milliseconds, dv_error *error)
{
    double start = dv_clock_ms();
    while (tsne->stage != DONE) {
        if (tsne->stage == DESCEND)
            descend(tsne);
        else if (!search(tsne, error))
            return false;
        if (dv_clock_ms() - start >= milliseconds)
            break;
    }
    return true;
}

/* ---- what has come of it ---------------------------------------------------------------- */

bool dv_tsne_done(const dv_tsne *tsne)
{
    return tsne->stage == DONE;
}

/* A pair of rows costs about as much as a tenth of a force, and the more the longer they are. */
double dv_tsne_fraction(const dv_tsne *tsne)
{
    if (tsne->stage == DONE)
        return 1;
    double search = (double)tsne->count * (20 + (double)tsne->size) / 200, descent = 200.0 * tsne->options.iterations;
    double searched = tsne->stage == DESCEND ? 1 : (double)tsne->block / (double)tsne->blocks;
    return (searched * search + 200.0 * tsne->iteration) / (search + descent);
}

int dv_tsne_iteration(const dv_tsne *tsne)
{
    return tsne->iteration;
}

double dv_tsne_perplexity(double perplexity, int64_t count)
{
    return fmax(1, fmin(perplexity, (double)(count - 1) / 3));
}

void dv_tsne_positions(const dv_tsne *tsne, float *positions)
{
    for (int64_t i = 0; i < tsne->count; i++)
        for (int a = 0; a < AXES; a++)
            positions[i * AXES + a] = tsne->axis[a].position[i];
}

const dv_affinities *dv_tsne_affinities(const dv_tsne *tsne)
{
    return tsne->iteration > 0 ? &tsne->affinities : NULL;
}

void dv_tsne_gradient(dv_tsne *tsne, float *gradient)
{
    assert(tsne->iteration > 0);
    find_forces(tsne);
    for (int64_t i = 0; i < tsne->count; i++)
        for (int a = 0; a < AXES; a++)
            gradient[i * AXES + a] = gradient_at(tsne, a, i, 1);
}

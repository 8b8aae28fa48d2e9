/* The system that a ridge student is solved from, whatever lambda is: weighted least squares of the centred log soft
 * labels on the pixels.
 *
 * With weights w_i that sum to 1, rows a_i = sqrt(w_i) (x_i - mean x) and r_i = sqrt(w_i) (y_i - mean y), the maps W
 * solve (A'A + lambda I) W = A'R, or, where there are fewer neighbours than pixels, W = A' (AA' + lambda I)^-1 R.
 * The targets y = log q - mean over classes need no softmax: they are the teacher's centred logits over T, which is
 * divided by in the end. Labels that may hold at once are fitted one by one: their targets are their log-odds, not
 * centred.
 *
 * The anchor, the picture x itself with its targets y, has a share s of the weight: of (1 - s) (fit of the neighbours +
 * lambda |W|^2) + s |W x + b - y|^2 the minimiser solves (A'A + s d d' + lambda I) W = A'R + s d e', where d and e lead
 * from the means of the neighbours to x and y. So it is one row sqrt(s) d more, of which no sum need know, and of
 * either half of the neighbours the same share; with s = 1 the student says y to x whatever lambda is.
 *
 * What is kept knows nothing of means or of the sum of weights: sums over neighbours (A'A) or products of pictures with
 * each other (AA'), so that neighbours can be added and any part of them solved. Both are centred when they are used:
 * A'A = sum w x x' - mean mean', and AA' doubly, as kernels are (Schoelkopf, Smola and Mueller 1998). */
#include "vid/ridge_system.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "kernel/lanczos.h"
#include "kernel/wide.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <math.h>
#include <string.h>

enum { TASK_ROWS = 16 };

/* ---- parts ------------------------------------------------------------------- */

/* How many neighbours a part has. */
static int64_t count_part(const dv_ridge_system *system, dv_ridge_part part)
{
    int64_t pairs = system->count / (2 * DV_CHUNK), rest = system->count % (2 * DV_CHUNK);
    int64_t even = pairs * DV_CHUNK + dv_smaller(rest, DV_CHUNK);
    return part == DV_RIDGE_WHOLE ? system->count : part == DV_RIDGE_EVEN ? even : system->count - even;
}

int64_t dv_ridge_part_place(dv_ridge_part part, int64_t t)
{
    return part == DV_RIDGE_WHOLE ? t : (2 * (t / DV_CHUNK) + part) * DV_CHUNK + t % DV_CHUNK;
}

double dv_ridge_system_weight(const dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part)
{
    double sum = 0;
    for (int h = 0; h < 2 && system->primal; h++)
        sum += part == DV_RIDGE_WHOLE || (int)part == h ? system->sums->half[h].weight : 0;
    for (int64_t t = 0; t < count_part(system, part) && !system->primal; t++)
        sum += lesson->weight[dv_ridge_part_place(part, t)];
    return sum;
}

/* ---- primal ------------------------------------------------------------------ */

struct centering {
    dv_ridge_system *system;
    const dv_ridge_half *half, *other;
    double scale, more; /* of the half's sums, and of the other's: 0 where both are one half */
    double *mean;       /* D + R, of pictures and targets */
};

DV_WIDE(static, void, center_row,
        (int64_t n, double scale, const float *half, double more, const float *other, double mean, const double *means,
         double gap, const double *gaps, float *y),
        (n, scale, half, more, other, mean, means, gap, gaps, y))
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (float)(scale * half[i] + more * other[i] - mean * means[i] + gap * gaps[i]);
}

static void center_rows(void *context, int64_t task, int thread)
{
    const struct centering *work = context;
    const int64_t pixels = work->system->pixels, columns = pixels + work->system->rows;
    const int64_t row = dv_equations_row(pixels, work->system->rows);
    const double *gap = work->system->gap;
    (void)thread;
    for (int64_t i = task * TASK_ROWS; i < dv_smaller((task + 1) * TASK_ROWS, pixels); i++) {
        const int64_t at = i * row + i;
        center_row(columns - i, work->scale, work->half->gram + at, work->more, work->other->gram + at, work->mean[i],
                   work->mean + i, work->system->anchor * gap[i], gap + i, work->system->matrix + at);
    }
}

static double center_of_anchor(const dv_lesson *lesson)
{
    return lesson->multi_label ? 0 : dv_average(lesson->anchor_logits, lesson->classes);
}

/* From the means, which are taken from origins, to the anchor. */
static void find_gap(dv_ridge_system *system, const dv_lesson *lesson, const float *picture_origin,
                     const double *target_origin)
{
    const int pixels = system->pixels, rows = system->rows;
    memset(system->gap, 0, (size_t)(pixels + rows) * sizeof *system->gap);
    if (!(system->anchor > 0))
        return;
    const double center = center_of_anchor(lesson);
    for (int p = 0; p < pixels; p++)
        system->gap[p] = (double)lesson->anchor[p] - picture_origin[p] - system->mean[p];
    for (int k = 0; k < rows; k++)
        system->gap[pixels + k] = lesson->anchor_logits[k] - center - target_origin[k] - system->mean[pixels + k];
}

static void fill_primal(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part)
{
    const dv_ridge_sums *sums = system->sums;
    const int pixels = system->pixels, rows = system->rows;
    struct centering work = {
        .system = system,
        .half = &sums->half[part == DV_RIDGE_ODD],
        .other = &sums->half[part != DV_RIDGE_EVEN],
        .scale = 1 / dv_ridge_system_weight(system, lesson, part),
        .mean = system->mean,
    };
    work.more = part == DV_RIDGE_WHOLE ? work.scale : 0;
    for (int p = 0; p < pixels; p++)
        system->mean[p] = work.scale * work.half->picture[p] + work.more * work.other->picture[p];
    for (int k = 0; k < rows; k++)
        system->mean[pixels + k] = work.scale * work.half->target[k] + work.more * work.other->target[k];
    find_gap(system, lesson, sums->picture_origin, sums->target_origin);
    dv_team_run(lesson->team, center_rows, &work, dv_parts(pixels, TASK_ROWS));
    for (int p = 0; p < pixels; p++)
        system->mean[p] += sums->picture_origin[p];
    for (int k = 0; k < rows; k++)
        system->mean[pixels + k] += sums->target_origin[k];
    for (int p = 0; p < pixels + rows; p++)
        system->mean[p] += system->anchor * system->gap[p];
}

/* Partial sums side by side, which a processor adds up at once. */
static double dot(const float *a, const double *b, int64_t size)
{
    enum { LANES = 8 };
    double partial[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= size; i += LANES)
        for (int lane = 0; lane < LANES; lane++)
            partial[lane] += a[i + lane] * b[i + lane];
    for (; i < size; i++)
        sum += a[i] * b[i];
    for (int lane = 0; lane < LANES; lane++)
        sum += partial[lane];
    return sum;
}

/* ---- dual -------------------------------------------------------------------- */

/* Products of neighbour t of a part with u and those that lie beside it, to the end of its chunk. */
static const float *products_of(const dv_ridge_system *system, dv_ridge_part part, int64_t t, int64_t u, int64_t *size)
{
    *size = DV_CHUNK - u % DV_CHUNK;
    return system->kernel + dv_ridge_part_place(part, t) * system->count + dv_ridge_part_place(part, u);
}

/* Shares of the weight, and the mean product of each neighbour with the part; returns the mean of these. */
static double measure_part(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, int64_t count)
{
    double weight = dv_ridge_system_weight(system, lesson, part), mean = 0;
    for (int64_t t = 0; t < count; t++) {
        system->share[t] = lesson->weight[dv_ridge_part_place(part, t)] / weight;
        system->root[t] = sqrt(system->share[t]);
        system->center[t] = 0;
    }
    for (int64_t t = 0; t < count; t++)
        for (int64_t u = t, size; u < count; u += size) {
            const float *products = products_of(system, part, t, u, &size);
            size = dv_smaller(size, count - u);
            system->center[t] += dot(products, system->share + u, size);
            for (int64_t i = u == t; i < size; i++)
                system->center[u + i] += system->share[t] * products[i];
        }
    for (int64_t t = 0; t < count; t++)
        mean += system->share[t] * system->center[t];
    system->share[count] = system->center[count] = 0; /* it has no part in the means */
    system->root[count] = sqrt(system->anchor);
    for (int64_t t = 0; t < count; t++)
        system->center[count] += system->share[t] * system->products[dv_ridge_part_place(part, t)];
    return mean;
}

/* The anchor is a row more, behind the neighbours. */
static int64_t dual_order(const dv_ridge_system *system, int64_t count)
{
    return count + (system->anchor > 0);
}

static void fill_targets(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, int64_t count)
{
    double *mean = system->mean + system->pixels;
    memset(mean, 0, system->rows * sizeof(double));
    for (int64_t t = 0; t < count; t++) {
        int64_t i = dv_ridge_part_place(part, t);
        double center = dv_ridge_center(lesson, i);
        for (int k = 0; k < system->rows; k++)
            mean[k] += system->share[t] * (lesson->logits[i * system->rows + k] - center);
    }
    const int64_t order = dual_order(system, count), row = dv_equations_row(order, system->rows);
    for (int64_t t = 0; t < count; t++) {
        int64_t i = dv_ridge_part_place(part, t);
        double center = dv_ridge_center(lesson, i);
        for (int k = 0; k < system->rows; k++)
            system->matrix[t * row + order + k] =
                (float)(system->root[t] * (lesson->logits[i * system->rows + k] - center - mean[k]));
    }
    for (int k = 0; k < system->rows && order > count; k++) {
        double gap = lesson->anchor_logits[k] - center_of_anchor(lesson) - mean[k];
        system->matrix[count * row + order + k] = (float)(system->root[count] * gap);
        mean[k] += system->anchor * gap;
    }
}

static void fill_dual(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part)
{
    const int64_t count = count_part(system, part);
    double mean = measure_part(system, lesson, part, count);
    const double *center = system->center;
    const int64_t order = dual_order(system, count), row = dv_equations_row(order, system->rows);
    memset(system->matrix, 0, dv_equations_size(order, system->rows) * sizeof *system->matrix);
    for (int64_t t = 0; t < count; t++)
        for (int64_t u = t, size; u < count; u += size) {
            const float *products = products_of(system, part, t, u, &size);
            size = dv_smaller(size, count - u);
            for (int64_t i = 0; i < size; i++)
                system->matrix[t * row + u + i] =
                    (float)(system->root[t] * system->root[u + i] * (products[i] - center[t] - center[u + i] + mean));
        }
    for (int64_t t = 0; t < order && order > count; t++) {
        float product = system->products[t < count ? dv_ridge_part_place(part, t) : system->count];
        system->matrix[t * row + count] =
            (float)(system->root[t] * system->root[count] * (product - center[t] - center[count] + mean));
    }
    for (int p = 0; p < system->pixels; p++)
        system->mean[p] = system->origin[p] + system->anchor * system->pictures[system->count * system->pixels + p];
    fill_targets(system, lesson, part, count);
}

dv_equations dv_ridge_system_fill(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part)
{
    int64_t order = system->primal ? system->pixels : dual_order(system, count_part(system, part));
    if (system->filled != part)
        (system->primal ? fill_primal : fill_dual)(system, lesson, part);
    system->filled = part;
    return (dv_equations){.order = order, .columns = system->rows, .matrix = system->matrix};
}

/* Pictures less their mean; a task is a tile of pixels. */
struct subtracting {
    dv_ridge_system *system;
    const dv_lesson *lesson;
    double weight;
};

static void subtract_mean(void *context, int64_t task, int thread)
{
    const struct subtracting *work = context;
    const dv_ridge_system *system = work->system;
    int64_t pixels = system->pixels, first = task * DV_RIDGE_TILE, end = dv_smaller(first + DV_RIDGE_TILE, pixels);
    (void)thread;
    for (int64_t p = first; p < end; p++)
        system->origin[p] = 0;
    for (int64_t i = 0; i < system->count; i++)
        for (int64_t p = first; p < end; p++)
            system->origin[p] += work->lesson->weight[i] / work->weight * work->lesson->pictures[i * pixels + p];
    for (int64_t i = 0; i < system->count; i++)
        for (int64_t p = first; p < end; p++)
            system->pictures[i * pixels + p] = (float)(work->lesson->pictures[i * pixels + p] - system->origin[p]);
}

/* Tile `task` of the upper triangle of `count` x `count` tiles, counted row by row. */
static void find_tile(int64_t task, int64_t count, int64_t *row, int64_t *column)
{
    for (*row = 0; task >= count - *row; (*row)++)
        task -= count - *row;
    *column = *row + task;
}

static void fill_kernel(void *context, int64_t task, int thread)
{
    const dv_ridge_system *system = context;
    int64_t row, column, pixels = system->pixels;
    (void)thread;
    find_tile(task, dv_ridge_tiles(system->count), &row, &column);
    row *= DV_RIDGE_TILE;
    column *= DV_RIDGE_TILE;
    dv_gemm(false, true, dv_smaller(DV_RIDGE_TILE, system->count - row),
            dv_smaller(DV_RIDGE_TILE, system->count - column), pixels, 1, system->pictures + row * pixels, pixels,
            system->pictures + column * pixels, pixels, 0, system->kernel + row * system->count + column,
            system->count);
}

static void make_kernel(dv_ridge_system *system, const dv_lesson *lesson)
{
    struct subtracting work = {system, lesson, dv_ridge_system_weight(system, lesson, DV_RIDGE_WHOLE)};
    int64_t side = dv_ridge_tiles(system->count);
    dv_team_run(lesson->team, subtract_mean, &work, dv_ridge_tiles(system->pixels));
    dv_team_run(lesson->team, fill_kernel, system, side * (side + 1) / 2);
    if (!(system->anchor > 0))
        return;
    float *anchor = system->pictures + system->count * system->pixels;
    for (int p = 0; p < system->pixels; p++)
        anchor[p] = (float)(lesson->anchor[p] - system->origin[p]);
    dv_gemm(false, true, 1, system->count + 1, system->pixels, 1, anchor, system->pixels, system->pictures,
            system->pixels, 0, system->products, system->count + 1);
}

/* ---- the system ------------------------------------------------------------- */

static bool make_primal(dv_ridge_system *system, dv_error *error)
{
    system->size = system->pixels;
    return (system->sums = dv_ridge_sums_new(system->pixels, system->rows, error)) != NULL;
}

static bool make_dual(dv_ridge_system *system, dv_error *error)
{
    dv_arena *arena = system->arena;
    size_t all = (size_t)(system->size = system->count) + 1, pixels = system->pixels;
    return (system->origin = dv_arena_alloc(arena, pixels, sizeof(double), error)) &&
           (system->pictures = dv_arena_alloc(arena, all * pixels, sizeof(float), error)) &&
           (system->kernel = dv_arena_alloc(arena, (all - 1) * (all - 1), sizeof(float), error)) &&
           (system->products = dv_arena_alloc(arena, all, sizeof(float), error)) &&
           (system->share = dv_arena_alloc(arena, all, sizeof(double), error)) &&
           (system->root = dv_arena_alloc(arena, all, sizeof(double), error)) &&
           (system->center = dv_arena_alloc(arena, all, sizeof(double), error)) &&
           (system->solution = dv_arena_alloc(arena, all * system->rows, sizeof(float), error));
}

static dv_ridge_system *make_system(const dv_lesson *lesson, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_ridge_system *system = arena ? dv_arena_alloc(arena, 1, sizeof *system, error) : NULL;
    if (!system) {
        dv_arena_free(arena);
        return NULL;
    }
    system->arena = arena;
    system->count = lesson->count;
    system->pixels = lesson->pixels;
    system->rows = lesson->classes;
    system->primal = lesson->count >= lesson->pixels;
    if ((system->primal ? make_primal : make_dual)(system, error) &&
        (system->matrix =
             dv_arena_alloc(arena, dv_equations_size(system->size + 1, system->rows), sizeof(float), error)) &&
        (system->workspace =
             dv_arena_alloc(arena, dv_equations_workspace(system->size + 1, system->rows), sizeof(float), error)) &&
        (system->mean = dv_arena_alloc(arena, system->pixels + system->rows, sizeof(double), error)) &&
        (system->gap = dv_arena_alloc(arena, system->pixels + system->rows, sizeof(double), error)))
        return system;
    dv_ridge_system_free(system);
    return NULL;
}

void dv_ridge_system_free(dv_ridge_system *system)
{
    if (!system)
        return;
    dv_ridge_sums_free(system->sums);
    dv_arena_free(system->arena);
}

/* Whether its memory is right for the lesson. */
static bool has_room(const dv_ridge_system *system, const dv_lesson *lesson)
{
    bool primal = lesson->count >= lesson->pixels;
    return system && system->pixels == lesson->pixels && system->rows == lesson->classes && system->primal == primal &&
           (primal || system->size == lesson->count);
}

int64_t dv_ridge_system_count(const dv_ridge_system *system, uint64_t generation, uint64_t version)
{
    bool holds = system && system->primal && system->generation == generation && system->version == version;
    return holds ? system->sums->count : 0;
}

/* Sums that end with a stretch cut short cannot go on. */
static bool bring_sums(dv_ridge_system *system, const dv_lesson *lesson, dv_error *error)
{
    int64_t there = dv_ridge_system_count(system, lesson->generation, lesson->version);
    if (there > lesson->count || (there < lesson->count && there % DV_STRETCH != 0))
        there = 0;
    if (there == 0)
        dv_ridge_sums_clear(system->sums);
    system->generation = lesson->generation;
    system->version = lesson->version;
    return dv_ridge_sums_add(system->sums, lesson, there, error);
}

/* Without the anchor, which lambda does not go by. */
static bool measure_neighbors(dv_ridge_system *system, const dv_lesson *lesson, dv_error *error)
{
    const double anchor = system->anchor;
    double square = 0;
    system->anchor = 0;
    const dv_equations whole = dv_ridge_system_fill(system, lesson, DV_RIDGE_WHOLE);
    system->anchor = anchor;
    for (int p = 0; p < system->pixels && anchor > 0; p++)
        square += pow(lesson->anchor[p] - system->mean[p], 2);
    if (!dv_largest_eigenvalue(whole.order, whole.matrix, dv_equations_row(whole.order, whole.columns), lesson->team,
                               &system->top_eigenvalue, error))
        return false;
    system->bound = system->top_eigenvalue + anchor * square;
    if (anchor > 0)
        system->filled = DV_RIDGE_NONE;
    return true;
}

static bool fill(dv_ridge_system *system, const dv_lesson *lesson, dv_error *error)
{
    system->count = 0; /* until all is well */
    system->filled = DV_RIDGE_NONE;
    system->anchor = dv_lesson_anchor(lesson);
    if (system->primal && !bring_sums(system, lesson, error))
        return false;
    system->count = lesson->count;
    if (!system->primal)
        make_kernel(system, lesson);
    system->generation = lesson->generation;
    system->version = lesson->version;
    if (measure_neighbors(system, lesson, error))
        return true;
    system->count = 0;
    return false;
}

dv_ridge_system *dv_ridge_system_of(const dv_lesson *lesson, dv_ridge_system **kept, dv_error *error)
{
    dv_ridge_system *system = *kept;
    if (!has_room(system, lesson)) {
        dv_ridge_system_free(system);
        if (!(*kept = system = make_system(lesson, error)))
            return NULL;
        system->count = 0;
    }
    if (system->count == lesson->count && system->anchor == dv_lesson_anchor(lesson) &&
        system->generation == lesson->generation && system->version == lesson->version)
        return system;
    return fill(system, lesson, error) ? system : NULL;
}

bool dv_ridge_system_add(dv_ridge_system *system, const dv_lesson *stretch, dv_error *error)
{
    system->count = 0;
    return dv_ridge_sums_add(system->sums, stretch, 0, error);
}

/* The system that a ridge student is solved from, whatever lambda is: weighted least squares of the centred log soft
 * labels on the pixels.
 *
 * With weights w_i that sum to 1, rows a_i = sqrt(w_i) (x_i - mean x) and r_i = sqrt(w_i) (y_i - mean y), the maps W
 * solve (A'A + lambda I) W = A'R, or, where there are fewer neighbours than pixels, W = A' (AA' + lambda I)^-1 R.
 * The targets y = log q - mean over classes need no softmax: they are the teacher's centred logits over T. Labels that
 * may hold at once are fitted one by one: their targets are their log-odds over T, not centred.
 *
 * Every matrix is made of tiles whose size depends on the problem alone, one task each, so that the bits do not
 * depend on the team. */
#include "vid/ridge_system.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "vid/softmax.h"
#include "vid/span.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TASK_ROWS = 64, CHUNK_FLOATS = 1 << 24, POWER_STEPS = 200 };

/* A stretch of neighbours as rows. */
struct filling {
    const dv_ridge_system *system;
    const dv_lesson *lesson;
    int64_t first, rows;
    float *a; /* rows x D */
    float *r; /* rows x K; NULL: not wanted */
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- rows ------------------------------------------------------------------ */

static double center_of(const dv_lesson *lesson, int64_t i)
{
    return lesson->multi_label ? 0 : dv_average(lesson->logits + i * lesson->classes, lesson->classes);
}

static double target(const dv_lesson *lesson, int64_t i, int k, double center)
{
    return (lesson->logits[i * lesson->classes + k] - center) / lesson->options->temperature;
}

/* One tile of pixels of the mean picture. */
static void average_pixels(void *context, int64_t task, int thread)
{
    struct filling *work = context;
    const dv_lesson *lesson = work->lesson;
    int64_t first = task * DV_RIDGE_TILE, end = smaller(first + DV_RIDGE_TILE, lesson->pixels);
    (void)thread;
    for (int64_t i = 0; i < lesson->count; i++) {
        double weight = lesson->weight[i] / work->system->weight_sum;
        const float *picture = lesson->pictures + i * lesson->pixels;
        for (int64_t p = first; p < end; p++)
            work->system->picture_mean[p] += weight * picture[p];
    }
}

static void average_targets(struct filling *work)
{
    const dv_lesson *lesson = work->lesson;
    for (int64_t i = 0; i < lesson->count; i++) {
        double center = center_of(lesson, i);
        for (int k = 0; k < lesson->classes; k++)
            work->system->target_mean[k] += lesson->weight[i] / work->system->weight_sum * target(lesson, i, k, center);
    }
}

static void fill_rows(void *context, int64_t task, int thread)
{
    struct filling *work = context;
    const dv_lesson *lesson = work->lesson;
    (void)thread;
    for (int64_t row = task * TASK_ROWS; row < smaller((task + 1) * TASK_ROWS, work->rows); row++) {
        int64_t i = work->first + row;
        double scale = sqrt(lesson->weight[i] / work->system->weight_sum), center = center_of(lesson, i);
        for (int p = 0; p < lesson->pixels; p++)
            work->a[row * lesson->pixels + p] =
                (float)(scale * (lesson->pictures[i * lesson->pixels + p] - work->system->picture_mean[p]));
        for (int k = 0; work->r && k < lesson->classes; k++)
            work->r[row * lesson->classes + k] =
                (float)(scale * (target(lesson, i, k, center) - work->system->target_mean[k]));
    }
}

void dv_ridge_system_rows(const dv_ridge_system *system, const dv_lesson *lesson, float *rows)
{
    struct filling work = {.system = system, .lesson = lesson, .rows = lesson->count, .a = rows};
    dv_team_run(lesson->team, fill_rows, &work, (work.rows + TASK_ROWS - 1) / TASK_ROWS);
}

/* ---- matrices --------------------------------------------------------------- */

/* Tile `task` of the upper triangle, counted row by row. */
static void find_tile(int64_t task, int64_t count, int64_t *row, int64_t *column)
{
    for (*row = 0; task >= count - *row; (*row)++)
        task -= count - *row;
    *column = *row + task;
}

/* One tile of A'A or of AA'. */
static void fill_gram(void *context, int64_t task, int thread)
{
    const struct filling *work = context;
    int64_t row, column, width = work->lesson->pixels;
    (void)thread;
    find_tile(task, dv_ridge_tiles(work->system->size), &row, &column);
    row *= DV_RIDGE_TILE;
    column *= DV_RIDGE_TILE;
    int64_t rows = smaller(DV_RIDGE_TILE, work->system->size - row),
            columns = smaller(DV_RIDGE_TILE, work->system->size - column);
    float *tile = work->system->gram + row * work->system->size + column;
    if (work->system->primal)
        dv_gemm(true, false, rows, columns, work->rows, 1, work->a + row, width, work->a + column, width,
                work->first > 0, tile, work->system->size);
    else
        dv_gemm(false, true, rows, columns, width, 1, work->a + row * width, width, work->a + column * width, width, 0,
                tile, work->system->size);
}

/* One tile of columns of A'R, a class a row. */
static void fill_right_side(void *context, int64_t task, int thread)
{
    const struct filling *work = context;
    int64_t first = task * DV_RIDGE_TILE, columns = smaller(DV_RIDGE_TILE, work->system->size - first),
            width = work->lesson->pixels;
    int classes = work->lesson->classes;
    (void)thread;
    dv_gemm(true, false, classes, columns, work->rows, 1, work->r, classes, work->a + first, width, work->first > 0,
            work->system->right_side + first, work->system->size);
}

static bool fill_matrices(struct filling *work, int64_t chunk, dv_error *error)
{
    const dv_lesson *lesson = work->lesson;
    const dv_ridge_system *system = work->system;
    int64_t side = dv_ridge_tiles(system->size);
    for (work->first = 0; work->first < lesson->count; work->first += chunk) {
        work->rows = smaller(chunk, lesson->count - work->first);
        if (!dv_progress_report(lesson->progress, "distill", (double)work->first / lesson->count, error))
            return false;
        dv_team_run(lesson->team, fill_rows, work, (work->rows + TASK_ROWS - 1) / TASK_ROWS);
        dv_team_run(lesson->team, fill_gram, work, side * (side + 1) / 2);
        if (system->primal)
            dv_team_run(lesson->team, fill_right_side, work, side);
    }
    for (int64_t i = 0; !system->primal && i < lesson->count; i++)
        for (int k = 0; k < lesson->classes; k++)
            system->right_side[k * system->size + i] = work->r[i * lesson->classes + k];
    return true;
}

/* ---- the largest eigenvalue ------------------------------------------------- */

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

/* product = gram * vector, from the upper triangle; both are `size` long. */
static void multiply(const float *gram, int64_t size, const double *vector, double *product)
{
    memset(product, 0, size * sizeof *product);
    for (int64_t i = 0; i < size; i++) {
        const float *row = gram + i * size;
        for (int64_t j = i + 1; j < size; j++)
            product[j] += row[j] * vector[i];
        product[i] += dot(row + i, vector + i, size - i);
    }
}

/* By power iteration from the row with the largest diagonal entry, until Rayleigh's quotient stands still. */
static bool find_top_eigenvalue(const float *gram, int64_t size, double *eigenvalue, dv_error *error)
{
    double *vector = dv_alloc(2 * size, sizeof *vector, error);
    if (!vector)
        return false;
    double *product = vector + size;
    int64_t start = 0;
    for (int64_t i = 1; i < size; i++)
        if (gram[i * size + i] > gram[start * size + start])
            start = i;
    vector[start] = 1;
    *eigenvalue = gram[start * size + start];
    for (int step = 0; step < POWER_STEPS; step++) {
        if (!(*eigenvalue > 0))
            break;
        double last = *eigenvalue, square = 0, quotient = 0;
        multiply(gram, size, vector, product);
        for (int64_t i = 0; i < size; i++) {
            square += product[i] * product[i];
            quotient += product[i] * vector[i];
        }
        *eigenvalue = quotient;
        for (int64_t i = 0; i < size; i++)
            vector[i] = product[i] / sqrt(square);
        if (step > 0 && fabs(quotient - last) <= 1e-6 * quotient)
            break;
    }
    free(vector);
    return true;
}

/* ---- the system ------------------------------------------------------------- */

static dv_ridge_system *make_system(const dv_lesson *lesson, dv_error *error)
{
    dv_arena *arena = dv_arena_new(error);
    dv_ridge_system *system = arena ? dv_arena_alloc(arena, 1, sizeof *system, error) : NULL;
    if (!system) {
        dv_arena_free(arena);
        return NULL;
    }
    system->arena = arena;
    system->generation = lesson->generation;
    system->temperature = lesson->options->temperature;
    system->primal = lesson->count >= lesson->pixels;
    system->size = system->primal ? lesson->pixels : lesson->count;
    for (int64_t i = 0; i < lesson->count; i++)
        system->weight_sum += lesson->weight[i];
    if ((system->picture_mean = dv_arena_alloc(arena, lesson->pixels, sizeof(double), error)) &&
        (system->target_mean = dv_arena_alloc(arena, lesson->classes, sizeof(double), error)) &&
        (system->gram = dv_arena_alloc(arena, system->size * system->size, sizeof(float), error)) &&
        (system->right_side = dv_arena_alloc(arena, lesson->classes * system->size, sizeof(float), error)))
        return system;
    dv_ridge_system_free(system);
    return NULL;
}

dv_ridge_system *dv_ridge_system_new(const dv_lesson *lesson, dv_error *error)
{
    int64_t pixels = lesson->pixels, chunk = lesson->count;
    dv_ridge_system *system = make_system(lesson, error);
    struct filling work = {.lesson = lesson, .system = system};
    if (system && system->primal)
        chunk = smaller(chunk, CHUNK_FLOATS / pixels > DV_RIDGE_TILE ? CHUNK_FLOATS / pixels : DV_RIDGE_TILE);
    bool ok = system && (work.a = dv_alloc(chunk * pixels, sizeof(float), error)) &&
              (work.r = dv_alloc(chunk * lesson->classes, sizeof(float), error));
    if (ok) {
        dv_team_run(lesson->team, average_pixels, &work, dv_ridge_tiles(pixels));
        average_targets(&work);
        ok = fill_matrices(&work, chunk, error) &&
             find_top_eigenvalue(system->gram, system->size, &system->top_eigenvalue, error);
    }
    free(work.r);
    free(work.a);
    if (ok)
        return system;
    dv_ridge_system_free(system);
    return NULL;
}

void dv_ridge_system_free(dv_ridge_system *system)
{
    if (system)
        dv_arena_free(system->arena);
}

/* The student that is solved: weighted least squares of the centred log soft labels on the pixels, with a ridge.
 *
 * With weights w_i that sum to 1, rows a_i = sqrt(w_i) (x_i - mean x) and r_i = sqrt(w_i) (y_i - mean y), the maps W
 * solve (A'A + lambda I) W = A'R, or, where there are fewer neighbours than pixels, W = A' (AA' + lambda I)^-1 R.
 * The targets y = log q - mean over classes need no softmax: they are the teacher's centred logits over T.
 *
 * Every matrix is made of tiles whose size depends on the problem alone, one task each, so that the bits do not
 * depend on the team. */
#include "vid/student.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "vid/span.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without the user's word lambda is this part of the Gram matrix's largest eigenvalue: large enough that the
 * maps of several seeds are alike, small enough that the student stays faithful. */
static const double lambda_rule = 0.0014;

/* A variance of pixels in 0..1 that single precision alone can cause. */
static const double rounding = 1e-12;

/* Below this part of the largest eigenvalue the rounding of the Gram matrix weighs as much as lambda. */
static const double least_ratio = 1e-6;

enum { TILE = 128, TASK_ROWS = 64, CHUNK_FLOATS = 1 << 24, POWER_STEPS = 200 };

struct ridge {
    const dv_lesson *lesson;
    double weight_sum;
    double *picture_mean; /* D, weighted */
    double *target_mean;  /* K */
    int64_t first, rows;  /* the chunk of neighbours in hand */
    float *a;             /* rows x D */
    float *r;             /* rows x K */
    bool primal;
    int64_t size;    /* of the system: D if primal, else N */
    float *gram;     /* size x size, upper tiles */
    float *solution; /* K x size: right-hand sides, then the solution */
    float *weights;  /* K x D */
};

static int64_t tiles(int64_t size)
{
    return (size + TILE - 1) / TILE;
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* ---- rows ------------------------------------------------------------------ */

static double target(const dv_lesson *lesson, int64_t i, int k, double center)
{
    return (lesson->logits[i * lesson->classes + k] - center) / lesson->options->temperature;
}

/* One tile of pixels of the mean picture. */
static void average_pixels(void *context, int64_t task, int thread)
{
    struct ridge *work = context;
    const dv_lesson *lesson = work->lesson;
    int64_t first = task * TILE, end = smaller(first + TILE, lesson->pixels);
    (void)thread;
    for (int64_t i = 0; i < lesson->count; i++) {
        double weight = lesson->weight[i] / work->weight_sum;
        const float *picture = lesson->pictures + i * lesson->pixels;
        for (int64_t p = first; p < end; p++)
            work->picture_mean[p] += weight * picture[p];
    }
}

static void average_targets(struct ridge *work)
{
    const dv_lesson *lesson = work->lesson;
    for (int64_t i = 0; i < lesson->count; i++) {
        double center = dv_average(lesson->logits + i * lesson->classes, lesson->classes);
        for (int k = 0; k < lesson->classes; k++)
            work->target_mean[k] += lesson->weight[i] / work->weight_sum * target(lesson, i, k, center);
    }
}

static void fill_rows(void *context, int64_t task, int thread)
{
    struct ridge *work = context;
    const dv_lesson *lesson = work->lesson;
    (void)thread;
    for (int64_t row = task * TASK_ROWS; row < smaller((task + 1) * TASK_ROWS, work->rows); row++) {
        int64_t i = work->first + row;
        double scale = sqrt(lesson->weight[i] / work->weight_sum),
               center = dv_average(lesson->logits + i * lesson->classes, lesson->classes);
        for (int p = 0; p < lesson->pixels; p++)
            work->a[row * lesson->pixels + p] =
                (float)(scale * (lesson->pictures[i * lesson->pixels + p] - work->picture_mean[p]));
        for (int k = 0; k < lesson->classes; k++)
            work->r[row * lesson->classes + k] = (float)(scale * (target(lesson, i, k, center) - work->target_mean[k]));
    }
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
    const struct ridge *work = context;
    int64_t row, column, width = work->lesson->pixels;
    (void)thread;
    find_tile(task, tiles(work->size), &row, &column);
    row *= TILE;
    column *= TILE;
    int64_t rows = smaller(TILE, work->size - row), columns = smaller(TILE, work->size - column);
    float *tile = work->gram + row * work->size + column;
    if (work->primal)
        dv_gemm(true, false, rows, columns, work->rows, 1, work->a + row, width, work->a + column, width,
                work->first > 0, tile, work->size);
    else
        dv_gemm(false, true, rows, columns, width, 1, work->a + row * width, width, work->a + column * width, width, 0,
                tile, work->size);
}

/* One tile of columns of A'R, a class a row. */
static void fill_right_side(void *context, int64_t task, int thread)
{
    const struct ridge *work = context;
    int64_t first = task * TILE, columns = smaller(TILE, work->size - first), width = work->lesson->pixels;
    int classes = work->lesson->classes;
    (void)thread;
    dv_gemm(true, false, classes, columns, work->rows, 1, work->r, classes, work->a + first, width, work->first > 0,
            work->solution + first, work->size);
}

/* Maps from the dual solution: one tile of columns of W = S A. */
static void combine_rows(void *context, int64_t task, int thread)
{
    const struct ridge *work = context;
    int64_t first = task * TILE, width = work->lesson->pixels, columns = smaller(TILE, width - first);
    (void)thread;
    dv_gemm(false, false, work->lesson->classes, columns, work->rows, 1, work->solution, work->size, work->a + first,
            width, 0, work->weights + first, width);
}

static bool fill_system(struct ridge *work, int64_t chunk, dv_error *error)
{
    const dv_lesson *lesson = work->lesson;
    for (work->first = 0; work->first < lesson->count; work->first += chunk) {
        work->rows = smaller(chunk, lesson->count - work->first);
        if (!dv_progress_report(lesson->progress, "distill", (double)work->first / lesson->count, error))
            return false;
        dv_team_run(lesson->team, fill_rows, work, (work->rows + TASK_ROWS - 1) / TASK_ROWS);
        dv_team_run(lesson->team, fill_gram, work, tiles(work->size) * (tiles(work->size) + 1) / 2);
        if (work->primal)
            dv_team_run(lesson->team, fill_right_side, work, tiles(work->size));
    }
    if (!work->primal)
        for (int64_t i = 0; i < lesson->count; i++)
            for (int k = 0; k < lesson->classes; k++)
                work->solution[k * work->size + i] = work->r[i * lesson->classes + k];
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

/* ---- the student ------------------------------------------------------------ */

static bool solve(struct ridge *work, dv_student *student, dv_error *error)
{
    const dv_lesson *lesson = work->lesson;
    if (!find_top_eigenvalue(work->gram, work->size, &student->top_eigenvalue, error))
        return false;
    student->lambda = lesson->options->ridge > 0 ? lesson->options->ridge : lambda_rule * student->top_eigenvalue;
    /* Neighbours that are all alike teach nothing but the mean. */
    if (student->top_eigenvalue <= rounding * lesson->pixels) {
        memset(work->solution, 0, lesson->classes * work->size * sizeof(float));
        return true;
    }
    for (int64_t i = 0; i < work->size; i++)
        work->gram[i * work->size + i] += (float)student->lambda;
    double least = least_ratio * student->top_eigenvalue;
    if (student->lambda < least || !dv_cholesky_solve(work->size, work->gram, lesson->classes, work->solution))
        return dv_error_set(error, DV_ERROR_ARGUMENT,
                            "lambda %g is lost in rounding beside the largest eigenvalue %.3g; take %.1g or more",
                            student->lambda, student->top_eigenvalue, fmax(2 * student->lambda, least));
    return true;
}

static void set_bias(const struct ridge *work, dv_student *student)
{
    for (int k = 0; k < work->lesson->classes; k++) {
        double sum = work->target_mean[k];
        for (int p = 0; p < work->lesson->pixels; p++)
            sum -= work->picture_mean[p] * student->weights[(int64_t)k * work->lesson->pixels + p];
        student->bias[k] = (float)sum;
    }
}

bool dv_ridge_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    int64_t pixels = lesson->pixels, classes = lesson->classes, chunk = lesson->count;
    struct ridge work = {.lesson = lesson, .primal = lesson->count >= pixels, .weights = student->weights};
    bool ok = false;
    work.size = work.primal ? pixels : lesson->count;
    if (work.primal)
        chunk = smaller(chunk, CHUNK_FLOATS / pixels > TILE ? CHUNK_FLOATS / pixels : TILE);
    for (int64_t i = 0; i < lesson->count; i++)
        work.weight_sum += lesson->weight[i];
    if (!(work.picture_mean = dv_alloc(pixels, sizeof(double), error)) ||
        !(work.target_mean = dv_alloc(classes, sizeof(double), error)) ||
        !(work.a = dv_alloc(chunk * pixels, sizeof(float), error)) ||
        !(work.r = dv_alloc(chunk * classes, sizeof(float), error)) ||
        !(work.gram = dv_alloc(work.size * work.size, sizeof(float), error)) ||
        !(work.solution = dv_alloc(classes * work.size, sizeof(float), error)))
        goto end;
    dv_team_run(lesson->team, average_pixels, &work, tiles(pixels));
    average_targets(&work);
    if (!fill_system(&work, chunk, error) || !solve(&work, student, error))
        goto end;
    if (work.primal)
        memcpy(student->weights, work.solution, classes * pixels * sizeof(float));
    else
        dv_team_run(lesson->team, combine_rows, &work, tiles(pixels));
    set_bias(&work, student);
    ok = true;
end:
    free(work.solution);
    free(work.gram);
    free(work.r);
    free(work.a);
    free(work.target_mean);
    free(work.picture_mean);
    return ok;
}

#include "embed/pca.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/part.h"
#include "base/random.h"
#include "kernel/blas.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_MATRIX = 2048, /* whose eigenvectors are still found within seconds */
    TILE = 128,            /* of the matrix, and of columns */
    TASK_ROWS = 256,
    SPARE = 8, /* directions beyond those asked for, which the subspace iteration converges by */
    MAX_STEPS = 50,
};

/* The subspace iteration ends when no variance asked for grows by more than this part of the largest. */
static const double still = 1e-6;

typedef struct pca {
    float *rows; /* count x size, centred */
    int64_t count, size;
    int components; /* as many as there can be */
    dv_team *team;
    bool dual;       /* rows' inner products rather than columns' */
    int64_t order;   /* of the matrix */
    float *matrix;   /* order x order, upper tiles */
    double *values;  /* components, ascending */
    double *vectors; /* components x order */
} pca;

bool dv_embed_check(const float *rows, int64_t count, int64_t size, dv_error *error)
{
    for (int64_t i = 0; i < count * size; i++)
        if (!(fabsf(rows[i]) <= (float)DV_EMBED_LARGEST))
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "feature %lld of picture %lld is %g; features must be finite and below %g",
                                (long long)(i % size), (long long)(i / size), (double)rows[i], DV_EMBED_LARGEST);
    return true;
}

/* ---- centring ---------------------------------------------------------------- */

static void center_columns(void *context, int64_t task, int thread)
{
    const pca *it = context;
    int64_t first = task * TILE, columns = dv_smaller(TILE, it->size - first);
    double mean[TILE] = {0};
    (void)thread;
    for (int64_t i = 0; i < it->count; i++)
        for (int64_t c = 0; c < columns; c++)
            mean[c] += it->rows[i * it->size + first + c];
    for (int64_t i = 0; i < it->count; i++)
        for (int64_t c = 0; c < columns; c++)
            it->rows[i * it->size + first + c] -= (float)(mean[c] / it->count);
}

/* ---- the matrix and its eigenvectors ------------------------------------------ */

/* Tile `task` of A'A or AA', divided by count, A being the rows; those below the diagonal are left out. */
static void fill_tile(void *context, int64_t task, int thread)
{
    const pca *it = context;
    int64_t across = dv_parts(it->order, TILE), row = task / across * TILE, column = task % across * TILE;
    int64_t height = dv_smaller(TILE, it->order - row), width = dv_smaller(TILE, it->order - column);
    float *tile = it->matrix + row * it->order + column, factor = 1 / (float)it->count;
    (void)thread;
    if (column < row)
        return;
    if (it->dual)
        dv_gemm(false, true, height, width, it->size, factor, it->rows + row * it->size, it->size,
                it->rows + column * it->size, it->size, 0, tile, it->order);
    else
        dv_gemm(true, false, height, width, it->count, factor, it->rows + row, it->size, it->rows + column, it->size, 0,
                tile, it->order);
}

static bool decompose(pca *it, dv_error *error)
{
    size_t order = (size_t)it->order;
    int64_t across = dv_parts(it->order, TILE);
    double *wide = NULL;
    bool ok = (it->matrix = dv_alloc(order * order, sizeof *it->matrix, error)) &&
              (it->values = dv_alloc(it->components, sizeof *it->values, error)) &&
              (it->vectors = dv_alloc(it->components * order, sizeof *it->vectors, error)) &&
              (wide = dv_alloc(order * order, sizeof *wide, error));
    if (ok) {
        dv_team_run(it->team, fill_tile, it, across * across);
        for (size_t i = 0; i < order * order; i++)
            wide[i] = it->matrix[i];
        ok = dv_symmetric_eigen(it->order, wide, it->components, it->values, it->vectors, error);
    }
    free(wide);
    return ok;
}

/* ---- rows times columns -------------------------------------------------------- */

/* result (count x columns) = rows * basis', basis being columns x size. */
typedef struct projection {
    const pca *it;
    const float *basis;
    int64_t columns;
    float *result;
} projection;

static void project_rows(void *context, int64_t task, int thread)
{
    const projection *work = context;
    const pca *it = work->it;
    int64_t first = task * TASK_ROWS;
    (void)thread;
    dv_gemm(false, true, dv_smaller(TASK_ROWS, it->count - first), work->columns, it->size, 1,
            it->rows + first * it->size, it->size, work->basis, it->size, 0, work->result + first * work->columns,
            work->columns);
}

static void project(const pca *it, const float *basis, int64_t columns, float *result)
{
    projection work = {it, basis, columns, result};
    dv_team_run(it->team, project_rows, &work, dv_parts(it->count, TASK_ROWS));
}

/* ---- exact ---------------------------------------------------------------------- */

/* Scores from the eigenvectors; of components in descending order. */
static bool scores_exact(pca *it, float *scores, dv_error *error)
{
    int k = it->components;
    float *basis = NULL;
    if (!decompose(it, error))
        return false;
    for (int c = 0; c < k; c++)
        it->values[c] = fmax(it->values[c], 0);
    if (it->dual) {
        for (int64_t i = 0; i < it->count; i++)
            for (int c = 0; c < k; c++)
                scores[i * k + c] =
                    (float)(it->vectors[(k - 1 - c) * it->order + i] * sqrt(it->values[k - 1 - c] * (double)it->count));
        return true;
    }
    if (!(basis = dv_alloc(k * it->size, sizeof *basis, error)))
        return false;
    for (int c = 0; c < k; c++)
        for (int64_t j = 0; j < it->size; j++)
            basis[c * it->size + j] = (float)it->vectors[(k - 1 - c) * it->size + j];
    project(it, basis, k, scores);
    free(basis);
    return true;
}

/* ---- by subspace iteration -------------------------------------------------------- */

typedef struct subspace {
    const pca *it;
    int64_t width;
    float *basis, *image; /* width x size: orthonormal rows, and what A'A makes of them */
    float *scores;        /* count x width */
} subspace;

/* Columns of the image: basis * A'A, TILE at a time. */
static void pull_back(void *context, int64_t task, int thread)
{
    const subspace *work = context;
    const pca *it = work->it;
    int64_t first = task * TILE;
    (void)thread;
    dv_gemm(true, false, work->width, dv_smaller(TILE, it->size - first), it->count, 1 / (float)it->count, work->scores,
            work->width, it->rows + first, it->size, 0, work->image + first, it->size);
}

static double dot(const float *a, const float *b, int64_t size)
{
    double sum = 0;
    for (int64_t i = 0; i < size; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Makes the rows orthonormal, twice over for the sake of rounding; one that hangs on those before it becomes zero. */
static void orthonormalize(float *rows, int64_t width, int64_t size)
{
    for (int64_t c = 0; c < width; c++) {
        float *row = rows + c * size;
        double before = sqrt(dot(row, row, size));
        for (int pass = 0; pass < 2; pass++)
            for (int64_t b = 0; b < c; b++) {
                double along = dot(row, rows + b * size, size);
                for (int64_t i = 0; i < size; i++)
                    row[i] -= (float)(along * rows[b * size + i]);
            }
        double length = sqrt(dot(row, row, size));
        float factor = length > 1e-6 * before ? (float)(1 / length) : 0;
        for (int64_t i = 0; i < size; i++)
            row[i] *= factor;
    }
}

/* Eigenvalues (ascending) and eigenvectors (width x width) of the scores' covariance: Rayleigh and Ritz. */
static bool ritz(const subspace *work, double *values, double *vectors, dv_error *error)
{
    int64_t width = work->width, count = work->it->count;
    double *covariance = dv_alloc(width * width, sizeof *covariance, error);
    if (!covariance)
        return false;
    for (int64_t i = 0; i < count; i++)
        for (int64_t a = 0; a < width; a++)
            for (int64_t b = a; b < width; b++)
                covariance[a * width + b] +=
                    (double)work->scores[i * width + a] * work->scores[i * width + b] / (double)count;
    bool ok = dv_symmetric_eigen(width, covariance, width, values, vectors, error);
    free(covariance);
    return ok;
}

/* The basis turned into the directions that the covariance of the scores knows, largest first. */
static void turn(const subspace *work, const double *vectors, int k, float *scores)
{
    int64_t width = work->width;
    for (int64_t i = 0; i < work->it->count; i++)
        for (int c = 0; c < k; c++) {
            double sum = 0;
            for (int64_t a = 0; a < width; a++)
                sum += vectors[(width - 1 - c) * width + a] * work->scores[i * width + a];
            scores[i * k + c] = (float)sum;
        }
}

/* Whether the k largest of the ascending values are those of the step before. */
static bool stands_still(const double *values, double *before, int64_t width, int k)
{
    bool yes = true;
    for (int c = 0; c < k; c++) {
        double value = values[width - 1 - c];
        yes &= fabs(value - before[c]) <= still * values[width - 1];
        before[c] = value;
    }
    return yes;
}

static bool iterate(subspace *work, double *values, double *vectors, double *before, dv_error *error)
{
    const pca *it = work->it;
    for (int64_t i = 0; i < work->width * it->size; i++)
        work->basis[i] = (float)dv_random_normal(0, DV_PURPOSE_SUBSPACE, i);
    for (int step = 0; step < MAX_STEPS; step++) {
        orthonormalize(work->basis, work->width, it->size);
        project(it, work->basis, work->width, work->scores);
        if (!ritz(work, values, vectors, error))
            return false;
        if (stands_still(values, before, work->width, it->components))
            break;
        dv_team_run(it->team, pull_back, work, dv_parts(it->size, TILE));
        float *swap = work->basis;
        work->basis = work->image;
        work->image = swap;
    }
    return true;
}

static bool scores_by_iteration(pca *it, float *scores, dv_error *error)
{
    subspace work = {.it = it, .width = it->components + SPARE};
    size_t width = (size_t)work.width;
    double *values = dv_alloc(width, sizeof *values, error), *vectors = dv_alloc(width * width, sizeof *vectors, error);
    double *before = dv_alloc(width, sizeof *before, error);
    bool ok = values && vectors && before && (work.basis = dv_alloc(width * it->size, sizeof(float), error)) &&
              (work.image = dv_alloc(width * it->size, sizeof(float), error)) &&
              (work.scores = dv_alloc(width * it->count, sizeof(float), error)) &&
              iterate(&work, values, vectors, before, error);
    if (ok)
        turn(&work, vectors, it->components, scores);
    free(values);
    free(vectors);
    free(before);
    free(work.basis);
    free(work.image);
    free(work.scores);
    return ok;
}

/* ---- the whole ---------------------------------------------------------------------- */

/* Points each component to where its largest score lies, and measures its variance. */
static void finish(const pca *it, float *scores, double *variance)
{
    int k = it->components;
    for (int c = 0; c < k; c++) {
        float largest = 0;
        double squares = 0;
        for (int64_t i = 0; i < it->count; i++) {
            float score = scores[i * k + c];
            largest = fabsf(score) > fabsf(largest) ? score : largest;
            squares += (double)score * score;
        }
        for (int64_t i = 0; largest < 0 && i < it->count; i++)
            scores[i * k + c] = -scores[i * k + c];
        if (variance)
            variance[c] = squares / (double)it->count;
    }
}

/* Rows of k scores become rows of `components`, the rest zeros; from the end, since they grow in place. */
static void spread(float *scores, int64_t count, int k, int components)
{
    for (int64_t i = count - 1; i >= 0; i--)
        for (int c = components - 1; c >= 0; c--)
            scores[i * components + c] = c < k ? scores[i * k + c] : 0;
}

bool dv_pca(float *rows, int64_t count, int64_t size, int components, float *scores, double *variance, dv_team *team,
            dv_error *error)
{
    pca it = {.rows = rows, .count = count, .size = size, .team = team};
    assert(count > 0 && size > 0 && components > 0);
    if (!dv_embed_check(rows, count, size, error))
        return false;
    it.dual = count < size;
    it.order = dv_smaller(count, size);
    it.components = (int)dv_smaller(components, it.order);
    dv_team_run(team, center_columns, &it, dv_parts(size, TILE));
    bool ok = it.order <= LARGEST_MATRIX ? scores_exact(&it, scores, error) : scores_by_iteration(&it, scores, error);
    free(it.matrix);
    free(it.values);
    free(it.vectors);
    if (!ok)
        return false;
    if (variance)
        memset(variance, 0, components * sizeof *variance);
    finish(&it, scores, variance);
    spread(scores, count, it.components, components);
    return true;
}

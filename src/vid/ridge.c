/* The student that is solved: one Cholesky factorisation for one lambda. */
#include "vid/ridge.h"

#include "base/error.h"
#include "kernel/blas.h"

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

/* ---- the maps ---------------------------------------------------------------- */

/* Overwrites `gram` and leaves the solution (K x size) in place of the right-hand sides. */
static bool solve(const dv_ridge_system *system, int classes, double lambda, float *gram, float *solution,
                  dv_error *error)
{
    double least = least_ratio * system->top_eigenvalue;
    memcpy(gram, system->gram, system->size * system->size * sizeof(float));
    memcpy(solution, system->right_side, classes * system->size * sizeof(float));
    for (int64_t i = 0; i < system->size; i++)
        gram[i * system->size + i] += (float)lambda;
    if (lambda >= least && dv_cholesky_solve(system->size, gram, classes, solution))
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "lambda %g is lost in rounding beside the largest eigenvalue %.3g; take %.1g or more", lambda,
                        system->top_eigenvalue, fmax(2 * lambda, least));
}

struct combining {
    int64_t pixels, count;
    int classes;
    const float *rows, *solution;
    float *weights;
};

/* Maps from the dual solution: one tile of columns of W = S A. */
static void combine_rows(void *context, int64_t task, int thread)
{
    const struct combining *work = context;
    int64_t first = task * DV_RIDGE_TILE, columns = work->pixels - first;
    (void)thread;
    if (columns > DV_RIDGE_TILE)
        columns = DV_RIDGE_TILE;
    dv_gemm(false, false, work->classes, columns, work->count, 1, work->solution, work->count, work->rows + first,
            work->pixels, 0, work->weights + first, work->pixels);
}

static bool make_maps(const dv_ridge_system *system, const dv_lesson *lesson, const float *solution, float *weights,
                      dv_error *error)
{
    size_t pixels = lesson->pixels;
    if (system->primal) {
        memcpy(weights, solution, lesson->classes * pixels * sizeof(float));
        return true;
    }
    float *rows = dv_alloc(lesson->count * pixels, sizeof *rows, error);
    if (!rows)
        return false;
    struct combining work = {lesson->pixels, lesson->count, lesson->classes, rows, solution, weights};
    dv_ridge_system_rows(system, lesson, rows);
    dv_team_run(lesson->team, combine_rows, &work, dv_ridge_tiles(lesson->pixels));
    free(rows);
    return true;
}

static void set_bias(const dv_ridge_system *system, const dv_lesson *lesson, dv_student *student)
{
    for (int k = 0; k < lesson->classes; k++) {
        double sum = system->target_mean[k];
        for (int p = 0; p < lesson->pixels; p++)
            sum -= system->picture_mean[p] * student->weights[(int64_t)k * lesson->pixels + p];
        student->bias[k] = (float)sum;
    }
}

/* ---- the student ------------------------------------------------------------- */

double dv_ridge_rule(const dv_ridge_system *system)
{
    return lambda_rule * system->top_eigenvalue;
}

bool dv_ridge_solve(const dv_ridge_system *system, const dv_lesson *lesson, double lambda, dv_student *student,
                    dv_error *error)
{
    int classes = lesson->classes;
    student->lambda = lambda;
    student->top_eigenvalue = system->top_eigenvalue;
    /* Neighbours that are all alike teach nothing but the mean. */
    if (system->top_eigenvalue <= rounding * lesson->pixels) {
        memset(student->weights, 0, (size_t)classes * lesson->pixels * sizeof(float));
        set_bias(system, lesson, student);
        return true;
    }
    float *gram = dv_alloc(system->size * system->size, sizeof *gram, error);
    float *solution = dv_alloc(classes * system->size, sizeof *solution, error);
    bool ok = gram && solution && solve(system, classes, lambda, gram, solution, error) &&
              make_maps(system, lesson, solution, student->weights, error);
    if (ok)
        set_bias(system, lesson, student);
    free(solution);
    free(gram);
    return ok;
}

dv_ridge_system *dv_ridge_system_of(const dv_lesson *lesson, dv_ridge_system **kept, dv_error *error)
{
    if (*kept && (*kept)->generation == lesson->generation && (*kept)->temperature == lesson->options->temperature)
        return *kept;
    dv_ridge_system_free(*kept);
    return *kept = dv_ridge_system_new(lesson, error);
}

bool dv_ridge_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    dv_ridge_system *own = NULL;
    const dv_ridge_system *system = dv_ridge_system_of(lesson, lesson->kept ? lesson->kept : &own, error);
    double lambda = lesson->options->ridge;
    bool ok = system && dv_ridge_solve(system, lesson, lambda > 0 ? lambda : dv_ridge_rule(system), student, error);
    dv_ridge_system_free(own);
    return ok;
}

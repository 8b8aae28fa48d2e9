/* The student that is solved: one Cholesky factorisation for one lambda. */
#include "vid/ridge.h"

#include "base/error.h"
#include "kernel/blas.h"
#include "vid/steadiness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without the user's word lambda is this part of the Gram matrix's largest eigenvalue: large enough that the
 * maps of several seeds are alike, small enough that the student stays faithful. It is never less than can be told from
 * rounding, and some more: beside a picture that lies far from narrow neighbours that is the larger one. */
static const double lambda_rule = 0.0014, lambda_margin = 1.5;

/* A variance of pixels in 0..1 that single precision alone can cause. */
static const double rounding = 1e-12;

/* Below this part of the largest eigenvalue the rounding of the Gram matrix may move maps by more than a hundredth of
 * their length; where it is a sum of products of 16 bits, which round eight times as much, below the other one. */
static const double least_ratio = 1e-6, least_rough_ratio = 8e-6;

/* From this part of it on a factor of 16 bits is enough: its rounding moves maps by 1e-4 of their length at most, as
 * seen on Fashion-MNIST, where that of the sums moves them by 3e-5. */
static const double rough_ratio = 1e-3;

/* ---- the maps ---------------------------------------------------------------- */

/* Neighbours that are all alike teach nothing but the mean. */
static bool is_flat(const dv_ridge_system *system)
{
    return system->top_eigenvalue <= rounding * system->pixels;
}

/* Sums of 16 bits are of the neighbours alone; the picture's own row comes in floats. */
static double least_lambda(const dv_ridge_system *system)
{
    const bool rough = system->primal && dv_ridge_sums_are_rough(system->sums);
    return fmax(least_ratio * system->bound, rough ? least_rough_ratio * system->top_eigenvalue : 0);
}

/* The equations of a part with lambda, eliminated: ready for dv_equations_substitute. False if they are not definite.
 */
static bool try_to_eliminate(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, double lambda,
                             bool rough, dv_equations *equations)
{
    *equations = dv_ridge_system_fill(system, lesson, part);
    equations->rough = rough;
    system->filled = DV_RIDGE_NONE;
    const int64_t row = dv_equations_row(equations->order, equations->columns);
    for (int64_t i = 0; i < equations->order; i++)
        equations->matrix[i * row + i] += (float)lambda;
    return dv_equations_eliminate(equations, system->workspace, lesson->team);
}

/* The same, with as many bits as it takes. One digit of half as much again as the least is no less than that. */
static bool eliminate(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, double lambda,
                      dv_equations *equations, dv_error *error)
{
    const double least = least_lambda(system);
    if (lambda >= rough_ratio * system->bound && try_to_eliminate(system, lesson, part, lambda, true, equations))
        return true;
    if (lambda >= least && try_to_eliminate(system, lesson, part, lambda, false, equations))
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "lambda %g is lost in rounding beside neighbours and picture, whose squares come to %.3g; take "
                        "%.1g or more",
                        lambda, system->bound, fmax(2 * lambda, 1.5 * least));
}

struct combining {
    const dv_ridge_system *system;
    dv_ridge_part part;
    int64_t count;
    int rows;
    const float *solution; /* rows x count */
    float *weights;        /* rows x D */
};

/* Maps from the dual solution: one tile of columns of W = S (X - mean), a chunk of neighbours at a time. */
static void combine_rows(void *context, int64_t task, int thread)
{
    const struct combining *work = context;
    int64_t pixels = work->system->pixels, first = task * DV_RIDGE_TILE;
    int64_t columns = dv_smaller(DV_RIDGE_TILE, pixels - first);
    const dv_ridge_system *system = work->system;
    const int64_t count = work->count - (system->anchor > 0);
    (void)thread;
    for (int64_t t = 0; t < count; t += DV_CHUNK) {
        int64_t size = dv_smaller(DV_CHUNK, count - t);
        const float *pictures = system->pictures + dv_ridge_part_place(work->part, t) * pixels;
        dv_gemm(false, false, work->rows, columns, size, 1, work->solution + t, work->count, pictures + first, pixels,
                t > 0, work->weights + first, pixels);
    }
    if (system->anchor > 0)
        dv_gemm(false, false, work->rows, columns, 1, 1, work->solution + count, work->count,
                system->pictures + system->count * pixels + first, pixels, 1, work->weights + first, pixels);
}

/* sum_i s_i a_i, a_i = root_i (x_i - mean of the part), as multiples of the x_i themselves. */
static void spread_solution(const dv_ridge_system *system, int64_t count, int rows, float *solution)
{
    for (int k = 0; k < rows; k++, solution += count) {
        double sum = 0;
        for (int64_t t = 0; t < count; t++)
            sum += system->root[t] * solution[t];
        for (int64_t t = 0; t < count; t++)
            solution[t] = (float)(system->root[t] * solution[t] - system->share[t] * sum);
    }
}

bool dv_ridge_maps(dv_ridge_system *system, const dv_lesson *lesson, dv_ridge_part part, double lambda, int first,
                   int rows, float *weights, dv_error *error)
{
    dv_equations equations = dv_ridge_system_fill(system, lesson, part);
    if (is_flat(system)) {
        memset(weights, 0, (size_t)rows * lesson->pixels * sizeof(float));
        return true;
    }
    if (!eliminate(system, lesson, part, lambda, &equations, error))
        return false;
    float *solution = system->primal ? weights : system->solution;
    dv_equations_substitute(&equations, first, rows, solution);
    if (system->primal)
        return true;
    struct combining work = {system, part, equations.order, rows, solution, weights};
    spread_solution(system, equations.order, rows, solution);
    dv_team_run(lesson->team, combine_rows, &work, dv_ridge_tiles(system->pixels));
    return true;
}

/* ---- the student ------------------------------------------------------------- */

double dv_ridge_rule(const dv_ridge_system *system)
{
    return fmax(lambda_rule * system->top_eigenvalue, lambda_margin * least_lambda(system));
}

double dv_ridge_lambda(const dv_ridge_system *system, const dv_lesson *lesson)
{
    double wanted = lesson->options->ridge;
    return wanted > 0 ? wanted : dv_ridge_rule(system);
}

/* From maps and means at temperature 1 to the student's. */
static void finish(const dv_ridge_system *system, const dv_lesson *lesson, dv_student *student)
{
    double temperature = lesson->options->temperature;
    for (int k = 0; k < lesson->classes; k++) {
        float *map = student->weights + (int64_t)k * lesson->pixels;
        double sum = system->mean[lesson->pixels + k];
        for (int p = 0; p < lesson->pixels; p++) {
            sum -= system->mean[p] * map[p];
            map[p] = (float)(map[p] / temperature);
        }
        student->bias[k] = (float)(sum / temperature);
    }
}

bool dv_ridge_solve(dv_ridge_system *system, const dv_lesson *lesson, double lambda, dv_student *student,
                    dv_error *error)
{
    int classes = lesson->classes;
    student->lambda = lambda;
    student->top_eigenvalue = system->top_eigenvalue;
    if (!dv_ridge_maps(system, lesson, DV_RIDGE_WHOLE, lambda, 0, classes, student->weights, error))
        return false;
    finish(system, lesson, student);
    return true;
}

bool dv_ridge_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    dv_ridge_system *own = NULL;
    dv_ridge_system *system = dv_ridge_system_of(lesson, lesson->kept ? lesson->kept : &own, error);
    bool ok = system && dv_ridge_solve(system, lesson, dv_ridge_lambda(system, lesson), student, error);
    if (ok && lesson->row >= 0)
        student->steadiness = dv_steadiness(system, lesson, student->lambda, lesson->row);
    dv_ridge_system_free(own);
    return ok;
}

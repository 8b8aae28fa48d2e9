/* How long a student takes to learn from 1000 neighbours with the teacher's answers, nothing kept from before:
 * bench-student BUNDLE THREADS, asked with the student's name ("ridge", "adam", ...); or with "lambda", for the ridge
 * student of another lambda with everything kept that they share; or with "path" and the number of lambdas ("path 25"),
 * for as many of these and how each fares on fresh neighbours. 10 epochs, as published. */
#include "bench.h"

#include "base/memory.h"
#include "vid/ridge.h"
#include "vid/student.h"

#include <stdlib.h>
#include <string.h>

struct students {
    dv_bundle *bundle;
    dv_explain_options options;
    dv_explanation *explanation; /* whose neighbours the bundle holds, and whose soft labels are learnt */
    dv_student student;
    dv_lambda_point *path;
    int lambdas;  /* 0: a student is asked for, */
    bool another; /* of another lambda */
    int turn;
};

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct students *it = context;
    it->lambdas = strncmp(wish, "path ", 5) == 0 ? atoi(wish + 5) : 0;
    it->another = strcmp(wish, "lambda") == 0;
    it->options.method = DV_STUDENT_RIDGE;
    while (!it->lambdas && !it->another && it->options.method < DV_STUDENT_GD &&
           strcmp(dv_student_method_name(it->options.method), wish) != 0)
        it->options.method++;
    free(it->path);
    return (it->path = dv_alloc((size_t)it->lambdas, sizeof *it->path, error));
}

static bool distil(struct students *it, dv_error *error)
{
    dv_lesson lesson = dv_student_lesson(it->bundle, &it->options, NULL);
    lesson.soft_labels = it->explanation->soft_labels;
    lesson.kept = NULL;
    bool ok = dv_student_distil(&lesson, &it->student, error);
    free(it->student.loss_curve);
    it->student.loss_curve = NULL;
    return ok;
}

static bool solve(struct students *it, dv_error *error)
{
    const dv_lesson lesson = dv_student_lesson(it->bundle, &it->options, NULL);
    dv_ridge_system *system = dv_ridge_system_of(&lesson, lesson.kept, error);
    return system && dv_ridge_solve(system, &lesson, dv_ridge_rule(system) * (1 + it->turn++ % 7), &it->student, error);
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct students *it = context;
    (void)answer;
    if (!it->lambdas)
        return it->another ? solve(it, error) : distil(it, error);
    it->path[0].lambda = 0;
    return dv_lambda_path(it->bundle, &it->options, it->path, it->lambdas, NULL, error);
}

int main(int argc, char **argv)
{
    dv_error error;
    if (argc != 3) {
        fputs("usage: bench-student BUNDLE THREADS\n", stderr);
        return 2;
    }
    const dv_bundle_source source = {.folder = argv[1], .threads = atoi(argv[2])};
    struct students it = {.bundle = dv_bundle_open(&source, &error), .options = dv_explain_defaults()};
    it.options.epochs = 10;
    if (!it.bundle || !(it.explanation = dv_explain(it.bundle, &it.options, NULL, &error)) ||
        !(it.student.weights = dv_alloc((size_t)it.explanation->rows * it.bundle->pixels, sizeof(float), &error)) ||
        !(it.student.bias = dv_alloc((size_t)it.explanation->rows, sizeof(float), &error)))
        return bench_fail("bench-student", &error);
    int status = bench_serve(&(bench_question){"bench-student", &it, prepare, work}, NULL);
    free(it.path);
    free(it.student.weights);
    free(it.student.bias);
    dv_explanation_free(it.explanation);
    dv_bundle_close(it.bundle);
    return status;
}

/* How close is one explanation to the speed of bare matrix multiplication?
 *
 *   bench-explain BUNDLE [NEIGHBORS [THREADS [ROUNDS]]]
 *
 * Rounds of the sgemm rate and of one explanation take turns; medians with the
 * spread of the middle half. The ratio is the time of the explanation by the time
 * that its floating-point operations would take at the sgemm rate of all threads. */
#include "base/file.h"
#include "base/team.h"
#include "deepvid.h"
#include "kernel/blas.h"
#include "onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 1024, MAX_ROUNDS = 99 };

struct product {
    float *a, *b, *c; /* SIDE x SIDE each, c one a thread */
};

static void multiply(void *context, int64_t task, int thread)
{
    struct product *product = context;
    (void)thread;
    dv_gemm(false, false, SIDE, SIDE, SIDE, 1, product->a, SIDE, product->b, SIDE, 0, product->c + task * SIDE * SIDE,
            SIDE);
}

/* Operations a second of one product on every thread at once. */
static double sgemm_rate(struct product *product, dv_team *team)
{
    int threads = dv_team_size(team);
    double start = dv_clock_ms();
    dv_team_run(team, multiply, product, threads);
    return 2.0 * SIDE * SIDE * SIDE * threads / ((dv_clock_ms() - start) / 1000);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values and prints "median (quartile .. quartile)". */
static double print_median(const char *name, const char *unit, double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, ascending);
    printf("%-34s %10.2f %-8s (%.2f .. %.2f)\n", name, value[count / 2], unit, value[count / 4],
           value[count - 1 - count / 4]);
    return value[count / 2];
}

/* Multiply-adds of one picture through a model of the bundle. */
static double model_multiply_adds(const char *folder, const char *file)
{
    dv_error error;
    char *path = dv_path_join(folder, file);
    dv_graph *graph = path ? dv_onnx_read(path, &error) : NULL;
    int64_t count = graph ? dv_graph_multiply_adds(graph, 1, &error) : 0;
    if (!count)
        fprintf(stderr, "bench-explain: %s: %s\n", file, error.message);
    dv_graph_free(graph);
    free(path);
    return (double)count;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: bench-explain BUNDLE [NEIGHBORS [THREADS [ROUNDS]]]\n", stderr);
        return 2;
    }
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    if (argc > 2)
        options.neighbors = atoll(argv[2]);
    dv_bundle_source source = {.folder = argv[1], .threads = argc > 3 ? atoi(argv[3]) : 0};
    int rounds = argc > 4 ? atoi(argv[4]) : 21;
    rounds = rounds < 1 ? 1 : rounds > MAX_ROUNDS ? MAX_ROUNDS : rounds;

    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle) {
        fprintf(stderr, "bench-explain: %s\n", error.message);
        return 1;
    }
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_team *team = dv_team_new(facts->threads, &error);
    size_t elements = (size_t)SIDE * SIDE;
    struct product product = {dv_alloc(elements, sizeof(float), &error), dv_alloc(elements, sizeof(float), &error),
                              dv_alloc(elements * (size_t)facts->threads, sizeof(float), &error)};
    if (!team || !product.a || !product.b || !product.c) {
        fprintf(stderr, "bench-explain: %s\n", error.message);
        return 1;
    }
    for (size_t i = 0; i < elements; i++)
        product.a[i] = product.b[i] = (float)(i % 17) / 17;

    double rate[MAX_ROUNDS], total[MAX_ROUNDS], ratio[MAX_ROUNDS];
    double decode[MAX_ROUNDS], teacher[MAX_ROUNDS], distill[MAX_ROUNDS], encode[MAX_ROUNDS];
    double pictures = (double)(options.neighbors + options.fresh);
    double dimensions = (double)facts->channels * facts->height * facts->width;
    double per_picture = model_multiply_adds(argv[1], "decoder.onnx") + model_multiply_adds(argv[1], "teacher.onnx");
    double small = dimensions < (double)options.neighbors ? dimensions : (double)options.neighbors;
    double large = dimensions < (double)options.neighbors ? (double)options.neighbors : dimensions;
    /* Half a Gram matrix, its Cholesky factor, the student on the fresh neighbours. */
    double student = small * small * large / 2 + small * small * small / 6 +
                     (double)(options.neighbors + options.fresh) * dimensions * facts->classes;
    double operations = 2 * (pictures * per_picture + student);

    float *offset = dv_alloc((size_t)facts->latent, sizeof *offset, &error);
    if (!offset) {
        fprintf(stderr, "bench-explain: %s\n", error.message);
        return 1;
    }
    options.offset = offset;
    for (int round = -1; round < rounds; round++) { /* the first one warms up */
        offset[0] = 0.1F * (float)(round % 7);      /* a knob is turned, as by a key press */
        double measured = sgemm_rate(&product, team);
        dv_explanation *explanation = dv_explain(bundle, &options, NULL, &error);
        if (!explanation) {
            fprintf(stderr, "bench-explain: %s\n", error.message);
            return 1;
        }
        if (round >= 0) {
            dv_timing timing = explanation->timing;
            rate[round] = measured / 1e9;
            total[round] = timing.total;
            encode[round] = timing.encode;
            decode[round] = timing.decode;
            teacher[round] = timing.teacher;
            distill[round] = timing.distill;
            ratio[round] = timing.total / (operations / measured * 1000);
        }
        dv_explanation_free(explanation);
    }

    printf("%s: %lld neighbours, %lld fresh, %d threads, %s\n", facts->name, (long long)options.neighbors,
           (long long)options.fresh, facts->threads, dv_blas_description());
    printf("operations: %.2f MFLOP a picture, %.3f GFLOP an explanation\n", 2 * per_picture / 1e6, operations / 1e9);
    print_median("sgemm 1024, all threads", "GFLOP/s", rate, rounds);
    double whole = print_median("explanation", "ms", total, rounds);
    const struct {
        const char *name;
        double *value;
    } stages[] = {{"  encode", encode}, {"  decode", decode}, {"  teacher", teacher}, {"  distill", distill}};
    double rest = whole;
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
        double part = print_median(stages[i].name, "ms", stages[i].value, rounds);
        printf("%-34s %10.1f %%\n", "    share", 100 * part / whole);
        rest -= part;
    }
    printf("%-34s %10.2f ms\n%-34s %10.1f %%\n", "  the rest (fidelity, copies)", rest, "    share",
           100 * rest / whole);
    print_median("ratio to the sgemm rate", "times", ratio, rounds);

    free(offset);
    free(product.a);
    free(product.b);
    free(product.c);
    dv_team_free(team);
    dv_bundle_close(bundle);
    return 0;
}

/* What can this machine do at most? bench-peak THREADS; asked "sgemm" (square products by BLAS, one a thread) or
 * "bandwidth" (a = b + 3 c over arrays larger than caches, McCalpin's triad). The first fact is how far BLAS is from
 * plain loops: old ones are wrong on new processors. */
#include "bench.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/team.h"
#include "kernel/blas.h"
#include "kernel/isa.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 1024, CHECKED = 300, TRIAD_FLOATS = 64 << 20, TRIAD_PART = 1 << 16 };

struct peak {
    dv_team *team;
    bool triad;
    float *a, *b, *c; /* TRIAD_FLOATS each */
};

static void multiply(void *context, int64_t task, int thread)
{
    struct peak *peak = context;
    (void)thread;
    dv_gemm(false, false, SIDE, SIDE, SIDE, 1, peak->b, SIDE, peak->c, SIDE, 0, peak->a + task * SIDE * SIDE, SIDE);
}

static void add_scaled(void *context, int64_t task, int thread)
{
    struct peak *peak = context;
    (void)thread;
    for (int64_t i = task * TRIAD_PART; i < (task + 1) * TRIAD_PART; i++)
        peak->a[i] = peak->b[i] + 3 * peak->c[i];
}

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct peak *peak = context;
    (void)error;
    peak->triad = strcmp(wish, "bandwidth") == 0;
    return true;
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct peak *peak = context;
    int threads = dv_team_size(peak->team);
    (void)error;
    if (peak->triad) {
        dv_team_run(peak->team, add_scaled, peak, TRIAD_FLOATS / TRIAD_PART);
        bench_add(answer, "bytes", 3.0 * TRIAD_FLOATS * sizeof(float));
    } else {
        dv_team_run(peak->team, multiply, peak, threads);
        bench_add(answer, "multiply_adds", (double)SIDE * SIDE * SIDE * threads);
    }
    return true;
}

/* The largest difference from plain sums, as a share of the largest element. */
static double blas_error(struct peak *peak)
{
    double difference = 0, largest = 0;
    dv_gemm(false, false, CHECKED, CHECKED, CHECKED, 1, peak->b, CHECKED, peak->c, CHECKED, 0, peak->a, CHECKED);
    for (int i = 0; i < CHECKED; i++)
        for (int j = 0; j < CHECKED; j++) {
            double sum = 0;
            for (int k = 0; k < CHECKED; k++)
                sum += (double)peak->b[i * CHECKED + k] * peak->c[k * CHECKED + j];
            difference = fmax(difference, fabs(sum - peak->a[i * CHECKED + j]));
            largest = fmax(largest, fabs(sum));
        }
    return difference / largest;
}

int main(int argc, char **argv)
{
    dv_error error;
    struct peak peak = {.team = dv_team_new(argc > 1 ? atoi(argv[1]) : 0, &error)};
    if (!peak.team || dv_team_size(peak.team) > TRIAD_FLOATS / (SIDE * SIDE) ||
        !(peak.a = dv_alloc(TRIAD_FLOATS, sizeof(float), &error)) ||
        !(peak.b = dv_alloc(TRIAD_FLOATS, sizeof(float), &error)) ||
        !(peak.c = dv_alloc(TRIAD_FLOATS, sizeof(float), &error)))
        return bench_fail("bench-peak", &error);
    for (int64_t i = 0; i < TRIAD_FLOATS; i++) {
        peak.b[i] = (float)(i % 1021) / 1021 - 0.5F;
        peak.c[i] = (float)(i % 1031) / 1031 - 0.5F;
    }
    json_t *facts = json_pack("{s:f, s:s, s:s, s:i}", "blas_error", blas_error(&peak), "blas", dv_blas_description(),
                              "isa", dv_isa_name(dv_isa_choose()), "threads", dv_team_size(peak.team));
    int status = bench_serve(&(bench_question){"bench-peak", &peak, prepare, work}, facts);
    free(peak.a);
    free(peak.b);
    free(peak.c);
    dv_team_free(peak.team);
    return status;
}

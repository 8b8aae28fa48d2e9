/* How long a network takes: bench-network MODEL THREADS BATCH SECONDS, one line of JSON. The network takes one input of
 * floats. Milliseconds: of reading, of rewriting, of the first run beyond the others (planning), of a picture by the
 * clock (median) and by the processors (mean). */
#include "base/file.h"
#include "base/random.h"
#include "graph/run.h"
#include "onnx/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int complain(const dv_error *error)
{
    fprintf(stderr, "bench-network: %s\n", error->message);
    return 1;
}

static int compare(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

enum { MOST = 10000 };

typedef struct times {
    double first, median, processors;
} times;

/* Of a run of `batch` pictures. */
static bool measure(dv_runner *runner, int64_t batch, double seconds, const float *x, float *const *y, times *it,
                    dv_error *error)
{
    double time[MOST], start = dv_clock_ms();
    int count = 0;
    if (!dv_runner_run_batch(runner, x, batch, y, NULL, NULL, error))
        return false;
    it->first = dv_clock_ms() - start;
    clock_t processors = clock();
    for (start = dv_clock_ms(); count < MOST && (count < 3 || dv_clock_ms() - start < 1000 * seconds); count++) {
        double from = dv_clock_ms();
        if (!dv_runner_run_batch(runner, x, batch, y, NULL, NULL, error))
            return false;
        time[count] = dv_clock_ms() - from;
    }
    qsort(time, (size_t)count, sizeof *time, compare);
    it->median = time[count / 2];
    it->processors = 1000.0 * (double)(clock() - processors) / CLOCKS_PER_SEC / count;
    return true;
}

int main(int argc, char **argv)
{
    dv_error error = {0};
    if (argc != 5) {
        fprintf(stderr, "usage: bench-network MODEL THREADS BATCH SECONDS\n");
        return 2;
    }
    int64_t batch = atoi(argv[3]);
    double start = dv_clock_ms();
    dv_graph *graph = dv_onnx_read(argv[1], &error);
    double read = dv_clock_ms();
    if (!graph || !dv_graph_optimize(graph, &error))
        return complain(&error);
    double simplified = dv_clock_ms();
    dv_team *team = dv_team_new(atoi(argv[2]), &error);
    dv_runner *runner = dv_runner_new(graph, team, &error);
    float **y = calloc((size_t)graph->output_count, sizeof *y);
    dv_shape sample, row;
    for (int o = 0; o < graph->output_count; o++) {
        if (!dv_runner_sample_shapes(runner, &sample, o, &row, &error))
            return complain(&error);
        y[o] = calloc((size_t)(batch * dv_shape_elements(&row)), sizeof *y[o]);
    }
    int64_t count = batch * dv_shape_elements(&sample);
    float *x = malloc((size_t)count * sizeof *x);
    for (int64_t k = 0; k < count; k++)
        x[k] = (float)dv_random_normal(1, DV_PURPOSE_TEST, (uint64_t)k);
    times it;
    if (!measure(runner, batch, atof(argv[4]), x, y, &it, &error))
        return complain(&error);
    printf("{\"read\": %.1f, \"simplify\": %.1f, \"plan\": %.1f, \"nodes\": %d, \"picture\": %.3f, \"processors\": "
           "%.3f}\n",
           read - start, simplified - read, it.first - it.median, graph->node_count, it.median / (double)batch,
           it.processors / (double)batch);
    for (int o = 0; o < graph->output_count; o++)
        free(y[o]);
    free(y);
    free(x);
    dv_runner_free(runner);
    dv_graph_free(graph);
    dv_team_free(team);
    return 0;
}

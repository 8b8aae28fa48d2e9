/* How long a network takes: bench-network MODEL THREADS, asked with the number of pictures of a batch. The network
 * takes one input of floats. Facts: milliseconds of reading and of rewriting, nodes that are left, multiply-adds a
 * picture. */
#include "bench.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/random.h"
#include "graph/run.h"
#include "onnx/onnx.h"

#include <stdlib.h>

struct network {
    dv_runner *runner;
    int outputs;
    int64_t batch, multiply_adds;
    float *x, **y;
};

static void clear(struct network *network)
{
    for (int o = 0; o < network->outputs; o++) {
        free(network->y[o]);
        network->y[o] = NULL;
    }
    free(network->x);
    network->x = NULL;
}

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct network *network = context;
    dv_shape sample, row;
    clear(network);
    network->batch = atoll(wish);
    for (int o = 0; o < network->outputs; o++)
        if (!dv_runner_sample_shapes(network->runner, &sample, o, &row, error) ||
            !(network->y[o] = dv_alloc((size_t)(network->batch * dv_shape_elements(&row)), sizeof(float), error)))
            return false;
    int64_t count = network->batch * dv_shape_elements(&sample);
    if (!(network->x = dv_alloc((size_t)count, sizeof(float), error)))
        return false;
    for (int64_t k = 0; k < count; k++)
        network->x[k] = (float)dv_random_normal(1, DV_PURPOSE_TEST, (uint64_t)k);
    return true;
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct network *network = context;
    bench_add(answer, "multiply_adds", (double)(network->multiply_adds * network->batch));
    return dv_runner_run_batch(network->runner, network->x, network->batch, network->y, NULL, NULL, error);
}

int main(int argc, char **argv)
{
    dv_error error = {0};
    if (argc != 3) {
        fputs("usage: bench-network MODEL THREADS\n", stderr);
        return 2;
    }
    struct network network = {.multiply_adds = bench_multiply_adds(argv[1], &error)};
    double start = dv_clock_ms();
    dv_graph *graph = network.multiply_adds ? dv_onnx_read(argv[1], &error) : NULL;
    double read = dv_clock_ms();
    if (!graph || !dv_graph_optimize(graph, &error))
        return bench_fail("bench-network", &error);
    double rewritten = dv_clock_ms();
    dv_team *team = dv_team_new(atoi(argv[2]), &error);
    network.outputs = graph->output_count;
    if (!team || !(network.runner = dv_runner_new(graph, team, &error)) ||
        !(network.y = dv_alloc((size_t)graph->output_count, sizeof *network.y, &error)))
        return bench_fail("bench-network", &error);
    json_t *facts = json_pack("{s:f, s:f, s:i, s:I}", "read", read - start, "rewrite", rewritten - read, "nodes",
                              graph->node_count, "multiply_adds", (json_int_t)network.multiply_adds);
    int status = bench_serve(&(bench_question){"bench-network", &network, prepare, work}, facts);
    clear(&network);
    free(network.y);
    dv_runner_free(network.runner);
    dv_graph_free(graph);
    dv_team_free(team);
    return status;
}

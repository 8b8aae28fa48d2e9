#include "bench.h"

#include "base/error.h"
#include "base/file.h"
#include "graph/graph.h"
#include "onnx/onnx.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURN_MS = 200, LONG_MS = 1000 };

static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

void bench_add(json_t *answer, const char *name, double value)
{
    json_object_set_new(answer, name, json_real(value + json_number_value(json_object_get(answer, name))));
}

int bench_fail(const char *program, const dv_error *error)
{
    fprintf(stderr, "%s: %s\n", program, error->message);
    return 1;
}

int64_t bench_multiply_adds(const char *path, dv_error *error)
{
    dv_graph *graph = dv_onnx_read(path, error);
    int64_t count = graph ? dv_graph_multiply_adds(graph, 1, error) : 0;
    dv_graph_free(graph);
    return count;
}

double bench_student_multiply_adds(const dv_bundle_facts *facts, double neighbors, double answered)
{
    double pixels = (double)facts->channels * facts->height * facts->width;
    double small = fmin(pixels, neighbors), large = fmax(pixels, neighbors);
    return small * small * large / 2 + small * small * small / 6 + answered * pixels * facts->classes;
}

/* Until a turn is over; the first work of a new wish is done again if it was short, and not counted then. */
static bool take_turn(const bench_question *question, bool is_new, json_t *answer, dv_error *error)
{
    int count = 0;
    double start = dv_clock_ms(), used = processor_ms(), wall;
    do {
        if (!question->work(question->context, answer, error))
            return false;
        count++;
        wall = dv_clock_ms() - start;
        if (is_new && wall < LONG_MS) {
            json_object_clear(answer);
            count = 0;
            start += wall;
            wall = 0;
            used = processor_ms();
        }
        is_new = false;
    } while (wall < TURN_MS);
    if (!json_object_get(answer, "ms"))
        bench_add(answer, "ms", wall);
    bench_add(answer, "processor_ms", processor_ms() - used);
    const char *name;
    json_t *sum;
    json_object_foreach(answer, name, sum)
    {
        json_real_set(sum, json_real_value(sum) / count);
    }
    return true;
}

static void print_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}

int bench_serve(const bench_question *question, json_t *facts)
{
    dv_error error;
    char *wish = NULL, *last = NULL;
    size_t size = 0;
    bool ok = true;
    print_line(facts ? facts : json_object());
    while (ok && getline(&wish, &size, stdin) > 0) {
        json_t *answer = json_object();
        wish[strcspn(wish, "\n")] = '\0';
        bool is_new = !last || strcmp(wish, last) != 0;
        ok = (!is_new || !question->prepare || question->prepare(question->context, wish, &error)) &&
             take_turn(question, is_new, answer, &error);
        free(last);
        last = strdup(wish);
        if (ok)
            print_line(answer);
        else
            json_decref(answer);
    }
    free(wish);
    free(last);
    return ok ? 0 : bench_fail(question->program, &error);
}

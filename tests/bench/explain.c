/* How long one explanation takes while a knob is turned, as by a key: bench-explain BUNDLE THREADS [TEACHER], asked
 * with the number of neighbours, and of fresh ones perhaps. Stages are the program's own. */
#include "bench.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct explanations {
    dv_bundle *bundle;
    dv_explain_options options;
    dv_attribution_options attribution;
    int explainer; /* -1: an explanation is asked for */
    float *offset;
    int turned;
    double decoder, teacher; /* multiply-adds of a picture */
};

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct explanations *it = context;
    char name[32] = "";
    it->explainer = -1;
    if (sscanf(wish, "%31[a-z-]%" SCNd64, name, &it->attribution.samples) == 2)
        return (it->explainer = dv_explainer_find(name, error)) >= 0;
    it->options.fresh = dv_explain_defaults().fresh;
    return sscanf(wish, "%" SCNd64 " %" SCNd64, &it->options.neighbors, &it->options.fresh) >= 1 ||
           dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' is no number of neighbours", wish);
}

static bool attribute(struct explanations *it, json_t *answer, dv_error *error)
{
    dv_explain_options wish = it->options;
    wish.offset = NULL;
    dv_attribution *map =
        dv_attribution_make(it->bundle, it->explainer, &wish, NULL, -1, &it->attribution, NULL, error);
    if (!map)
        return false;
    bench_add(answer, "superpixels", map->segment_count);
    bench_add(answer, "multiply_adds", (double)map->teacher_calls * it->teacher);
    dv_attribution_free(map);
    return true;
}

/* Pages that the system had to give so far: those of buffers that were not there yet. */
static double page_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_minflt;
}

static bool explain(struct explanations *it, json_t *answer, dv_error *error)
{
    it->offset[0] = 0.1F * (float)(it->turned++ % 7);
    const double faults = page_faults();
    dv_explanation *explanation = dv_explain(it->bundle, &it->options, NULL, error);
    if (!explanation)
        return false;
    bench_add(answer, "page faults", page_faults() - faults);
    const dv_timing timing = explanation->timing;
    const double rest = timing.total - timing.encode - timing.decode - timing.teacher - timing.distill;
    const double neighbors = (double)it->options.neighbors, pictures = neighbors + (double)it->options.fresh;
    const double student = bench_student_multiply_adds(dv_bundle_get_facts(it->bundle), neighbors, pictures);
    const struct {
        const char *name;
        double ms, multiply_adds;
    } stages[] = {{"encode", timing.encode, 0},
                  {"decode", timing.decode, pictures * it->decoder},
                  {"teacher", timing.teacher, pictures * it->teacher},
                  {"distil", timing.distill, student},
                  {"rest", rest, 0}};
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s multiply_adds", stages[i].name);
        bench_add(answer, stages[i].name, stages[i].ms);
        bench_add(answer, "multiply_adds", stages[i].multiply_adds);
        if (stages[i].multiply_adds > 0)
            bench_add(answer, name, stages[i].multiply_adds);
    }
    dv_explanation_free(explanation);
    return true;
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct explanations *it = context;
    return it->explainer < 0 ? explain(it, answer, error) : attribute(it, answer, error);
}

int main(int argc, char **argv)
{
    dv_error error;
    if (argc < 3) {
        fputs("usage: bench-explain BUNDLE THREADS [TEACHER]\n", stderr);
        return 2;
    }
    const dv_bundle_source source = {.folder = argv[1], .threads = atoi(argv[2]), .teacher = argv[3]};
    struct explanations it = {.bundle = dv_bundle_open(&source, &error),
                              .options = dv_explain_defaults(),
                              .attribution = dv_attribution_defaults()};
    it.options.unrealistic = DV_UNREALISTIC_IGNORE; /* no peer looks for them */
    char *decoder = dv_path_join(argv[1], "decoder.onnx"), *teacher = dv_path_join(argv[1], "teacher.onnx");
    if (!it.bundle || !(it.decoder = (double)bench_multiply_adds(decoder, &error)) ||
        !(it.teacher = (double)bench_multiply_adds(argv[3] ? argv[3] : teacher, &error)) ||
        !(it.offset = dv_alloc((size_t)dv_bundle_get_facts(it.bundle)->latent, sizeof(float), &error)))
        return bench_fail("bench-explain", &error);
    it.options.offset = it.offset;
    int status = bench_serve(&(bench_question){"bench-explain", &it, prepare, work}, NULL);
    free(decoder);
    free(teacher);
    free(it.offset);
    dv_bundle_close(it.bundle);
    return status;
}

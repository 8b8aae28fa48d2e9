/* How steady maps are from seed to seed, by the number of neighbours, and whether the rule that stops by itself keeps
 * its word.
 *
 *   bench-steadiness BUNDLE [PICTURES [UNTIL [STOPPED]]]
 *
 * Pictures are drawn at random, half of them misclassified. Of PICTURES (40) a table: the mean cosine between maps of
 * SEEDS seeds, what the program estimates it to be, and the divergence on fresh neighbours, for Sobol and for plain
 * points. Then for both STOPPED (100) explanations that stop at a steadiness of UNTIL (0.97), each held against maps of
 * OTHERS other seeds with as many neighbours. In the end all of it as one JSON object. */
#include "base/random.h"
#include "deepvid.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3, OTHERS = 4, LEAST = 128, MOST = 8192, SIZES = 7, LIMIT = 16384 };

static void give_up(const dv_error *error)
{
    fprintf(stderr, "bench-steadiness: %s\n", error->message);
    exit(1);
}

/* ---- pictures ------------------------------------------------------------------ */

/* `count` pictures without order, every other one misclassified. */
static int64_t *draw_pictures(dv_bundle *bundle, int count)
{
    dv_error error;
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_classification *all = dv_classify(bundle, NULL, &error);
    int64_t *drawn = calloc((size_t)count, sizeof *drawn);
    bool *used = calloc((size_t)facts->count, sizeof *used);
    if (!all || !drawn || !used)
        give_up(&error);
    for (uint64_t draw = 0, found = 0; found < (uint64_t)count && draw < 100000000; draw++) {
        int64_t index = (int64_t)(dv_random_bits(1, DV_PURPOSE_TEST, draw) % (uint64_t)facts->count);
        bool wrong = facts->labels && all->predictions[index] != facts->labels[index];
        if (used[index] || wrong != (found % 2 == 1 && facts->labels))
            continue;
        used[index] = true;
        drawn[found++] = index;
    }
    free(used);
    dv_classification_free(all);
    return drawn;
}

/* ---- maps ------------------------------------------------------------------------ */

static dv_explanation *explain(dv_bundle *bundle, const dv_explain_options *options)
{
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, options, NULL, &error);
    if (!explanation)
        give_up(&error);
    return explanation;
}

/* Map of the teacher's class, freed of the mean over rows, which changes no probability. */
static double *map_of(const dv_explanation *explanation, int pixels)
{
    double *map = calloc((size_t)pixels, sizeof *map);
    int own = dv_explanation_row(explanation, explanation->teacher_class);
    for (int p = 0; map && p < pixels; p++) {
        for (int row = 0; row < explanation->rows && !explanation->multi_label; row++)
            map[p] -= (double)explanation->weights[(size_t)row * (size_t)pixels + (size_t)p] / explanation->rows;
        map[p] += (double)explanation->weights[(size_t)own * (size_t)pixels + (size_t)p];
    }
    return map;
}

static double cosine(const double *a, const double *b, int count)
{
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < count; i++) {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return ab / sqrt(aa * bb);
}

/* ---- by the number of neighbours --------------------------------------------------- */

/* Of one number of neighbours. */
struct row {
    double cosine, square, estimate, error, kl;
};

static void measure_picture(dv_bundle *bundle, dv_sampling sampling, int64_t index, int pixels, struct row *rows)
{
    double *map[SIZES][SEEDS], estimate[SIZES] = {0};
    for (int seed = 0; seed < SEEDS; seed++)
        for (int size = 0; size < SIZES; size++) {
            dv_explain_options options = dv_explain_defaults();
            options.index = index;
            options.sampling = sampling;
            options.neighbors = (int64_t)LEAST << size;
            options.seed = (uint64_t)seed + 1;
            dv_explanation *explanation = explain(bundle, &options);
            map[size][seed] = map_of(explanation, pixels);
            estimate[size] += explanation->fidelity.steadiness / SEEDS;
            rows[size].kl += explanation->fidelity.kl / SEEDS;
            dv_explanation_free(explanation);
        }
    for (int size = 0; size < SIZES; size++) {
        double mean = 0;
        for (int a = 0; a < SEEDS; a++)
            for (int b = 0; b < a; b++)
                mean += cosine(map[size][a], map[size][b], pixels) / (SEEDS * (SEEDS - 1) / 2.0);
        rows[size].cosine += mean;
        rows[size].square += mean * mean;
        rows[size].estimate += estimate[size];
        rows[size].error += fabs(estimate[size] - mean);
        for (int seed = 0; seed < SEEDS; seed++)
            free(map[size][seed]);
    }
}

static void print_rows(const char *name, const struct row *rows, int pictures)
{
    printf("%s points\n      N   cosine +- s.e.   estimate  its error       KL\n", name);
    for (int size = 0; size < SIZES; size++) {
        double n = pictures, mean = rows[size].cosine / n, variance = rows[size].square / n - mean * mean;
        printf("%7d   %.4f  %.4f   %8.4f   %8.4f   %.4f\n", LEAST << size, mean, sqrt(fmax(0, variance) / n),
               rows[size].estimate / n, rows[size].error / n, rows[size].kl / n);
    }
    printf("\n");
    fflush(stdout);
}

/* ---- the rule that stops -------------------------------------------------------------- */

/* Of one picture that the rule stopped at. */
struct stop {
    double neighbors, estimate, truth;
};

static struct stop stop_picture(dv_bundle *bundle, dv_sampling sampling, int64_t index, double until, int pixels)
{
    struct stop result = {0};
    dv_explain_options options = dv_explain_defaults();
    options.index = index;
    options.sampling = sampling;
    options.neighbors = LIMIT;
    options.until = until;
    dv_explanation *stopped = explain(bundle, &options);
    double *map = map_of(stopped, pixels);
    result.neighbors = (double)stopped->count;
    result.estimate = stopped->fidelity.steadiness;
    options.neighbors = stopped->count;
    options.until = 0;
    for (int other = 0; other < OTHERS; other++) {
        options.seed = 101 + (uint64_t)other;
        dv_explanation *explanation = explain(bundle, &options);
        double *its = map_of(explanation, pixels);
        result.truth += cosine(map, its, pixels) / OTHERS;
        free(its);
        dv_explanation_free(explanation);
    }
    free(map);
    dv_explanation_free(stopped);
    return result;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *value, int count, double share)
{
    qsort(value, (size_t)count, sizeof *value, ascending);
    return value[(int)(share * (count - 1) + 0.5)];
}

/* What came of the rule, with points of one kind. */
struct judgement {
    int reached, stopped;
    double quartile[3], most;
};

static struct judgement judge_stops(dv_bundle *bundle, dv_sampling sampling, const int64_t *drawn, int count,
                                    double until, int pixels)
{
    struct judgement result = {0};
    double truth = 0, estimate = 0, *neighbors = calloc((size_t)count, sizeof *neighbors);
    for (int i = 0; i < count; i++) {
        struct stop stop = stop_picture(bundle, sampling, drawn[i], until, pixels);
        neighbors[i] = stop.neighbors;
        result.stopped += stop.estimate >= until;
        result.reached += stop.truth >= until;
        truth += stop.truth / count;
        estimate += stop.estimate / count;
    }
    for (int i = 0; i < 3; i++)
        result.quartile[i] = quantile(neighbors, count, 0.25 * (i + 1));
    result.most = quantile(neighbors, count, 1);
    printf("%s points, until %g: %d of %d stopped before %d neighbours\n"
           "by %d other seeds %d reached it: mean cosine %.4f, mean estimate %.4f\n"
           "neighbours: quartiles %.0f, %.0f, %.0f, most %.0f\n\n",
           dv_sampling_name(sampling), until, result.stopped, count, LIMIT, OTHERS, result.reached, truth, estimate,
           result.quartile[0], result.quartile[1], result.quartile[2], result.most);
    fflush(stdout);
    free(neighbors);
    return result;
}

/* ---- the whole -------------------------------------------------------------------------- */

static void print_json(const struct row rows[SIZES], int pictures, const struct judgement *judged, int count,
                       double until, const char *name)
{
    printf("\"%s\": {\"sizes\": [", name);
    for (int size = 0; size < SIZES && pictures > 0; size++) {
        printf("%s{\"neighbors\": %d, \"cosine\": %.5f, ", size ? ", " : "", LEAST << size, rows[size].cosine / pictures);
        if (isfinite(rows[size].estimate))
            printf("\"estimate\": %.5f, ", rows[size].estimate / pictures);
        printf("\"kl\": %.5f}", rows[size].kl / pictures);
    }
    printf("], \"until\": %g, \"pictures\": %d, \"stopped\": %d, \"reached\": %d, \"quartiles\": [%.0f, %.0f, %.0f]}",
           until, count, judged->stopped, judged->reached, judged->quartile[0], judged->quartile[1],
           judged->quartile[2]);
}

int main(int argc, char **argv)
{
    dv_error error;
    dv_bundle_source source = {.folder = argc > 1 ? argv[1] : "models/fashion-mnist"};
    int pictures = argc > 2 ? atoi(argv[2]) : 40, count = argc > 4 ? atoi(argv[4]) : 100;
    double until = argc > 3 ? atof(argv[3]) : 0.97;
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle)
        give_up(&error);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    int pixels = facts->channels * facts->height * facts->width;
    int64_t *drawn = draw_pictures(bundle, pictures > count ? pictures : count);
    struct row rows[2][SIZES] = {0};
    struct judgement judged[2] = {0};
    for (dv_sampling sampling = DV_SAMPLING_SOBOL; sampling <= DV_SAMPLING_NORMAL; sampling++) {
        for (int i = 0; i < pictures; i++)
            measure_picture(bundle, sampling, drawn[i], pixels, rows[sampling]);
        if (pictures > 0)
            print_rows(dv_sampling_name(sampling), rows[sampling], pictures);
        if (count > 0)
            judged[sampling] = judge_stops(bundle, sampling, drawn, count, until, pixels);
    }
    for (dv_sampling sampling = DV_SAMPLING_SOBOL; sampling <= DV_SAMPLING_NORMAL; sampling++) {
        printf(sampling == DV_SAMPLING_SOBOL ? "{" : ", ");
        print_json(rows[sampling], pictures, &judged[sampling], count, until, dv_sampling_name(sampling));
    }
    printf("}\n");
    free(drawn);
    dv_bundle_close(bundle);
    return 0;
}

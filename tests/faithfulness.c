/* How faithful and how steady the students are on real pictures: the figures that the method's defaults were chosen
 * by. Usage: faithfulness [BUNDLE [PICTURES [SETTING]]]; settings are the rows of the table below. */
#include "deepvid.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SEEDS = 3 };

/* One row of the table that is printed: how its options differ from the defaults. */
static const struct setting {
    const char *name;
    dv_student_method method;
    dv_neighborhood neighborhood;
    dv_sampling sampling;
    int epochs;
    double ridge_factor; /* 0: by the rule; else that part of the largest eigenvalue */
    bool by_default;     /* run when no setting is named */
} settings[] = {
    {.name = "ridge", .by_default = true},
    {.name = "adam-50", .method = DV_STUDENT_ADAM, .epochs = 50, .by_default = true},
    {.name = "adam-10", .method = DV_STUDENT_ADAM, .epochs = 10},
    {.name = "sgd-50", .method = DV_STUDENT_SGD, .epochs = 50},
    {.name = "gd-500", .method = DV_STUDENT_GD, .epochs = 500},
    {.name = "ridge-normal", .sampling = DV_SAMPLING_NORMAL},
    {.name = "ridge-residual", .neighborhood = DV_NEIGHBORHOOD_RESIDUAL},
    {.name = "ridge-mixed", .neighborhood = DV_NEIGHBORHOOD_MIXED},
    {.name = "ridge-auto", .neighborhood = DV_NEIGHBORHOOD_AUTO},
    {.name = "ridge-0.0003", .ridge_factor = 0.0003},
    {.name = "ridge-0.0005", .ridge_factor = 0.0005},
    {.name = "ridge-0.001", .ridge_factor = 0.001},
    {.name = "ridge-0.0015", .ridge_factor = 0.0015},
    {.name = "ridge-0.002", .ridge_factor = 0.002},
    {.name = "ridge-0.003", .ridge_factor = 0.003},
};

/* Sums over pictures. */
struct totals {
    int64_t pictures, explanations;
    double kl, kl_square, kl_at_1, agreement, r2, cosine, cosine_square, keep, student_right, logarithm, milliseconds;
    int verdict[3];
};

/* Map of `class`, freed of the mean over classes, which changes no probability. */
static double *centred_map(const dv_explanation *explanation, int class)
{
    int pixels = explanation->channels * explanation->height * explanation->width;
    double *map = calloc(pixels, sizeof *map);
    for (int p = 0; map && p < pixels; p++) {
        for (int k = 0; k < explanation->classes; k++)
            map[p] -= explanation->weights[(size_t)k * pixels + p] / explanation->classes;
        map[p] += explanation->weights[(size_t) class * pixels + p];
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

static void add(struct totals *totals, const dv_explanation *explanation)
{
    const dv_fidelity *fidelity = &explanation->fidelity;
    totals->explanations++;
    totals->kl_at_1 += fidelity->kl_at_1;
    totals->agreement += fidelity->agreement;
    totals->r2 += isfinite(fidelity->r2) ? fidelity->r2 : 0;
    totals->keep += fidelity->keeps_label;
    totals->student_right += explanation->student_class == explanation->teacher_class;
    totals->logarithm += explanation->lambda > 0 ? log10(explanation->lambda) : 0;
    totals->milliseconds += explanation->timing.total;
    totals->verdict[fidelity->verdict]++;
}

static dv_explanation *explain(dv_bundle *bundle, const struct setting *setting, int64_t index, uint64_t seed,
                               dv_error *error)
{
    dv_explain_options options = dv_explain_defaults();
    options.index = index;
    options.seed = seed;
    options.method = setting->method;
    options.neighborhood = setting->neighborhood;
    options.sampling = setting->sampling;
    if (setting->epochs)
        options.epochs = setting->epochs;
    dv_explanation *explanation = dv_explain(bundle, &options, NULL, error);
    if (explanation && setting->ridge_factor > 0) {
        options.ridge = setting->ridge_factor * explanation->top_eigenvalue;
        dv_explanation_free(explanation);
        explanation = dv_explain(bundle, &options, NULL, error);
    }
    return explanation;
}

static bool measure_picture(dv_bundle *bundle, const struct setting *setting, int64_t index, struct totals *totals,
                            dv_error *error)
{
    double *map[SEEDS] = {NULL}, kl = 0, similar = 0;
    int pixels = 0, seed = 0;
    for (; seed < SEEDS; seed++) {
        dv_explanation *explanation = explain(bundle, setting, index, (uint64_t)seed + 1, error);
        if (!explanation)
            break;
        pixels = explanation->channels * explanation->height * explanation->width;
        map[seed] = centred_map(explanation, explanation->teacher_class);
        kl += explanation->fidelity.kl / SEEDS;
        add(totals, explanation);
        dv_explanation_free(explanation);
    }
    if (seed == SEEDS) {
        similar =
            (cosine(map[0], map[1], pixels) + cosine(map[0], map[2], pixels) + cosine(map[1], map[2], pixels)) / 3;
        totals->pictures++;
        totals->kl += kl;
        totals->kl_square += kl * kl;
        totals->cosine += similar;
        totals->cosine_square += similar * similar;
    }
    for (int i = 0; i < SEEDS; i++)
        free(map[i]);
    return seed == SEEDS;
}

static double standard_error(double sum, double square, double count)
{
    return sqrt(fmax(0, square / count - sum / count * sum / count) / count);
}

static bool measure(dv_bundle *bundle, const struct setting *setting, int64_t pictures, dv_error *error)
{
    struct totals totals = {0};
    for (int64_t i = 0; i < pictures; i++)
        if (!measure_picture(bundle, setting, i, &totals, error))
            return false;
    double n = (double)totals.pictures, all = (double)totals.explanations;
    printf("%-15s %.4f +-%.4f  %.4f  %.4f   %.3f  %.4f +-%.4f  %5.2f  %.3f  %.3f  %3.0f %3.0f %3.0f  %6.1f\n",
           setting->name, totals.kl / n, standard_error(totals.kl, totals.kl_square, n), totals.kl_at_1 / all,
           totals.agreement / all, totals.r2 / all, totals.cosine / n,
           standard_error(totals.cosine, totals.cosine_square, n), totals.logarithm / all, totals.student_right / all,
           totals.keep / all, 100 * totals.verdict[DV_VERDICT_GOOD] / all,
           100 * totals.verdict[DV_VERDICT_DOUBTFUL] / all, 100 * totals.verdict[DV_VERDICT_DO_NOT_TRUST] / all,
           totals.milliseconds / all);
    fflush(stdout);
    return true;
}

int main(int argc, char **argv)
{
    dv_error error;
    const char *folder = argc > 1 ? argv[1] : "models/fashion-mnist";
    long long pictures = argc > 2 ? atoll(argv[2]) : 100;
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder}, &error);
    bool ok = bundle != NULL;
    if (ok && (pictures < 1 || pictures > dv_bundle_get_facts(bundle)->count))
        pictures = dv_bundle_get_facts(bundle)->count;
    if (ok)
        printf(
            "The first %lld pictures of %s, %d seeds each, defaults otherwise.\n"
            "kl and kl1: divergence at temperature 2 and 1; agree, r2: on fresh neighbours; cosine: between the maps\n"
            "of the teacher's class, of the seeds; lambda: its mean logarithm; right: student's class at the picture;\n"
            "keep: neighbours that keep the label; verdict: per cent good, doubtful, do not trust.\n\n"
            "student         kl               kl1     agree    r2     cosine          lambda  right  keep   verdict"
            "          ms\n",
            pictures, dv_bundle_get_facts(bundle)->name, SEEDS);
    for (size_t i = 0; ok && i < sizeof settings / sizeof settings[0]; i++)
        if (argc > 3 ? strcmp(argv[3], settings[i].name) == 0 : settings[i].by_default)
            ok = measure(bundle, &settings[i], pictures, &error);
    if (!ok)
        fprintf(stderr, "faithfulness: %s\n", error.message);
    dv_bundle_close(bundle);
    return ok ? 0 : 1;
}

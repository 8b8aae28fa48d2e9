/* Verdicts: what they go by, how it is kept with the bundle, and what is told of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "base/file.h"
#include "base/ini.h"
#include "latent.h"
#include "vid/bundle_settings.h"
#include "study/eval.h"
#include "vid/verdict.h"

#include <math.h>
#include <string.h>

/* ---- thresholds ---------------------------------------------------------------------- */

static void test_thresholds(void **state)
{
    const dv_calibration it = {
        .from = {0, 0.5, 2},
        .worth = {{.pictures = 10, .bad = 1}, {.pictures = 5, .bad = 3}, {.pictures = 3, .bad = 2}}};
    const dv_calibration none = {.from = {0, 0.5, 2}};
    (void)state;
    assert_true(dv_distrust(1, 1) == 0 && fabs(dv_distrust(0.75, 0.9) - 0.75) < 1e-12);
    assert_int_equal(dv_verdict_by(&it, 0.49, false, false), DV_VERDICT_GOOD);
    assert_int_equal(dv_verdict_by(&it, 0.49, true, false), DV_VERDICT_DOUBTFUL);
    assert_int_equal(dv_verdict_by(&it, 0.5, false, false), DV_VERDICT_DOUBTFUL);
    assert_int_equal(dv_verdict_by(&it, 2, false, false), DV_VERDICT_DO_NOT_TRUST);
    assert_int_equal(dv_verdict_by(&it, 0, true, true), DV_VERDICT_DO_NOT_TRUST);
    assert_true(fabs(dv_calibration_precision(&it) - 5.0 / 8) < 1e-12);
    assert_true(fabs(dv_calibration_recall(&it) - 5.0 / 6) < 1e-12);
    assert_true(isnan(dv_calibration_precision(&none)) && isnan(dv_calibration_recall(&none)));
}

static void test_words(void **state)
{
    const dv_worth none = {0}, worth = {.pictures = 150, .bad = 12, .real = 0.934};
    const dv_worth most = {.pictures = 1000000000, .real = 1};
    char text[DV_REASON_SIZE];
    (void)state;
    dv_worth_tell(&none, text);
    assert_string_equal(text, "");
    dv_worth_tell(&worth, text);
    assert_string_equal(text, "Students so judged agreed with the teacher on 93 % of the nearest real pictures (150 "
                              "measured, errors oversampled).");
    dv_worth_tell(&most, text);
    assert_int_equal(text[strlen(text) - 1], '.'); /* nothing is cut off */
}

/* ---- lines of a file ------------------------------------------------------------------ */

static void test_set(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"", "\n[b]\nx = 1\ny = two\n"},
        {"[a]\nx = 3\n", "[a]\nx = 3\n\n[b]\nx = 1\ny = two\n"},
        {"; first\n[b]\nx = 3 ; why\n# last", "; first\n[b]\nx = 1 ; why\n# last\ny = two\n"},
        {"[b]\n y=3\nxx = 4\n\n\n[a]\nx = 3\n", "[b]\ny = two\nxx = 4\nx = 1\n\n\n[a]\nx = 3\n"},
        {"[bb]\nx = 3\n[ab]\n[b]\nx : 3\ny = 4\n\n", "[bb]\nx = 3\n[ab]\n[b]\nx = 1\ny = two\n\n"},
        {"[b]\n;x = 0\n[a]\n[b]\ny = 1\n", "[b]\n;x = 0\nx = 1\ny = two\n[a]\n[b]\n"},
    };
    const dv_ini_pair pairs[] = {{"x", "1"}, {"y", "two"}};
    char path[256];
    dv_error error;
    scratch_path(path, *state, "some.ini");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int again = 0; again < 2; again++) { /* the second time it is there already */
            uint8_t *data;
            size_t size;
            const char *before = again ? cases[i].after : cases[i].before;
            put_file(path, before, strlen(before));
            assert_true(dv_ini_set(path, "b", 2, pairs, &error));
            assert_true(dv_file_read(path, 4096, &data, &size, &error));
            assert_string_equal((const char *)data, cases[i].after);
            free(data);
        }
    put_file(path, "[b]\n\0\n", 6);
    assert_false(dv_ini_set(path, "b", 2, pairs, &error));
    assert_non_null(strstr(error.message, "some.ini: line 2 holds a zero byte"));
    remove(path);
    assert_false(dv_ini_set(path, "b", 2, pairs, &error));
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- with a bundle --------------------------------------------------------------------- */

static const char ini[] = "[teacher]\nmodel = teacher.onnx\nmean = 0.5\nstd=0.25\n[vae]\nencoder = encoder.onnx\n"
                          "decoder = decoder.onnx\n[data]\nimages = images\nlabels = labels\n";

static void write_ini(const char *folder, const char *more)
{
    char text[1024];
    snprintf(text, sizeof text, "%s%s", ini, more);
    tiny_put_text(folder, "deepvid.ini", text);
}

static void test_bad_numbers(void **state)
{
    static const struct {
        const char *text, *words;
    } wrong[] = {
        {"thresholds = 0.7", "'0.7' is not 2 numbers from 0 to 6"},
        {"thresholds = 0.7, 0.9, 1", "is not 2 numbers"},
        {"thresholds = 0.7; 0.9", "is not 2 numbers"},
        {"thresholds = 0.7, nan", "is not 2 numbers"},
        {"thresholds = -0.1, 1", "is not 2 numbers"},
        {"thresholds = 0.7, 6.1", "is not 2 numbers"},
        {"thresholds = 0.9, 0.7", "thresholds must rise"},
        {"thresholds = 0.7, 0.9\npictures = 1, 1, 1", "there together or not at all"},
        {"thresholds = 0.7, 0.9\npictures = 1, 1, 1\nbad = 0, 2, 0\nreal = 1, 1, 1", "more pictures than there are"},
        {"thresholds = 0.7, 0.9\npictures = 1, 1, 1\nbad = 0, 0, 0\nreal = 1, 1, 1.1", "real = '1, 1, 1.1' is not 3"},
        {"thresholds = 0.7, 0.9\npictures = 1, 1, 1e99\nbad = 0, 0, 0\nreal = 1, 1, 1", "pictures"},
        {"thresholds = 0.7, 0.9\npictures = 1.5, 1, 1\nbad = 0, 0, 0\nreal = 1, 1, 1", "whole numbers"},
        {"pictures = 1, 1, 1\nbad = 0, 0, 0\nreal = 1, 1, 1", "thresholds is missing"},
        {"anchor = 0.1", "thresholds is missing"},
        {"thresholds = 0.7, 0.9\nanchor = 1.5", "anchor = '1.5' is no share from 0 to 1"},
        {"thresholds = 0.7, 0.9\nanchor = nan", "anchor = 'nan' is no share"},
        {"thresholds = 0.7, 0.9\nanchor = 0.1 0.2", "anchor = '0.1 0.2' is no share"},
    };
    tiny it = tiny_defaults();
    dv_error error;
    tiny_write(*state, &it);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char more[256];
        snprintf(more, sizeof more, "[verdict]\n%s\n", wrong[i].text);
        write_ini(*state, more);
        assert_null(dv_bundle_open(&(dv_bundle_source){.folder = *state, .threads = 1}, &error));
        if (!strstr(error.message, wrong[i].words) || !strstr(error.message, "/deepvid.ini: "))
            fail_msg("case %zu: %s", i, error.message);
    }
}

static dv_fidelity explain_with(const dv_bundle_source *source, const dv_explain_options *options)
{
    dv_error error;
    dv_bundle *bundle = dv_bundle_open(source, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    dv_explanation *explanation = dv_explain(bundle, options, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    dv_fidelity fidelity = explanation->fidelity;
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
    return fidelity;
}

/* What was kept is found again, and told of students of the kind that was measured only. */
static void test_kept(void **state)
{
    const dv_calibration kept = {
        .from = {0, 5.998, 6},
        .worth = {{.pictures = 70, .bad = 5, .real = 0.95}, {.pictures = 2, .bad = 1, .real = 0.5}, {.pictures = 0}},
        .anchor = dv_explain_defaults().anchor};
    const float nowhere[TINY_LATENT] = {0}, away[TINY_LATENT] = {0.5f};
    char teacher[256];
    tiny it = tiny_defaults();
    dv_error error;
    tiny_write(*state, &it);
    write_ini(*state, "; mine\n");
    dv_bundle_source source = {.folder = *state, .threads = 1};
    dv_explain_options wish = wish_for(3);
    dv_fidelity before = explain_with(&source, &wish);
    assert_true(before.worth.pictures == 0);
    if (!dv_bundle_settings_keep(*state, &kept, &error))
        fail_msg("%s", error.message);
    dv_fidelity after = explain_with(&source, &wish);
    assert_true(after.distrust == before.distrust && after.kl == before.kl && after.suspect == before.suspect);
    assert_int_equal(after.verdict, after.suspect ? DV_VERDICT_DOUBTFUL : DV_VERDICT_GOOD);
    assert_int_equal(after.worth.pictures, after.suspect ? 2 : 70);
    assert_true(fabs(after.worth.real - (after.suspect ? 0.5 : 0.95)) < 1e-12);
    wish.offset = nowhere;
    assert_true(explain_with(&source, &wish).worth.pictures > 0);
    wish.offset = away;
    assert_true(explain_with(&source, &wish).worth.pictures == 0);
    wish.offset = NULL;
    wish.band = 0.25;
    assert_true(explain_with(&source, &wish).worth.pictures == 0);
    wish = wish_for(3);
    wish.neighborhood = DV_NEIGHBORHOOD_RESIDUAL;
    assert_true(explain_with(&source, &wish).worth.pictures == 0);
    /* Measured on students that the picture itself took no part in, as files say that say nothing: told of those alone.
     */
    wish = wish_for(3);
    wish.anchor = 0;
    assert_true(explain_with(&source, &wish).worth.pictures == 0);
    for (int says = 0; says < 2; says++) {
        write_ini(*state, says ? "[verdict]\nthresholds = 5.998, 6\npictures = 70, 2, 0\nbad = 5, 1, 0\n"
                                 "real = 0.95, 0.5, 0\nanchor = 0.0\n"
                               : "[verdict]\nthresholds = 5.998, 6\npictures = 70, 2, 0\nbad = 5, 1, 0\n"
                                 "real = 0.95, 0.5, 0\n");
        wish.anchor = 0;
        assert_true(explain_with(&source, &wish).worth.pictures > 0);
        wish.anchor = dv_explain_defaults().anchor;
        assert_true(explain_with(&source, &wish).worth.pictures == 0);
    }
    wish = wish_for(3);
    source.teacher = scratch_path(teacher, *state, "teacher.onnx"); /* as far as is known, another one */
    dv_fidelity other = explain_with(&source, &wish);
    assert_true(other.worth.pictures == 0 && other.verdict == before.verdict);
}

/* How many pictures the verdict on a student was measured by, and of which neighbours the student is. */
static int64_t measured_by(dv_bundle *bundle, const dv_explain_options *options, dv_neighborhood *neighborhood)
{
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, options, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    int64_t pictures = explanation->fidelity.worth.pictures;
    *neighborhood = explanation->options.neighborhood;
    dv_explanation_free(explanation);
    return pictures;
}

/* Where explanations start from an automatic neighbourhood verdicts were measured so, whichever it is for a picture;
 * not on neighbours that are asked for by name, nor on masked copies of another kind. */
static void test_kept_automatic(void **state)
{
    int met[DV_NEIGHBORHOOD_AUTO] = {0};
    tiny it = tiny_defaults();
    dv_error error;
    tiny_write(*state, &it);
    write_ini(*state, "[explain]\nneighborhood = auto\n[verdict]\nthresholds = 5.999, 6\npictures = 70, 70, 70\n"
                      "bad = 0, 0, 0\nreal = 1, 1, 1\nanchor = 0.1\n");
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = *state, .threads = 1}, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    for (int index = 0; index < TINY_COUNT; index++) {
        dv_explain_options wish = wish_for(index);
        dv_neighborhood chosen, other;
        wish.neighborhood = DV_NEIGHBORHOOD_AUTO;
        assert_int_equal(measured_by(bundle, &wish, &chosen), 70);
        wish.keep = 0.75;
        assert_int_equal(measured_by(bundle, &wish, &other), chosen == DV_NEIGHBORHOOD_MIXED ? 0 : 70);
        wish.keep = dv_explain_defaults().keep;
        wish.neighborhood = chosen;
        assert_int_equal(measured_by(bundle, &wish, &other), 0);
        met[chosen]++;
    }
    assert_true(met[DV_NEIGHBORHOOD_VAE] > 0 && met[DV_NEIGHBORHOOD_MIXED] > 0);
    dv_bundle_close(bundle);
}

/* ---- measured -------------------------------------------------------------------------- */

/* An evaluation of one row whose figures are given. */
static dv_eval *made_up(dv_bundle *bundle, dv_eval_figures *figures, int64_t count, const char *row)
{
    static dv_eval eval;
    dv_error error;
    eval = (dv_eval){.bundle = bundle, .wish = dv_eval_defaults(), .count = count, .done = count, .figures = figures};
    assert_true(dv_eval_add_rows(&eval.wish, row, &bundle->facts, &error));
    return &eval;
}

static void test_area(void **state)
{
    /* Bad are the first three; of 3 x 4 pairs 10 are in order and 2 are equal. */
    static const double distrust[] = {3, 1, 2, 0, 1, 1, 0.5}, real[] = {0.1, 0.79, 0, 0.8, 1, 0.9, 1};
    dv_eval_figures figures[8] = {0};
    dv_error error;
    double area;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = made_up(bundle, figures, 8, "student");
    for (int i = 0; i < 7; i++) {
        figures[i].value[DV_MEASURE_DISTRUST] = distrust[i];
        figures[i].value[DV_MEASURE_AGREEMENT] = -distrust[i];
        figures[i].value[DV_MEASURE_REAL] = real[i];
    }
    figures[7].value[DV_MEASURE_REAL] = NAN; /* without real pictures it counts nowhere */
    assert_true(dv_eval_auc(eval, 0, DV_MEASURE_DISTRUST, &area, &error));
    assert_true(fabs(area - 11.0 / 12) < 1e-12);
    assert_true(dv_eval_auc(eval, 0, DV_MEASURE_AGREEMENT, &area, &error));
    assert_true(fabs(area - 11.0 / 12) < 1e-12);
    for (int i = 0; i < 8; i++)
        figures[i].value[DV_MEASURE_REAL] = 1;
    assert_true(dv_eval_auc(eval, 0, DV_MEASURE_DISTRUST, &area, &error));
    assert_true(isnan(area));
    dv_bundle_close(bundle);
}

/* Distrust from 0 on by hundredths; those from 1 on are bad in the half that is chosen by, and `real` says so, too. */
static void test_calibrate(void **state)
{
    enum { COUNT = 400 };
    static dv_eval_figures figures[COUNT];
    dv_error error;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = made_up(bundle, figures, COUNT, "student");
    for (int i = 0; i < COUNT; i++) {
        double distrust = i / 2 * 0.01; /* the same in both halves */
        figures[i].value[DV_MEASURE_DISTRUST] = distrust;
        figures[i].value[DV_MEASURE_REAL] = distrust >= (i % 2 ? 1.5 : 0.995) ? 0.5 : 0.9;
        figures[i].value[DV_MEASURE_SUSPECT] = 0;
    }
    if (!dv_eval_calibrate(eval, &error))
        fail_msg("%s", error.message);
    assert_int_equal(eval->chosen_by, COUNT / 2);
    /* Of the hundred bad ones 85 lie from 1.15 on, 50 from 1.5 on. */
    assert_true(fabs(eval->calibration.from[DV_VERDICT_DOUBTFUL] - 1.15) < 1.1e-3);
    assert_true(fabs(eval->calibration.from[DV_VERDICT_DO_NOT_TRUST] - 1.5) < 1.1e-3);
    const dv_worth *worth = eval->calibration.worth;
    assert_true(worth[0].pictures == 115 && worth[1].pictures == 35 && worth[2].pictures == 50);
    assert_true(worth[0].bad == 0 && worth[1].bad == 0 && worth[2].bad == 50);
    assert_true(fabs(worth[0].real - 0.9) < 1e-12 && fabs(worth[2].real - 0.5) < 1e-12);
    assert_true(eval->calibration.anchor == dv_explain_defaults().anchor);
    const dv_calibration same = dv_eval_worth(eval, 0);
    assert_memory_equal(&same, &eval->calibration, sizeof same);
    /* Bad ones that are suspect are found without a threshold: ten of these, so that 75 others are enough. */
    for (int i = 0; i < COUNT; i++)
        figures[i].value[DV_MEASURE_SUSPECT] = i / 2 >= 100 && i / 2 < 110;
    assert_true(dv_eval_calibrate(eval, &error));
    assert_true(fabs(eval->calibration.from[DV_VERDICT_DOUBTFUL] - 1.25) < 1.1e-3);
    assert_true(eval->calibration.worth[1].pictures == 25 + 10);
    /* Where the teacher is undecided, twenty bad ones, no threshold is needed, so that 65 and 30 others are enough. */
    for (int i = 0; i < COUNT; i++)
        figures[i].value[DV_MEASURE_SUSPECT] = figures[i].value[DV_MEASURE_UNDECIDED] = i / 2 >= 100 && i / 2 < 120;
    assert_true(dv_eval_calibrate(eval, &error));
    assert_true(fabs(eval->calibration.from[DV_VERDICT_DOUBTFUL] - 1.35) < 1.1e-3);
    assert_true(fabs(eval->calibration.from[DV_VERDICT_DO_NOT_TRUST] - 1.7) < 1.1e-3);
    assert_true(eval->calibration.worth[1].pictures == 35 && eval->calibration.worth[2].pictures == 30 + 20);
    /* All are suspect: none is doubtful by distrust. */
    for (int i = 0; i < COUNT; i++) {
        figures[i].value[DV_MEASURE_SUSPECT] = 1;
        figures[i].value[DV_MEASURE_UNDECIDED] = 0;
    }
    assert_true(dv_eval_calibrate(eval, &error));
    assert_true(eval->calibration.from[DV_VERDICT_DOUBTFUL] == eval->calibration.from[DV_VERDICT_DO_NOT_TRUST]);
    dv_bundle_close(bundle);
}

static void test_cannot_be_calibrated(void **state)
{
    enum { COUNT = 20 };
    dv_eval_figures figures[COUNT] = {0};
    dv_error error;
    dv_bundle *bundle = open_tiny(*state);
    dv_eval *eval = made_up(bundle, figures, COUNT, "student");
    for (int bad = 0; bad <= 10; bad++) { /* of ten that are chosen by */
        for (int i = 0; i < COUNT; i++)
            figures[i].value[DV_MEASURE_REAL] = i / 2 < bad ? 0.7 : 0.8;
        bool fine = dv_eval_calibrate(eval, &error);
        assert_int_equal(fine, bad == 5);
        assert_true(fine || strstr(error.message, "more --pictures"));
    }
    eval = made_up(bundle, figures, COUNT, "lime,student/adam,student/residual");
    assert_false(dv_eval_calibrate(eval, &error));
    assert_non_null(strstr(error.message, "no row of the students"));
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thresholds), cmocka_unit_test(test_words), with_scratch(test_set),
        with_scratch(test_bad_numbers),    with_scratch(test_kept),      with_scratch(test_kept_automatic),
        with_scratch(test_area),           with_scratch(test_calibrate), with_scratch(test_cannot_be_calibrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

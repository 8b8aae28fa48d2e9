/* Labels against answers, and the search for a preprocessing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"
#include "templates.h"

#include "setup/check_preprocessing.h"

/* ---- assignment ------------------------------------------------------------------ */

static double cost_of(int rows, int columns, const double *cost, const int *column)
{
    double total = 0;
    for (int r = 0; r < rows; r++)
        total += cost[r * columns + column[r]];
    return total;
}

/* The least cost of all ways to place rows from `row` on. */
static double try_all(int rows, int columns, const double *cost, int row, unsigned used)
{
    double least = row == rows ? 0 : INFINITY;
    for (int c = 0; row < rows && c < columns; c++)
        if (!(used >> c & 1))
            least = fmin(least, cost[row * columns + c] + try_all(rows, columns, cost, row + 1, used | 1u << c));
    return least;
}

static void test_assignment(void **state)
{
    static const double small[] = {4, 1, 3, 2, 0, 5, 3, 2, 2};
    dv_error error;
    int column[6];
    (void)state;
    assert_true(dv_assign(3, 3, small, column, &error));
    assert_int_equal(column[0], 1);
    assert_int_equal(column[1], 0);
    assert_int_equal(column[2], 2);
    for (uint64_t seed = 0; seed < 50; seed++) {
        double cost[36];
        int rows = 1 + (int)(seed % 6), columns = rows + (int)(seed / 6 % (7 - rows));
        for (int i = 0; i < rows * columns; i++)
            cost[i] = floor(10 * dv_random_uniform(seed, DV_PURPOSE_TEST, (uint64_t)i)) - 5;
        assert_true(dv_assign(rows, columns, cost, column, &error));
        for (int a = 0; a < rows; a++)
            for (int b = 0; b < a; b++)
                assert_int_not_equal(column[a], column[b]);
        assert_true(fabs(cost_of(rows, columns, cost, column) - try_all(rows, columns, cost, 0, 0)) < 1e-9);
    }
}

/* ---- labels ------------------------------------------------------------------------ */

enum { PICTURES = 1000, CLASSES = 10 };

/* Answers of a teacher that is right with probability `good`, where label l is its class of[l]. */
static void answer(const int *of, double good, int *label, int *given)
{
    for (int i = 0; i < PICTURES; i++) {
        bool right = dv_random_uniform(1, DV_PURPOSE_TEST, (uint64_t)i) < good;
        int any = (int)(CLASSES * dv_random_uniform(2, DV_PURPOSE_TEST, (uint64_t)i));
        label[i] = (int)((CLASSES - 1e-9) * dv_random_uniform(3, DV_PURPOSE_TEST, (uint64_t)i));
        given[i] = right && of ? of[label[i]] : any;
    }
}

static void test_permuted_labels(void **state)
{
    static const int of[CLASSES] = {3, 0, 7, 1, 9, 5, 2, 8, 6, 4};
    int label[PICTURES], given[PICTURES], class_of[CLASSES];
    dv_label_match match = {.class_of = class_of};
    dv_error error;
    (void)state;
    answer(of, 0.9, label, given);
    label[0] = -1;
    given[1] = -1;
    assert_true(dv_labels_match(label, given, PICTURES, CLASSES, &match, &error));
    assert_int_equal(match.count, PICTURES - 2);
    assert_memory_equal(class_of, of, sizeof of);
    /* .9 + .1 / 10 right by construction; one label of ten is what it is */
    assert_true(fabs(match.matched - 0.91) < 0.03);
    assert_true(fabs(match.accuracy - 0.1) < 0.03);
    assert_true(fabs(match.chance - 0.1) < 0.02);
}

static void test_shifted_labels(void **state)
{
    static const int of[CLASSES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 9};
    int label[PICTURES], given[PICTURES];
    dv_label_match match = {0};
    dv_error error;
    (void)state;
    answer(of, 1, label, given);
    assert_true(dv_labels_match(label, given, PICTURES, CLASSES, &match, &error));
    assert_true(match.shifted[1] > 0.85 && match.shifted[0] == 0 && match.accuracy < 0.15);
}

/* A matching that was made from the answers it is judged by would look better than chance. */
static void test_answers_by_chance(void **state)
{
    int label[PICTURES], given[PICTURES], class_of[CLASSES];
    dv_label_match match = {.class_of = class_of};
    dv_error error;
    (void)state;
    answer(NULL, 0, label, given);
    assert_true(dv_labels_match(label, given, PICTURES, CLASSES, &match, &error));
    assert_true(match.matched < 0.14 && match.accuracy < 0.14);
    assert_true(fabs(dv_label_kappa(match.accuracy, match.chance)) < 0.04);
    int64_t fitted = 0;
    for (int i = 0; i < PICTURES; i++)
        fitted += class_of[label[i]] == given[i];
    assert_true((double)fitted / PICTURES > match.matched + 0.02);
}

/* Labels beyond the answers' number, and none at all. */
static void test_few_answers(void **state)
{
    const int label[] = {0, 1, 2, 3, 0, 1, 2, 3}, given[] = {2, 2, 2, 2, 2, 2, 2, 2};
    int class_of[4];
    dv_label_match match = {.class_of = class_of};
    dv_error error;
    (void)state;
    assert_true(dv_labels_match(label, given, 8, 4, &match, &error));
    assert_true(match.accuracy == 0.25 && match.chance == 0.25);
    assert_int_equal(class_of[2], 2);
    assert_true(class_of[0] < 0 && class_of[1] < 0 && class_of[3] < 0);
    assert_true(dv_labels_match(label, given, 0, 4, &match, &error));
    assert_true(match.count == 0 && match.accuracy == 0 && class_of[2] < 0);
}

/* ---- preprocessing ------------------------------------------------------------------- */

static dv_trials *try_out(dv_graph *graph, const dv_dataset *data, dv_trial_wish wish, dv_team *team,
                          const dv_progress *progress, dv_error *error)
{
    dv_teacher_facts facts;
    wish.facts = &facts;
    if (!dv_inspect_teacher(graph, wish.inspect, &facts, error))
        fail_msg("%s", error->message);
    return dv_preprocessing_try(graph, data, &wish, team, progress, error);
}

static dv_trials *find(const template_taste *taste, int pictures)
{
    const dv_inspect_wish inspect = {
        .channels = taste->input.channels, .height = TEMPLATE_SIDE, .width = TEMPLATE_SIDE};
    const dv_trial_wish wish = {.inspect = &inspect, .seed = 1};
    dv_error error = {0};
    dv_dataset *data = template_dataset(pictures, taste->input.channels);
    dv_graph *graph = template_teacher(taste);
    dv_trials *trials = try_out(graph, data, wish, NULL, NULL, &error);
    if (!trials)
        fail_msg("%s", error.message);
    dv_graph_free(graph);
    dv_dataset_close(data);
    return trials;
}

static void set_range(template_taste *taste, float mean, float deviation, float scale)
{
    for (int c = 0; c < DV_MAX_CHANNELS; c++) {
        taste->input.mean[c] = mean;
        taste->input.deviation[c] = deviation;
    }
    taste->input.scale = scale;
}

static void test_ranges(void **state)
{
    static const struct {
        float mean, deviation, scale;
        const char *name, *key, *value;
    } cases[] = {
        {0, 1, 1, "0..1", NULL, NULL},
        {0, 1, 255, "0..255", "scale", "255"},
        {0.5f, 0.5f, 1, "-1..1 (inception)", "preset", "inception"},
        {1, -1, 1, "0..1, inverted", "invert", "yes"},
        {0.5f, -0.5f, 1, "-1..1 (inception), inverted", "invert", "yes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        template_taste taste = template_plain(1);
        set_range(&taste, cases[i].mean, cases[i].deviation, cases[i].scale);
        dv_trials *trials = find(&taste, 500);
        const dv_trial *best = &trials->trial[0];
        dv_trial_setting settings[DV_TRIAL_SETTINGS];
        int count = dv_trial_settings(trials, best, settings);
        assert_string_equal(best->name, cases[i].name);
        assert_true(best->accuracy > 0.88 && best->told == 500 && best->varies && !best->strange);
        assert_int_equal(count > 0, cases[i].key != NULL);
        if (count) {
            assert_string_equal(settings[count - 1].key, cases[i].key);
            assert_string_equal(settings[count - 1].value, cases[i].value);
        }
        dv_trials_free(trials);
    }
}

static void test_own_mean(void **state)
{
    (void)state;
    template_taste taste = template_plain(1);
    dv_trials *trials = find(&taste, 500);
    float mean = trials->mean[0], deviation = trials->deviation[0];
    dv_trials_free(trials);
    assert_true(mean > 0.2f && mean < 0.4f && deviation > 0.1f && deviation < 0.4f);
    set_range(&taste, mean, deviation, 1);
    trials = find(&taste, 500);
    dv_trial_setting settings[DV_TRIAL_SETTINGS];
    assert_string_equal(trials->trial[0].name, "the data's mean and std");
    assert_int_equal(dv_trial_settings(trials, &trials->trial[0], settings), 2);
    assert_string_equal(settings[0].key, "mean");
    assert_true(fabs(atof(settings[0].value) - (double)mean) < 1e-6);
    assert_string_equal(settings[1].key, "std");
    dv_trials_free(trials);
}

static void test_orders(void **state)
{
    (void)state;
    template_taste taste = template_plain(3);
    taste.input.reversed = true;
    dv_trials *trials = find(&taste, 500);
    assert_string_equal(trials->trial[0].name, "0..1, BGR");
    dv_trials_free(trials);

    taste = template_plain(3);
    taste.transposed = true;
    trials = find(&taste, 500);
    assert_string_equal(trials->trial[0].name, "0..1, transposed");
    assert_true(trials->trial[0].transposed);
    dv_trials_free(trials);

    taste = template_plain(3);
    taste.input.layout = DV_LAYOUT_NHWC;
    trials = find(&taste, 500);
    assert_string_equal(trials->trial[0].name, "0..1");
    dv_trials_free(trials);

    dv_trial_setting settings[DV_TRIAL_SETTINGS];
    taste.input.flat = true;
    trials = find(&taste, 500);
    assert_string_equal(trials->trial[0].name, "0..1, NHWC");
    assert_int_equal(dv_trial_settings(trials, &trials->trial[0], settings), 1);
    assert_string_equal(settings[0].key, "layout");
    assert_string_equal(settings[0].value, "nhwc");
    dv_trials_free(trials);
}

static const dv_trial *find_trial(const dv_trials *trials, const char *words)
{
    for (int t = 0; t < trials->trials; t++)
        if (strstr(trials->trial[t].name, words))
            return &trials->trial[t];
    return NULL;
}

/* Every pixel four times: as large again as the teacher wants them. */
static dv_dataset *doubled_dataset(int count)
{
    enum { LARGE = 2 * TEMPLATE_SIDE };
    dv_error error;
    uint8_t *small = malloc((size_t)count * TEMPLATE_PLANE), *large = malloc((size_t)count * LARGE * LARGE);
    int *label = malloc((size_t)count * sizeof *label);
    template_pictures(count, 1, small, label);
    for (int i = 0; i < count; i++)
        for (int p = 0; p < LARGE * LARGE; p++)
            large[i * LARGE * LARGE + p] = small[i * TEMPLATE_PLANE + p / LARGE / 2 * TEMPLATE_SIDE + p % LARGE / 2];
    dv_dataset *data = dv_dataset_from_bytes(count, 1, LARGE, LARGE, large, label, &error);
    assert_non_null(data);
    free(small);
    free(large);
    free(label);
    return data;
}

/* Where pictures are made smaller, crop and filter are tried. */
static void test_forms(void **state)
{
    template_taste taste = template_plain(1);
    const dv_inspect_wish inspect = {.channels = 1, .height = 2 * TEMPLATE_SIDE, .width = 2 * TEMPLATE_SIDE};
    dv_trial given = {.form = {1, TEMPLATE_SIDE, TEMPLATE_SIDE, 0.875, DV_FILTER_BILINEAR}, .input = taste.input};
    dv_trial_wish wish = {.inspect = &inspect, .seed = 1};
    dv_error error = {0};
    dv_dataset *data = doubled_dataset(400);
    (void)state;
    for (int i = 0; i < 2; i++) {
        dv_graph *graph = template_teacher(&taste);
        dv_trials *trials = try_out(graph, data, wish, NULL, NULL, &error);
        if (!trials)
            fail_msg("%s", error.message);
        const dv_trial *best = &trials->trial[0], *cropped = find_trial(trials, "crop 0.875");
        assert_true(trials->shrinks && cropped && find_trial(trials, "bicubic"));
        assert_true(best->form.crop == 1 && best->accuracy > 0.8 && dv_trial_lead(best, cropped) > 2);
        assert_true(cropped->shown == 400 && cropped->is_given == (i == 1));
        dv_trials_free(trials);
        dv_graph_free(graph);
        wish.given = &given; /* it is shown all pictures, however bad it is */
    }
    dv_dataset_close(data);
}

static void expect_settings(const dv_trial *trial, bool shrinks, const char *expected)
{
    const dv_trials trials = {.shrinks = shrinks};
    dv_trial_setting setting[DV_TRIAL_SETTINGS];
    char text[512] = "";
    int count = dv_trial_settings(&trials, trial, setting);
    for (int s = 0; s < count; s++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s=%s ", setting[s].key, setting[s].value);
    assert_string_equal(text, expected);
}

static void test_words_of_settings(void **state)
{
    const dv_network_input plain = template_plain(3).input;
    (void)state;
    dv_trial trial = {.input = plain, .form = {3, 8, 8, 1, DV_FILTER_BILINEAR}};
    expect_settings(&trial, true, "");
    trial.form.crop = 0;
    expect_settings(&trial, true, "crop=0 ");
    expect_settings(&trial, false, ""); /* nothing is cut */
    trial.preset = "imagenet";
    trial.form.crop = 0.875;
    expect_settings(&trial, true, "preset=imagenet ");
    trial.form.crop = 1;
    trial.form.filter = DV_FILTER_BICUBIC;
    expect_settings(&trial, true, "preset=imagenet crop=1 filter=bicubic ");
    trial = (dv_trial){.input = plain, .teacher = 1};
    trial.input.layout = DV_LAYOUT_NHWC;
    trial.input.scale = 255;
    trial.input.reversed = true;
    trial.input.mean[0] = 0.485f;
    trial.input.mean[1] = 0.456f;
    trial.input.mean[2] = 0.406f;
    expect_settings(&trial, false, "layout=nhwc mean=0.485,0.456,0.406 scale=255 order=bgr ");
    trial = (dv_trial){.input = plain, .inverted = true};
    for (int c = 0; c < 3; c++) {
        trial.input.mean[c] = 1 - 0.1307f;
        trial.input.deviation[c] = -0.3081f;
    }
    expect_settings(&trial, false, "mean=0.1307 std=0.3081 invert=yes ");
}

static bool stop_late(void *context, const char *stage, double fraction)
{
    int *calls = context;
    (void)stage;
    assert_true(fraction >= 0 && fraction <= 1 + 1e-9);
    return ++*calls < 40;
}

static void test_stopping(void **state)
{
    const template_taste taste = template_plain(1);
    const dv_inspect_wish inspect = {.channels = 1, .height = TEMPLATE_SIDE, .width = TEMPLATE_SIDE};
    const dv_trial_wish wish = {.inspect = &inspect, .seed = 1};
    dv_error error = {0};
    dv_dataset *data = template_dataset(1000, 1);
    int calls = 0;
    (void)state;
    dv_progress progress = {.report = stop_late, .context = &calls};
    dv_graph *graph = template_teacher(&taste);
    dv_trials *trials = try_out(graph, data, wish, NULL, &progress, &error);
    assert_true(trials && trials->is_stopped && trials->trial[0].shown < 1000);
    assert_string_equal(trials->trial[0].name, "0..1");
    dv_trials_free(trials);
    dv_graph_free(graph);

    calls = 39;
    graph = template_teacher(&taste);
    assert_null(try_out(graph, data, wish, NULL, &progress, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
    dv_graph_free(graph);
    dv_dataset_close(data);
}

/* The same bits for any number of threads. */
static void test_threads(void **state)
{
    const template_taste taste = template_plain(3);
    const dv_inspect_wish inspect = {.channels = 3, .height = TEMPLATE_SIDE, .width = TEMPLATE_SIDE};
    const dv_trial_wish wish = {.inspect = &inspect, .seed = 5, .count = 300};
    dv_error error = {0};
    dv_dataset *data = template_dataset(700, 3);
    dv_trials *all[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        dv_team *team = dv_team_new(1 + 3 * i, &error);
        dv_graph *graph = template_teacher(&taste);
        all[i] = try_out(graph, data, wish, team, NULL, &error);
        assert_non_null(all[i]);
        dv_graph_free(graph);
        dv_team_free(team);
    }
    assert_int_equal(all[0]->trials, all[1]->trials);
    assert_int_equal(all[0]->count, 300);
    for (int t = 0; t < all[0]->trials; t++) {
        const dv_trial *a = &all[0]->trial[t], *b = &all[1]->trial[t];
        assert_string_equal(a->name, b->name);
        assert_true(a->accuracy == b->accuracy && a->loss == b->loss && a->confidence == b->confidence);
    }
    dv_trials_free(all[0]);
    dv_trials_free(all[1]);
    dv_dataset_close(data);
}

static void test_without_labels(void **state)
{
    const template_taste taste = template_plain(1);
    const dv_inspect_wish inspect = {.channels = 1, .height = TEMPLATE_SIDE, .width = TEMPLATE_SIDE};
    const dv_trial_wish wish = {.inspect = &inspect, .seed = 1};
    dv_error error = {0};
    dv_dataset *data = template_dataset(20, 1);
    (void)state;
    for (int i = 0; i < 20; i++)
        data->labels[i] = i % 2 ? -1 : TEMPLATE_CLASSES;
    dv_graph *graph = template_teacher(&taste);
    assert_null(try_out(graph, data, wish, NULL, NULL, &error));
    assert_non_null(strstr(error.message, "no picture has a label"));
    dv_graph_free(graph);
    dv_dataset_close(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assignment),        cmocka_unit_test(test_permuted_labels),
        cmocka_unit_test(test_shifted_labels),    cmocka_unit_test(test_answers_by_chance),
        cmocka_unit_test(test_few_answers),       cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_own_mean),          cmocka_unit_test(test_orders),
        cmocka_unit_test(test_stopping),          cmocka_unit_test(test_forms),
        cmocka_unit_test(test_words_of_settings), cmocka_unit_test(test_threads),
        cmocka_unit_test(test_without_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

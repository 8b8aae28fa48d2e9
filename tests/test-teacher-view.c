/* The teacher view without a terminal: the pictures, their selection and confusion, regions of the projection, and how
 * the projection shares the worker with the rest. */
#include "base/file.h"
#include "tui/class_name.h"
#include "tui/pictures.h"
#include "tui/region.h"
#include "tui/window.h"
#include "tui/worker.h"

#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

/* ---- eight pictures of three classes ------------------------------------------------------ */

enum { COUNT = 8, CLASSES = 3 };

static const char *const names[CLASSES] = {"Coat", "Shirt", "T-shirt"};
static const int labels[COUNT] = {0, 1, 2, 0, 1, 2, -1, 1};
/* The teacher: the class it is for, and how surely. */
static const int words[COUNT] = {0, 2, 2, 1, 1, 2, 0, 2};
static const float sure[COUNT] = {.9f, .5f, .7f, .6f, .8f, .95f, .4f, .85f};

static dv_bundle_facts facts_of(const int *label)
{
    return (dv_bundle_facts){.name = "few", .classes = CLASSES, .class_names = names, .count = COUNT, .labels = label};
}

static dv_scores score_of(int index, const int *label)
{
    float probabilities[CLASSES];
    for (int k = 0; k < CLASSES; k++)
        probabilities[k] =
            k == words[index] ? sure[index] : (1 - sure[index]) * (k == (words[index] + 1) % 3 ? .75f : .25f);
    return dv_scores_of(probabilities, CLASSES, label ? label[index] : -1);
}

static void learn(dv_pictures *pictures, int64_t count)
{
    dv_scores score[COUNT];
    for (int64_t i = 0; i < count; i++)
        score[i] = score_of((int)(pictures->known + i), pictures->facts->labels);
    dv_pictures_learn(pictures, pictures->known, count, score, NULL);
}

static dv_pictures *make(const dv_bundle_facts *facts)
{
    dv_error error;
    dv_pictures *pictures = dv_pictures_new(facts, &error);
    assert_non_null(pictures);
    return pictures;
}

/* The selection is this, in this order; all that is kept beside it agrees. */
static void check_selected(const dv_pictures *pictures, int count, const int *expected)
{
    assert_int_equal(pictures->selected_count, count);
    bool chosen[COUNT] = {false};
    for (int i = 0; i < count; i++) {
        assert_int_equal(pictures->selected[i], expected[i]);
        assert_int_equal(pictures->place[expected[i]], i);
        chosen[expected[i]] = true;
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(pictures->chosen[i], chosen[i]);
        if (!chosen[i])
            assert_int_equal(pictures->place[i], -1);
    }
}

#define CHECK_SELECTED(pictures, ...)                                                                                  \
    check_selected(pictures, sizeof((int[]){__VA_ARGS__}) / sizeof(int), (int[]){__VA_ARGS__})

static void test_filters(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    dv_pictures *pictures = make(&facts);
    char text[DV_FILTER_TEXT_SIZE];
    learn(pictures, COUNT);
    assert_false(dv_pictures_is_filtered(pictures));
    dv_pictures_write_filter(pictures, text);
    assert_string_equal(text, "");
    CHECK_SELECTED(pictures, 0, 1, 2, 3, 4, 5, 6, 7);

    pictures->filter.wrong = true;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 1, 3, 7); /* what has no label is not wrong */
    pictures->filter.prediction = 2;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 1, 7);
    dv_pictures_write_filter(pictures, text);
    assert_string_equal(text, "called T-shirt, wrong");

    dv_pictures_filter_cell(pictures, 1, 2); /* whatever passed before */
    CHECK_SELECTED(pictures, 1, 7);
    dv_pictures_write_filter(pictures, text);
    assert_string_equal(text, "Shirt called T-shirt");
    dv_pictures_filter_cell(pictures, -1, 2);
    CHECK_SELECTED(pictures, 1, 2, 5, 7);
    dv_pictures_filter_cell(pictures, 0, -1);
    CHECK_SELECTED(pictures, 0, 3);

    dv_pictures_clear_filter(pictures);
    pictures->filter.region[4] = pictures->filter.region[6] = pictures->filter.by_region = true;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 4, 6);
    assert_true(dv_pictures_is_filtered(pictures));
    dv_pictures_write_filter(pictures, text);
    assert_string_equal(text, "in the region");
    pictures->filter.label = 0;
    dv_pictures_select(pictures);
    assert_int_equal(pictures->selected_count, 0);
    assert_int_equal(dv_pictures_step(pictures, 3, 1), -1);
    assert_int_equal(dv_pictures_place_near(pictures, 3), -1);
    dv_pictures_clear_filter(pictures);
    CHECK_SELECTED(pictures, 0, 1, 2, 3, 4, 5, 6, 7);
    dv_pictures_free(pictures);
}

static void test_orders(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    dv_pictures *pictures = make(&facts);
    learn(pictures, COUNT);
    pictures->order = DV_ORDER_CONFIDENCE;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 6, 1, 3, 2, 4, 7, 0, 5);
    pictures->order = DV_ORDER_MARGIN; /* the largest but one is 3/4 of the rest, so the order is the same */
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 6, 1, 3, 2, 4, 7, 0, 5);
    pictures->order = DV_ORDER_ENTROPY;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 6, 1, 3, 2, 4, 7, 0, 5);
    pictures->order = DV_ORDER_LOSS; /* of the label: .0375, .1 x, ..., the one without a label last */
    dv_pictures_select(pictures);
    for (int i = 1; i < COUNT - 1; i++)
        assert_true(pictures->score[pictures->selected[i - 1]].loss >= pictures->score[pictures->selected[i]].loss);
    assert_int_equal(pictures->selected[COUNT - 1], 6);
    for (int order = 0; order < DV_ORDER_COUNT; order++)
        assert_non_null(strstr(dv_order_meaning(order), dv_order_name(order)));
    dv_pictures_free(pictures);
}

/* Before the teacher was asked there is no order but by number; the selection follows the answers. */
static void test_selection_follows_answers(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    dv_pictures *pictures = make(&facts);
    pictures->order = DV_ORDER_CONFIDENCE;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 0, 1, 2, 3, 4, 5, 6, 7);
    learn(pictures, 3);
    CHECK_SELECTED(pictures, 1, 2, 0, 3, 4, 5, 6, 7); /* the unknown ones last */
    pictures->filter.wrong = true;
    dv_pictures_select(pictures);
    CHECK_SELECTED(pictures, 1);
    learn(pictures, 5);
    CHECK_SELECTED(pictures, 1, 3, 7);
    dv_pictures_free(pictures);
}

static void test_steps_through_a_selection(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    dv_pictures *pictures = make(&facts);
    learn(pictures, COUNT);
    dv_pictures_filter_cell(pictures, 1, -1); /* 1, 4, 7 */
    assert_int_equal(dv_pictures_step(pictures, 1, 1), 4);
    assert_int_equal(dv_pictures_step(pictures, 4, 100), 7);
    assert_int_equal(dv_pictures_step(pictures, 4, INT64_MIN / 2), 1);
    assert_int_equal(dv_pictures_step(pictures, 6, 1), 7); /* from beside it: to the nearest */
    assert_int_equal(dv_pictures_place_near(pictures, 0), 0);
    assert_int_equal(dv_pictures_place_near(pictures, 3), 1);
    dv_pictures_free(pictures);
}

static void test_confusion_is_counted(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    dv_pictures *pictures = make(&facts);
    const dv_confusion *confusion = &pictures->confusion;
    const int64_t first[] = {1, 0, 0, 0, 0, 1, 0, 0, 1}, all[] = {1, 1, 0, 0, 1, 2, 0, 0, 2};
    const int64_t rows[] = {2, 3, 2}, columns[] = {1, 2, 4};
    learn(pictures, 3);
    assert_memory_equal(confusion->count, first, sizeof(first));
    learn(pictures, 5);
    assert_memory_equal(confusion->count, all, sizeof(all));
    assert_memory_equal(pictures->marked, pictures->wrong, COUNT * sizeof(bool));
    assert_memory_equal(confusion->row_sum, rows, sizeof(rows));
    assert_memory_equal(confusion->column_sum, columns, sizeof(columns));
    assert_int_equal(confusion->largest, 2);
    assert_int_equal(pictures->labelled, 7);
    assert_int_equal(pictures->right, 4);
    dv_pictures_free(pictures);

    facts = facts_of(NULL);
    pictures = make(&facts);
    learn(pictures, COUNT);
    assert_null(pictures->confusion.count);
    assert_int_equal(pictures->labelled, 0);
    assert_false(dv_pictures_is_wrong(pictures, 1));
    assert_int_equal(dv_pictures_find_label(pictures, 0, 2),
                     1); /* the teacher's word stands for labels there are not */
    dv_pictures_free(pictures);
}

/* From the most frequent error to the rarest and back; equal ones row by row. */
static void test_errors_follow_each_other(void **state)
{
    (void)state;
    enum { MANY = 4 };
    int64_t count[MANY * MANY] = {9, 2, 0, 5, 1, 9, 0, 0, 5, 0, 9, 0, 0, 2, 0, 9}, rows[MANY] = {16, 10, 14, 11};
    int64_t columns[MANY] = {15, 13, 9, 14};
    dv_confusion confusion = {.classes = MANY, .count = count, .row_sum = rows, .column_sum = columns};
    const int path[][2] = {{0, 3}, {2, 0}, {0, 1}, {3, 1}, {1, 0}};
    int row = 1, column = 1;
    for (int i = 0; i < 5; i++) {
        assert_true(dv_confusion_next(&confusion, 1, &row, &column));
        assert_true(row == path[i][0] && column == path[i][1]);
    }
    assert_false(dv_confusion_next(&confusion, 1, &row, &column));
    for (int i = 3; i >= 0; i--) {
        assert_true(dv_confusion_next(&confusion, -1, &row, &column));
        assert_true(row == path[i][0] && column == path[i][1]);
    }
    assert_false(dv_confusion_next(&confusion, -1, &row, &column));
    row = -1; /* a whole column: from the last one on */
    assert_true(dv_confusion_next(&confusion, -1, &row, &column));
    assert_true(row == 1 && column == 0);

    int order[MANY];
    const int expected[MANY] = {0, 3, 1, 2}, plain[MANY] = {0, 1, 2, 3}; /* 13, 5, 5, 7 errors */
    dv_confusion_order(&confusion, true, order);
    assert_memory_equal(order, expected, sizeof(order));
    dv_confusion_order(&confusion, false, order);
    assert_memory_equal(order, plain, sizeof(order));
    dv_confusion none = {.classes = MANY};
    assert_false(dv_confusion_next(&none, 1, &row, &column));
}

static void test_classes_are_found_by_name(void **state)
{
    (void)state;
    dv_bundle_facts facts = facts_of(labels);
    assert_int_equal(dv_class_find(&facts, "Shirt"), 1);
    assert_int_equal(dv_class_find(&facts, "shirt"), 1);
    assert_int_equal(dv_class_find(&facts, "t"), 2);
    assert_int_equal(dv_class_find(&facts, "oat"), 0);
    assert_int_equal(dv_class_find(&facts, "-shirt"), 2);
    assert_int_equal(dv_class_find(&facts, "boot"), -1);
}

/* ---- regions ------------------------------------------------------------------------ */

static const float places[][2] = {{0, 0}, {.5f, .5f}, {-.5f, .5f}, {.9f, -.9f}, {NAN, 0}};
enum { PLACES = sizeof(places) / sizeof(*places) };

static void check_inside(const dv_region *region, const bool *expected)
{
    bool inside[PLACES];
    int64_t count = 0;
    for (int i = 0; i < PLACES; i++)
        count += expected[i];
    memset(inside, true, sizeof(inside));
    assert_int_equal(dv_region_collect(region, &places[0][0], PLACES, inside), count);
    assert_memory_equal(inside, expected, sizeof(inside));
}

static void test_box_grows_by_its_corners(void **state)
{
    (void)state;
    static dv_region region;
    const dv_window all = {0, 0, 1};
    dv_region_begin_box(&region, places[0], .1f);
    assert_true(dv_region_is_closed(&region));
    check_inside(&region, (bool[PLACES]){true});
    dv_region_move_corner(&region, 2, .5f, .5f, &all);
    check_inside(&region, (bool[PLACES]){true, true});
    dv_region_move_corner(&region, 0, -.5f, 0, &all);
    check_inside(&region, (bool[PLACES]){true, true, true});
    for (int i = 0; i < 100; i++) { /* no farther than what is seen */
        dv_region_move_corner(&region, 2, .1f, -.1f, &all);
        dv_region_move_corner(&region, 0, 0, .1f, &all);
    }
    assert_true(fabsf(region.corner[2][0] - 1) < .02f && fabsf(region.corner[2][1] + 1) < .02f);
    check_inside(&region, (bool[PLACES]){true, true, true, true}); /* corners that have passed each other */
}

static void test_lasso_closes_itself(void **state)
{
    (void)state;
    static dv_region region;
    const float path[][2] = {{-.1f, -.1f}, {-.1f, -.1f}, {.6f, -.1f}, {.6f, .6f}, {.4f, .6f}};
    dv_region_begin_lasso(&region, path[0]);
    assert_false(dv_region_is_closed(&region));
    for (int i = 1; i < 5; i++)
        dv_region_extend(&region, path[i]);
    assert_int_equal(region.corners, 4); /* no step, no corner */
    assert_true(dv_region_is_closed(&region));
    check_inside(&region, (bool[PLACES]){true, true});
    for (int i = 0; i < 2 * DV_REGION_CORNERS; i++)
        dv_region_extend(&region, path[i % 4 + 1]);
    assert_int_equal(region.corners, DV_REGION_CORNERS);
}

/* ---- the window ---------------------------------------------------------------------- */

static void test_window_moves_within_all(void **state)
{
    (void)state;
    const float point[] = {.5f, -.25f}, corner[] = {1, 1}, middle[] = {0, 0};
    dv_window window;
    dv_window_show_all(&window);
    dv_window_zoom(&window, 2, point); /* the point stays where it is on the screen */
    assert_true(fabs((.5 - window.x) / window.reach - .5) < 1e-6 &&
                fabs((-.25 - window.y) / window.reach + .25) < 1e-6);
    assert_true(fabs(window.reach - .5) < 1e-9);
    dv_window_follow(&window, point);
    assert_true(fabs(window.x - .25) < 1e-6); /* it is in sight */
    dv_window_follow(&window, corner);
    assert_true(window.x == .5 && window.y == .5); /* as far as it goes */
    dv_window_look_at(&window, middle);
    assert_true(window.x == 0 && window.y == 0);
    for (int i = 0; i < 100; i++)
        dv_window_zoom(&window, 1.5, point);
    assert_true(window.reach > 0);
    for (int i = 0; i < 100; i++)
        dv_window_zoom(&window, 1 / 1.5, point);
    assert_true(window.reach == 1 && window.x == 0 && window.y == 0);
}

/* ---- the worker ------------------------------------------------------------------------ */

enum { PATIENCE_MS = 300000 }; /* of a machine that has much else to do */

static bool await(dv_worker *worker, dv_outcome *outcome)
{
    double end = dv_clock_ms() + PATIENCE_MS;
    while (dv_clock_ms() < end) {
        struct pollfd poll_for = {.fd = dv_worker_fd(worker), .events = POLLIN};
        poll(&poll_for, 1, 100);
        dv_worker_look(worker);
        if (dv_worker_take(worker, outcome))
            return true;
    }
    return false;
}

static dv_bundle *open_tiny(const char *folder)
{
    dv_error error;
    tiny recipe = tiny_defaults();
    tiny_write(folder, &recipe);
    setenv("XDG_CACHE_HOME", folder, 1);
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder, .threads = 2}, &error);
    assert_non_null(bundle);
    return bundle;
}

/* The first positions come before the teacher's answers, the last ones after all of them; a kind that was projected
 * comes back as it was. */
static void test_points_come_first_and_get_better_last(void **state)
{
    dv_bundle *bundle = open_tiny(*state);
    dv_error error;
    dv_worker *worker = dv_worker_new(bundle, &error);
    assert_non_null(worker);
    dv_request wanted = {.job = DV_JOB_PROJECT, .key = 1, .project = dv_project_defaults()};
    wanted.project.iterations = 5000;
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_CLASSIFY, .key = 1});
    dv_worker_ask(worker, &wanted);
    int64_t answered = 0;
    double fraction = 0;
    bool first = true;
    float last[2 * TINY_COUNT];
    while (fraction < 1) {
        dv_outcome outcome;
        assert_true(await(worker, &outcome));
        assert_int_equal(outcome.error.code, DV_OK);
        if (outcome.job == DV_JOB_CLASSIFY)
            answered += ((const dv_scores_part *)outcome.result)->count;
        if (outcome.job == DV_JOB_PROJECT) {
            const dv_positions *positions = outcome.result;
            assert_int_equal(positions->count, TINY_COUNT);
            assert_true(positions->fraction >= fraction);
            for (int i = 0; i < 2 * TINY_COUNT; i++)
                assert_true(positions->position[i] >= -1 && positions->position[i] <= 1);
            fraction = positions->fraction;
            memcpy(last, positions->position, sizeof(last));
            first = false;
        }
        dv_job_free_result(outcome.job, outcome.result);
    }
    assert_false(first);
    assert_int_equal(answered, TINY_COUNT); /* long before the last step */

    dv_request other = {.job = DV_JOB_PROJECT, .key = 2, .project = wanted.project};
    other.project.tsne = false;
    wanted.key = 3;
    for (int i = 0; i < 2; i++) {
        dv_outcome outcome;
        dv_worker_ask(worker, i == 0 ? &other : &wanted);
        assert_true(await(worker, &outcome));
        const dv_positions *positions = outcome.result;
        assert_int_equal(outcome.key, 2 + i);
        assert_true(positions->fraction == 1 && positions->options.tsne == (i == 1));
        assert_int_equal(memcmp(positions->position, last, sizeof(last)) == 0, i == 1);
        dv_job_free_result(outcome.job, outcome.result);
    }
    dv_worker_free(worker);
    dv_bundle_close(bundle);
}

/* ---- several labels a picture -------------------------------------------------------------- */

/* Four pictures of three labels: what holds, and what the teacher gives. */
static const int8_t marks[4][CLASSES] = {{1, 0, 0}, {1, 1, 0}, {0, 1, -1}, {-1, -1, -1}};
static const uint8_t given[4] = {1 | 2, 2, 2 | 4, 1};

static void test_several_labels(void **state)
{
    (void)state;
    dv_bundle_facts facts = {
        .name = "labels", .classes = CLASSES, .class_names = names, .count = 4, .multi_label = true, .marks = marks[0]};
    dv_pictures *pictures = make(&facts);
    dv_scores score[4] = {{.prediction = 0}, {.prediction = 1}, {.prediction = 1}, {.prediction = 0}};
    char text[DV_FILTER_TEXT_SIZE];
    assert_true(dv_pictures_have_labels(pictures));
    assert_int_equal(dv_pictures_wrong_labels(pictures, 0), 0); /* not known yet */
    dv_pictures_learn(pictures, 0, 4, score, given);
    static const int wrong[4] = {1, 1, 0, 0};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(dv_pictures_wrong_labels(pictures, i), wrong[i]);
        assert_int_equal(dv_pictures_is_wrong(pictures, i), wrong[i] > 0);
        assert_int_equal(dv_pictures_label(pictures, i), -1);
    }
    assert_int_equal(pictures->labelled, 8); /* marks that are known */
    assert_int_equal(pictures->right, 6);

    const dv_confusion *all = &pictures->confusion;
    assert_int_equal(dv_confusion_at(all, 0, 0), 1);
    assert_int_equal(dv_confusion_at(all, 0, 1), 1); /* of the second picture it holds, too */
    assert_int_equal(dv_confusion_at(all, 1, 1), 2);
    assert_int_equal(dv_confusion_at(all, 1, 2), 0); /* whether the third picture has it is not known */
    assert_int_equal(all->row_sum[0], 2);
    assert_int_equal(all->column_sum[0], 1); /* the last picture has no marks */
    assert_int_equal(all->column_sum[1], 3);
    assert_int_equal(all->column_sum[2], 0);
    assert_int_equal(all->largest, 2);

    dv_pictures_filter_cell(pictures, 0, 1);
    assert_int_equal(pictures->selected_count, 1);
    assert_int_equal(pictures->selected[0], 0);
    dv_pictures_write_filter(pictures, text);
    assert_string_equal(text, "Coat given Shirt");
    dv_pictures_filter_cell(pictures, -1, 1);
    assert_int_equal(pictures->selected_count, 3);
    dv_pictures_filter_cell(pictures, 1, 1);
    assert_int_equal(pictures->selected_count, 2);
    assert_int_equal(dv_pictures_find_label(pictures, 2, 0), 0);
    assert_int_equal(dv_pictures_find_wrong(pictures, 1, 1), 0);
    dv_pictures_free(pictures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_selection_follows_answers),
        cmocka_unit_test(test_steps_through_a_selection),
        cmocka_unit_test(test_confusion_is_counted),
        cmocka_unit_test(test_errors_follow_each_other),
        cmocka_unit_test(test_classes_are_found_by_name),
        cmocka_unit_test(test_box_grows_by_its_corners),
        cmocka_unit_test(test_lasso_closes_itself),
        cmocka_unit_test(test_window_moves_within_all),
        cmocka_unit_test(test_several_labels),
        cmocka_unit_test_setup_teardown(test_points_come_first_and_get_better_last, scratch_setup, scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

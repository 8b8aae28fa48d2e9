/* The terminal program without a terminal: keys, layout, fitting of tiles, the state, the worker. */
#include "base/file.h"
#include "tui/actions.h"
#include "tui/grid.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/worker.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

/* ---- keys -------------------------------------------------------------------- */

static void test_every_key_has_one_action(void **state)
{
    (void)state;
    for (int action = 0; action < DV_ACTION_COUNT; action++) {
        const dv_action_row *row = dv_action_get(action);
        assert_int_not_equal(row->keys[0], 0);
        for (int i = 0; i < DV_ACTION_KEYS && row->keys[i]; i++)
            assert_int_equal(dv_action_of_key(row->keys[i]), action);
    }
    assert_int_equal(dv_action_of_key(0), DV_ACTION_NONE);
    assert_int_equal(dv_action_of_key('x'), DV_ACTION_NONE);
    assert_int_equal(dv_action_of_key(DV_KEY_ESCAPE), DV_ACTION_NONE);
}

static void test_keys_have_names(void **state)
{
    (void)state;
    const struct {
        int key;
        const char *name;
    } cases[] = {{'a', "a"},        {' ', "Space"}, {DV_KEY_SHIFT_LEFT, "Shift-Left"},
                 {12, "Ctrl-L"},    {10, "Enter"},  {127, "Backspace"},
                 {DV_KEY_F1, "F1"}, {'?', "?"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char name[DV_KEY_NAME_SIZE];
        dv_key_name(cases[i].key, name);
        assert_string_equal(name, cases[i].name);
    }
    char keys[DV_KEYS_NAME_SIZE];
    dv_action_keys_name(DV_ACTION_LATENT_UP, keys);
    assert_string_equal(keys, "Up k, Down j");
    dv_action_keys_name(DV_ACTION_RESET_ONE, keys);
    assert_string_equal(keys, "0");
}

/* Each row of the help stands in the manual, and each list is ended. */
static void test_manual_tells_all_keys(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    dv_actions_print_mdoc(stream);
    fclose(stream);
    int begins = 0, ends = 0;
    for (const char *at = text; (at = strstr(at, ".Bl ")); at++)
        begins++;
    for (const char *at = text; (at = strstr(at, ".El\n")); at++)
        ends++;
    assert_int_equal(begins, DV_GROUP_COUNT);
    assert_int_equal(ends, DV_GROUP_COUNT);
    for (int action = 0; action < DV_ACTION_COUNT; action++) {
        char key[DV_KEY_NAME_SIZE], word[DV_KEY_NAME_SIZE + 8];
        dv_key_name(dv_action_get(action)->keys[0], key);
        snprintf(word, sizeof(word), "Ic \\&%s", key);
        assert_non_null(strstr(text, word));
        assert_non_null(strstr(text, dv_action_get(action)->help));
    }
    free(text);
}

/* ---- layout -------------------------------------------------------------------- */

static bool meet(const dv_area *a, const dv_area *b)
{
    return a->row < b->row + b->rows && b->row < a->row + a->rows && a->column < b->column + b->columns &&
           b->column < a->column + a->columns;
}

static void check_layout(int rows, int columns, int table_rows)
{
    dv_area areas[DV_PLACE_COUNT];
    bool fits = dv_layout(rows, columns, table_rows, areas);
    assert_int_equal(fits, rows >= DV_LAYOUT_MIN_ROWS && columns >= DV_LAYOUT_MIN_COLUMNS);
    for (int i = 0; fits && i < DV_PLACE_COUNT; i++) {
        const dv_area *area = &areas[i];
        assert_true(area->row >= 0 && area->rows >= 0 && area->row + area->rows <= rows);
        assert_true(area->column >= 0 && area->columns >= 0 && area->column + area->columns <= columns);
        for (int j = 0; j < i; j++)
            assert_false(meet(area, &areas[j]));
    }
    if (fits)
        assert_true(areas[DV_PLACE_PICTURE].rows >= 4 && areas[DV_PLACE_LATENTS].rows >= 3);
}

static void test_panes_never_meet(void **state)
{
    (void)state;
    for (int rows = 1; rows < 90; rows++)
        for (int columns = 1; columns < 260; columns += columns < 130 ? 1 : 7)
            check_layout(rows, columns, 11);
    check_layout(40, 120, 3);
    check_layout(40, 120, 1001);
    check_layout(24, 80, 129);
}

static void test_large_screens_show_all_panes(void **state)
{
    (void)state;
    dv_area areas[DV_PLACE_COUNT];
    const int sizes[][2] = {{24, 79}, {40, 119}, {60, 199}, {100, 300}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        assert_true(dv_layout(sizes[i][0], sizes[i][1], 11, areas));
        for (int place = 0; place < DV_PLACE_COUNT; place++)
            assert_true(areas[place].rows > 0 && areas[place].columns > 0);
    }
}

/* ---- tiles ----------------------------------------------------------------------- */

static void check_grid(const dv_cell *cell, const dv_grid_wish *wish)
{
    dv_grid grid;
    if (!dv_grid_fit(cell, wish, &grid))
        return;
    int high = wish->captions ? grid.rows * grid.pitch_rows : grid.cell_rows;
    int wide = wish->captions ? grid.columns * grid.pitch_columns : grid.cell_columns;
    assert_in_range(grid.count, 1, wish->most);
    assert_true(high <= wish->rows && wide <= wish->columns);
    assert_true(grid.count <= grid.rows * grid.columns);
    if (grid.tiles.tile_height >= wish->height)
        assert_int_equal(grid.tiles.tile_height % wish->height, 0);
    int64_t width, height;
    dv_figure_tiles_size(&grid.tiles, &width, &height);
    assert_true(width <= (int64_t)grid.cell_columns * cell->width);
    int shown = grid.cell_rows * cell->height; /* sixels come six rows at a time; what is beyond is cut */
    shown -= cell->graphics == DV_GRAPHICS_SIXEL ? shown % 6 : 0;
    assert_true(shown >= (wish->captions ? height - grid.tiles.gap : height));
    dv_area last = dv_grid_strip(&grid, (dv_area){0}, wish->captions ? grid.rows - 1 : 0);
    assert_true(last.row + last.rows <= wish->rows && last.columns <= wish->columns);
    if (wish->captions && grid.rows > 1) { /* the caption of the next row is not covered */
        dv_area first = dv_grid_strip(&grid, (dv_area){0}, 0);
        assert_int_equal(first.row + first.rows + 1, dv_grid_strip(&grid, (dv_area){0}, 1).row);
    }
}

static void test_tiles_fit(void **state)
{
    (void)state;
    const dv_cell cells[] = {{DV_GRAPHICS_SIXEL, 6, 13, 1},
                             {DV_GRAPHICS_SIXEL, 11, 23, 1},
                             {DV_GRAPHICS_HALF, 1, 2, 1},
                             {DV_GRAPHICS_ASCII, 1, 1, .5}};
    const int sides[] = {14, 28, 32, 224};
    for (size_t c = 0; c < sizeof(cells) / sizeof(*cells); c++)
        for (size_t s = 0; s < sizeof(sides) / sizeof(*sides); s++)
            for (int rows = 0; rows < 50; rows += 3)
                for (int columns = 0; columns < 110; columns += 7)
                    for (int captions = 0; captions < 2; captions++) {
                        dv_grid_wish wish = {.rows = rows,
                                             .columns = columns,
                                             .height = sides[s],
                                             .width = sides[s],
                                             .wanted = 10,
                                             .most = captions ? 10 : 400,
                                             .captions = captions};
                        check_grid(&cells[c], &wish);
                    }
    dv_grid grid;
    dv_cell off = {DV_GRAPHICS_OFF, 1, 1, 1};
    assert_false(dv_grid_fit(&off, &(dv_grid_wish){40, 40, 28, 28, 1, 1, false, false}, &grid));
}

/* The figures behind the layout of an ordinary terminal: 6 x 13 cells, 28 x 28 pictures. */
static void test_tiles_are_large_when_they_may_be(void **state)
{
    (void)state;
    dv_cell cell = {DV_GRAPHICS_SIXEL, 6, 13, 1};
    dv_grid grid;
    assert_true(dv_grid_fit(&cell, &(dv_grid_wish){9, 30, 28, 28, 2, 2, true, false}, &grid));
    assert_int_equal(grid.tiles.tile_height, 84);
    assert_int_equal(grid.pitch_columns, 15);
    assert_int_equal(grid.count, 2);
    assert_true(dv_grid_fit(&cell, &(dv_grid_wish){22, 45, 28, 28, 10, 10, true, false}, &grid));
    assert_int_equal(grid.tiles.tile_height, 56);
    assert_int_equal(grid.count, 10);

    /* Too narrow for two that can be read: one, unless both are needed. */
    dv_cell letters = {DV_GRAPHICS_ASCII, 1, 1, .5};
    assert_true(dv_grid_fit(&letters, &(dv_grid_wish){12, 30, 28, 28, 2, 2, true, false}, &grid));
    assert_int_equal(grid.count, 1);
    assert_true(dv_grid_fit(&letters, &(dv_grid_wish){12, 30, 28, 28, 2, 2, true, true}, &grid));
    assert_int_equal(grid.count, 2);
    assert_true(grid.tiles.tile_width <= 15);
}

/* ---- state ------------------------------------------------------------------------- */

typedef struct fixture {
    void *folder;
    dv_bundle *bundle;
    dv_explain_options options;
    dv_model *model;
} fixture;

static int set_up(void **state)
{
    dv_error error;
    fixture *it = calloc(1, sizeof(*it));
    tiny recipe = tiny_defaults();
    *state = it;
    if (!it || scratch_setup(&it->folder) != 0)
        return -1;
    tiny_write(it->folder, &recipe);
    it->bundle = dv_bundle_open(&(dv_bundle_source){.folder = it->folder, .threads = 2}, &error);
    it->options = dv_explain_defaults();
    it->model = it->bundle ? dv_model_new(it->bundle, &it->options, &error) : NULL;
    return it->model ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *it = *state;
    dv_model_free(it->model);
    dv_bundle_close(it->bundle);
    int failure = scratch_teardown(&it->folder);
    free(it);
    return failure;
}

#define with_bundle(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static void test_knobs_turn_and_return(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    uint64_t before = model->wanted;
    for (int i = 0; i < 7; i++)
        dv_model_turn(model, .1);
    assert_int_equal(model->wanted, before + 7);
    assert_float_equal(model->offset[0], .7f, 1e-7);
    dv_model_turn(model, -.5);
    dv_model_turn(model, -.1);
    dv_model_turn(model, -.1);
    assert_true(model->offset[0] == 0);
    for (int i = 0; i < 100; i++)
        dv_model_turn(model, -.5);
    assert_true(model->offset[0] == -6);
    before = model->wanted;
    dv_model_turn(model, -.5);
    assert_int_equal(model->wanted, before); /* at its end: nothing changes, nothing is asked for */

    dv_model_choose(model, -1);
    assert_int_equal(model->dimension, TINY_LATENT - 1);
    dv_model_turn(model, .5);
    dv_model_choose(model, 1);
    assert_int_equal(model->dimension, 0);
    dv_model_reset(model, false);
    assert_true(model->offset[0] == 0 && model->offset[TINY_LATENT - 1] == .5f);
    dv_model_reset(model, true);
    assert_true(model->offset[TINY_LATENT - 1] == 0);
    before = model->wanted;
    dv_model_reset(model, true);
    assert_int_equal(model->wanted, before);
}

static void test_moving_puts_knobs_back(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    dv_model_turn(model, .5);
    dv_model_go(model, 3);
    assert_int_equal(model->options.index, 3);
    assert_true(model->offset[0] == 0);
    dv_model_go(model, 100000);
    assert_int_equal(model->options.index, TINY_COUNT - 1);
    uint64_t before = model->wanted;
    dv_model_go(model, TINY_COUNT);
    assert_int_equal(model->wanted, before);
    dv_model_go(model, -5);
    assert_int_equal(model->options.index, 0);
}

static void test_values_go_in_round_steps(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    dv_model_step_band(model, 1);
    assert_true(model->options.band == .6);
    dv_model_step_band(model, -1);
    assert_true(model->options.band == .5);
    for (int i = 0; i < 40; i++)
        dv_model_step_band(model, -1);
    assert_true(model->options.band == .05);
    model->options.temperature = 2.2; /* as the command line may have it */
    dv_model_step_temperature(model, 1);
    assert_true(model->options.temperature == 2.5);
    dv_model_step_neighbors(model, 1);
    assert_int_equal(model->options.neighbors, 2000);
    dv_model_step_neighbors(model, -1);
    dv_model_step_neighbors(model, -1);
    assert_int_equal(model->options.neighbors, 512);

    uint64_t before = model->wanted;
    dv_model_step_ridge(model, 1); /* nobody knows yet from where */
    assert_int_equal(model->wanted, before);
    model->options.ridge = .03;
    dv_model_step_ridge(model, -1);
    assert_true(model->options.ridge == .02);
    dv_model_ridge_by_rule(model);
    assert_true(model->options.ridge == 0);
    dv_model_next_method(model);
    assert_int_equal(model->options.method, DV_STUDENT_ADAM);
    for (int i = 0; i < DV_STUDENT_GD; i++)
        dv_model_next_method(model);
    assert_int_equal(model->options.method, DV_STUDENT_RIDGE);
}

static void test_wrong_ones_are_found(void **state)
{
    dv_model *model = ((fixture *)*state)->model; /* labels are 0 1 2 3 0 1 ... */
    assert_int_equal(dv_model_find_wrong(model, 1), -1);
    for (int i = 0; i < 8; i++)
        model->predictions[i] = i % TINY_CLASSES;
    model->predictions[2] = model->predictions[5] = 0;
    dv_model_count(model, 8);
    assert_int_equal(model->labelled, 8);
    assert_int_equal(model->right, 6);
    assert_int_equal(dv_model_find_wrong(model, 1), 2);
    assert_int_equal(dv_model_find_wrong(model, -1), 5);
    dv_model_go(model, 2);
    assert_int_equal(dv_model_find_wrong(model, 1), 5);
    dv_model_go(model, 5);
    assert_int_equal(dv_model_find_wrong(model, 1), 2);
    assert_false(dv_model_is_wrong(model, 9)); /* not asked yet */
    assert_int_equal(dv_model_prediction(model, 9), -1);
}

static dv_explanation *explain(fixture *it)
{
    dv_error error;
    dv_explain_options options = it->model->options;
    options.neighbors = options.fresh = 64;
    dv_explanation *explanation = dv_explain(it->bundle, &options, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    return explanation;
}

static void test_classes_are_ranked(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    int classes[8];
    model->explanation = explain(it);
    model->explanation->teacher_class = 2;
    model->explanation->student_class = 2;
    model->explanation->label = 0;
    const float probabilities[TINY_CLASSES] = {.1f, .2f, .4f, .3f};
    memcpy(model->explanation->student_probabilities, probabilities, sizeof(probabilities));
    assert_int_equal(dv_model_rank_classes(model, 8, classes), TINY_CLASSES);
    for (int k = 0; k < TINY_CLASSES; k++)
        assert_int_equal(classes[k], k);
    assert_int_equal(dv_model_rank_classes(model, 3, classes), 3);
    assert_int_equal(classes[0], 2);
    assert_int_equal(classes[1], 0);
    assert_int_equal(classes[2], 3);
    assert_int_equal(dv_model_rank_classes(model, 1, classes), 1);
    assert_int_equal(classes[0], 2);
    assert_string_equal(dv_model_class_name(model, 2), "cedar");
    assert_string_equal(dv_model_class_name(model, -1), "?");
}

static void test_outcomes_are_taken(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    dv_outcome outcome = {.job = DV_JOB_EXPLAIN, .generation = model->wanted, .explanation = explain(it)};
    dv_model_accept(model, &outcome);
    assert_true(dv_model_is_current(model));
    assert_false(dv_model_is_turned(model));
    assert_int_equal(dv_model_expire(model, 1e12), -1);

    /* An error for an old wish is of no interest; for the newest it is told. */
    dv_model_turn(model, .5);
    assert_false(dv_model_is_current(model));
    outcome = (dv_outcome){.job = DV_JOB_EXPLAIN, .generation = model->wanted - 1};
    outcome.error = (dv_error){DV_ERROR_MEMORY, "no memory\tleft"};
    dv_model_accept(model, &outcome);
    assert_false(model->failed);
    assert_string_equal(model->message, "");
    outcome.generation = model->wanted;
    dv_model_accept(model, &outcome);
    assert_true(model->failed && model->message_is_error);
    assert_string_equal(model->message, "no memory?left");

    /* Another picture's explanation stays for a moment, no longer. */
    dv_model_go(model, 1);
    assert_false(model->failed);
    assert_in_range(dv_model_expire(model, model->wanted_at + 10), 1, 1000);
    assert_non_null(model->explanation);
    assert_int_equal(dv_model_expire(model, model->wanted_at + 1000), -1);
    assert_null(model->explanation);
}

/* ---- worker --------------------------------------------------------------------------- */

enum { PATIENCE_MS = 10000 };

/* Waits until something can be taken; fails after a while. */
static dv_outcome await(dv_worker *worker)
{
    dv_outcome outcome;
    double end = dv_clock_ms() + PATIENCE_MS;
    while (dv_clock_ms() < end) {
        struct pollfd poll_for = {.fd = dv_worker_fd(worker), .events = POLLIN};
        poll(&poll_for, 1, 100);
        dv_worker_look(worker);
        if (dv_worker_take(worker, &outcome))
            return outcome;
    }
    fail_msg("the worker says nothing");
    return outcome;
}

static dv_outcome await_full(dv_worker *worker, uint64_t generation)
{
    for (;;) {
        dv_outcome outcome = await(worker);
        assert_true(outcome.generation <= generation);
        if (outcome.generation == generation && !outcome.preview)
            return outcome;
        assert_non_null(outcome.explanation); /* those overtaken are dropped without a word */
        dv_explanation_free(outcome.explanation);
    }
}

static dv_worker *start(fixture *it)
{
    dv_error error;
    dv_worker *worker = dv_worker_new(it->bundle, &error);
    assert_non_null(worker);
    return worker;
}

/* What comes back is what the engine says to the newest wish, knobs included. */
static void test_newest_request_wins(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_explain_options options = it->options;
    float offset[TINY_LATENT] = {0};
    options.offset = offset;
    for (uint64_t generation = 1; generation <= 50; generation++) {
        offset[1] = (float)generation / 10;
        dv_worker_explain(worker, &options, generation);
    }
    offset[1] = 99; /* the worker has its own copy */
    dv_outcome outcome = await_full(worker, 50);
    dv_worker_free(worker);
    assert_int_equal(outcome.error.code, DV_OK);
    assert_int_equal(outcome.explanation->count, options.neighbors);

    dv_error error;
    offset[1] = 5;
    dv_explanation *expected = dv_explain(it->bundle, &options, NULL, &error);
    assert_non_null(expected);
    assert_memory_equal(outcome.explanation->weights, expected->weights, sizeof(float) * TINY_CLASSES * TINY_PIXELS);
    dv_explanation_free(expected);
    dv_explanation_free(outcome.explanation);
}

/* The first explanation comes with fewer neighbours, and these are the first ones of the full set. */
static void test_preview_is_nested(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_worker_explain(worker, &it->options, 1);
    dv_outcome preview = await(worker);
    dv_outcome full = preview.preview ? await_full(worker, 1) : preview;
    assert_true(full.explanation->count == it->options.neighbors);
    if (preview.preview) {
        assert_true(preview.explanation->count < full.explanation->count);
        assert_memory_equal(preview.explanation->neighbors, full.explanation->neighbors,
                            sizeof(float) * TINY_PIXELS * (size_t)preview.explanation->count);
        dv_explanation_free(preview.explanation);
    }
    dv_explanation_free(full.explanation);
    dv_worker_free(worker);
}

static void test_predictions_are_the_teachers(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    int predictions[TINY_COUNT];
    int64_t known = 0;
    dv_error error;
    dv_worker_classify(worker);
    for (double end = dv_clock_ms() + PATIENCE_MS; known < TINY_COUNT && dv_clock_ms() < end;) {
        known = dv_worker_predictions(worker, known, predictions, &error);
        assert_int_equal(error.code, DV_OK);
    }
    dv_worker_free(worker);
    assert_int_equal(known, TINY_COUNT);
    dv_classification *expected = dv_classify(it->bundle, NULL, &error);
    assert_non_null(expected);
    assert_memory_equal(predictions, expected->predictions, sizeof(predictions));
    dv_classification_free(expected);
}

static void test_impossible_requests_come_back(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_explain_options options = it->options;
    options.temperature = -1;
    dv_worker_explain(worker, &options, 7);
    dv_outcome outcome = await(worker);
    assert_null(outcome.explanation);
    assert_int_equal(outcome.error.code, DV_ERROR_ARGUMENT);
    assert_int_equal(outcome.generation, 7);
    dv_worker_free(worker);
}

/* Work without end is stopped by a cancel, by a newer wish, and by the end. */
static void test_long_work_stops(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_explain_options endless = it->options;
    endless.method = DV_STUDENT_ADAM;
    endless.epochs = 100000;
    endless.neighbors = 200; /* no preview */
    assert_false(dv_worker_cancel(worker));
    dv_worker_explain(worker, &endless, 1);
    while (dv_worker_look(worker).job != DV_JOB_EXPLAIN)
        ;
    assert_true(dv_worker_cancel(worker));
    dv_outcome outcome = await(worker);
    assert_null(outcome.explanation);
    assert_int_equal(outcome.error.code, DV_ERROR_CANCELLED);

    dv_worker_explain(worker, &endless, 2);
    dv_worker_explain(worker, &it->options, 3);
    outcome = await_full(worker, 3);
    assert_non_null(outcome.explanation);
    dv_explanation_free(outcome.explanation);

    dv_worker_explain(worker, &endless, 4);
    dv_worker_free(worker);
}

static void test_report_is_written(void **state)
{
    fixture *it = *state;
    char path[256], here[4096];
    dv_worker *worker = start(it);
    dv_explain_options options = it->options;
    options.neighbors = 40;
    assert_non_null(getcwd(here, sizeof(here)));
    assert_int_equal(chdir(it->folder), 0); /* reports have short names, below the folder the program runs in */
    assert_true(dv_worker_export(worker, &options, "report"));
    dv_outcome outcome = await(worker);
    assert_int_equal(chdir(here), 0);
    dv_worker_free(worker);
    assert_int_equal(outcome.job, DV_JOB_EXPORT);
    assert_string_equal(outcome.error.message, "");
    assert_string_equal(outcome.folder, "report");
    scratch_path(path, it->folder, "report");
    assert_int_equal(scratch_count(path), 7);
    assert_int_equal(access(scratch_path(path, it->folder, "report/overview.png"), R_OK), 0);
    assert_int_equal(access(scratch_path(path, it->folder, "report/explanation.json"), R_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_has_one_action),
        cmocka_unit_test(test_keys_have_names),
        cmocka_unit_test(test_manual_tells_all_keys),
        cmocka_unit_test(test_panes_never_meet),
        cmocka_unit_test(test_large_screens_show_all_panes),
        cmocka_unit_test(test_tiles_fit),
        cmocka_unit_test(test_tiles_are_large_when_they_may_be),
        with_bundle(test_knobs_turn_and_return),
        with_bundle(test_moving_puts_knobs_back),
        with_bundle(test_values_go_in_round_steps),
        with_bundle(test_wrong_ones_are_found),
        with_bundle(test_classes_are_ranked),
        with_bundle(test_outcomes_are_taken),
        with_bundle(test_newest_request_wins),
        with_bundle(test_preview_is_nested),
        with_bundle(test_predictions_are_the_teachers),
        with_bundle(test_impossible_requests_come_back),
        with_bundle(test_long_work_stops),
        with_bundle(test_report_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

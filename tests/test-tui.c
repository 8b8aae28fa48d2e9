/* The terminal program without a terminal: keys, layout, fitting of tiles, the state, the worker. */
#include "base/file.h"
#include "tui/actions.h"
#include "tui/grid.h"
#include "tui/layout.h"
#include "tui/model.h"
#include "tui/view.h"
#include "tui/worker.h"

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

/* ---- keys -------------------------------------------------------------------- */

/* All sets that can be in force together, for each pane of each view. */
static void each_context(void (*check)(const dv_context *context))
{
    for (int view = 0; view < DV_MODEL_VIEWS; view++)
        for (int i = 0; dv_views[view]->panes[i]; i++) {
            dv_context context = {0};
            dv_context_add(&context, dv_views[view]->panes[i]->actions);
            dv_context_add(&context, dv_views[view]->actions);
            dv_context_add_global(&context);
            check(&context);
        }
}

/* Within a set no key stands twice; a key that a nearer set has not taken finds its action. */
static void check_keys(const dv_context *context)
{
    for (int i = 0; i < context->count; i++)
        for (int row = 0; row < context->set[i]->count; row++) {
            const dv_action *action = &context->set[i]->action[row];
            for (int k = 0; k < DV_ACTION_KEYS && action->keys[k]; k++)
                if (!dv_context_hides(context, context->set[i], action->keys[k]))
                    assert_ptr_equal(dv_context_find_key(context, action->keys[k]), action);
        }
    assert_null(dv_context_find_key(context, 0));
}

static void test_every_key_has_one_action(void **state)
{
    (void)state;
    each_context(check_keys);
}

static void test_names_are_unique(void **state)
{
    (void)state;
    dv_context context = {0};
    dv_view_all_actions(&context);
    for (int i = 0; i < context.count; i++)
        for (int row = 0; row < context.set[i]->count; row++) {
            const dv_action *action = &context.set[i]->action[row];
            assert_non_null(action->act);
            assert_ptr_equal(dv_context_find_name(&context, action->name), action);
        }
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
    const dv_action rows[] = {
        {"up", "up; down", {DV_KEY_UP, 'k'}}, {"down", "", {DV_KEY_DOWN, 'j'}}, {"x", "y", {'0'}}};
    const dv_action_set set = DV_ACTION_SET("Rows", rows);
    dv_action_keys_name(&set, 0, keys);
    assert_string_equal(keys, "Up k, Down j");
    dv_action_keys_name(&set, 2, keys);
    assert_string_equal(keys, "0");
}

/* Each row of the help stands in the manual, and each list is ended. */
static void test_manual_tells_all_keys(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    dv_context context = {0};
    dv_view_all_actions(&context);
    dv_actions_print_mdoc(stream, &context);
    fclose(stream);
    int begins = 0, ends = 0;
    for (const char *at = text; (at = strstr(at, ".Bl ")); at++)
        begins++;
    for (const char *at = text; (at = strstr(at, ".El\n")); at++)
        ends++;
    assert_int_equal(begins, context.count);
    assert_int_equal(ends, context.count);
    for (int i = 0; i < context.count; i++)
        for (int row = 0; row < context.set[i]->count; row++) {
            const dv_action *action = &context.set[i]->action[row];
            char word[128];
            snprintf(word, sizeof(word), "Ic :%s", action->name);
            assert_non_null(strstr(text, word));
            assert_non_null(strstr(text, action->help));
        }
    free(text);
}

/* ---- panes ------------------------------------------------------------------------- */

/* ---- layout -------------------------------------------------------------------- */

static bool meet(const dv_area *a, const dv_area *b)
{
    return a->row < b->row + b->rows && b->row < a->row + a->rows && a->column < b->column + b->columns &&
           b->column < a->column + a->columns;
}

static void check_frames(const dv_model *model, int rows, int columns)
{
    dv_frame frames[DV_MAX_FRAMES];
    int count = dv_view_frames(model, rows, columns, frames);
    assert_in_range(count, 1, DV_MAX_FRAMES);
    for (int i = 0; i < count; i++) {
        const dv_area *area = &frames[i].area;
        assert_true(area->row >= 0 && area->rows >= 0 && area->row + area->rows <= rows);
        assert_true(area->column >= 0 && area->columns >= 0 && area->column + area->columns <= columns);
        for (int j = 0; j < i; j++)
            assert_false(meet(area, &frames[j].area));
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

/* On screens of any size, whichever pane has the focus. */
static void test_panes_never_meet(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    for (model->view = 0; model->view < DV_MODEL_VIEWS; model->view++) {
        int *focus = &model->focus[model->view];
        for (*focus = 0; dv_views[model->view]->panes[*focus]; ++*focus)
            for (int rows = 1; rows < 90; rows += 3)
                for (int columns = 1; columns < 260; columns += 7)
                    check_frames(model, rows, columns);
        *focus = 0;
    }
    model->view = 0;
}

/* The pane with the focus is on the screen, from the smallest one on. */
static void test_focus_is_on_the_screen(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    const int sizes[][2] = {{24, 79}, {40, 119}, {60, 199}, {100, 300}};
    dv_frame frames[DV_MAX_FRAMES];
    for (model->view = 0; model->view < DV_MODEL_VIEWS; model->view++) {
        int *focus = &model->focus[model->view];
        for (*focus = 0; dv_views[model->view]->panes[*focus]; ++*focus)
            for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                bool found = false;
                int count = dv_view_frames(model, sizes[i][0], sizes[i][1], frames);
                for (int k = 0; k < count; k++)
                    found |= frames[k].kind == dv_view_focus(model) && frames[k].area.rows > 0;
                assert_true(found);
            }
        *focus = 0;
    }
    model->view = 0;
}

static void test_moving_stops_at_the_ends(void **state)
{
    dv_model *model = ((fixture *)*state)->model;
    dv_wish_turn(&model->wish, 0, .5);
    dv_model_go(model, 3);
    assert_int_equal(model->wish.options.index, 3);
    assert_false(dv_wish_is_turned(&model->wish));
    dv_model_go(model, 100000);
    assert_int_equal(model->wish.options.index, TINY_COUNT - 1);
    uint64_t before = model->wanted;
    dv_model_go(model, TINY_COUNT);
    assert_int_equal(model->wanted, before);
    dv_model_go(model, -5);
    assert_int_equal(model->wish.options.index, 0);
}

static void learn(dv_pictures *pictures, int count, const int *prediction)
{
    dv_scores scores[TINY_COUNT];
    for (int i = 0; i < count; i++) {
        float probabilities[TINY_CLASSES] = {.1f, .1f, .1f, .1f};
        probabilities[prediction[i]] = .5f + (float)i / 100;
        scores[i] = dv_scores_of(probabilities, TINY_CLASSES, dv_pictures_label(pictures, i));
    }
    dv_pictures_learn(pictures, 0, count, scores, NULL);
}

static void test_wrong_ones_are_found(void **state)
{
    dv_pictures *pictures = ((fixture *)*state)->model->pictures; /* labels are 0 1 2 3 0 1 ... */
    assert_int_equal(dv_pictures_find_wrong(pictures, 0, 1), -1);
    learn(pictures, 8, (const int[]){0, 1, 0, 3, 0, 0, 2, 3});
    assert_int_equal(pictures->labelled, 8);
    assert_int_equal(pictures->right, 6);
    assert_int_equal(dv_pictures_find_wrong(pictures, 0, 1), 2);
    assert_int_equal(dv_pictures_find_wrong(pictures, 0, -1), 5);
    assert_int_equal(dv_pictures_find_wrong(pictures, 2, 1), 5);
    assert_int_equal(dv_pictures_find_wrong(pictures, 5, 1), 2);
    assert_false(dv_pictures_is_wrong(pictures, 9)); /* not asked yet */
    assert_int_equal(dv_pictures_prediction(pictures, 9), -1);
}

static dv_explanation *explain(fixture *it)
{
    dv_error error;
    dv_explain_options options = it->model->wish.options;
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
    const float softened[TINY_CLASSES] = {.3f, .25f, .3f, .15f};
    memcpy(model->explanation->student_probabilities, probabilities, sizeof(probabilities));
    memcpy(model->explanation->teacher_soft_label, softened, sizeof(softened));
    assert_int_equal(dv_model_rank_classes(model, 8, classes), TINY_CLASSES);
    for (int k = 0; k < TINY_CLASSES; k++)
        assert_int_equal(classes[k], k);
    assert_int_equal(dv_model_rank_classes(model, 3, classes), 3);
    assert_int_equal(classes[0], 2);
    assert_int_equal(classes[1], 0);
    assert_int_equal(classes[2], 3);
    model->explanation->teacher_soft_label[1] = .31f;
    assert_int_equal(dv_model_rank_classes(model, 3, classes), 3);
    assert_int_equal(classes[2], 1);
    assert_int_equal(dv_model_rank_classes(model, 1, classes), 1);
    assert_int_equal(classes[0], 2);
    assert_string_equal(dv_model_class_name(model, 2), "cedar");
    assert_string_equal(dv_model_class_name(model, -1), "?");
}

static void test_outcomes_are_taken(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    dv_outcome outcome = {.job = DV_JOB_EXPLAIN, .key = model->wanted, .result = explain(it)};
    dv_model_accept(model, &outcome);
    assert_true(dv_model_is_current(model));
    assert_false(dv_model_is_turned(model));
    assert_int_equal(dv_model_expire(model, 1e12), -1);

    /* An error for an old wish is of no interest; for the newest it is told. */
    dv_wish_turn(&model->wish, 0, .5);
    dv_model_want(model);
    assert_false(dv_model_is_current(model));
    outcome = (dv_outcome){.job = DV_JOB_EXPLAIN, .key = model->wanted - 1};
    outcome.error = (dv_error){DV_ERROR_MEMORY, "no memory\tleft"};
    dv_model_accept(model, &outcome);
    assert_false(model->failed);
    outcome.key = model->wanted;
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

/* ---- questions ------------------------------------------------------------------------- */

static char accepted[DV_PROMPT_SIZE];

static void accept_text(struct dv_control *control, const char *text)
{
    (void)control;
    snprintf(accepted, sizeof(accepted), "%s", text);
}

static int complete_tree(struct dv_control *control, const char *text, const char **candidate, int room)
{
    static const char *const trees[] = {"Ash", "ashen", "Birch"};
    int count = 0;
    (void)control;
    for (size_t i = 0; i < sizeof(trees) / sizeof(*trees) && count < room; i++)
        if (strncasecmp(trees[i], text, strlen(text)) == 0)
            candidate[count++] = trees[i];
    return count;
}

/* They part in their last byte. */
static int complete_wood(struct dv_control *control, const char *text, const char **candidate, int room)
{
    (void)control, (void)text, (void)room;
    candidate[0] = "\346\234\250";
    candidate[1] = "\346\234\251";
    return 2;
}

static void type(dv_prompt *prompt, const char *text)
{
    for (; *text; text++)
        dv_prompt_key(NULL, prompt, *text == '\t' ? DV_KEY_TAB : *text == '\r' ? DV_KEY_ENTER : *text);
}

static void test_answers_are_completed(void **state)
{
    (void)state;
    static const dv_prompt_kind kind = {.label = "Tree: ", .accept = accept_text, .complete = complete_tree};
    dv_prompt prompt = {0};
    dv_prompt_open(&prompt, &kind, "");
    type(&prompt, "b\t\r");
    assert_null(prompt.kind);
    assert_string_equal(accepted, "Birch"); /* without the blank behind it */

    dv_prompt_open(&prompt, &kind, "");
    type(&prompt, "as\t"); /* two that agree but for their case: what was typed stays */
    assert_string_equal(prompt.text, "as");
    assert_non_null(strstr(prompt.hint, "ashen"));
    type(&prompt, "hen\t\r");
    assert_string_equal(accepted, "ashen");

    static const dv_prompt_kind wood = {.label = "Wood: ", .accept = accept_text, .complete = complete_wood};
    dv_prompt_open(&prompt, &wood, "");
    type(&prompt, "\t"); /* no half of a character */
    assert_string_equal(prompt.text, "");
}

/* ---- worker --------------------------------------------------------------------------- */

enum { PATIENCE_MS = 300000 }; /* of a machine that has much else to do */

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

static dv_outcome await_full(dv_worker *worker, uint64_t key)
{
    for (;;) {
        dv_outcome outcome = await(worker);
        assert_true(outcome.key <= key);
        if (outcome.key == key && !outcome.preview)
            return outcome;
        assert_non_null(outcome.result); /* those overtaken are dropped without a word */
        dv_job_free_result(outcome.job, outcome.result);
    }
}

/* Waits until the worker is at it, or at nothing any more. */
static void await_work(dv_worker *worker, dv_job job)
{
    for (double end = dv_clock_ms() + PATIENCE_MS; dv_worker_look(worker).job != job; sched_yield())
        if (dv_clock_ms() >= end)
            fail_msg("the worker is never at job %d", (int)job);
}

static dv_worker *start(fixture *it)
{
    dv_error error;
    dv_worker *worker = dv_worker_new(it->bundle, &error);
    assert_non_null(worker);
    return worker;
}

static void ask(dv_worker *worker, const dv_wish *wish, uint64_t key)
{
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_EXPLAIN, .key = key, .wish = wish});
}

/* What comes back is what the engine says to the newest wish, knobs included. */
static void test_newest_request_wins(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_wish *wish = &it->model->wish;
    for (uint64_t key = 1; key <= 50; key++) {
        dv_wish_set_knob(wish, 1, (float)key / 10);
        ask(worker, wish, key);
    }
    dv_wish_set_knob(wish, 1, 99); /* the worker has its own copy */
    dv_outcome outcome = await_full(worker, 50);
    dv_explanation *explanation = outcome.result;
    dv_worker_free(worker);
    assert_int_equal(outcome.error.code, DV_OK);
    assert_int_equal(explanation->count, wish->options.neighbors);

    dv_error error;
    dv_wish_set_knob(wish, 1, 5);
    dv_explanation *expected = dv_explain(it->bundle, &wish->options, NULL, &error);
    assert_non_null(expected);
    assert_memory_equal(explanation->weights, expected->weights, sizeof(float) * TINY_CLASSES * TINY_PIXELS);
    dv_explanation_free(expected);
    dv_explanation_free(explanation);
}

/* The first explanation comes with fewer neighbours, and these are the first ones of the full set. */
static void test_preview_is_nested(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    ask(worker, &it->model->wish, 1);
    dv_outcome first = await(worker);
    dv_outcome last = first.preview ? await_full(worker, 1) : first;
    const dv_explanation *preview = first.result, *full = last.result;
    assert_true(full->count == it->options.neighbors);
    if (first.preview) {
        assert_true(preview->count < full->count);
        assert_memory_equal(preview->neighbors, full->neighbors, sizeof(float) * TINY_PIXELS * (size_t)preview->count);
        dv_job_free_result(first.job, first.result);
    }
    dv_job_free_result(last.job, last.result);
    dv_worker_free(worker);
}

/* Where only the student changes its neighbours are there, and nothing less comes before the full one. */
static void test_no_preview_of_another_lambda(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_wish *wish = &it->model->wish;
    wish->options.neighbors = 60000;
    ask(worker, wish, 1);
    dv_outcome outcome = await_full(worker, 1);
    dv_job_free_result(outcome.job, outcome.result);
    for (uint64_t key = 2; key < 5; key++) {
        wish->options.ridge = 0.01 * (double)key;
        wish->options.temperature = (double)key;
        ask(worker, wish, key);
        outcome = await(worker);
        const dv_explanation *explanation = outcome.result;
        assert_true(outcome.key == key && !outcome.preview);
        assert_true(explanation && explanation->count == 60000 && explanation->lambda == wish->options.ridge);
        dv_job_free_result(outcome.job, outcome.result);
    }
    dv_worker_free(worker);
}

/* All parts of what is gathered about the pictures come, in order, and are what the engine says in one go. */
static void test_scores_and_means_are_gathered(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_model *model = it->model;
    dv_error error;
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_CLASSIFY, .key = 1});
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_SURVEY, .key = 1});
    while (model->pictures->known < TINY_COUNT || model->surveyed < TINY_COUNT) {
        dv_outcome outcome = await(worker);
        assert_int_equal(outcome.error.code, DV_OK);
        dv_model_accept(model, &outcome);
    }
    dv_worker_free(worker);
    dv_classification *expected = dv_classify(it->bundle, NULL, &error);
    assert_non_null(expected);
    for (int i = 0; i < TINY_COUNT; i++)
        assert_int_equal(dv_pictures_prediction(model->pictures, i), expected->predictions[i]);
    dv_classification_free(expected);
    float means[TINY_COUNT * TINY_LATENT];
    assert_true(dv_encode_range(it->bundle, 0, TINY_COUNT, means, &error));
    assert_memory_equal(model->means, means, sizeof(means));
}

static void test_impossible_requests_come_back(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    it->model->wish.options.temperature = -1;
    ask(worker, &it->model->wish, 7);
    dv_outcome outcome = await(worker);
    assert_null(outcome.result);
    assert_int_equal(outcome.error.code, DV_ERROR_ARGUMENT);
    assert_int_equal(outcome.key, 7);
    dv_worker_free(worker);
}

/* One that is at work, then another, then the first again: there and back with a key. */
static void test_earlier_request_comes_again(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_wish *wish = &it->model->wish;
    wish->options.method = DV_STUDENT_ADAM;
    wish->options.epochs = 1000;
    wish->options.neighbors = 200;
    ask(worker, wish, 1);
    await_work(worker, DV_JOB_EXPLAIN);
    ask(worker, wish, 2);
    ask(worker, wish, 1);
    dv_outcome outcome = await(worker);
    assert_int_equal(outcome.key, 1);
    assert_non_null(outcome.result);
    dv_job_free_result(outcome.job, outcome.result);
    dv_worker_free(worker);
}

/* Work without end is stopped by a cancel, by a newer wish, and by the end. */
static void test_long_work_stops(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_wish *endless = &it->model->wish;
    endless->options.method = DV_STUDENT_ADAM;
    endless->options.epochs = 100000;
    endless->options.neighbors = 200; /* no preview */
    assert_false(dv_worker_cancel(worker));
    ask(worker, endless, 1);
    await_work(worker, DV_JOB_EXPLAIN);
    assert_true(dv_worker_cancel(worker));
    dv_outcome outcome = await(worker);
    assert_null(outcome.result);
    assert_int_equal(outcome.error.code, DV_ERROR_CANCELLED);

    ask(worker, endless, 2);
    endless->options.method = DV_STUDENT_RIDGE;
    ask(worker, endless, 3);
    outcome = await_full(worker, 3);
    assert_non_null(outcome.result);
    dv_job_free_result(outcome.job, outcome.result);

    endless->options.method = DV_STUDENT_ADAM;
    ask(worker, endless, 4);
    dv_worker_free(worker);
}

static dv_outcome measure(dv_worker *worker, dv_explanation *explanation, uint64_t key)
{
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_MEASURE, .key = key, .explanation = explanation});
    return await(worker);
}

/* The maps come first, then what they are worth, even where who asked has let the explanation go. */
static void test_maps_are_measured(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_error error;
    dv_wish *wish = &it->model->wish;
    wish->options.neighbors = wish->options.fresh = 200; /* no preview */
    ask(worker, wish, 1);
    dv_explanation *maps = await_full(worker, 1).result;
    assert_int_equal(maps->fidelity.fresh, 0);
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_MEASURE, .key = 1, .explanation = maps});
    dv_explanation_free(maps);
    dv_outcome outcome = await(worker);
    dv_worker_free(worker);
    dv_explanation *whole = dv_explain(it->bundle, &wish->options, NULL, &error);
    assert_true(whole && outcome.job == DV_JOB_MEASURE && outcome.result);
    assert_memory_equal(outcome.result, &whole->fidelity, sizeof(dv_fidelity));
    dv_job_free_result(outcome.job, outcome.result);
    dv_explanation_free(whole);
}

/* A newer wish stops it for good; a cancel tells. */
static void test_measuring_gives_way(void **state)
{
    fixture *it = *state;
    dv_worker *worker = start(it);
    dv_wish *wish = &it->model->wish;
    wish->options.neighbors = 200;
    wish->options.fresh = 1000000;
    ask(worker, wish, 1);
    dv_explanation *maps = await_full(worker, 1).result;
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_MEASURE, .key = 1, .explanation = maps});
    await_work(worker, DV_JOB_MEASURE);
    wish->options.seed++;
    ask(worker, wish, 2);
    dv_outcome outcome = await(worker);
    assert_int_equal(outcome.job, DV_JOB_EXPLAIN);
    assert_int_equal(outcome.key, 2);
    dv_explanation_free(maps);
    await_work(worker, DV_JOB_NONE);
    maps = outcome.result;
    assert_false(dv_worker_take(worker, &outcome));
    dv_worker_ask(worker, &(dv_request){.job = DV_JOB_MEASURE, .key = 2, .explanation = maps});
    await_work(worker, DV_JOB_MEASURE);
    assert_true(dv_worker_cancel(worker));
    outcome = await(worker);
    assert_true(outcome.job == DV_JOB_MEASURE && !outcome.result && outcome.error.code == DV_ERROR_CANCELLED);
    dv_explanation_free(maps);
    dv_worker_free(worker);
}

/* Figures are those of the maps on the screen or none; those of before stay to be seen. */
static void test_figures_belong_to_maps(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    dv_error error;
    dv_worker *worker = start(it);
    dv_explain_options options = model->wish.options;
    options.neighbors = options.fresh = 64;
    for (int i = 0; i < 2; i++) {
        options.seed = (uint64_t)i + 1;
        dv_model_want(model);
        dv_outcome outcome = {.job = DV_JOB_EXPLAIN, .key = model->wanted};
        outcome.result = dv_explain_maps(it->bundle, &options, NULL, &error);
        assert_non_null(outcome.result);
        dv_model_accept(model, &outcome);
        assert_null(dv_model_fidelity(model));
        assert_int_equal(model->fidelity.fresh, i ? 64 : 0);
        outcome = measure(worker, model->explanation, model->wanted - 1); /* of the wish before */
        dv_model_accept(model, &outcome);
        assert_null(dv_model_fidelity(model));
        outcome = measure(worker, model->explanation, model->wanted);
        dv_model_accept(model, &outcome);
        assert_int_equal(dv_model_fidelity(model)->fresh, 64);
    }
    dv_worker_free(worker);
}

static void test_report_is_written(void **state)
{
    fixture *it = *state;
    char path[256];
    dv_worker *worker = start(it);
    it->model->wish.options.neighbors = 40;
    dv_request request = {.job = DV_JOB_EXPORT, .key = 1, .wish = &it->model->wish, .number = -1};
    scratch_path(request.folder, it->folder, "report");
    dv_worker_ask(worker, &request);
    dv_outcome outcome = await(worker);
    dv_worker_free(worker);
    assert_int_equal(outcome.job, DV_JOB_EXPORT);
    assert_string_equal(outcome.error.message, "");
    assert_string_equal(outcome.result, request.folder);
    dv_job_free_result(outcome.job, outcome.result);
    assert_int_equal(scratch_count(request.folder), 7);
    assert_int_equal(access(scratch_path(path, it->folder, "report/overview.png"), R_OK), 0);
    assert_int_equal(access(scratch_path(path, it->folder, "report/explanation.json"), R_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_has_one_action),
        cmocka_unit_test(test_names_are_unique),
        cmocka_unit_test(test_keys_have_names),
        cmocka_unit_test(test_manual_tells_all_keys),
        cmocka_unit_test(test_tiles_fit),
        cmocka_unit_test(test_tiles_are_large_when_they_may_be),
        with_bundle(test_panes_never_meet),
        with_bundle(test_focus_is_on_the_screen),
        with_bundle(test_moving_stops_at_the_ends),
        with_bundle(test_wrong_ones_are_found),
        with_bundle(test_classes_are_ranked),
        with_bundle(test_outcomes_are_taken),
        cmocka_unit_test(test_answers_are_completed),
        with_bundle(test_newest_request_wins),
        with_bundle(test_maps_are_measured),
        with_bundle(test_measuring_gives_way),
        with_bundle(test_figures_belong_to_maps),
        with_bundle(test_preview_is_nested),
        with_bundle(test_no_preview_of_another_lambda),
        with_bundle(test_scores_and_means_are_gathered),
        with_bundle(test_impossible_requests_come_back),
        with_bundle(test_earlier_request_comes_again),
        with_bundle(test_long_work_stops),
        with_bundle(test_report_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

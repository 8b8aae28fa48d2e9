/* Two teachers on the screen, without a terminal: the key that swaps them, the words of both, what changed, one scale.
 */
#include "tui/control.h"
#include "base/file.h"
#include "session/setting.h"
#include "tui/kept.h"
#include "tui/maps.h"
#include "tui/pane_cell.h"
#include "tui/tui.h"
#include "tui/view.h"
#include "vid/fingerprint.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

typedef struct fixture {
    void *folder;
    dv_bundle *first;
    dv_bundle_source source; /* of the second */
    dv_tui_options options;
    dv_control control;
} fixture;

/* The second teacher is the first with another preprocessing: it sees pictures a little brighter. */
static int set_up(void **state)
{
    dv_error error;
    fixture *it = calloc(1, sizeof(*it));
    tiny recipe = tiny_defaults();
    *state = it;
    if (!it || scratch_setup(&it->folder) != 0)
        return -1;
    tiny_write(it->folder, &recipe);
    const dv_bundle_source source = {.folder = it->folder, .threads = 2};
    it->source = (dv_bundle_source){.folder = it->folder, .mean = "0.4"};
    it->options.source = &it->source;
    it->control.options = &it->options;
    it->first = dv_bundle_open(&source, &error);
    it->control.second = it->first ? dv_bundle_open_second(it->first, &it->source, &error) : NULL;
    dv_explain_options options = dv_explain_defaults();
    options.neighbors = options.fresh = 64;
    dv_pictures *pictures =
        it->control.second ? dv_pictures_new(dv_bundle_get_facts(it->control.second), &error) : NULL;
    if (!pictures || !(it->control.model = dv_model_new(it->first, &options, &error)) ||
        !(it->control.worker = dv_worker_new(it->first, &error)))
        return -1;
    dv_worker_add_teacher(it->control.worker, it->control.second);
    dv_model_take_teacher(it->control.model, it->control.second, pictures);
    return 0;
}

static int tear_down(void **state)
{
    fixture *it = *state;
    dv_worker_free(it->control.worker);
    dv_model_free(it->control.model);
    dv_bundle_close(it->control.second);
    dv_bundle_close(it->first);
    int failure = scratch_teardown(&it->folder);
    free(it);
    return failure;
}

static bool is_done(const dv_model *model)
{
    return dv_model_is_current(model) && !model->preview && model->by_teacher[0]->known == TINY_COUNT &&
           model->by_teacher[1]->known == TINY_COUNT;
}

/* Works as the loop does until an explanation and the words of both teachers are there. */
static void settle(dv_control *control)
{
    dv_model *model = control->model;
    dv_outcome outcome;
    for (int turn = 0; turn < 1000 && !is_done(model); turn++) {
        dv_control_ask_words(control);
        dv_control_ask(control, &(dv_request){.job = DV_JOB_EXPLAIN, .key = model->wanted, .wish = &model->wish});
        struct pollfd pipe = {.fd = dv_worker_fd(control->worker), .events = POLLIN};
        poll(&pipe, 1, 100);
        dv_worker_look(control->worker);
        while (dv_worker_take(control->worker, &outcome))
            dv_model_accept(model, &outcome);
    }
    assert_true(is_done(model));
}

/* What each teacher says by itself. */
static void assert_words(dv_bundle *bundle, const dv_pictures *pictures)
{
    dv_error error;
    dv_classification *words = dv_classify(bundle, NULL, &error);
    assert_non_null(words);
    for (int i = 0; i < TINY_COUNT; i++)
        assert_int_equal(dv_pictures_prediction(pictures, i), words->predictions[i]);
    dv_classification_free(words);
}

static void test_swapping(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_model *model = control->model;
    settle(control);
    float first[TINY_CLASSES], again[TINY_CLASSES];
    memcpy(first, model->explanation->teacher_probabilities, sizeof first);
    dv_control_key(control, 'b');
    assert_int_equal(model->looked_at, 1);
    assert_non_null(strstr(model->message, "The second teacher"));
    assert_false(dv_model_is_current(model));
    settle(control);
    assert_memory_not_equal(first, model->explanation->teacher_probabilities, sizeof first);
    dv_control_key(control, 'b');
    assert_int_equal(model->looked_at, 0);
    settle(control);
    memcpy(again, model->explanation->teacher_probabilities, sizeof again);
    assert_memory_equal(first, again, sizeof first);
    dv_worker_free(control->worker); /* the bundles are the test's again */
    control->worker = NULL;
    assert_words(it->first, model->by_teacher[0]);
    assert_words(control->second, model->by_teacher[1]);
}

static void test_what_changed(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    settle(control);
    int changed = 0;
    for (int i = 0; i < TINY_COUNT; i++) {
        bool differs =
            dv_pictures_prediction(model->by_teacher[0], i) != dv_pictures_prediction(model->by_teacher[1], i);
        assert_int_equal(dv_pictures_is_changed(model->by_teacher[0], i), differs);
        assert_int_equal(dv_pictures_is_changed(model->by_teacher[1], i), differs);
        changed += differs;
    }
    assert_in_range(changed, 1, TINY_COUNT - 1);
    dv_control_command(control, "only-changed");
    assert_int_equal(model->pictures->selected_count, changed);
    assert_true(dv_pictures_is_changed(model->pictures, model->wish.options.index));
    dv_control_key(control, 'b'); /* the filter is that of both */
    assert_int_equal(model->pictures->selected_count, changed);
    dv_control_command(control, "all");
    assert_int_equal(model->pictures->selected_count, TINY_COUNT);
    dv_control_command(control, "order change");
    for (int i = 0; i < TINY_COUNT; i++)
        assert_int_equal(dv_pictures_is_changed(model->pictures, model->pictures->selected[i]), i < changed);
}

/* Maps that are looked at in turns lie on one scale, that of the larger ones. */
static void test_one_scale(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    settle(control);
    double first = dv_maps_style(model).scale;
    dv_control_key(control, 'b');
    settle(control);
    dv_map_style style = dv_maps_style(model);
    double second = dv_figure_map_scale(model->explanation, &style);
    assert_true(first != second);
    assert_true(style.scale == fmax(first, second));
    dv_control_key(control, 'b');
    settle(control);
    assert_true(dv_maps_style(model).scale == fmax(first, second));
    dv_model_go(model, 3); /* another picture has its own */
    settle(control);
    style = dv_maps_style(model);
    assert_true(style.scale == dv_figure_map_scale(model->explanation, &style));
}

/* What is found of a cell is looked for under the key that it was asked for by, whichever teacher is looked at. */
static void test_cell_of_either(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    uint64_t asked[DV_TEACHERS];
    model->cells.said = 1;
    assert_ptr_equal(model->by_bundle[1], control->second); /* whose facts a page of it tells */
    for (int teacher = 0; teacher < DV_TEACHERS; teacher++) {
        dv_pane_cell_means.need(control);
        asked[teacher] = model->answer[DV_JOB_CELL].asked;
        assert_int_equal(asked[teacher], dv_cell_shown_key(model));
        dv_control_key(control, 'b');
    }
    assert_int_not_equal(asked[0], asked[1]);
    assert_int_equal(asked[0], dv_cell_shown_key(model));
}

/* Works until the cell that is looked at is explained, or is given up. */
static void settle_cell(dv_control *control)
{
    dv_model *model = control->model;
    dv_outcome outcome;
    for (int turn = 0; turn < 1000 && !dv_cell_shown(model) && !model->answer[DV_JOB_CELL].failed; turn++) {
        dv_pane_cell_means.need(control);
        struct pollfd pipe = {.fd = dv_worker_fd(control->worker), .events = POLLIN};
        poll(&pipe, 1, 100);
        dv_worker_look(control->worker);
        while (dv_worker_take(control->worker, &outcome))
            dv_model_accept(model, &outcome);
    }
}

/* Right pictures are held against the runner-up of the teacher that is looked at; what is kept is not asked again. */
static void test_right_selection(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    settle(control);
    dv_pictures *pictures = model->pictures;
    for (int i = 0; i < TINY_COUNT; i++)
        pictures->filter.region[i] = !dv_pictures_is_wrong(pictures, i);
    pictures->filter.by_region = true;
    dv_pictures_select(pictures);
    assert_true(pictures->selected_count > 1);
    dv_control_command(control, "why-these");
    const dv_cells *cells = &model->cells;
    assert_true(cells->rivals && cells->chosen == pictures->selected_count);
    assert_int_not_equal(cells->truth, cells->said);
    int64_t with = 0, most = cells->pair[0].count;
    for (int64_t i = 0; i < cells->chosen; i++) {
        const dv_scores *score = &pictures->score[cells->index[i]];
        with += score->prediction == cells->truth && score->runner_up == cells->said;
    }
    assert_int_equal(with, most);
    for (int64_t i = 0; i < cells->pairs; i++)
        assert_true(cells->pair[i].count <= most);
    settle_cell(control);
    const dv_cell_findings *found = dv_cell_shown(model);
    assert_true(found && found->selected && found->asked == cells->chosen);
    const uint64_t asked = model->answer[DV_JOB_CELL].asked;
    dv_control_command(control, "cell-close");
    assert_null(model->overlay);
    dv_control_command(control, "why-these");
    assert_ptr_equal(dv_cell_shown(model), found);
    dv_pane_cell_means.need(control); /* it is there: the worker is not asked */
    assert_true(asked && model->answer[DV_JOB_CELL].asked == 0);
    dv_control_command(control, "cell-close");
}

static void accept(dv_model *model, dv_job job, int teacher, void *result)
{
    assert_non_null(result);
    dv_outcome outcome = {.job = job, .key = model->answer[job].asked, .teacher = teacher, .result = result};
    dv_model_accept(model, &outcome);
}

/* What one teacher's answers made of the panes is not taken for the other's. */
static void test_answers_of_either(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    dv_error error;
    model->vae.flip_index = 0;
    dv_pane_path.need(control);
    dv_lambda_points *points = calloc(1, sizeof(*points) + 2 * sizeof(points->point[0]));
    assert_non_null(points);
    points->count = 2;
    points->point[0] = (dv_lambda_point){.lambda = 0.1, .kl = 0.5, .agreement = 0.5};
    points->point[1] = (dv_lambda_point){.lambda = 1, .kl = 0.6, .agreement = 0.4};
    accept(model, DV_JOB_LAMBDA, 0, points);
    dv_image *page = dv_pane_path.page(model, &error);
    assert_non_null(page);
    dv_image_free(page);
    dv_control_key(control, 'b');
    assert_int_equal(model->vae.flip_index, -1);
    assert_null(dv_pane_path.page(model, &error));
}

static float *weigh(float first, float second, float third)
{
    float *influence = calloc(TINY_LATENT, sizeof(*influence));
    assert_non_null(influence);
    memcpy(influence, (float[TINY_LATENT]){first, second, third}, TINY_LATENT * sizeof(*influence));
    return influence;
}

static void test_axes_of_either(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    const int *order = model->vae.axes.order;
    model->vae.by_influence = true;
    dv_pane_coordinates.need(control);
    accept(model, DV_JOB_INFLUENCE, 0, weigh(0.1f, 0.2f, 0.3f));
    dv_pane_coordinates.need(control);
    assert_int_equal(order[0], 2);
    dv_control_key(control, 'b');
    control->hurried = true; /* it is not asked for yet */
    dv_pane_coordinates.need(control);
    control->hurried = false;
    dv_pane_coordinates.need(control);
    assert_int_equal(order[0], 2);
    accept(model, DV_JOB_INFLUENCE, 1, weigh(0.3f, 0.2f, 0.1f));
    dv_pane_coordinates.need(control);
    assert_int_equal(order[0], 0);
}

/* Esc while the other teacher's words come in; Ctrl-R asks for them again. */
static void test_words_are_asked_for_again(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    settle(control);
    model->by_teacher[1]->known = 0;
    dv_model_give_up(model);
    assert_true(model->answer[DV_JOB_CLASSIFY].failed);
    dv_model_ask_again(model);
    assert_int_equal(model->answer[DV_JOB_CLASSIFY].asked, 0);
    model->by_teacher[1]->known = TINY_COUNT;
}

/* Steps set out from what is in use now, not from figures of an explanation before. */
static void test_steps_from_what_is_in_use(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *model = control->model;
    settle(control);
    model->fidelity.steadiness = 0.985;
    model->measured = model->taken;
    dv_control_step(control, dv_setting_get(DV_SETTING_UNTIL), 1);
    assert_true(model->wish.options.until == 0.99);
    model->wish.options.until = 0;
    model->measured = model->taken - 1;
    dv_control_step(control, dv_setting_get(DV_SETTING_UNTIL), 1);
    assert_true(model->wish.options.until == 0.97);
    model->wish.options.neighborhood = DV_NEIGHBORHOOD_MASKED;
    dv_control_step(control, dv_setting_get(DV_SETTING_MASKED), -1);
    assert_true(model->wish.options.masked == 0.8);
    model->wish.options.masked = 0;
    model->wish.options.neighborhood = DV_NEIGHBORHOOD_MIXED;
    dv_control_step(control, dv_setting_get(DV_SETTING_MASKED), 1);
    assert_true(model->wish.options.masked == 0.4);
}

/* Works until the second teacher that was asked for is there, or is given up. */
static void settle_teacher(dv_control *control)
{
    dv_outcome outcome;
    for (int turn = 0; turn < 1000 && dv_model_is_awaited(control->model, DV_JOB_TEACHER); turn++) {
        struct pollfd pipe = {.fd = dv_worker_fd(control->worker), .events = POLLIN};
        poll(&pipe, 1, 100);
        dv_worker_look(control->worker);
        while (dv_worker_take(control->worker, &outcome))
            dv_control_accept(control, &outcome);
    }
    assert_false(dv_model_is_awaited(control->model, DV_JOB_TEACHER));
}

/* Another teacher, while the second one is looked at, takes its place: its words, its explanation, its cells. */
static void test_another_teacher(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_model *model = control->model;
    char command[320], path[256];
    float before[TINY_CLASSES];
    settle(control);
    dv_control_key(control, 'b');
    settle(control);
    memcpy(before, model->explanation->teacher_probabilities, sizeof before);
    dv_control_command(control, "only-changed");
    const uint64_t cell = dv_cell_shown_key(model);
    const dv_bundle *second = control->second;
    it->source.mean = "0.9"; /* the same network, which sees pictures brighter still */
    snprintf(command, sizeof command, "teacher %s", scratch_path(path, it->folder, "teacher.onnx"));
    dv_control_command(control, command);
    assert_ptr_equal(control->second, second); /* until it is there */
    settle_teacher(control);
    assert_ptr_not_equal(control->second, second);
    assert_ptr_equal(model->by_bundle[1], control->second);
    assert_ptr_equal(model->facts, dv_bundle_get_facts(control->second));
    assert_false(model->message_is_error);
    assert_non_null(strstr(model->message, "teacher.onnx"));
    assert_int_not_equal(dv_cell_shown_key(model), cell);
    assert_int_equal(model->by_teacher[1]->known, 0);
    settle(control);
    assert_memory_not_equal(before, model->explanation->teacher_probabilities, sizeof before);
    assert_true(model->pictures->filter.changed);
    for (int64_t i = 0; i < model->pictures->selected_count; i++)
        assert_true(dv_pictures_is_changed(model->pictures, model->pictures->selected[i]));
    dv_worker_free(control->worker);
    control->worker = NULL;
    assert_words(it->first, model->by_teacher[0]);
    assert_words(control->second, model->by_teacher[1]);
}

/* Esc while another teacher is opened: until its outcome is there no report is begun, and no third one opened; then it
 * may be asked for again, as a request of its own. */
static void test_teacher_is_called_off(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_model *model = control->model;
    const dv_answer *answer = &model->answer[DV_JOB_TEACHER];
    char command[320], path[256];
    settle(control);
    snprintf(command, sizeof command, "teacher %s", scratch_path(path, it->folder, "teacher.onnx"));
    dv_control_command(control, command);
    const uint64_t asked = answer->asked;
    dv_control_key(control, DV_KEY_ESCAPE);
    assert_true(dv_model_is_awaited(model, DV_JOB_TEACHER));
    dv_control_command(control, "export");
    assert_non_null(strstr(model->message, "is being opened"));
    dv_control_command(control, command);
    assert_non_null(strstr(model->message, "is being opened already"));
    settle_teacher(control);
    dv_model_ask_again(model);
    const dv_bundle *second = control->second;
    dv_control_command(control, command);
    assert_true(answer->asked > asked);
    settle_teacher(control);
    assert_ptr_not_equal(control->second, second);
    settle(control);
}

static void open_teacher(dv_control *control, const char *file)
{
    char command[320];
    snprintf(command, sizeof command, "teacher %s", file);
    dv_control_command(control, command);
    settle_teacher(control);
}

static void assert_logged(const fixture *it, const char *line, bool expected)
{
    char path[256], *log;
    size_t size;
    dv_error error;
    assert_true(dv_file_read(scratch_path(path, it->folder, "deepvid/log"), 1 << 20, (uint8_t **)&log, &size, &error));
    assert_non_null(log = realloc(log, size + 1));
    log[size] = '\0';
    assert_int_equal(strstr(log, line) != NULL, expected);
    free(log);
}

/* The session names the second teacher and what it was; one that it cannot name, or that has gone, is no other one, and
 * reports by it are not logged. */
static void test_session_names_the_second(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_error error;
    dv_kept kept = {0};
    char teacher[256], path[256];
    setenv("XDG_STATE_HOME", it->folder, 1);
    it->options.start = control->model->wish.options;
    it->options.lines = (const char *const[]){NULL};
    assert_true(dv_kept_open(&kept, it->first, &it->options, &error));
    control->kept = &kept;
    control->model->session = &kept.session;
    settle(control);
    dv_control_key(control, 'b');

    scratch_path(teacher, it->folder, "teacher.onnx");
    open_teacher(control, teacher);
    dv_kept_note(control);
    char *real = dv_path_real(teacher);
    assert_string_equal(kept.session.second, real);
    free(real);
    const uint64_t known = kept.session.second_fingerprint;
    assert_true(known && known == dv_bundle_second_fingerprint(control->second));
    dv_kept_export(control, "known");
    assert_logged(it, "export known\n", true);
    assert_logged(it, "looks-at second\n", true);

    it->source.mean = "0.9"; /* the same file, asked otherwise */
    open_teacher(control, teacher);
    dv_kept_note(control);
    assert_true(kept.session.second_fingerprint && kept.session.second_fingerprint != known);

    const char *const names[] = {"gone.onnx", "blank.onnx "};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(link(teacher, scratch_path(path, it->folder, names[i])), 0);
        open_teacher(control, path);
        if (i == 0)
            assert_int_equal(unlink(path), 0);
        dv_kept_note(control);
        assert_true(control->model->message_is_error && strstr(control->model->message, "can name it"));
        assert_true(!kept.session.second[0] && !kept.session.second_fingerprint);
        assert_false(dv_session_looks_at_second(&kept.session));
        dv_kept_export(control, "unknown");
        open_teacher(control, teacher);
        dv_kept_note(control);
    }
    dv_kept_export(control, "again");
    assert_logged(it, "export unknown\n", false);
    assert_logged(it, "export again\n", true);
    assert_true(dv_kept_close(&kept, &error));
    control->model->session = NULL;
    settle(control);
}

/* A note on a teacher is a sentence of its own, whichever teacher is looked at. */
static void test_note_on_a_teacher(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_model *model = control->model;
    char path[256];
    it->source.mean = NULL;
    settle(control);
    for (int turn = 0; turn < 2; turn++) {
        open_teacher(control, scratch_path(path, it->folder, "teacher.onnx"));
        assert_true(dv_bundle_get_facts(control->second)->note_count > 0);
        assert_non_null(strstr(model->message, turn ? "teacher.onnx. " : "changes to it. "));
        dv_control_key(control, 'b');
    }
    settle(control);
}

/* What cannot be opened leaves all as it was. */
static void test_no_other_teacher(void **state)
{
    fixture *it = *state;
    dv_control *control = &it->control;
    dv_model *model = control->model;
    char path[256], command[320];
    settle(control);
    dv_control_key(control, 'b');
    settle(control);
    const dv_bundle *second = control->second;
    const uint64_t wanted = model->wanted;
    put_file(scratch_path(path, it->folder, "broken.onnx"), "no network", 10);
    const char *const files[] = {scratch_path(path, it->folder, "broken.onnx"), "nowhere.onnx"};
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "teacher %s", files[i]);
        dv_control_command(control, command);
        settle_teacher(control);
        assert_true(model->message_is_error);
        assert_non_null(strstr(model->message, i ? "nowhere.onnx" : "broken.onnx"));
        assert_ptr_equal(control->second, second);
        assert_int_equal(model->looked_at, 1);
        assert_true(model->wanted == wanted && model->by_teacher[1]->known == TINY_COUNT);
    }
    dv_control_key(control, 'b');
    settle(control);
}

/* Of one teacher there is nothing to swap, and the order by change is passed over. */
static void test_one_teacher(void **state)
{
    dv_control *control = &((fixture *)*state)->control;
    dv_model *both = control->model;
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    control->model = dv_model_new(both->bundle, &options, &error);
    assert_non_null(control->model);
    dv_model *model = control->model;
    uint64_t wanted = model->wanted;
    dv_control_key(control, 'b');
    assert_true(model->message_is_error && strstr(model->message, "--compare"));
    dv_control_command(control, "only-changed");
    assert_true(model->message_is_error && strstr(model->message, "--compare"));
    assert_true(model->wanted == wanted);
    for (int i = 0; i < DV_ORDER_COUNT; i++) {
        dv_control_command(control, "order");
        assert_int_not_equal(model->pictures->order, DV_ORDER_CHANGE);
    }
    dv_control_command(control, "order-back");
    assert_int_not_equal(model->pictures->order, DV_ORDER_CHANGE);
    dv_model_free(model);
    control->model = both;
}

#define with_two(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_two(test_swapping),
        with_two(test_what_changed),
        with_two(test_one_scale),
        with_two(test_cell_of_either),
        with_two(test_right_selection),
        with_two(test_answers_of_either),
        with_two(test_axes_of_either),
        with_two(test_words_are_asked_for_again),
        with_two(test_steps_from_what_is_in_use),
        with_two(test_another_teacher),
        with_two(test_teacher_is_called_off),
        with_two(test_session_names_the_second),
        with_two(test_note_on_a_teacher),
        with_two(test_no_other_teacher),
        with_two(test_one_teacher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The student view without a terminal: which maps are shown, the form of settings, the path of lambda. */
#include "tui/control.h"
#include "tui/explainer.h"
#include "tui/maps.h"
#include "session/setting.h"
#include "tui/view.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

typedef struct fixture {
    void *folder;
    dv_bundle *bundle;
    dv_control control;
} fixture;

/* The student view with an explanation, and a worker to ask. */
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
    dv_explain_options options = dv_explain_defaults();
    options.neighbors = options.fresh = 64;
    dv_model *model = it->bundle ? dv_model_new(it->bundle, &options, &error) : NULL;
    if (!model)
        return -1;
    it->control.model = model;
    model->view = 2;
    dv_outcome outcome = {.job = DV_JOB_EXPLAIN,
                          .key = model->wanted,
                          .result = dv_explain(it->bundle, &model->wish.options, NULL, &error)};
    dv_model_accept(model, &outcome);
    it->control.worker = dv_worker_new(it->bundle, &error);
    return model->explanation && it->control.worker ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *it = *state;
    dv_worker_free(it->control.worker);
    dv_model_free(it->control.model);
    dv_bundle_close(it->bundle);
    int failure = scratch_teardown(&it->folder);
    free(it);
    return failure;
}

static dv_control *focus_on(void **state, const dv_pane_kind *pane)
{
    dv_control *control = &((fixture *)*state)->control;
    assert_true(dv_view_set_focus(control->model, pane));
    return control;
}

static void press(dv_control *control, int key)
{
    dv_control_key(control, key);
}

static void type(dv_control *control, const char *text)
{
    press(control, DV_CONTROL('U'));
    for (; *text; text++)
        press(control, *text);
    press(control, DV_KEY_ENTER);
}

/* ---- maps ---------------------------------------------------------------------------- */

/* Says what the teacher and the label are, the teacher's second choice being class 3. */
static void decide(dv_model *model, int teacher, int label)
{
    for (int k = 0; k < TINY_CLASSES; k++)
        model->explanation->teacher_soft_label[k] = k == teacher ? .6f : k == 3 ? .3f : .05f;
    model->explanation->teacher_class = teacher;
    model->explanation->label = label;
}

static void test_rivals_are_natural(void **state)
{
    dv_model *model = focus_on(state, &dv_pane_weights)->model;
    decide(model, 1, 2);
    assert_int_equal(dv_maps_class(model), 1);
    assert_int_equal(dv_maps_against(model), 2);
    decide(model, 1, 1);
    assert_int_equal(dv_maps_against(model), 3);
    decide(model, 1, -1);
    assert_int_equal(dv_maps_against(model), 3);
    decide(model, 3, 3);
    assert_in_range(dv_maps_against(model), 0, 2);
    model->student.class_index = 2; /* the label is the rival of any other class */
    assert_int_equal(dv_maps_against(model), 3);
}

static void test_rivals_are_chosen(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    decide(model, 1, 2);
    press(control, '>');
    assert_int_equal(model->student.kind, DV_MAP_DIFFERENCE);
    assert_int_equal(dv_maps_against(model), 3);
    press(control, '>');
    assert_int_equal(dv_maps_against(model), 0);
    press(control, '>'); /* never A */
    assert_int_equal(dv_maps_against(model), 2);
    press(control, '<');
    assert_int_equal(dv_maps_against(model), 0);
    press(control, 'X');
    assert_int_equal(dv_maps_class(model), 0);
    assert_int_equal(dv_maps_against(model), 1);
    model->student.class_index = 1; /* B is A now: what is natural instead */
    assert_int_equal(dv_maps_against(model), 2);
    press(control, 'A');
    assert_int_equal(dv_maps_class(model), 1);
    assert_int_equal(dv_maps_against(model), 2);
}

static void test_maps_go_round(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    char before[DV_MEANING_SIZE], meaning[DV_MEANING_SIZE];
    for (int i = 0; i < DV_MAP_KINDS; i++) {
        dv_maps_meaning(model, before);
        press(control, 'x');
        dv_maps_meaning(model, meaning);
        assert_string_not_equal(meaning, before);
    }
    assert_int_equal(model->student.kind, DV_MAP_DIRECTION);
    dv_map_style style = dv_maps_style(model);
    assert_false(style.own_scale || style.overlay);
    assert_true(style.scale > 0);
    press(control, 'y');
    press(control, 'p');
    style = dv_maps_style(model);
    assert_true(style.own_scale && style.overlay);
}

/* All maps can be zoomed, the one under the cursor first, under the name of its class. */
static void test_maps_are_zoomed(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    const dv_zoom *zoom = dv_pane_weights.zoom;
    dv_tiles tile = {.count = 1, .columns = 1, .tile_width = 28, .tile_height = 28};
    int chosen = 0;
    model->student.class_index = 2;
    assert_int_equal(zoom->count(model, &chosen), TINY_CLASSES);
    assert_int_equal(chosen, 2);
    double scale[2];
    for (int own = 0; own < 2; own++) {
        dv_close_up close_up = {0};
        model->student.own_scale = own;
        dv_image *image = zoom->paint(model, 2, &tile, &close_up);
        assert_non_null(image);
        assert_int_equal(image->width, 28);
        assert_string_equal(close_up.title, dv_model_class_name(model, 2));
        scale[own] = close_up.scale;
        dv_image_free(image);
    }
    assert_true(scale[1] > 0 && scale[1] <= scale[0]);
    press(control, 'z');
    assert_ptr_equal(model->overlay, &dv_view_zoom);
    assert_ptr_equal(model->zoom.pane, &dv_pane_weights);
    assert_int_equal(model->zoom.item, 2);
    uint64_t wanted = model->wanted;
    press(control, ']'); /* settings stay at hand */
    assert_int_equal(model->wanted, wanted + 1);
    press(control, DV_KEY_ESCAPE);
    assert_null(model->overlay);
}

/* ---- the form --------------------------------------------------------------------------- */

static void test_form_is_walked(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_form);
    dv_model *model = control->model;
    press(control, DV_KEY_UP);
    assert_int_equal(model->student.setting, 0);
    for (int i = 0; i < DV_SETTING_COUNT + 3; i++)
        press(control, DV_KEY_DOWN);
    assert_int_equal(model->student.setting, DV_SETTING_COUNT - 1);
    press(control, 'k');
    assert_int_equal(model->student.setting, DV_SETTING_COUNT - 2);
}

static void test_form_steps(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_form);
    dv_model *model = control->model;
    model->student.setting = DV_SETTING_NEIGHBORS;
    uint64_t wanted = model->wanted;
    press(control, DV_KEY_RIGHT);
    assert_int_equal(model->wish.options.neighbors, 128);
    press(control, DV_KEY_LEFT);
    press(control, DV_KEY_LEFT);
    assert_int_equal(model->wish.options.neighbors, 32);
    assert_int_equal(model->wanted, wanted + 3);
    press(control, DV_KEY_LEFT); /* the ladder's end */
    assert_int_equal(model->wanted, wanted + 3);

    model->student.setting = DV_SETTING_STUDENT; /* Enter takes the next word of a choice */
    press(control, DV_KEY_ENTER);
    assert_int_equal(model->wish.options.method, DV_STUDENT_ADAM);
    assert_null(model->prompt.kind);
}

static void test_form_takes_values(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_form);
    dv_model *model = control->model;
    model->student.setting = DV_SETTING_BAND;
    press(control, DV_KEY_ENTER);
    assert_string_equal(model->prompt.text, "0.5");
    type(control, "0.37");
    assert_true(model->wish.options.band == .37);

    uint64_t wanted = model->wanted;
    press(control, DV_KEY_ENTER);
    type(control, "wide");
    assert_true(model->message_is_error && strstr(model->message, "band"));
    assert_true(model->wish.options.band == .37);
    press(control, DV_KEY_ENTER);
    type(control, "0.37"); /* no change */
    press(control, DV_KEY_ENTER);
    press(control, DV_KEY_ESCAPE);
    assert_int_equal(model->wanted, wanted);

    press(control, DV_KEY_DELETE);
    assert_true(model->wish.options.band == dv_explain_defaults().band);
    assert_int_equal(model->wanted, wanted + 1);
}

/* ---- the path ------------------------------------------------------------------------------ */

static void test_path_is_walked(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_path);
    dv_model *model = control->model;
    double rule = model->explanation->lambda;
    assert_true(rule > 0);
    press(control, DV_KEY_RIGHT); /* from the rule's lambda to the next round one */
    double above = model->wish.options.ridge;
    assert_true(above > rule && above <= 2.5 * rule);
    press(control, DV_KEY_LEFT);
    assert_true(model->wish.options.ridge < above);
    double now = model->wish.options.ridge;
    press(control, DV_KEY_SHIFT_RIGHT);
    assert_true(fabs(log10(model->wish.options.ridge / now) - .1) < .005);

    model->wish.options.method = DV_STUDENT_ADAM;
    model->wish.options.epochs = 10;
    press(control, DV_KEY_RIGHT);
    assert_int_equal(model->wish.options.epochs, 20);
    press(control, 'H');
    assert_int_equal(model->wish.options.epochs, 19);
}

/* The path is asked for anew when it moves, not when a place on it is chosen. */
static void test_path_is_asked_for_once(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_path);
    dv_model *model = control->model;
    const dv_answer *answer = &model->answer[DV_JOB_LAMBDA];
    dv_pane_path.need(control);
    uint64_t first = answer->asked;
    assert_true(first != 0);
    press(control, DV_KEY_RIGHT);
    dv_pane_path.need(control);
    assert_int_equal(answer->asked, first);
    dv_control_command(control, "band-up");
    dv_pane_path.need(control);
    assert_int_not_equal(answer->asked, first);
    uint64_t second = answer->asked;
    model->wish.options.method = DV_STUDENT_GD;
    model->wish.options.band *= 2;
    dv_pane_path.need(control);
    assert_int_equal(answer->asked, second);
}

/* ---- other explainers ---------------------------------------------------------------------- */

static void take_all(dv_control *control)
{
    dv_outcome outcome;
    while (dv_worker_take(control->worker, &outcome))
        dv_model_accept(control->model, &outcome);
}

/* Waits for what was asked of the explainer. */
static void await_map(dv_control *control)
{
    dv_pane_weights.need(control);
    while (dv_model_is_awaited(control->model, DV_JOB_ATTRIBUTE)) {
        struct pollfd ready = {.fd = dv_worker_fd(control->worker), .events = POLLIN};
        poll(&ready, 1, 1000);
        dv_worker_look(control->worker);
        take_all(control);
    }
}

/* A key goes round through all of them and the student's own maps; those that need no student stay as the band turns.
 */
static void test_explainers_are_chosen(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    int count = 0;
    assert_false(dv_explainer_shown(model));
    dv_pane_weights.need(control);
    assert_int_equal(model->answer[DV_JOB_ATTRIBUTE].asked, 0);
    press(control, 'I');
    assert_string_equal(dv_explainer_at(model->student.explainer)->name, "grad-cam");
    press(control, 'i');
    for (press(control, 'i'); dv_explainer_shown(model); press(control, 'i'))
        assert_int_equal(model->student.explainer, count++);
    assert_null(dv_explainer_at(count));

    dv_control_command(control, "explainer rise");
    await_map(control);
    const dv_attribution *made = dv_explainer_map(model);
    assert_non_null(made);
    assert_string_equal(made->explainer->name, "rise");
    assert_int_equal(made->class_index, dv_maps_class(model));
    uint64_t asked = model->answer[DV_JOB_ATTRIBUTE].asked;
    model->wish.options.band *= 2;
    dv_pane_weights.need(control);
    assert_int_equal(model->answer[DV_JOB_ATTRIBUTE].asked, asked);
    press(control, DV_KEY_RIGHT); /* another class */
    await_map(control);
    assert_int_not_equal(model->answer[DV_JOB_ATTRIBUTE].asked, asked);
    assert_int_equal(dv_explainer_map(model)->class_index, dv_maps_class(model));

    dv_control_command(control, "explainer evidence");
    assert_null(dv_explainer_map(model)); /* it is not that of the one before */
    await_map(control);
    assert_string_equal(dv_explainer_map(model)->explainer->name, "evidence");
    dv_control_command(control, "explainer lemon");
    assert_true(model->message_is_error && strstr(model->message, "lemon"));
    assert_true(dv_explainer_shown(model));
    press(control, 'x'); /* back, and the maps are of the kind that they were */
    assert_false(dv_explainer_shown(model));
    assert_int_equal(model->student.kind, DV_MAP_DIRECTION);
}

/* A map of two classes names both. */
static void test_rival_is_named(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    dv_tiles tile = {.count = 1, .columns = 1, .tile_width = 28, .tile_height = 28};
    dv_close_up close_up = {0};
    char expected[DV_CLOSE_UP_SIZE];
    dv_control_command(control, "explainer versus");
    await_map(control);
    const dv_attribution *made = dv_explainer_map(model);
    assert_non_null(made);
    dv_image_free(dv_explainer_paint(model, &tile, &close_up));
    snprintf(expected, sizeof expected, "Against the runner-up: %.20s against %.20s",
             dv_model_class_name(model, made->class_index), dv_model_class_name(model, made->against));
    assert_string_equal(close_up.title, expected);
}

/* What cannot be shown is told; what was cancelled can be asked for again. */
static void test_explainers_may_fail(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    dv_control_command(control, "explainer grad-cam"); /* a teacher without convolutions */
    await_map(control);
    assert_null(dv_explainer_map(model));
    const dv_attribution *made = dv_model_result(model, DV_JOB_ATTRIBUTE);
    assert_non_null(strstr(made->problem, "convolution"));
    dv_control_command(control, "explainer lime");
    dv_pane_weights.need(control);
    dv_control_command(control, "cancel");
    while (dv_worker_look(control->worker).job != DV_JOB_NONE)
        poll(NULL, 0, 1);
    take_all(control);
    uint64_t asked = model->answer[DV_JOB_ATTRIBUTE].asked;
    dv_pane_weights.need(control);
    assert_int_equal(model->answer[DV_JOB_ATTRIBUTE].asked, asked);
    dv_control_command(control, "explainer lime");
    await_map(control);
    assert_non_null(dv_explainer_map(model));
}

/* Stage by stage, as far as it has come. */
static void test_cost_is_told(void **state)
{
    dv_control *control = focus_on(state, &dv_pane_weights);
    dv_model *model = control->model;
    dv_control_command(control, "cost");
    assert_non_null(strstr(model->message, "No maps"));
    model->cost = (dv_cost){.maps = 24.06, .figures = -1, .draw = 3, .write = 1.25};
    model->cost.engine = (dv_timing){.decode = 6.8, .teacher = 6.5, .distill = 5};
    dv_control_command(control, "cost");
    assert_string_equal(model->message, "Maps in 24.1 ms, figures to come: decode 6.8, teacher 6.5, distil 5.0, "
                                        "draw 3.0, write 1.2");
    model->cost.figures = 41;
    model->cost.preview = true;
    dv_control_command(control, "cost");
    assert_non_null(strstr(model->message, "Preview in 24.1 ms, figures 41.0: "));
}

#define with_view(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_view(test_rivals_are_natural),     with_view(test_rivals_are_chosen),
        with_view(test_maps_go_round),          with_view(test_maps_are_zoomed),
        with_view(test_form_is_walked),         with_view(test_form_steps),
        with_view(test_form_takes_values),      with_view(test_path_is_walked),
        with_view(test_path_is_asked_for_once), with_view(test_explainers_are_chosen),
        with_view(test_rival_is_named),         with_view(test_explainers_may_fail),
        with_view(test_cost_is_told),
    };
    return cmocka_run_group_tests_name("student view", tests, NULL, NULL);
}

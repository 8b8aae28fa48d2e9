/* Ways through the pictures. */
#include "tui/class_name.h"
#include "tui/control.h"
#include "tui/tui.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

static void step(dv_control *control, int number, const char *argument)
{
    (void)argument;
    int64_t index = dv_pictures_step(control->model->pictures, control->model->wish.options.index, number);
    if (index >= 0)
        dv_model_go(control->model, index);
    else
        dv_model_say(control->model, true, "No picture passes the filter.");
}

static void go_to_end(dv_control *control, int last, const char *argument)
{
    (void)argument;
    const dv_pictures *pictures = control->model->pictures;
    if (pictures->selected_count > 0)
        dv_model_go(control->model, pictures->selected[last ? pictures->selected_count - 1 : 0]);
}

static void go_to_wrong(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    const dv_pictures *pictures = model->pictures;
    int64_t index = dv_pictures_find_wrong(pictures, model->wish.options.index, direction);
    if (index >= 0)
        dv_model_go(model, index);
    else if (!dv_pictures_have_labels(pictures))
        dv_model_say(model, true, "These pictures have no labels, so none can be wrong.");
    else
        dv_model_say(model, false, "No wrong one among the %" PRId64 " pictures the teacher was asked about.",
                     pictures->known);
}

static void go_to_number(dv_control *control, const char *text)
{
    int64_t index, count = control->model->facts->count;
    if (!dv_control_number(control, text, &index))
        return;
    if (index < 0 || index >= count)
        dv_model_say(control->model, true, "There is no picture %s: they go from 0 to %" PRId64 ".", text, count - 1);
    else
        dv_model_go(control->model, index);
}

static void find_text(dv_control *control, const char *text)
{
    dv_model *model = control->model;
    if (!text[0])
        return;
    if (isdigit((unsigned char)text[0]) && !text[strspn(text, "0123456789")]) {
        go_to_number(control, text);
        return;
    }
    int class = dv_class_find(model->facts, text);
    int64_t index = class < 0 ? -1 : dv_pictures_find_label(model->pictures, model->wish.options.index, class);
    if (class < 0)
        dv_model_say(model, true, "No class is called '%s'.", text);
    else if (index < 0)
        dv_model_say(model, true, "There is no picture of %s.", dv_model_class_name(model, class));
    else
        dv_model_go(model, index);
}

static const dv_prompt_kind find_prompt = {
    .label = "Find (number or class): ", .accept = find_text, .complete = dv_class_complete};

static void find(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0])
        find_text(control, argument);
    else
        dv_prompt_open(&control->model->prompt, &find_prompt, "");
}

static void mark(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    int64_t index = model->wish.options.index;
    model->marked = model->marked == index ? -1 : index;
    if (model->marked < 0)
        dv_model_say(model, false, "No picture is marked now.");
    else
        dv_model_say(model, false, "Picture %" PRId64 " is marked: morphs go from the current picture to it.", index);
}

static void swap_teachers(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    if (!model->pictures->other) {
        dv_model_say(model, true, "There is one teacher; :teacher FILE, or --compare FILE, names a second one.");
        return;
    }
    dv_model_swap_teachers(model);
    dv_model_say(model, false, "The %s teacher, %s.", model->looked_at ? "second" : "first", model->facts->teacher);
}

static void open_teacher(dv_control *control, const char *file)
{
    dv_model *model = control->model;
    dv_request request = {.job = DV_JOB_TEACHER, .source = control->options->source};
    if (!file[0])
        return;
    if (dv_model_is_awaited(model, DV_JOB_TEACHER)) {
        dv_model_say(model, true, "A second teacher is being opened already.");
        return;
    }
    snprintf(request.file, sizeof(request.file), "%s", file);
    request.key = ++model->openings; /* each is a request of its own */
    dv_control_ask(control, &request);
    dv_model_say(model, false, "Opening %s ...", file);
}

static const dv_prompt_kind teacher_prompt = {.label = "Second teacher, an ONNX file: ", .accept = open_teacher};

static void compare_with(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0])
        open_teacher(control, argument);
    else
        dv_prompt_open(&control->model->prompt, &teacher_prompt, "");
}

static const dv_action rows[] = {
    {"next", "next picture of the selection; the one before", {DV_KEY_PAGE_DOWN, '.', ' '}, step, 1},
    {"back", "", {DV_KEY_PAGE_UP, ','}, step, -1},
    {"first", "first picture of the selection; last", {DV_KEY_HOME}, go_to_end, false},
    {"last", "", {DV_KEY_END}, go_to_end, true},
    {"next-wrong",
     "next picture that the teacher gets wrong; the one before",
     {'n'},
     go_to_wrong,
     1,
     .hint = "next wrong"},
    {"back-wrong", "", {'N'}, go_to_wrong, -1},
    {"find", "find a picture by its number, or the next one of a class", {'/', 'g'}, find, 0, "NUMBER|CLASS", "find"},
    {"other-teacher", "look at the other teacher (--compare or :teacher names it); back", {'b'}, swap_teachers, 0},
    {"teacher", "compare with a second teacher, ONNX, in place of one that there may be", {0}, compare_with, 0, "FILE"},
    {"mark", "mark this picture as the second one, for morphs", {'m'}, mark, 0},
};

const dv_action_set dv_actions_pictures = DV_ACTION_SET("Pictures", rows);

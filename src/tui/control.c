/* What a key, a click or a command sets off. */
#include "tui/control.h"
#include "base/hash.h"
#include "base/number.h"
#include "session/setting.h"
#include "tui/view.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys ------------------------------------------------------------------------ */

void dv_control_key(dv_control *control, int key)
{
    dv_model *model = control->model;
    model->message[0] = '\0';
    if (model->prompt.kind) {
        dv_prompt_key(control, &model->prompt, key);
        return;
    }
    dv_context context = {0};
    dv_view_context(model, &context);
    const dv_action *action = dv_context_find_key(&context, key);
    if (action)
        action->act(control, action->number, NULL);
}

/* ---- the mouse ---------------------------------------------------------------------- */

static bool is_inside(const dv_area *area, const dv_mouse *mouse)
{
    return mouse->row >= area->row && mouse->row < area->row + area->rows && mouse->column >= area->column &&
           mouse->column < area->column + area->columns;
}

static dv_pane pane_of(const dv_control *control, const dv_frame *frame)
{
    return (dv_pane){.screen = control->screen,
                     .model = control->model,
                     .area = frame->area,
                     .focused = frame->kind == dv_view_focus(control->model)};
}

/* A drag belongs to the pane that it began in, wherever it goes. */
void dv_control_mouse(dv_control *control, const dv_mouse *mouse)
{
    dv_model *model = control->model;
    dv_frame frames[DV_MAX_FRAMES];
    int count = dv_view_frames(model, dv_screen_rows(control->screen), dv_screen_columns(control->screen), frames);
    if (mouse->kind == DV_MOUSE_PRESS) {
        model->message[0] = '\0';
        control->grabbed = NULL;
    }
    bool moves = mouse->kind == DV_MOUSE_DRAG || mouse->kind == DV_MOUSE_RELEASE;
    for (int i = 0; i < count; i++) {
        if (moves ? frames[i].kind != control->grabbed : !is_inside(&frames[i].area, mouse))
            continue;
        if (mouse->kind == DV_MOUSE_PRESS) {
            control->grabbed = frames[i].kind;
            dv_view_set_focus(model, frames[i].kind);
        }
        dv_mouse relative = *mouse;
        relative.row -= frames[i].area.row;
        relative.column -= frames[i].area.column;
        dv_pane pane = pane_of(control, &frames[i]);
        if (frames[i].kind->mouse)
            frames[i].kind->mouse(control, &pane, &relative);
        return;
    }
}

bool dv_control_find_pane(const dv_control *control, const dv_pane_kind *kind, dv_pane *pane)
{
    dv_frame frames[DV_MAX_FRAMES];
    int count =
        dv_view_frames(control->model, dv_screen_rows(control->screen), dv_screen_columns(control->screen), frames);
    for (int i = 0; i < count; i++)
        if (frames[i].kind == kind) {
            *pane = pane_of(control, &frames[i]);
            return true;
        }
    return false;
}

/* ---- commands ------------------------------------------------------------------------- */

void dv_control_command(dv_control *control, const char *text)
{
    char name[DV_PROMPT_SIZE];
    text += strspn(text, " ");
    size_t length = strcspn(text, " ");
    snprintf(name, sizeof(name), "%.*s", (int)length, text);
    const char *argument = text + length + strspn(text + length, " ");
    if (!name[0])
        return;
    dv_context context = {0};
    dv_view_context(control->model, &context);
    const dv_action *action = dv_context_find_name(&context, name);
    if (!action) { /* those of other panes and views work, too */
        context.count = 0;
        dv_view_all_actions(&context);
        action = dv_context_find_name(&context, name);
    }
    if (!action)
        dv_model_say(control->model, true, "There is no command '%s'; Tab behind ':' lists them.", name);
    else if (argument[0] && !action->argument)
        dv_model_say(control->model, true, "'%s' takes nothing behind it.", name);
    else
        action->act(control, action->number, argument);
}

/* ---- settings ----------------------------------------------------------------------------- */

/* What stands for an automatic number now; 0: not known. */
static double in_use(const dv_model *model, const dv_setting *setting)
{
    const dv_explanation *explanation = model->explanation;
    const dv_fidelity *fidelity = dv_model_fidelity(model);
    if (setting == dv_setting_get(DV_SETTING_LAMBDA))
        return explanation ? explanation->lambda : 0;
    if (setting == dv_setting_get(DV_SETTING_UNTIL))
        return fidelity ? fidelity->steadiness : 0;
    return 0;
}

void dv_control_step(dv_control *control, const dv_setting *setting, int direction)
{
    dv_model *model = control->model;
    if (dv_setting_step(setting, &model->wish, direction, in_use(model, setting)))
        dv_model_want(model);
}

void dv_control_set(dv_control *control, const dv_setting *setting, const char *text)
{
    dv_model *model = control->model;
    dv_error error;
    uint64_t before = dv_wish_digest(&model->wish);
    if (!dv_setting_set(setting, &model->wish, text, &error))
        dv_model_say(model, true, "%s", error.message);
    else if (dv_wish_digest(&model->wish) != before)
        dv_model_want(model);
}

bool dv_control_number(dv_control *control, const char *argument, int64_t *number)
{
    char *end;
    long long value = strtoll(argument, &end, 10);
    if (end == argument || *end || !argument[0]) {
        dv_model_say(control->model, true, "'%s' is no whole number.", argument);
        return false;
    }
    *number = value;
    return true;
}

/* ---- a second teacher ---------------------------------------------------------------------- */

static void take_newcomer(dv_control *control, const dv_newcomer *newcomer)
{
    dv_model *model = control->model;
    dv_bundle *before = control->second;
    control->second = newcomer->bundle;
    dv_model_take_teacher(model, newcomer->bundle, newcomer->pictures);
    dv_bundle_close(before);
    const dv_bundle_facts *facts = model->teacher_facts[1];
    dv_model_say(model, false, "The second teacher is %s%s.%s%s", facts->teacher,
                 model->looked_at ? "" : "; b changes to it", facts->note_count ? " " : "",
                 facts->note_count ? facts->notes[0] : "");
}

void dv_control_accept(dv_control *control, dv_outcome *outcome)
{
    dv_answer *answer = &control->model->answer[DV_JOB_TEACHER];
    if (outcome->job != DV_JOB_TEACHER || !outcome->result) {
        dv_model_accept(control->model, outcome);
        return;
    }
    answer->key = outcome->key;
    take_newcomer(control, outcome->result);
    free(outcome->result); /* what it held has new owners */
}

/* ---- questions to the engine -------------------------------------------------------------- */

uint64_t dv_control_request_key(const dv_control *control, int64_t a, int64_t b)
{
    const uint64_t parts[] = {control->model->wanted, (uint64_t)a, (uint64_t)b};
    uint64_t key = 0xcbf29ce484222325; /* FNV-1a */
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        for (int shift = 0; shift < 64; shift += 8)
            key = (key ^ (parts[i] >> shift & 0xff)) * 0x100000001b3;
    return key ? key : 1;
}

/* Whether either teacher would answer otherwise. */
static bool is_of_teacher(const dv_request *request)
{
    if (request->job == DV_JOB_PROJECT)
        return request->project.features == DV_FEATURES_LOGITS || request->project.features == DV_FEATURES_HIDDEN;
    return request->job != DV_JOB_SURVEY && request->job != DV_JOB_TEACHER;
}

/* Keys of explanations and their figures count wishes, and those of cells hold the teacher: they tell the teachers
 * apart already. */
static uint64_t key_of(const dv_model *model, const dv_request *request)
{
    bool tells = request->job == DV_JOB_EXPLAIN || request->job == DV_JOB_MEASURE || request->job == DV_JOB_EXPORT ||
                 request->job == DV_JOB_CELL;
    const uint64_t parts[] = {request->key, dv_model_teacher(model, request->teacher)};
    return request->teacher && !tells ? dv_hash(DV_HASH_START, parts, sizeof parts) | 1 : request->key;
}

static void ask(dv_control *control, const dv_request *request)
{
    dv_answer *answer = &control->model->answer[request->job];
    dv_request own = *request;
    assert(request->key);
    own.key = key_of(control->model, request);
    if (answer->asked == own.key || (control->hurried && own.job > DV_JOB_EXPLAIN))
        return;
    answer->asked = own.key;
    answer->failed = false;
    dv_worker_ask(control->worker, &own);
}

void dv_control_ask(dv_control *control, const dv_request *request)
{
    dv_request own = *request;
    own.teacher = is_of_teacher(request) ? control->model->looked_at : 0;
    ask(control, &own);
}

void dv_control_ask_words(dv_control *control)
{
    const dv_model *model = control->model;
    for (int turn = 0; turn < DV_TEACHERS; turn++) {
        int teacher = turn ? !model->looked_at : model->looked_at;
        const dv_pictures *pictures = model->by_teacher[teacher];
        if (pictures && pictures->known < model->facts->count) {
            ask(control, &(dv_request){.job = DV_JOB_CLASSIFY, .key = 1, .teacher = teacher});
            return;
        }
    }
}

void dv_control_ask_needs(dv_control *control, bool hurried)
{
    dv_model *model = control->model;
    control->hurried = hurried;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_EXPLAIN, .key = model->wanted, .wish = &model->wish});
    if (dv_model_is_current(model) && !model->preview && !dv_model_fidelity(model))
        dv_control_ask(control,
                       &(dv_request){.job = DV_JOB_MEASURE, .key = model->shown, .explanation = model->explanation});
    dv_control_ask_words(control);
    dv_control_ask(control, &(dv_request){.job = DV_JOB_SURVEY, .key = 1});
    dv_frame frames[DV_MAX_FRAMES];
    int count = dv_view_frames(model, dv_screen_rows(control->screen), dv_screen_columns(control->screen), frames);
    for (int i = 0; i < count; i++)
        if (frames[i].kind->need)
            frames[i].kind->need(control);
    control->hurried = false;
}

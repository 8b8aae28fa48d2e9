/* The program itself: views, help, commands, graphics, leaving. */
#include "tui/control.h"
#include "tui/kept.h"
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- views and panes ------------------------------------------------------------------ */

static void show_view(dv_control *control, int view)
{
    control->model->view = view;
    control->model->overlay = NULL;
}

static void go_to_view(dv_control *control, int view, const char *argument)
{
    (void)argument;
    show_view(control, view);
}

static void step_view(dv_control *control, int step, const char *argument)
{
    (void)argument;
    show_view(control, (control->model->view + step + DV_MODEL_VIEWS) % DV_MODEL_VIEWS);
}

static void name_view(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    for (int view = 0; view < DV_MODEL_VIEWS; view++)
        if (argument && strcmp(dv_views[view]->name, argument) == 0) {
            show_view(control, view);
            return;
        }
    dv_model_say(control->model, true, "The views are called teacher, vae and student.");
}

static void step_pane(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    int count = 0;
    while (dv_views[model->view]->panes[count])
        count++;
    if (count > 0)
        model->focus[model->view] = (model->focus[model->view] + step + count) % count;
}

static void name_pane(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    for (int view = 0; view < DV_MODEL_VIEWS; view++)
        for (int i = 0; argument && dv_views[view]->panes[i]; i++)
            if (strcmp(dv_views[view]->panes[i]->name, argument) == 0) {
                show_view(control, view);
                dv_view_set_focus(control->model, dv_views[view]->panes[i]);
                return;
            }
    dv_model_say(control->model, true, "There is no pane of that name; Tab lists them.");
}

static void help(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    if (model->overlay != &dv_view_help)
        model->helped = model->overlay;
    model->overlay = &dv_view_help;
    model->help_page = 0;
}

static void zoom(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    const dv_pane_kind *focus = dv_view_focus(model);
    model->overlay = &dv_view_zoom;
    model->zoom = (dv_zoom_state){focus && focus->zoom ? focus : NULL, 0};
    if (model->zoom.pane)
        focus->zoom->count(model, &model->zoom.item);
}

/* ---- commands --------------------------------------------------------------------------- */

/* Names of actions, and for some of them what may follow. */
static int complete_command(dv_control *control, const char *text, const char **candidate, int room)
{
    dv_context context = {0};
    (void)control;
    dv_view_all_actions(&context);
    int count = 0;
    for (int i = 0; i < context.count; i++)
        for (int row = 0; row < context.set[i]->count && count < room; row++)
            if (strncmp(context.set[i]->action[row].name, text, strlen(text)) == 0)
                candidate[count++] = context.set[i]->action[row].name;
    return count;
}

static const dv_prompt_kind command_prompt = {.label = ":", .accept = dv_control_command, .complete = complete_command};

static void command(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_prompt_open(&control->model->prompt, &command_prompt, "");
}

/* ---- files ------------------------------------------------------------------------------- */

static void export(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_model *model = control->model;
    if (dv_model_is_awaited(model, DV_JOB_EXPORT)) {
        dv_model_say(model, false, "A report is being written already.");
        return;
    }
    if (dv_model_is_awaited(model, DV_JOB_TEACHER)) { /* whose report would it be? */
        dv_model_say(model, false, "A second teacher is being opened; then.");
        return;
    }
    dv_request request = {.job = DV_JOB_EXPORT, .wish = &model->wish, .number = model->student.explainer};
    if (argument && argument[0])
        snprintf(request.folder, sizeof(request.folder), "%s", argument);
    else
        snprintf(request.folder, sizeof(request.folder), "./deepvid-%" PRId64, model->wish.options.index);
    request.key = ++model->exports; /* each is a request of its own */
    dv_control_ask(control, &request);
    dv_model_say(model, false, "Writing the report into %s ...", request.folder);
    dv_kept_export(control, request.folder); /* which may say what is more urgent */
}

/* Writes one page; false and a message when that fails. */
static bool write_page(dv_model *model, const dv_pane_kind *pane, const char *prefix, int *written)
{
    char path[DV_FOLDER_SIZE + 32];
    dv_error error = {0};
    dv_image *image = pane->page(model, &error);
    snprintf(path, sizeof(path), "%s-%s.png", prefix, pane->name);
    bool fine = image ? dv_png_write(image, path, &error) : error.code == DV_OK;
    *written += fine && image;
    dv_image_free(image);
    if (!fine)
        dv_model_say(model, true, "%s", error.message);
    return fine;
}

/* The panes of the view, as far as the report has them not. */
static void export_view(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_model *model = control->model;
    const dv_pane_kind *const *panes = dv_views[model->view]->panes;
    char prefix[DV_FOLDER_SIZE];
    int written = 0;
    if (argument && argument[0])
        snprintf(prefix, sizeof(prefix), "%s", argument);
    else
        snprintf(prefix, sizeof(prefix), "./deepvid-%" PRId64, model->wish.options.index);
    for (int i = 0; panes[i]; i++)
        if (panes[i]->page && !write_page(model, panes[i], prefix, &written))
            return;
    dv_model_say(model, false, "%d page%s in %s-*.png: what the view shows and the report does not.", written,
                 written == 1 ? "" : "s", prefix);
}

/* ---- screen and process --------------------------------------------------------------------- */

static void cycle_graphics(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_graphics now = dv_screen_graphics(control->screen), next = now == DV_GRAPHICS_OFF ? DV_GRAPHICS_KITTY : now + 1;
    if (next == DV_GRAPHICS_KITTY && !dv_screen_offers(control->screen, next))
        next++; /* who has it says so */
    if (argument && argument[0] && !dv_graphics_parse(argument, &next)) {
        dv_model_say(control->model, true, "'%s' is no way to show graphics.", argument);
        return;
    }
    dv_screen_set_graphics(control->screen, next);
    dv_session_look(&control->kept->session, DV_LOOK_GRAPHICS, dv_graphics_name(next));
    dv_graphics shown = dv_screen_graphics(control->screen);
    dv_model_say(
        control->model, false, "Graphics: %s%s", dv_graphics_name(shown),
        dv_screen_offers(control->screen, shown) ? "" : ", which this terminal does not say it can show; c goes on");
}

static void toggle_mouse(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    bool on = !dv_screen_mouse(control->screen);
    dv_screen_set_mouse(control->screen, on);
    dv_session_look(&control->kept->session, DV_LOOK_MOUSE, on ? "on" : "off");
    dv_model_say(control->model, false, "%s",
                 on ? "The mouse is on; Shift selects text in most terminals."
                    : "The mouse is off: the terminal selects text again.");
}

static void toggle_slow(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    bool slow = !dv_screen_slow(control->screen);
    dv_screen_set_slow(control->screen, slow);
    dv_screen_repaint(control->screen);
    dv_model_say(control->model, false, "%s",
                 slow ? "The line is slow: fewer colours, fewer and smaller frames."
                      : "The line is fast: pictures in full.");
}

static void repaint(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_screen_repaint(control->screen);
}

/* Stage by stage; what is missing to the whole is none of them: two threads that find each other, words, a picture
 * read. */
static void tell_cost(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    const dv_cost *cost = &model->cost;
    char figures[24] = "to come";
    if (cost->figures >= 0)
        snprintf(figures, sizeof(figures), "%.1f", cost->figures);
    if (cost->maps < 0)
        dv_model_say(model, false, "No maps have come to the screen yet.");
    else
        dv_model_say(model, false,
                     "%s in %.1f ms, figures %s: decode %.1f, teacher %.1f, distil %.1f, draw %.1f, write %.1f",
                     cost->preview ? "Preview" : "Maps", cost->maps, figures, cost->engine.decode, cost->engine.teacher,
                     cost->engine.distill, cost->draw, cost->write);
}

static void suspend(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_kept_note(control);
    dv_kept_save(control);
    dv_screen_suspend(control->screen);
}

static void cancel(dv_control *control, int quits, const char *argument)
{
    (void)argument;
    if (dv_worker_cancel(control->worker)) {
        dv_model_give_up(control->model);
        dv_model_say(control->model, false, "Cancelled; Ctrl-R goes on.");
    } else if (quits)
        control->leave = true;
}

static void quit(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->leave = true;
}

static const dv_action rows[] = {
    {"teacher-view", "the teacher view: which instance?", {'1'}, go_to_view, 0},
    {"vae", "the VAE view: which neighbourhood?", {'2'}, go_to_view, 1},
    {"student-view", "the student view: why?", {'3'}, go_to_view, 2},
    {"next-view", "next view; the one before", {DV_KEY_TAB}, step_view, 1},
    {"back-view", "", {DV_KEY_BACK_TAB}, step_view, -1},
    {"next-pane", "next pane; the one before", {'w'}, step_pane, 1, .hint = "pane"},
    {"back-pane", "", {'W'}, step_pane, -1},
    {"view", "go to a view, or a pane, by its name", {0}, name_view, 0, "NAME"},
    {"pane", "", {0}, name_pane, 0, "NAME"},
    {"help", "the keys of this view", {'?', DV_KEY_F1}, help, 0, .hint = "help", .stays = true},
    {"zoom", "look at one picture closely", {'z'}, zoom, 0, .hint = "zoom"},
    {"command", "type a command; Tab completes it", {':'}, command, 0, .hint = "command"},
    {"export", "write the report into ./deepvid-NUMBER, or the folder named", {'e'}, export, 0, "FOLDER", "export"},
    {"export-view", "write what the view shows as PNG pages, named so", {'E'}, export_view, 0, "PREFIX"},
    {"graphics", "other graphics, or those named", {'c'}, cycle_graphics, 0, "NAME"},
    {"mouse", "mouse on or off", {'M'}, toggle_mouse, 0},
    {"slow", "fewer and smaller frames for a slow line, or no longer so", {'S'}, toggle_slow, 0},
    {"repaint", "paint the screen anew", {DV_CONTROL('L')}, repaint, 0},
    {"cost", "what the last explanation took, from the key to the screen", {0}, tell_cost, 0},
    {"suspend", "suspend", {DV_CONTROL('Z')}, suspend, 0},
    {"cancel", "cancel what is running", {DV_KEY_ESCAPE}, cancel, false},
    {"interrupt", "the same; quit when nothing is", {DV_CONTROL('C')}, cancel, true},
    {"quit", "quit", {'q'}, quit, 0, .hint = "quit", .stays = true},
};

const dv_action_set dv_actions_program = DV_ACTION_SET("Everywhere", rows);

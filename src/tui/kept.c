/* Between the screen's model and what is kept of it. */
#include "tui/kept.h"
#include "base/error.h"
#include "base/file.h"
#include "tui/control.h"
#include "tui/view.h"
#include "vid/fingerprint.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool dv_kept_open(dv_kept *kept, const dv_bundle *bundle, const dv_tui_options *options, dv_error *error)
{
    if (!dv_session_init(&kept->session, &options->start, dv_bundle_get_facts(bundle)->latent, error))
        return false;
    kept->keeper = dv_keeper_open(options->source, bundle, options->anew, options->lines, &kept->session, &kept->note);
    if (!kept->keeper) {
        *error = kept->note;
        return false;
    }
    kept->history = dv_history_new(&kept->session.wish, error);
    return kept->history != NULL;
}

bool dv_kept_close(dv_kept *kept, dv_error *error)
{
    bool saved = dv_keeper_close(kept->keeper, error);
    dv_history_free(kept->history);
    dv_session_clear(&kept->session);
    *kept = (dv_kept){0};
    return saved;
}

/* ---- to the screen ---------------------------------------------------------------- */

static void show_view(dv_model *model, const char *view, const char *pane)
{
    for (int i = 0; i < DV_MODEL_VIEWS; i++)
        if (strcmp(dv_views[i]->name, view) == 0)
            model->view = i;
    for (int i = 0; dv_views[model->view]->panes[i]; i++)
        if (strcmp(dv_views[model->view]->panes[i]->name, pane) == 0)
            model->focus[model->view] = i;
}

/* Graphics that were chosen on another terminal come back only where the terminal offers them. */
static void show_graphics(dv_screen *screen, const char *name)
{
    dv_graphics graphics;
    if (dv_graphics_parse(name, &graphics) && dv_screen_offers(screen, graphics))
        dv_screen_set_graphics(screen, graphics);
}

void dv_kept_show(dv_control *control)
{
    dv_kept *kept = control->kept;
    dv_model *model = control->model;
    const char *mouse = kept->session.look[DV_LOOK_MOUSE];
    show_view(model, kept->session.look[DV_LOOK_VIEW], kept->session.look[DV_LOOK_PANE]);
    model->marked = kept->session.mark;
    if (model->by_teacher[1] && dv_session_looks_at_second(&kept->session))
        dv_model_swap_teachers(model);
    model->student.explainer = dv_session_explainer(&kept->session);
    if (!control->options->graphics_asked)
        show_graphics(control->screen, kept->session.look[DV_LOOK_GRAPHICS]);
    dv_screen_set_mouse(control->screen, mouse[0] ? strcmp(mouse, "on") == 0 : control->options->mouse);
    dv_screen_set_slow(control->screen, control->options->slow);
    if (control->options->note)
        dv_model_say(model, true, "%s", control->options->note);
    if (kept->note.code != DV_OK)
        dv_model_say(model, true, "%s", kept->note.message);
}

/* ---- from the screen ---------------------------------------------------------------- */

/* False and an error, and no second teacher in the session, if it would not be found again. */
static bool note_second(dv_session *session, const dv_bundle *second, dv_error *error)
{
    const char *file = dv_bundle_get_facts(second)->teacher;
    char *path = dv_path_real(file);
    const bool fine = path ? dv_session_compare(session, path, error)
                           : dv_error_set(error, DV_ERROR_FILE, "%s: %s", file, strerror(errno));
    free(path);
    if (fine)
        session->second_fingerprint = dv_bundle_second_fingerprint(second);
    else
        dv_session_compare(session, "", NULL);
    return fine;
}

static void note_teachers(dv_kept *kept, dv_model *model)
{
    dv_error error;
    if (kept->seconds != model->seconds && !note_second(&kept->session, model->by_bundle[1], &error))
        dv_model_say(model, true, "The second teacher is here for now, but neither session nor log can name it: %s",
                     error.message);
    kept->seconds = model->seconds;
    if (kept->session.second[0] || kept->session.look[DV_LOOK_LOOKS_AT][0])
        dv_session_look(&kept->session, DV_LOOK_LOOKS_AT,
                        kept->session.second[0] && model->looked_at ? "second" : "first");
}

void dv_kept_note(dv_control *control)
{
    dv_model *model = control->model;
    dv_session *session = &control->kept->session;
    const dv_view *view = dv_views[model->view];
    dv_wish_copy(&session->wish, &model->wish);
    session->mark = model->marked;
    note_teachers(control->kept, model);
    dv_session_look(session, DV_LOOK_VIEW, view->name);
    const dv_explainer *explainer = dv_explainer_at(model->student.explainer);
    if (explainer || session->look[DV_LOOK_EXPLAINER][0])
        dv_session_look(session, DV_LOOK_EXPLAINER, explainer ? explainer->name : "off");
    if (view->panes[model->focus[model->view]])
        dv_session_look(session, DV_LOOK_PANE, view->panes[model->focus[model->view]]->name);
    dv_history_note(control->kept->history, &model->wish, dv_clock_ms());
}

static void tell(dv_control *control, const dv_error *error)
{
    if (error->code != DV_OK)
        dv_model_say(control->model, true, "%s", error->message);
}

void dv_kept_export(dv_control *control, const char *folder)
{
    dv_error error;
    dv_kept_note(control);
    if (control->model->looked_at && !control->kept->session.second[0])
        return; /* done again it would be the first teacher's */
    dv_keeper_export(control->kept->keeper, &control->kept->session, folder, &error);
    tell(control, &error);
}

void dv_kept_save(dv_control *control)
{
    dv_error error;
    dv_kept_look(control);
    dv_keeper_save(control->kept->keeper, &error);
    tell(control, &error);
}

int dv_kept_look(dv_control *control)
{
    dv_error error;
    int rest_ms = dv_keeper_look(control->kept->keeper, &control->kept->session, dv_clock_ms(), &error);
    tell(control, &error);
    return rest_ms;
}

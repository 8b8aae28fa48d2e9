/* Undo, redo and bookmarks. */
#include "tui/class_name.h"
#include "tui/control.h"
#include "tui/kept.h"
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void undo(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_kept_note(control);
    if (dv_history_undo(control->kept->history, &control->model->wish))
        dv_model_want(control->model);
    else
        dv_model_say(control->model, false, "There is nothing to undo.");
}

static void redo(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    if (dv_history_redo(control->kept->history, &control->model->wish))
        dv_model_want(control->model);
    else
        dv_model_say(control->model, false, "There is nothing to redo.");
}

/* ---- bookmarks ------------------------------------------------------------------------ */

static void set_bookmark(dv_control *control, const char *name)
{
    dv_error error;
    dv_kept_note(control);
    if (dv_session_bookmark(&control->kept->session, name, &error))
        dv_model_say(control->model, false, "Bookmarked; ' lists all bookmarks.");
    else
        dv_model_say(control->model, true, "%s", error.message);
}

static const dv_prompt_kind name_prompt = {.label = "Bookmark as: ", .accept = set_bookmark};

static void bookmark(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    const dv_model *model = control->model;
    char name[DV_BOOKMARK_SIZE];
    if (argument && argument[0]) {
        set_bookmark(control, argument);
        return;
    }
    snprintf(name, sizeof(name), "%" PRId64 " %.40s%s", model->wish.options.index,
             dv_model_class_name(model, dv_model_teacher_class(model)),
             dv_wish_is_turned(&model->wish) ? ", turned" : "");
    dv_prompt_open(&control->model->prompt, &name_prompt, name);
}

static void go_to_bookmark(dv_control *control, const char *name)
{
    const dv_session *session = &control->kept->session;
    int found = dv_session_find(session, name);
    if (found < 0)
        dv_model_say(control->model, true, "There is no bookmark '%s'; Tab behind it lists them.", name);
    else if (!dv_wish_equal(&control->model->wish, &session->bookmark[found].wish)) {
        dv_wish_copy(&control->model->wish, &session->bookmark[found].wish);
        dv_model_want(control->model);
    }
}

static void list_bookmarks(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0])
        go_to_bookmark(control, argument);
    else if (control->kept->session.bookmark_count == 0)
        dv_model_say(control->model, false, "There are no bookmarks yet; B sets one.");
    else
        control->model->overlay = &dv_view_bookmarks;
}

static const dv_action rows[] = {
    {"undo", "undo or redo a turn, a setting, a picture", {'u'}, undo, 0, .hint = "undo"},
    {"redo", "", {'U'}, redo, 0},
    {"bookmark", "bookmark this picture with its knobs and settings", {'B'}, bookmark, 0, "NAME"},
    {"bookmarks", "all bookmarks, or to the one named", {'\''}, list_bookmarks, 0, "NAME"},
};

const dv_action_set dv_actions_kept = DV_ACTION_SET("Undo and bookmarks", rows);

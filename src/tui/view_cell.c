/* Why a cell of the confusion matrix is confused: an overlay. */
#include "tui/view_cell.h"

#include "figure/pages.h"
#include "tui/control.h"
#include "tui/pane_cell.h"
#include "tui/view.h"

#include <stdio.h>

enum { LATENT_COLUMNS = 30, LATENT_WIDE = 44, WIDE = 110, FOLDER_SIZE = 64, LOW = 30, TOP_LOW = 10 };

/* ---- opening ------------------------------------------------------------------------------ */

void dv_view_cell_open(dv_control *control, int truth, int said)
{
    dv_model *model = control->model;
    if (model->facts->multi_label) {
        dv_model_say(model, true, "Pictures here may have several labels; only one alone can be taken for another.");
    } else if (truth < 0 || said < 0) {
        dv_model_say(model, true, "Choose a cell: one label that is called one other class.");
    } else if (truth == said) {
        dv_model_say(model, true, "%s called so is right; choose a cell beside the diagonal.",
                     dv_model_class_name(model, truth));
    } else if (dv_confusion_at(&model->pictures->confusion, truth, said) == 0 &&
               model->pictures->known == model->facts->count) {
        dv_model_say(model, true, "No picture of %s is called %s.", dv_model_class_name(model, truth),
                     dv_model_class_name(model, said));
    } else {
        dv_cells *cells = &model->cells;
        if (cells->truth != truth || cells->said != said)
            cells->prototype = cells->exemplar = 0;
        cells->truth = truth;
        cells->said = said;
        model->overlay = &dv_view_cell;
        if (!dv_model_is_awaited(model, DV_JOB_CELL)) /* stopped or failed before, or dropped since */
            model->answer[DV_JOB_CELL].asked = 0;
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

static int within(int value, int count)
{
    return value < 0 ? 0 : value < count ? value : count - 1;
}

static void step_prototype(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_cells *cells = &control->model->cells;
    const dv_cell_findings *found = dv_cell_shown(control->model);
    if (found)
        cells->prototype = within(cells->prototype + step, found->prototypes);
}

static void step_exemplar(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_cells *cells = &control->model->cells;
    const dv_cell_findings *found = dv_cell_shown(control->model);
    if (found)
        cells->exemplar =
            within(cells->exemplar + step, found->prototype[within(cells->prototype, found->prototypes)].exemplars);
}

/* To the exemplar, or to its counterpart, in the student view. */
static void go(dv_control *control, int counter, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    const dv_cell_findings *found = dv_cell_shown(model);
    if (!found)
        return;
    const dv_cell_prototype *prototype = &found->prototype[within(model->cells.prototype, found->prototypes)];
    int place = within(model->cells.exemplar, prototype->exemplars);
    int64_t index = counter ? prototype->counter[place] : prototype->exemplar[place];
    if (index < 0)
        return;
    dv_model_go(model, index);
    model->overlay = NULL;
    dv_control_command(control, "view student");
}

static void export(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    dv_model *model = control->model;
    const dv_cell_findings *found = dv_cell_shown(model);
    char folder[FOLDER_SIZE];
    dv_error error;
    if (!found)
        return;
    snprintf(folder, sizeof(folder), "deepvid-cell-%d-%d", found->truth, found->said);
    if (!argument || !argument[0])
        argument = folder;
    if (dv_figure_cell_report(argument, model->bundle, found, &error))
        dv_model_say(model, false, "The page and its numbers are in %s.", argument);
    else
        dv_model_say(model, true, "%s", error.message);
}

static void close(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->overlay = NULL;
}

/* What was explained so far is kept: asked again, it goes on. */
static void stop(dv_control *control, int unused, const char *argument)
{
    if (dv_model_is_awaited(control->model, DV_JOB_CELL)) {
        dv_control_command(control, "cancel");
        dv_model_say(control->model, false, "Stopped; x goes on where it was.");
    }
    close(control, unused, argument);
}

static const dv_action rows[] = {
    {"cell-next", "next prototype; the one before", {DV_KEY_DOWN, 'j'}, step_prototype, 1, .hint = "prototype"},
    {"cell-back", "", {DV_KEY_UP, 'k'}, step_prototype, -1},
    {"cell-stop", "back to the matrix; stops what is not done", {DV_KEY_ESCAPE}, stop, 0, .hint = "back"},
    {"exemplar-right", "exemplar to the right; to the left", {DV_KEY_RIGHT, 'l'}, step_exemplar, 1, .hint = "exemplar"},
    {"exemplar-left", "", {DV_KEY_LEFT, 'h'}, step_exemplar, -1},
    {"exemplar-go", "explain the exemplar; the picture that is right", {DV_KEY_ENTER}, go, 0, .hint = "explain it"},
    {"counter-go", "", {'r'}, go, 1},
    {"cell-export",
     "write the page and its numbers into ./deepvid-cell-TRUE-SAID, or the folder named",
     {'e'},
     export,
     0,
     .argument = "FOLDER",
     .hint = "export"},
    {"cell-close", "back, and goes on with what is not done", {'q', 'x'}, close, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Confused cell", rows);

/* ---- the view -------------------------------------------------------------------------------- */

static int arrange(const dv_model *model, dv_area body, dv_frame *frames)
{
    (void)model;
    dv_area top = dv_area_cut_top(&body, body.rows < LOW ? TOP_LOW : body.rows * 9 / 25);
    frames[0] =
        (dv_frame){&dv_pane_cell_latent, dv_area_cut_right(&top, top.columns < WIDE ? LATENT_COLUMNS : LATENT_WIDE)};
    frames[1] = (dv_frame){&dv_pane_cell_means, top};
    frames[2] = (dv_frame){&dv_pane_cell_prototypes, body};
    return 3;
}

static const dv_pane_kind *const panes[] = {NULL};

const dv_view dv_view_cell = {.name = "cell", .title = "Cell", .actions = &actions, .panes = panes, .arrange = arrange};

/* Why a cell of the confusion matrix is confused, or what a selection of pictures is about: an overlay. */
#include "tui/view_cell.h"

#include "figure/pages.h"
#include "study/cell_words.h"
#include "tui/class_name.h"
#include "tui/control.h"
#include "tui/pane_cell.h"
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>

enum { LATENT_COLUMNS = 30, LATENT_WIDE = 44, WIDE = 110, FOLDER_SIZE = 64, LOW = 30, TOP_LOW = 10 };

/* So many pictures are explained unasked, where no filter chose them. */
enum { MOST_UNCHOSEN = 1000 };

/* ---- opening ------------------------------------------------------------------------------ */

/* Whether these pictures can be explained so; a message says why not. */
static bool has_one_label(dv_model *model)
{
    if (model->facts->multi_label)
        dv_model_say(model, true, "Pictures here may have several labels; only one alone can be taken for another.");
    return !model->facts->multi_label;
}

/* At these classes, of the cell or of the selection. */
static void look_at(dv_model *model, int truth, int said)
{
    dv_cells *cells = &model->cells;
    if (cells->truth != truth || cells->said != said)
        cells->prototype = cells->exemplar = 0;
    cells->truth = truth;
    cells->said = said;
    model->overlay = &dv_view_cell;
    if (!dv_model_is_awaited(model, DV_JOB_CELL)) /* stopped or failed before, or dropped since */
        model->answer[DV_JOB_CELL].asked = 0;
}

void dv_view_cell_open(dv_control *control, int truth, int said)
{
    dv_model *model = control->model;
    if (!has_one_label(model))
        return;
    if (truth < 0 || said < 0) {
        dv_model_say(model, true, "Choose a cell: one label that is called one other class.");
    } else if (truth == said) {
        dv_model_say(model, true, "%s called so is right; choose a cell beside the diagonal.",
                     dv_model_class_name(model, truth));
    } else if (dv_confusion_at(&model->pictures->confusion, truth, said) == 0 &&
               model->pictures->known == model->facts->count) {
        dv_model_say(model, true, "No picture of %s is called %s.", dv_model_class_name(model, truth),
                     dv_model_class_name(model, said));
    } else {
        dv_cells_select_none(&model->cells);
        look_at(model, truth, said);
    }
}

void dv_view_cell_open_selection(dv_control *control)
{
    dv_model *model = control->model;
    const dv_pictures *pictures = model->pictures;
    const dv_picture_filter *filter = &pictures->filter;
    const bool one_cell = filter->label >= 0 && filter->prediction >= 0 && filter->label != filter->prediction &&
                          !filter->changed && !filter->by_region;
    dv_error error;
    if (one_cell)
        dv_view_cell_open(control, filter->label, filter->prediction);
    else if (pictures->selected_count == 0)
        dv_model_say(model, true, "No picture passes the filter; F shows all again.");
    else if (!dv_pictures_is_filtered(pictures) && pictures->selected_count > MOST_UNCHOSEN)
        dv_model_say(model, true,
                     "Choose pictures first: v a region, i wrong ones, y a class. All %" PRId64 " are many.",
                     pictures->selected_count);
    else if (has_one_label(model)) {
        const uint64_t digest = model->cells.digest;
        if (!dv_cells_select(&model->cells, pictures, &error)) {
            dv_model_say(model, true, "%s", error.message);
            return;
        }
        if (model->cells.digest != digest)
            model->cells.prototype = model->cells.exemplar = 0;
        look_at(model, model->cells.truth, model->cells.said);
    }
}

/* ---- which classes -------------------------------------------------------------------------- */

/* The next pair of the selection, or cell of the matrix, by how many pictures it has. */
static void step_pair(dv_control *control, int step, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    dv_cells *cells = &model->cells;
    const int64_t next = dv_cells_pair(cells) + step;
    int truth = cells->truth, said = cells->said;
    if (cells->chosen > 0 && next >= 0 && next < cells->pairs)
        look_at(model, cells->pair[next].truth, cells->pair[next].said);
    else if (cells->chosen == 0 && dv_confusion_next(&model->pictures->confusion, step, &truth, &said))
        dv_view_cell_open(control, truth, said);
    else
        dv_model_say(model, false, "No pair of classes is %s.", step > 0 ? "rarer" : "more frequent");
}

/* One of the two, by its name. */
static void compare_class(dv_control *control, bool is_truth, const char *text)
{
    dv_model *model = control->model;
    const dv_cells *cells = &model->cells;
    const int found = dv_class_find(model->facts, text), truth = is_truth ? found : cells->truth,
              said = is_truth ? cells->said : found;
    if (!text[0])
        return;
    if (found < 0)
        dv_model_say(model, true, "No class is called '%s'.", text);
    else if (cells->chosen == 0)
        dv_view_cell_open(control, truth, said);
    else if (truth == said)
        dv_model_say(model, true, "Two different classes are compared; %s is the other one already.",
                     dv_model_class_name(model, found));
    else
        look_at(model, truth, said);
}

static void accept_truth(dv_control *control, const char *text)
{
    compare_class(control, true, text);
}

static void accept_said(dv_control *control, const char *text)
{
    compare_class(control, false, text);
}

static const dv_prompt_kind truth_prompt = {
    .label = "What speaks against the class: ", .accept = accept_truth, .complete = dv_class_complete};
static const dv_prompt_kind said_prompt = {
    .label = "What speaks for the class: ", .accept = accept_said, .complete = dv_class_complete};

static void choose_class(dv_control *control, int is_truth, const char *argument)
{
    if (control->model->overlay != &dv_view_cell)
        dv_model_say(control->model, true, "Two classes are compared once x explains a cell or a selection.");
    else if (argument && argument[0])
        compare_class(control, is_truth, argument);
    else
        dv_prompt_open(&control->model->prompt, is_truth ? &truth_prompt : &said_prompt, "");
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
    const dv_bundle *bundle = model->by_bundle[model->looked_at];
    const dv_cell_findings *found = dv_cell_shown(model);
    char folder[FOLDER_SIZE];
    dv_error error;
    if (!found)
        return;
    snprintf(folder, sizeof(folder), "deepvid-%s-%d-%d", found->selected ? "selection" : "cell", found->truth,
             found->said);
    if (!argument || !argument[0])
        argument = folder;
    if (dv_figure_page_report(argument, "cell", dv_figure_page_cell(bundle, found, &error),
                              dv_json_cell(found, dv_bundle_get_facts(bundle), &error), &error))
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
    {"cell-stop", "back; stops what is not done", {DV_KEY_ESCAPE}, stop, 0, .hint = "back"},
    {"exemplar-right", "exemplar to the right; to the left", {DV_KEY_RIGHT, 'l'}, step_exemplar, 1, .hint = "exemplar"},
    {"exemplar-left", "", {DV_KEY_LEFT, 'h'}, step_exemplar, -1},
    {"exemplar-go", "explain the exemplar; the picture that is right", {DV_KEY_ENTER}, go, 0, .hint = "explain it"},
    {"counter-go", "", {'r'}, go, 1},
    {"pair-next", "the next most frequent pair of classes; the one before", {'>'}, step_pair, 1, .hint = "classes"},
    {"pair-back", "", {'<'}, step_pair, -1},
    {"speaks-against", "compare another class, against which blue speaks", {'y'}, choose_class, true, "CLASS"},
    {"speaks-for", "compare another class, for which orange speaks", {'Y'}, choose_class, false, "CLASS"},
    {"cell-export",
     "write page and numbers into ./deepvid-cell-TRUE-SAID (deepvid-selection), or the folder named",
     {'e'},
     export,
     0,
     .argument = "FOLDER",
     .hint = "export"},
    {"cell-close", "back, and goes on with what is not done", {'q', 'x'}, close, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Confused cell or selection", rows);

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

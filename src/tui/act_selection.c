/* Which pictures are looked at, and in which order. */
#include "tui/class_name.h"
#include "tui/control.h"
#include "tui/view_cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void dv_control_show_selection(dv_control *control)
{
    dv_model *model = control->model;
    const dv_pictures *pictures = model->pictures;
    char filter[DV_FILTER_TEXT_SIZE];
    dv_pictures_write_filter(pictures, filter);
    if (pictures->selected_count == 0) {
        dv_model_say(model, true, "No picture%s passes: %s. F shows all again.",
                     pictures->known < model->facts->count ? " the teacher was asked about" : "", filter);
        return;
    }
    if (!pictures->chosen[model->wish.options.index])
        dv_model_go(model, pictures->selected[0]);
    if (filter[0])
        dv_model_say(model, false, "%" PRId64 " of %" PRId64 " pictures: %s", pictures->selected_count,
                     model->facts->count, filter);
    else
        dv_model_say(model, false, "No filter: all %" PRId64 " pictures.", model->facts->count);
}

static void select_anew(dv_control *control)
{
    dv_pictures_select(control->model->pictures);
    dv_control_show_selection(control);
}

static bool has_labels(dv_control *control)
{
    bool has = dv_pictures_have_labels(control->model->pictures);
    if (!has)
        dv_model_say(control->model, true, "These pictures have no labels.");
    return has;
}

static void toggle_wrong(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_picture_filter *filter = &control->model->pictures->filter;
    if (!has_labels(control))
        return;
    filter->wrong = !filter->wrong;
    select_anew(control);
}

static void toggle_changed(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_pictures *pictures = control->model->pictures;
    if (!pictures->other) {
        dv_model_say(control->model, true,
                     "There is one teacher; :teacher FILE, or --compare FILE, names a second one.");
        return;
    }
    pictures->filter.changed = !pictures->filter.changed;
    select_anew(control);
}

/* "" or "any" takes any class. */
static void filter_class(dv_control *control, int *class, const char *text)
{
    int found = text[0] && strcmp(text, "any") != 0 ? dv_class_find(control->model->facts, text) : -1;
    if (found < 0 && text[0] && strcmp(text, "any") != 0) {
        dv_model_say(control->model, true, "No class is called '%s'.", text);
        return;
    }
    *class = found;
    select_anew(control);
}

static void accept_label(dv_control *control, const char *text)
{
    filter_class(control, &control->model->pictures->filter.label, text);
}

static void accept_called(dv_control *control, const char *text)
{
    filter_class(control, &control->model->pictures->filter.prediction, text);
}

static const dv_prompt_kind label_prompt = {
    .label = "Only the class (nothing: any): ", .accept = accept_label, .complete = dv_class_complete};
static const dv_prompt_kind called_prompt = {.label = "Only those the teacher calls (nothing: anything): ",
                                             .accept = accept_called,
                                             .complete = dv_class_complete};

static void only_label(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (!has_labels(control))
        return;
    if (argument && argument[0])
        accept_label(control, argument);
    else
        dv_prompt_open(&control->model->prompt, &label_prompt, "");
}

static void only_called(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    if (argument && argument[0])
        accept_called(control, argument);
    else
        dv_prompt_open(&control->model->prompt, &called_prompt, "");
}

static void show_all(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_pictures_clear_filter(control->model->pictures);
    dv_control_show_selection(control);
}

static int find_order(const char *name)
{
    int order = 0;
    while (order < DV_ORDER_COUNT && strcmp(dv_order_name(order), name) != 0)
        order++;
    return order;
}

static void change_order(dv_control *control, int step, const char *argument)
{
    dv_model *model = control->model;
    dv_pictures *pictures = model->pictures;
    int order = argument && argument[0] ? find_order(argument)
                                        : ((int)pictures->order + step + DV_ORDER_COUNT) % DV_ORDER_COUNT;
    if (order == DV_ORDER_COUNT) {
        dv_model_say(model, true, "The orders are index, confidence, margin, entropy, loss and change.");
        return;
    }
    if (order == DV_ORDER_CHANGE && !pictures->other)
        order = step < 0 ? DV_ORDER_CHANGE - 1 : DV_ORDER_INDEX;
    pictures->order = (dv_order)order;
    dv_pictures_select(pictures);
    dv_model_say(model, false, "%s", dv_order_meaning(pictures->order));
}

static void change_colors(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    bool *by_prediction = &control->model->teacher.by_prediction;
    *by_prediction = !*by_prediction;
    dv_model_say(control->model, false, *by_prediction ? "Colours: what the teacher calls it." : "Colours: the label.");
}

static void ask_why(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_view_cell_open_selection(control);
}

static const dv_action rows[] = {
    {"only-wrong", "only pictures that the teacher gets wrong; or no longer so", {'i'}, toggle_wrong, 0},
    {"only-changed",
     "only pictures that the second teacher calls otherwise; or no longer so",
     {'D'},
     toggle_changed,
     0},
    {"only-class", "only pictures of a class", {'y'}, only_label, 0, "CLASS|any"},
    {"only-called", "only pictures that the teacher calls so", {'Y'}, only_called, 0, "CLASS|any"},
    {"all", "all pictures: no filter", {'F'}, show_all, 0, .hint = "all"},
    {"why-these",
     "what are they about? all selected pictures explained, two classes compared",
     {'x'},
     ask_why,
     0,
     .hint = "why"},
    {"order", "other order: index, confidence, margin, entropy, loss, change", {'O'}, change_order, 1, "NAME", "order"},
    {"order-back", "the order before", {'I'}, change_order, -1},
    {"colors", "colours by the label, or by what the teacher calls it", {'p'}, change_colors, 0},
};

const dv_action_set dv_actions_selection = DV_ACTION_SET("Selection", rows);

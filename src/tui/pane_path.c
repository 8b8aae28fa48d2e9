/* What one number does to the student, as curves with the present choice on them: for the ridge student the path of
 * lambda, for the others the loss from epoch to epoch. Moving along the axis changes the setting. */
#include "base/memory.h"
#include "figure/curve.h"
#include "figure/pages.h"
#include "tui/control.h"
#include "tui/pane.h"
#include "session/setting.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LABELS = 7, RULE = 14, MARKERS_MOST = 24, PATH_POINTS = 25 /* odd: the rule's lambda is the middle one */ };

static const uint8_t colors[][3] = {{95, 175, 255}, {255, 175, 95}}; /* of DV_STYLE_BAR and DV_STYLE_BAR_2 */

/* What is drawn. */
typedef struct path {
    dv_setting_id setting; /* along the axis */
    const char *axis;      /* "λ" */
    double current;        /* NaN: not on the path */
    double rule;           /* what the program would choose; NaN: nothing */
    int count, curves;
    double *x, *y[2];
    const char *name[2];
    bool log_x, log_y;
} path;

static bool is_ridge(const dv_model *model)
{
    return model->wish.options.method == DV_STUDENT_RIDGE;
}

/* Room for `count` points of two curves in one block, which path.x begins. */
static bool make_room(path *it, int count)
{
    it->x = dv_alloc((size_t)count, 3 * sizeof(double), NULL);
    if (!it->x)
        return false;
    it->y[0] = it->x + count;
    it->y[1] = it->y[0] + count;
    it->count = count;
    return true;
}

/* ---- the path of lambda --------------------------------------------------------------------- */

/* The lambda in use; 0 when by the rule and not known yet. */
static double lambda_now(const dv_model *model)
{
    if (model->wish.options.ridge > 0)
        return model->wish.options.ridge;
    return dv_model_has_explanation(model) ? model->explanation->lambda : 0;
}

/* That of a picture or wish before stays until the new one is there, but the other teacher's is none of this one. */
static bool collect_lambdas(const dv_model *model, path *it)
{
    const dv_lambda_points *points = dv_model_result(model, DV_JOB_LAMBDA);
    if (!points || model->answer[DV_JOB_LAMBDA].teacher != model->looked_at || !make_room(it, points->count))
        return false;
    it->setting = DV_SETTING_LAMBDA;
    it->axis = "λ";
    it->log_x = it->log_y = true;
    it->curves = 2;
    it->name[0] = "KL";
    it->name[1] = "disagreement";
    for (int i = 0; i < points->count; i++) {
        it->x[i] = points->point[i].lambda;
        it->y[0][i] = points->point[i].kl;
        it->y[1][i] = 1 - points->point[i].agreement;
    }
    it->rule = it->x[it->count / 2];
    double now = lambda_now(model);
    it->current = now >= it->x[0] && now <= it->x[it->count - 1] ? now : NAN;
    return true;
}

/* Whatever moves the path, and nothing else: not the lambda that is chosen on it. */
static void need(dv_control *control)
{
    dv_wish wish = control->model->wish;
    const dv_explain_options usual = dv_explain_defaults();
    if (!is_ridge(control->model))
        return;
    wish.options.ridge = 0;
    wish.options.epochs = usual.epochs;
    wish.options.batch = usual.batch;
    wish.options.learning_rate = usual.learning_rate;
    wish.options.random_start = usual.random_start;
    dv_control_ask(control, &(dv_request){.job = DV_JOB_LAMBDA,
                                          .key = dv_wish_digest(&wish) | 1,
                                          .wish = &control->model->wish,
                                          .count = PATH_POINTS});
}

/* ---- the loss --------------------------------------------------------------------------------- */

static bool collect_losses(const dv_model *model, path *it)
{
    const dv_explanation *explanation = model->explanation;
    if (!explanation || explanation->loss_count < 1 || !make_room(it, explanation->loss_count))
        return false;
    it->setting = DV_SETTING_EPOCHS;
    it->axis = "epoch";
    it->curves = 1;
    it->name[0] = "cross-entropy";
    for (int i = 0; i < it->count; i++) {
        it->x[i] = i + 1;
        it->y[0][i] = explanation->loss_curve[i];
    }
    it->current = it->count;
    return true;
}

static bool collect(const dv_model *model, path *it)
{
    *it = (path){.rule = NAN};
    return is_ridge(model) ? collect_lambdas(model, it) : collect_losses(model, it);
}

/* ---- drawing ------------------------------------------------------------------------------------ */

static void fill_curves(const path *it, dv_curve curve[2], dv_curves *curves)
{
    for (int c = 0; c < it->curves; c++) {
        curve[c] = (dv_curve){.count = it->count, .x = it->x, .y = it->y[c], .markers = it->count <= MARKERS_MOST};
        memcpy(curve[c].color, colors[c], sizeof(curve[c].color));
    }
    *curves = (dv_curves){.count = it->curves,
                          .curve = curve,
                          .current = it->current,
                          .verticals = isfinite(it->rule),
                          .vertical = &it->rule,
                          .horizontal = NAN};
}

/* "KL 0.0041  disagreement 0.05  ┆ rule 0.0052" */
static void draw_values(const dv_pane *pane, const path *it, const dv_curve *curve, const dv_limits *limits)
{
    static const dv_style styles[] = {DV_STYLE_BAR, DV_STYLE_BAR_2};
    int column = 0;
    for (int c = 0; c < it->curves; c++) {
        double value = dv_curve_at(&curve[c], limits, it->current);
        column += dv_pane_text(pane, 1, column, 0, styles[c], "%s ", it->name[c]);
        if (isfinite(value))
            column += dv_pane_text(pane, 1, column, 0, DV_STYLE_TEXT, "%.3g", value);
        column += 2;
    }
    if (isfinite(it->rule) && column + RULE <= pane->area.columns)
        dv_pane_text(pane, 1, column, 0, DV_STYLE_DIM, "┆ rule %.2g", it->rule);
}

/* Where the curves are: all but heading, figures, and the labels of both axes. */
static dv_area plot_area(const dv_pane *pane)
{
    dv_area place = pane->area;
    dv_area_cut_top(&place, 2);
    dv_area_cut_bottom(&place, 1);
    place.column += LABELS;
    place.columns -= LABELS;
    return place;
}

/* The ends of both axes, and the present place below the curves. */
static void draw_labels(const dv_pane *pane, const path *it, const dv_plot *plot, const dv_limits *limits)
{
    int bottom = pane->area.rows - 1, width = pane->area.columns - LABELS;
    char low[24], high[24], here[48];
    snprintf(low, sizeof(low), "%.3g", it->x[0]);
    snprintf(high, sizeof(high), "%.3g", it->x[it->count - 1]);
    snprintf(here, sizeof(here), isfinite(it->current) ? "%s %.3g" : "%s", it->axis, it->current);
    dv_pane_text(pane, 2, 0, LABELS - 1, DV_STYLE_DIM, "%6.3g", limits->y_high);
    dv_pane_text(pane, bottom - 1, 0, LABELS - 1, DV_STYLE_DIM, "%6.3g", limits->y_low);
    dv_pane_text(pane, bottom, LABELS, 0, DV_STYLE_DIM, "%s", low);
    dv_pane_text(pane, bottom, pane->area.columns - (int)strlen(high), 0, DV_STYLE_DIM, "%s", high);
    double pixel[2] = {plot->width / 2., 0};
    if (isfinite(it->current))
        dv_curve_pixel(plot, limits, it->current, limits->y_low, pixel);
    int least = (int)strlen(low) + 1, most = width - (int)(strlen(high) + strlen(here)) - 1;
    int column = (int)(pixel[0] / plot->width * width) - (int)strlen(here) / 2;
    if (most >= least)
        dv_pane_text(pane, bottom,
                     LABELS + (column < least  ? least
                               : column > most ? most
                                               : column),
                     0, DV_STYLE_TITLE, "%s", here);
}

/* Without graphics: the points in figures, those around the present one. */
static void draw_table(const dv_pane *pane, const path *it)
{
    int room = pane->area.rows - 2, near = 0;
    for (int i = 1; i < it->count; i++)
        if (fabs(log(it->x[i] / it->current)) < fabs(log(it->x[near] / it->current)))
            near = i;
    int first = near - room / 2, last = it->count - room;
    first = first > last ? last : first;
    first = first < 0 ? 0 : first;
    for (int i = first; i < it->count && i < first + room; i++) {
        dv_style style = i == near && isfinite(it->current) ? DV_STYLE_TITLE : DV_STYLE_TEXT;
        int column = dv_pane_text(pane, 2 + i - first, 0, 0, DV_STYLE_DIM, "%s ", it->axis);
        dv_pane_text(pane, 2 + i - first, column, 10, style, "%.3g", it->x[i]);
        for (int c = 0; c < it->curves; c++)
            dv_pane_text(pane, 2 + i - first, column + 10 * (c + 1), 0, style, "%.4f", it->y[c][i]);
    }
}

static void draw_path(const dv_pane *pane, const path *it)
{
    dv_curve curve[2];
    dv_curves curves;
    fill_curves(it, curve, &curves);
    dv_limits limits = dv_curve_limits(&curves, it->log_x, it->log_y);
    draw_values(pane, it, curve, &limits);
    dv_area place = plot_area(pane);
    if (dv_screen_graphics(pane->screen) == DV_GRAPHICS_OFF || place.rows < 2 || place.columns < 8) {
        draw_table(pane, it);
        return;
    }
    dv_plot plot = dv_pane_plot(pane, place);
    draw_labels(pane, it, &plot, &limits);
    dv_pane_image(pane, place, dv_figure_curve(&plot, &curves, &limits, NULL));
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    path it;
    bool there = collect(model, &it), ridge = is_ridge(model);
    dv_pane_heading(pane, ridge ? "λ path" : "Loss", "%s",
                    ridge ? "on fresh neighbours" : "on the neighbours it learns from");
    if (there)
        draw_path(pane, &it);
    else if (model->work.job == DV_JOB_LAMBDA || model->work.job == DV_JOB_EXPLAIN)
        dv_pane_say(pane, "at work ...");
    free(it.x);
}

/* The same on paper, in colours that stand out there. */
static dv_image *page(const dv_model *model, dv_error *error)
{
    path it;
    dv_curve curve[2];
    dv_curves curves;
    dv_image *image = NULL;
    *error = (dv_error){0};
    if (collect(model, &it)) {
        char subtitle[DV_MESSAGE_SIZE];
        bool ridge = is_ridge(model);
        fill_curves(&it, curve, &curves);
        memcpy(curve[0].color, (uint8_t[]){0, 90, 180}, sizeof(curve[0].color));
        memcpy(curve[1].color, (uint8_t[]){200, 90, 0}, sizeof(curve[1].color));
        dv_limits limits = dv_curve_limits(&curves, it.log_x, it.log_y);
        snprintf(subtitle, sizeof(subtitle), "Picture %" PRId64 " of %s, %s student%s", model->wish.options.index,
                 model->facts->name, dv_student_method_name(model->wish.options.method),
                 ridge ? ": how far it is from the teacher on fresh neighbours, for each lambda" : "");
        image = dv_figure_page_curves(
            &(dv_page_words){
                .title = ridge ? "The path of lambda" : "The loss while learning", .subtitle = subtitle, .note = ""},
            &curves, &limits, ridge ? "lambda" : it.axis, ridge ? "KL (nats), share of disagreement" : it.name[0],
            it.name, error);
    }
    free(it.x);
    return image;
}

/* ---- keys and mouse ----------------------------------------------------------------------------- */

static const dv_setting *setting_of(const dv_model *model)
{
    return dv_setting_get(is_ridge(model) ? DV_SETTING_LAMBDA : DV_SETTING_EPOCHS);
}

static void step(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_control_step(control, setting_of(control->model), direction);
}

static void set(dv_control *control, double value)
{
    const dv_setting *setting = setting_of(control->model);
    char text[DV_SETTING_TEXT_SIZE];
    if (setting->kind == DV_VALUE_WHOLE)
        value = round(value);
    value = fmin(fmax(value, setting->minimum), setting->maximum);
    snprintf(text, sizeof(text), setting->kind == DV_VALUE_WHOLE ? "%.0f" : "%.3g", value);
    dv_control_set(control, setting, text);
}

/* A tenth of a decade of lambda, one epoch. */
static void step_finely(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    const dv_model *model = control->model;
    if (!is_ridge(model))
        set(control, model->wish.options.epochs + direction);
    else if (lambda_now(model) > 0)
        set(control, lambda_now(model) * pow(10, direction * .1));
}

/* The cross follows the mouse. */
static void use_mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    path it;
    dv_curve curve[2];
    dv_curves curves;
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        step(control, mouse->kind == DV_MOUSE_WHEEL_UP ? 1 : -1, NULL);
    if ((mouse->kind != DV_MOUSE_PRESS && mouse->kind != DV_MOUSE_DRAG) || !collect(pane->model, &it))
        return;
    fill_curves(&it, curve, &curves);
    dv_limits limits = dv_curve_limits(&curves, it.log_x, it.log_y);
    dv_plot plot = dv_pane_plot(pane, plot_area(pane));
    double cell = (double)plot.width / (pane->area.columns - LABELS);
    if (mouse->row >= 2 && mouse->column >= LABELS && mouse->column < pane->area.columns)
        set(control, dv_curve_x(&plot, &limits, (mouse->column - LABELS + .5) * cell));
    free(it.x);
}

static const dv_action rows[] = {
    {"path-right",
     "along the curve: larger lambda, or more epochs; smaller, fewer",
     {DV_KEY_RIGHT, 'l'},
     step,
     1,
     .hint = "along"},
    {"path-left", "", {DV_KEY_LEFT, 'h'}, step, -1},
    {"path-finely-right", "the same in fine steps", {DV_KEY_SHIFT_RIGHT, 'L'}, step_finely, 1},
    {"path-finely-left", "", {DV_KEY_SHIFT_LEFT, 'H'}, step_finely, -1},
};

static const dv_action_set actions = DV_ACTION_SET("Path", rows);

const dv_pane_kind dv_pane_path = {
    .name = "path", .actions = &actions, .draw = draw_pane, .need = need, .mouse = use_mouse, .page = page};

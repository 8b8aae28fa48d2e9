/* The confusion matrix: labels against the teacher's words, as text on heat. Where not all classes fit, the part around
 * the cursor, and beside it all of them as a picture. */
#include "base/memory.h"
#include "figure/pages.h"
#include "tui/control.h"
#include "tui/pane.h"
#include "tui/view_cell.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TOP = 2,      /* heading and names of columns */
    BELOW = 2,    /* the cursor in words */
    MIN_NAME = 5, /* columns for the names of rows */
    MAX_NAME = 12,
    MAX_CELL = 8, /* columns of a cell */
    WIDE_CELL = 7,
    MANY_CLASSES = 32, /* from here on a few are shown, with names that can be read */
    ROOM_FOR_GAP = 5,
    MIN_OVERVIEW = 24,
};

static const uint8_t black[3] = {0, 0, 0}, dark[3] = {16, 16, 16}, light[3] = {238, 238, 238};

/* What of the matrix is on the screen. */
typedef struct view {
    const dv_confusion *confusion;
    int classes;
    int *order;                 /* the class at each position, classes entries */
    int name_width, cell_width; /* columns */
    int first_row, rows;        /* positions shown */
    int first_column, columns;
    dv_area overview; /* of the picture; no columns: there is none */
} view;

/* ---- places ---------------------------------------------------------------------- */

static int position_of(const view *v, int class)
{
    int position = 0;
    while (class >= 0 && v->order[position] != class)
        position++;
    return class < 0 ? -1 : position;
}

/* False when there is no matrix, or no memory. */
static bool open_view(const dv_model *model, view *v)
{
    *v = (view){.confusion = &model->pictures->confusion, .classes = model->facts->classes};
    if (!v->confusion->count || !(v->order = dv_alloc((size_t)v->classes, sizeof(*v->order), NULL)))
        return false;
    dv_confusion_order(v->confusion, model->teacher.by_errors, v->order);
    return true;
}

static int clamp(int value, int low, int high)
{
    return value > high ? high : value < low ? low : value;
}

static int digits(int64_t number)
{
    char text[24];
    return snprintf(text, sizeof(text), "%" PRId64, number);
}

/* The first position so that the cursor is in the middle, as far as the ends allow. */
static int first_around(int cursor, int shown, int all)
{
    return clamp(cursor - shown / 2, 0, all - shown);
}

static void place(const dv_pane *pane, view *v)
{
    const dv_teacher_state *state = &pane->model->teacher;
    int longest = MIN_NAME, columns = pane->area.columns;
    for (int k = 0; k < v->classes; k++)
        longest = clamp((int)strlen(pane->model->facts->class_names[k]), longest, MAX_NAME);
    int number = state->mode == DV_HEAT_ABSOLUTE ? digits(v->confusion->largest) : 3;
    number = number < 3 ? 3 : number;
    v->rows = clamp(pane->area.rows - TOP - BELOW, 0, v->classes);
    if ((v->rows < v->classes || v->classes * number > columns) && columns >= 3 * MIN_OVERVIEW) {
        v->overview = pane->area;
        v->overview.row++;
        v->overview.rows -= 1 + BELOW;
        v->overview = dv_area_cut_right(&v->overview, columns / 2);
        columns -= v->overview.columns + DV_GAP;
    }
    v->name_width = clamp(columns - v->classes * number - 1, clamp(columns / 5, MIN_NAME, longest), longest);
    v->cell_width = clamp((columns - v->name_width - 1) / v->classes, number, MAX_CELL);
    if (v->classes > MANY_CLASSES)
        v->cell_width = WIDE_CELL;
    v->columns = clamp((columns - v->name_width - 1) / v->cell_width, 0, v->classes);
    v->first_row = first_around(position_of(v, state->row), v->rows, v->classes);
    v->first_column = first_around(position_of(v, state->column), v->columns, v->classes);
}

static int left_of(const view *v, int position)
{
    return v->name_width + 1 + (position - v->first_column) * v->cell_width;
}

/* ---- drawing ------------------------------------------------------------------------ */

static double share(int64_t count, int64_t whole)
{
    return whole > 0 ? 100. * (double)count / (double)whole : 0;
}

/* A count or a percentage; what is little but not nothing is "<1". */
static void write_cell(int64_t count, int64_t whole, dv_heat_mode mode, char text[24])
{
    if (count == 0)
        snprintf(text, 24, "%s", "·");
    else if (mode == DV_HEAT_ABSOLUTE)
        snprintf(text, 24, "%" PRId64, count);
    else if (share(count, whole) <= .5)
        snprintf(text, 24, "<1");
    else
        snprintf(text, 24, "%.0f", share(count, whole));
}

static void draw_cell(const dv_pane *pane, const view *v, int y, int row, int column)
{
    const dv_teacher_state *state = &pane->model->teacher;
    const dv_confusion *all = v->confusion;
    int from = v->order[row], to = v->order[column], width = v->cell_width;
    int64_t count = dv_confusion_at(all, from, to);
    double level = dv_heat_level(count, all->row_sum[from], all->column_sum[to], all->largest, state->mode);
    dv_style plain = count == 0    ? DV_STYLE_DIM
                     : from == to  ? DV_STYLE_GOOD
                     : level < .25 ? DV_STYLE_TEXT
                                   : DV_STYLE_BAD;
    uint8_t paper[3];
    char text[24];
    write_cell(count, state->mode == DV_HEAT_ROW ? all->row_sum[from] : all->column_sum[to], state->mode, text);
    dv_heat_color(level, from == to, black, paper);
    int pad = width - 1 - (count ? (int)strlen(text) : 1); /* a column to the right keeps numbers apart */
    int x = pane->area.column + left_of(v, column), screen_row = pane->area.row + y;
    if (from == state->row && to == state->column)
        dv_screen_text(pane->screen, screen_row, x, width, DV_STYLE_SELECTED, "%*s%s%*s", pad < 0 ? 0 : pad, "", text,
                       width, "");
    else
        dv_screen_text_on(pane->screen, screen_row, x, width, plain,
                          count == 0                       ? light
                          : dv_heat_wants_dark_text(paper) ? dark
                                                           : light,
                          paper, "%*s%s%*s", pad < 0 ? 0 : pad, "", text, width, "");
}

static dv_style name_style(const dv_pane *pane, bool chosen)
{
    return chosen ? (pane->focused ? DV_STYLE_SELECTED : DV_STYLE_TITLE) : DV_STYLE_DIM;
}

static void draw_table(const dv_pane *pane, const view *v)
{
    const dv_model *model = pane->model;
    for (int column = v->first_column; column < v->first_column + v->columns; column++) {
        int class = v->order[column];
        dv_style style = name_style(pane, class == model->teacher.column);
        if (style == DV_STYLE_DIM && v->cell_width < ROOM_FOR_GAP && column % 2 == 0)
            style = DV_STYLE_TEXT; /* keeps names apart */
        dv_pane_text(pane, 1, left_of(v, column), v->cell_width - (v->cell_width >= ROOM_FOR_GAP), style, "%s",
                     dv_model_class_name(model, class));
    }
    for (int row = v->first_row; row < v->first_row + v->rows; row++) {
        int class = v->order[row], y = TOP + row - v->first_row;
        dv_pane_text(pane, y, 0, v->name_width, name_style(pane, class == model->teacher.row), "%s",
                     dv_model_class_name(model, class));
        for (int column = v->first_column; column < v->first_column + v->columns; column++)
            draw_cell(pane, v, y, row, column);
    }
}

/* All of it as a picture, classes in the order of the table. */
static void draw_overview(const dv_pane *pane, const view *v)
{
    const dv_model *model = pane->model;
    dv_cell cell = dv_cell_of(pane->screen);
    size_t classes = (size_t)v->classes;
    if (v->overview.columns == 0 || cell.graphics == DV_GRAPHICS_OFF)
        return;
    int64_t *count = dv_alloc((classes + 2) * classes, sizeof(*count), NULL);
    if (!count)
        return;
    int64_t *sums = count + classes * classes;
    for (size_t k = 0; k < classes; k++) {
        sums[k] = v->confusion->row_sum[v->order[k]];
        sums[classes + k] = v->confusion->column_sum[v->order[k]];
    }
    for (size_t row = 0; row < classes; row++)
        for (size_t column = 0; column < classes; column++)
            count[row * classes + column] = dv_confusion_at(v->confusion, v->order[row], v->order[column]);
    const dv_plot plot = dv_pane_plot(pane, v->overview);
    const dv_heat heat = {.classes = v->classes,
                          .count = count,
                          .mode = model->teacher.mode,
                          .row = position_of(v, model->teacher.row),
                          .column = position_of(v, model->teacher.column),
                          .row_sum = sums,
                          .column_sum = sums + classes};
    dv_pane_image(pane, v->overview, dv_figure_heat(&plot, &heat, NULL));
    free(count);
}

/* The same of several labels: "with Hat, wrongly given Beard: 56 of 1000". */
static void tell_labels(const dv_pane *pane, const view *v, int y)
{
    const dv_model *model = pane->model;
    const dv_confusion *all = v->confusion;
    int row = model->teacher.row, column = model->teacher.column;
    const char *from = dv_model_class_name(model, row), *to = dv_model_class_name(model, column);
    int64_t count = dv_confusion_at(all, row < 0 ? column : row, column < 0 ? row : column);
    if (row < 0) {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "all given %s: %" PRId64, to, all->column_sum[column]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% rightly", share(count, all->column_sum[column]));
    } else if (column < 0 || row == column) {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "with %s: %" PRId64 " of %" PRId64 " given it", from, count,
                     all->row_sum[row]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% of these, %.1f %% of all that are given it",
                     share(count, all->row_sum[row]), share(count, all->column_sum[row]));
    } else {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "with %s, wrongly given %s: %" PRId64 " of %" PRId64, from, to,
                     count, all->row_sum[row]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% of all that are given it",
                     share(count, all->column_sum[column]));
    }
}

/* The cursor in words, in two lines: "Shirt called Coat: 56 of 1000", "5.6 % of the label, 5.7 % of the word". */
static void tell(const dv_pane *pane, const view *v, int y)
{
    const dv_model *model = pane->model;
    const dv_confusion *all = v->confusion;
    int row = model->teacher.row, column = model->teacher.column;
    const char *from = dv_model_class_name(model, row), *to = dv_model_class_name(model, column);
    int64_t count = dv_confusion_at(all, row < 0 ? column : row, column < 0 ? row : column);
    if (model->facts->multi_label) {
        tell_labels(pane, v, y);
    } else if (column < 0) {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "all %s: %" PRId64, from, all->row_sum[row]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% called so", share(count, all->row_sum[row]));
    } else if (row < 0) {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "all called %s: %" PRId64, to, all->column_sum[column]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% rightly", share(count, all->column_sum[column]));
    } else {
        dv_pane_text(pane, y, 0, 0, DV_STYLE_TEXT, "%s called %s: %" PRId64 " of %" PRId64, from,
                     row == column ? "so" : to, count, all->row_sum[row]);
        dv_pane_text(pane, y + 1, 0, 0, DV_STYLE_DIM, "%.1f %% of the label, %.1f %% of the word",
                     share(count, all->row_sum[row]), share(count, all->column_sum[column]));
    }
}

static const char *name_mode(dv_heat_mode mode)
{
    static const char *const names[] = {
        [DV_HEAT_ROW] = "% of the label", [DV_HEAT_COLUMN] = "% of the teacher's word", [DV_HEAT_ABSOLUTE] = "counts"};
    return names[mode];
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_pictures *pictures = model->pictures;
    view v;
    if (!open_view(model, &v)) {
        dv_pane_heading(pane, "Confusion", "%s", "");
        dv_pane_say(pane, dv_pictures_have_labels(pictures) ? "too many classes for a matrix"
                                                            : "the pictures have no labels");
        return;
    }
    double asked = (double)pictures->known / (double)model->facts->count;
    char state[32] = "";
    if (asked < 1)
        snprintf(state, sizeof(state), ", %.0f %% asked", 100 * asked);
    dv_pane_heading(pane, "Confusion", "%s%s%s", name_mode(model->teacher.mode), state,
                    model->teacher.by_errors ? ", most errors first" : "");
    place(pane, &v);
    draw_table(pane, &v);
    draw_overview(pane, &v);
    tell(pane, &v, TOP + v.rows);
    free(v.order);
}

/* ---- moving ------------------------------------------------------------------------------ */

/* Position -1, before the first class, is all of a row or column; one of the two at a time. */
static void move(dv_control *control, int down, int right)
{
    dv_teacher_state *state = &control->model->teacher;
    view v;
    if (!open_view(control->model, &v))
        return;
    int last = v.classes - 1;
    int row = clamp(position_of(&v, state->row) + down, -1, last);
    int column = clamp(position_of(&v, state->column) + right, -1, last);
    state->is_moved = true;
    if (row >= 0 || column >= 0) {
        state->row = row < 0 ? -1 : v.order[row];
        state->column = column < 0 ? -1 : v.order[column];
    }
    free(v.order);
}

static void move_row(dv_control *control, int step, const char *argument)
{
    (void)argument;
    move(control, step, 0);
}

static void move_column(dv_control *control, int step, const char *argument)
{
    (void)argument;
    move(control, 0, step);
}

static void change_mode(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_heat_mode *mode = &control->model->teacher.mode;
    *mode = *mode == DV_HEAT_ABSOLUTE ? DV_HEAT_ROW : *mode + 1;
}

static void change_order(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    control->model->teacher.by_errors = !control->model->teacher.by_errors;
}

static void go_to_confusion(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_model *model = control->model;
    model->teacher.is_moved = true;
    if (!dv_confusion_next(&model->pictures->confusion, direction, &model->teacher.row, &model->teacher.column))
        dv_model_say(model, false, "There is no %s confusion.", direction > 0 ? "rarer" : "more frequent");
}

static void filter(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    dv_pane pane;
    if (!model->pictures->confusion.count)
        return;
    dv_pictures_filter_cell(model->pictures, model->teacher.row, model->teacher.column);
    dv_control_show_selection(control);
    if (!dv_control_find_pane(control, &dv_pane_grid, &pane))
        dv_control_command(control, "pane grid");
}

static void ask_why(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    dv_model *model = control->model;
    if (model->pictures->confusion.count)
        dv_view_cell_open(control, model->teacher.row, model->teacher.column);
    else
        dv_model_say(model, true, "There is no matrix: the pictures have no labels, or there are too many classes.");
}

/* ---- the mouse ------------------------------------------------------------------------------ */

static void press(dv_control *control, const dv_pane *pane, const view *v, const dv_mouse *mouse)
{
    dv_teacher_state *state = &control->model->teacher;
    int row = mouse->row - TOP, column = mouse->column - v->name_width - 1;
    bool on_row = row >= 0 && row < v->rows, on_column = column >= 0 && column / v->cell_width < v->columns;
    bool names_columns = mouse->row == TOP - 1 && on_column, names_rows = mouse->column <= v->name_width && on_row;
    (void)pane;
    if (!(on_row && on_column) && !names_columns && !names_rows)
        return;
    state->is_moved = true;
    state->row = names_columns ? -1 : v->order[v->first_row + row];
    state->column = names_rows ? -1 : v->order[v->first_column + column / v->cell_width];
    if (mouse->button > 1)
        filter(control, 0, NULL);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    view v;
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        move(control, mouse->kind == DV_MOUSE_WHEEL_UP ? -1 : 1, 0);
    if (mouse->kind != DV_MOUSE_PRESS || !open_view(control->model, &v))
        return;
    place(pane, &v);
    press(control, pane, &v, mouse);
    free(v.order);
}

static const dv_action rows[] = {
    {"cell-up", "the cell above; below; before the first one: the whole column", {DV_KEY_UP, 'k'}, move_row, -1},
    {"cell-down", "", {DV_KEY_DOWN, 'j'}, move_row, 1},
    {"cell-left",
     "the cell to the left; right; before the first one: the whole row",
     {DV_KEY_LEFT, 'h'},
     move_column,
     -1},
    {"cell-right", "", {DV_KEY_RIGHT, 'l'}, move_column, 1},
    {"filter-cell", "only the pictures of the cell, row or column", {DV_KEY_ENTER}, filter, 0, .hint = "filter"},
    {"why", "why are they confused? all pictures of the cell explained", {'x'}, ask_why, 0, .hint = "why"},
    {"next-confusion", "the next most frequent confusion; the one before", {'>'}, go_to_confusion, 1},
    {"back-confusion", "", {'<'}, go_to_confusion, -1},
    {"matrix-of",
     "in per cent of the label; of the teacher's word; counts",
     {'C'},
     change_mode,
     0,
     .hint = "row/column"},
    {"matrix-order", "classes with most errors first, or in their own order", {'X'}, change_order, 0},
};

static const dv_action_set actions = DV_ACTION_SET("Confusion matrix", rows);

static dv_image *page(const dv_model *model, dv_error *error)
{
    const dv_bundle_facts *facts = model->facts;
    const dv_pictures *pictures = model->pictures;
    char subtitle[160];
    if (!pictures->confusion.count || pictures->labelled == 0)
        return NULL;
    dv_heat heat = {.classes = facts->classes,
                    .count = pictures->confusion.count,
                    .mode = model->teacher.mode,
                    .row = -1,
                    .column = -1,
                    .row_sum = pictures->confusion.row_sum,
                    .column_sum = pictures->confusion.column_sum};
    snprintf(subtitle, sizeof(subtitle), "%s; %.2f %% of %" PRId64 " right.",
             facts->multi_label ? "Labels that pictures have in rows, what they are wrongly given in columns"
                                : "Labels in rows, the teacher's words in columns",
             100. * (double)pictures->right / (double)pictures->labelled, pictures->labelled);
    dv_page_words words = {.title = facts->name,
                           .subtitle = subtitle,
                           .note = "",
                           .classes = facts->classes,
                           .class_names = facts->class_names};
    return dv_figure_page_confusion(&words, &heat, error);
}

const dv_pane_kind dv_pane_matrix = {
    .name = "matrix", .actions = &actions, .draw = draw_pane, .mouse = mouse, .page = page};

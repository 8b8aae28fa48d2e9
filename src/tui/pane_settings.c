/* What can be turned, from the table of settings: a form with the meaning and the range of each, and one line with the
 * keys that turn them from anywhere. */
#include "tui/control.h"
#include "tui/pane.h"
#include "session/setting.h"

#include <stdio.h>
#include <string.h>

enum { VALUE_SIZE = DV_SETTING_TEXT_SIZE + 32, MEANING_SIZE = 128 };

/* The value; with it the number that stands for an automatic one. */
static void write_value(const dv_model *model, const dv_setting *setting, char value[VALUE_SIZE])
{
    const dv_explanation *explanation = model->explanation;
    char text[DV_SETTING_TEXT_SIZE];
    dv_setting_write(setting, &model->wish, text);
    bool by_rule = setting == dv_setting_get(DV_SETTING_LAMBDA) && model->wish.options.ridge == 0;
    if (by_rule && explanation && explanation->lambda > 0)
        snprintf(value, VALUE_SIZE, "%.2g %s", explanation->lambda, text);
    else if (setting == dv_setting_get(DV_SETTING_BAND) && model->wish.options.bands)
        snprintf(value, VALUE_SIZE, "%s own", text);
    else if (setting == dv_setting_get(DV_SETTING_NEIGHBORHOOD) && explanation && *dv_explanation_why(explanation))
        snprintf(value, VALUE_SIZE, "%s %s", text, dv_neighborhood_name(explanation->options.neighborhood));
    else
        snprintf(value, VALUE_SIZE, "%s", text);
}

/* "scales only: softens the teacher's probabilities" */
static void write_meaning(const dv_model *model, const dv_setting *setting, char meaning[MEANING_SIZE])
{
    bool matters = dv_setting_matters(setting, &model->wish);
    snprintf(meaning, MEANING_SIZE, "%s%s%s", matters ? "" : setting->why_not, matters ? "" : ": ", setting->meaning);
}

/* ---- the form: drawing ------------------------------------------------------------------- */

enum {
    LABEL = 14,        /* columns of the label and the blank behind it */
    VALUE = 14,        /* columns of the value with its arrows */
    MEANING = 62,      /* of the longest meaning */
    WITH_MEANING = 70, /* a form so wide tells the meaning of each setting, */
    WITH_RANGE = 130,  /* and its range */
    DETAILS = 3,       /* rows about the chosen setting */
};

/* Whether the rows tell what would else be told of the chosen one alone. */
static bool tells_meaning(const dv_pane *pane)
{
    return pane->area.columns >= WITH_MEANING;
}

static bool tells_range(const dv_pane *pane)
{
    return pane->area.columns >= WITH_RANGE;
}

static int rows_of_settings(const dv_pane *pane)
{
    int room = pane->area.rows - 1 - (tells_range(pane) ? 0 : DETAILS);
    return room < 1 ? 1 : room < DV_SETTING_COUNT ? room : DV_SETTING_COUNT;
}

/* The setting in the first row: all, or a window that holds the chosen one. */
static int first_setting(const dv_pane *pane)
{
    int rows = rows_of_settings(pane), first = pane->model->student.setting - rows / 2;
    int last = DV_SETTING_COUNT - rows;
    return first < 0 ? 0 : first > last ? last : first;
}

/* In parentheses when it does not matter. Returns the column behind it. */
static int draw_value(const dv_pane *pane, int row, const dv_setting *setting, bool chosen)
{
    bool matters = dv_setting_matters(setting, &pane->model->wish), turns = chosen && pane->focused;
    char value[VALUE_SIZE];
    write_value(pane->model, setting, value);
    dv_style style = turns ? DV_STYLE_SELECTED : matters ? DV_STYLE_TEXT : DV_STYLE_DIM;
    dv_pane_text(pane, row, LABEL, 2, turns ? DV_STYLE_KEY : style, "%s", turns ? "‹ " : matters ? "  " : " (");
    int end = LABEL + 2 + dv_pane_text(pane, row, LABEL + 2, 0, style, "%s", value);
    dv_pane_text(pane, row, end, 0, turns ? DV_STYLE_KEY : style, "%s", turns ? " ›" : matters ? "" : ")");
    return end + 3;
}

static void draw_setting(const dv_pane *pane, int row, int id)
{
    const dv_model *model = pane->model;
    const dv_setting *setting = dv_setting_get((dv_setting_id)id);
    bool matters = dv_setting_matters(setting, &model->wish), chosen = id == model->student.setting;
    char meaning[MEANING_SIZE], range[DV_SETTING_RANGE_SIZE];
    dv_pane_text(pane, row, 0, LABEL - 1, chosen ? DV_STYLE_TITLE : DV_STYLE_DIM, "%s", setting->label);
    int behind = draw_value(pane, row, setting, chosen), column = LABEL + 2 + VALUE + 2;
    if (!tells_meaning(pane)) {
        if (!matters && behind + (int)strlen(setting->why_not) <= pane->area.columns)
            dv_pane_text(pane, row, behind, 0, DV_STYLE_DIM, "%s", setting->why_not);
        return;
    }
    write_meaning(model, setting, meaning);
    dv_pane_text(pane, row, column < behind ? behind : column, 0, DV_STYLE_DIM, "%s", meaning);
    dv_setting_write_range(setting, range);
    if (tells_range(pane))
        dv_pane_text(pane, row, LABEL + VALUE + 4 + MEANING, 0, DV_STYLE_DIM, "%s", range);
}

/* The chosen one in words. */
static void draw_details(const dv_pane *pane, int row)
{
    const dv_model *model = pane->model;
    const dv_setting *setting = dv_setting_get((dv_setting_id)model->student.setting);
    char range[DV_SETTING_RANGE_SIZE], meaning[MEANING_SIZE];
    dv_setting_write_range(setting, range);
    write_meaning(model, setting, meaning);
    if (!tells_meaning(pane))
        row += dv_pane_wrap(pane, row, 0, 2, DV_STYLE_TEXT, meaning);
    dv_pane_wrap(pane, row, 0, pane->area.rows - row, DV_STYLE_DIM, range);
}

static void draw_form(const dv_pane *pane)
{
    int first = first_setting(pane), rows = rows_of_settings(pane);
    const dv_work *work = &pane->model->work;
    bool slow = work->job == DV_JOB_EXPLAIN && work->fraction >= 0;
    dv_pane_heading(pane, "Settings", "%s", slow ? "at work; Esc cancels" : "");
    for (int i = 0; i < rows; i++)
        draw_setting(pane, 1 + i, first + i);
    if (!tells_range(pane))
        draw_details(pane, 1 + rows + (pane->area.rows - 1 - rows > DETAILS));
}

/* ---- the form: keys and mouse ----------------------------------------------------------------- */

static void choose(dv_control *control, int id)
{
    control->model->student.setting = id < 0 ? 0 : id < DV_SETTING_COUNT ? id : DV_SETTING_COUNT - 1;
}

static void move(dv_control *control, int step, const char *argument)
{
    (void)argument;
    choose(control, control->model->student.setting + step);
}

static const dv_setting *chosen_setting(const dv_control *control)
{
    return dv_setting_get((dv_setting_id)control->model->student.setting);
}

static void step(dv_control *control, int direction, const char *argument)
{
    (void)argument;
    dv_control_step(control, chosen_setting(control), direction);
}

static void accept_value(dv_control *control, const char *text)
{
    dv_control_set(control, chosen_setting(control), text);
}

static const dv_prompt_kind value_prompt = {.label = "New value: ", .accept = accept_value};

static void type_value(dv_control *control, int unused, const char *argument)
{
    (void)unused;
    char value[DV_SETTING_TEXT_SIZE];
    if (chosen_setting(control)->kind == DV_VALUE_CHOICE) {
        step(control, 1, argument);
        return;
    }
    dv_setting_write(chosen_setting(control), &control->model->wish, value);
    dv_prompt_open(&control->model->prompt, &value_prompt, value);
}

static void reset(dv_control *control, int unused, const char *argument)
{
    (void)unused, (void)argument;
    const dv_wish usual = {.options = dv_explain_defaults()};
    char value[DV_SETTING_TEXT_SIZE];
    dv_setting_write(chosen_setting(control), &usual, value);
    accept_value(control, value);
}

static void use_mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    if (mouse->kind == DV_MOUSE_WHEEL_UP || mouse->kind == DV_MOUSE_WHEEL_DOWN)
        step(control, mouse->kind == DV_MOUSE_WHEEL_UP ? 1 : -1, NULL);
    if (mouse->kind != DV_MOUSE_PRESS || mouse->row < 1 || mouse->row > rows_of_settings(pane))
        return;
    int id = first_setting(pane) + mouse->row - 1;
    if (id == control->model->student.setting && mouse->column >= LABEL)
        step(control, mouse->button == 3 || mouse->column < LABEL + 2 ? -1 : 1, NULL);
    choose(control, id);
}

static const dv_action rows[] = {
    {"setting-down", "the next setting; the one before", {DV_KEY_DOWN, 'j'}, move, 1},
    {"setting-up", "", {DV_KEY_UP, 'k'}, move, -1},
    {"setting-more", "more of it, or its next word; less", {DV_KEY_RIGHT, 'l'}, step, 1, .hint = "more"},
    {"setting-less", "", {DV_KEY_LEFT, 'h'}, step, -1, .hint = "less"},
    {"setting-type", "type its value", {DV_KEY_ENTER}, type_value, 0, .hint = "type"},
    {"setting-reset", "its usual value", {DV_KEY_DELETE, DV_KEY_BACKSPACE}, reset, 0, .hint = "usual"},
};

static const dv_action_set actions = DV_ACTION_SET("Settings", rows);

const dv_pane_kind dv_pane_form = {.name = "settings", .actions = &actions, .draw = draw_form, .mouse = use_mouse};

/* ---- the line ----------------------------------------------------------------------------------- */

/* In their order, with a shorter name. Sampling and neighbourhood need none: their words say it. */
static const struct {
    dv_setting_id id;
    const char *name, *brief;
} line[] = {
    {DV_SETTING_STUDENT, "student", ""},       {DV_SETTING_LAMBDA, "λ", "λ"},
    {DV_SETTING_TEMPERATURE, "T", "T"},        {DV_SETTING_BAND, "band", "band"},
    {DV_SETTING_NEIGHBORS, "neighbours", "N"}, {DV_SETTING_SAMPLING, "", ""},
    {DV_SETTING_NEIGHBORHOOD, "", ""},         {DV_SETTING_SEED, "seed", "seed"},
};

enum { LINE = sizeof(line) / sizeof(*line), KEYS_SIZE = 2 * DV_KEY_NAME_SIZE + 2 };

/* The keys of the actions NAME-down and NAME-up that work everywhere, or of NAME for a word: "[ ]", "d". */
static void name_keys(const dv_setting *setting, char name[KEYS_SIZE])
{
    dv_context context = {0};
    dv_context_add_global(&context);
    static const char *const ends[] = {"", "-down", "-up"};
    size_t used = 0;
    name[0] = '\0';
    for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
        char action[64], key[DV_KEY_NAME_SIZE];
        snprintf(action, sizeof(action), "%s%s", setting->name, ends[i]);
        const dv_action *found = dv_context_find_name(&context, action);
        if (!found || !found->keys[0])
            continue;
        dv_key_name(found->keys[0], key);
        used += (size_t)snprintf(name + used, KEYS_SIZE - used, "%s%s", used > 0 ? " " : "", key);
    }
}

/* How much is said: names in full or in brief, values with or without a word about them. */
enum { IN_FULL, BRIEF_NAMES, BRIEF, LEVELS };

/* Draws the line, or only measures it; columns used. */
static int walk_line(const dv_pane *pane, int level, bool measure)
{
    const dv_wish *wish = &pane->model->wish;
    int column = 0;
    for (int i = 0; i < LINE; i++) {
        const dv_setting *setting = dv_setting_get(line[i].id);
        const char *name = level == IN_FULL ? line[i].name : line[i].brief;
        bool matters = dv_setting_matters(setting, wish);
        char keys[KEYS_SIZE], value[VALUE_SIZE];
        name_keys(setting, keys);
        write_value(pane->model, setting, value);
        if (level == BRIEF)
            value[strcspn(value, " ")] = '\0';
        else if (!matters)
            snprintf(value + strlen(value), sizeof(value) - strlen(value), " %s", setting->why_not);
        if (!measure) {
            int at = column + dv_pane_text(pane, 0, column, 0, DV_STYLE_KEY, "%s", keys) + 1;
            at += dv_pane_text(pane, 0, at, 0, DV_STYLE_DIM, "%s%s", name, name[0] ? " " : "");
            dv_pane_text(pane, 0, at, 0, matters ? DV_STYLE_TEXT : DV_STYLE_DIM, "%s", value);
        }
        int name_columns = (unsigned char)name[0] >= 0x80 ? 1 : (int)strlen(name);
        column += (int)strlen(keys) + 1 + name_columns + (name_columns > 0) + (int)strlen(value) + 2;
    }
    return column - 2;
}

static void draw_line(const dv_pane *pane)
{
    int level = IN_FULL;
    while (level + 1 < LEVELS && walk_line(pane, level, true) > pane->area.columns)
        level++;
    walk_line(pane, level, false);
}

const dv_pane_kind dv_pane_settings = {.name = "line", .draw = draw_line};

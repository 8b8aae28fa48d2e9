/* One line of what can be turned, each with its keys. */
#include "tui/pane.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { VALUE_SIZE = 64 };

static bool is_ridge(const dv_model *model)
{
    return model->wish.options.method == DV_STUDENT_RIDGE;
}

static bool not_ridge(const dv_model *model)
{
    return !is_ridge(model);
}

static void write_method(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%s", dv_student_method_name(model->wish.options.method));
}

static void write_ridge(const dv_model *model, char *value)
{
    if (model->wish.options.ridge > 0)
        snprintf(value, VALUE_SIZE, "%.3g", model->wish.options.ridge);
    else if (model->explanation && model->explanation->lambda > 0)
        snprintf(value, VALUE_SIZE, "%.2g rule", model->explanation->lambda);
    else
        snprintf(value, VALUE_SIZE, "rule");
}

static void write_temperature(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, is_ridge(model) ? "%.3g scales only" : "%.3g", model->wish.options.temperature);
}

static void write_band(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%.3g", model->wish.options.band);
}

static void write_neighbors(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%" PRId64, model->wish.options.neighbors);
}

static void write_sampling(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%s", dv_sampling_name(model->wish.options.sampling));
}

static void write_neighborhood(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%s", dv_neighborhood_name(model->wish.options.neighborhood));
}

static void write_seed(const dv_model *model, char *value)
{
    snprintf(value, VALUE_SIZE, "%" PRIu64, model->wish.options.seed);
}

static const struct {
    const char *down, *up; /* actions; the same where one key goes round */
    const char *name, *brief;
    void (*write)(const dv_model *model, char *value);
    bool (*matters)(const dv_model *model); /* dimmed when it does not; NULL: always */
} settings[] = {
    {"student", "student", "student", "", write_method, NULL},
    {"lambda-down", "lambda-up", "λ", "λ", write_ridge, is_ridge},
    {"temperature-down", "temperature-up", "T", "T", write_temperature, not_ridge},
    {"band-down", "band-up", "band", "band", write_band, NULL},
    {"neighbors-down", "neighbors-up", "neighbours", "N", write_neighbors, NULL},
    {"sampling", "sampling", "", "", write_sampling, NULL},
    {"neighborhood", "neighborhood", "", "", write_neighborhood, NULL},
    {"seed-up", "seed-up", "seed", "", write_seed, NULL},
};

enum { SETTINGS = sizeof(settings) / sizeof(*settings) };

/* The key of an action that works everywhere. */
static void name_key(const char *action, char name[DV_KEY_NAME_SIZE])
{
    dv_context context = {0};
    dv_context_add_global(&context);
    dv_key_name(dv_context_find_name(&context, action)->keys[0], name);
}

/* "[ ]", or "d" for one key. */
static void name_keys(int setting, char *name, size_t size)
{
    char down[DV_KEY_NAME_SIZE], up[DV_KEY_NAME_SIZE];
    name_key(settings[setting].down, down);
    name_key(settings[setting].up, up);
    if (strcmp(settings[setting].down, settings[setting].up) == 0)
        snprintf(name, size, "%s", down);
    else
        snprintf(name, size, "%s %s", down, up);
}

/* How much is said: names in full or in brief, values with or without a word about them. */
static const struct {
    bool brief_names, brief_values;
} levels[] = {{false, false}, {true, false}, {true, true}};

enum { LEVELS = sizeof(levels) / sizeof(*levels) };

/* Draws all settings, or only measures them; columns used. */
static int draw(const dv_pane *pane, int level, bool measure)
{
    int column = 0;
    for (int i = 0; i < SETTINGS; i++) {
        char keys[2 * DV_KEY_NAME_SIZE + 2], value[VALUE_SIZE];
        const char *name = levels[level].brief_names ? settings[i].brief : settings[i].name;
        name_keys(i, keys, sizeof(keys));
        settings[i].write(pane->model, value);
        if (levels[level].brief_values)
            value[strcspn(value, " ")] = '\0';
        dv_style style = !settings[i].matters || settings[i].matters(pane->model) ? DV_STYLE_TEXT : DV_STYLE_DIM;
        if (!measure) {
            int at = column + dv_pane_text(pane, 0, column, 0, DV_STYLE_KEY, "%s", keys) + 1;
            at += dv_pane_text(pane, 0, at, 0, DV_STYLE_DIM, "%s%s", name, name[0] ? " " : "");
            dv_pane_text(pane, 0, at, 0, style, "%s", value);
        }
        int name_columns = (unsigned char)name[0] >= 0x80 ? 1 : (int)strlen(name);
        column += (int)strlen(keys) + 1 + name_columns + (name_columns > 0) + (int)strlen(value) + 2;
    }
    return column - 2;
}

static void draw_pane(const dv_pane *pane)
{
    int level = 0;
    while (level + 1 < LEVELS && draw(pane, level, true) > pane->area.columns)
        level++;
    draw(pane, level, false);
}

const dv_pane_kind dv_pane_settings = {.name = "settings", .draw = draw_pane};

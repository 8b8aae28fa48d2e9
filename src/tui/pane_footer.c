/* The last line: keys, or a message, or a question; at its end what goes on and what the last update cost. */
#include "tui/view.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { CORNER_SIZE = 128, ENOUGH = 200 /* ms: what is done sooner needs no progress */ };

static void write_bytes(int64_t bytes, char *text, size_t size)
{
    if (bytes < 1000)
        snprintf(text, size, "%" PRId64 " B", bytes);
    else
        snprintf(text, size, "%.1f kB", (double)bytes / 1000);
}

/* "projecting 40 %, 8 s left" */
static void write_progress(const dv_model *model, char *text, size_t size)
{
    const dv_work *work = &model->work;
    double ran = (model->now - work->started) / 1000;
    text[0] = '\0';
    bool answers = work->job == DV_JOB_EXPLAIN || work->job == DV_JOB_MEASURE;
    if (work->job == DV_JOB_NONE || (answers && model->now - model->wanted_at < ENOUGH))
        return;
    int used = snprintf(text, size, "%s%s%s", dv_job_get(work->job)->doing, work->stage[0] ? ": " : "", work->stage);
    if (work->fraction >= 0)
        used += snprintf(text + used, size - (size_t)used, " %.0f %%", 100 * work->fraction);
    if (work->fraction > .02 && ran > 2)
        snprintf(text + used, size - (size_t)used, ", %.0f s left", ran / work->fraction - ran);
}

static void write_corner(const dv_model *model, char corner[CORNER_SIZE])
{
    char bytes[24], progress[80];
    write_bytes(model->cost.bytes, bytes, sizeof(bytes));
    write_progress(model, progress, sizeof(progress));
    const char *gap = progress[0] ? "   " : "";
    if (model->cost.maps >= 0)
        snprintf(corner, CORNER_SIZE, "%s%s%.0f ms %s", progress, gap, model->cost.maps, bytes);
    else
        snprintf(corner, CORNER_SIZE, "%s", progress);
}

static bool has_hint(const dv_context *context, const dv_action_set *set, const dv_action *action, bool stays)
{
    return action->hint && action->stays == stays && !dv_context_hides(context, set, action->keys[0]);
}

/* Columns with the gap behind it. */
static int hint_columns(const dv_action *action)
{
    char key[DV_KEY_NAME_SIZE];
    dv_key_name(action->keys[0], key);
    return (int)(strlen(key) + 1 + strlen(action->hint)) + 2;
}

/* Those hints that stay, or the others, as far as there is room, from a column on; returns the column behind them. NULL
 * for the pane only counts. */
static int draw_hints(const dv_pane *pane, const dv_context *context, bool stays, int column, int width)
{
    for (int i = 0; i < context->count; i++)
        for (int row = 0; row < context->set[i]->count; row++) {
            const dv_action *action = &context->set[i]->action[row];
            char key[DV_KEY_NAME_SIZE];
            if (!has_hint(context, context->set[i], action, stays))
                continue;
            if (column + hint_columns(action) - 2 > width)
                return column;
            dv_key_name(action->keys[0], key);
            if (pane) {
                int used = dv_pane_text(pane, 0, column, 0, DV_STYLE_KEY, "%s", key) + 1;
                dv_pane_text(pane, 0, column + used, 0, DV_STYLE_DIM, "%s", action->hint);
            }
            column += hint_columns(action);
        }
    return column;
}

static void draw_keys(const dv_pane *pane, int width)
{
    dv_context context = {0};
    dv_view_context(pane->model, &context);
    int column = draw_hints(pane, &context, false, 0, width - draw_hints(NULL, &context, true, 0, width));
    draw_hints(pane, &context, true, column, width);
}

/* The question, what was typed, a cursor in it, and what it may become. */
static void draw_prompt(const dv_pane *pane, int width)
{
    const dv_prompt *prompt = &pane->model->prompt;
    int column = dv_pane_text(pane, 0, 0, width, DV_STYLE_KEY, "%s", prompt->kind->label);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%.*s", (int)prompt->cursor, prompt->text);
    size_t under = prompt->cursor;
    if (prompt->text[under])
        do
            under++;
        while (((unsigned char)prompt->text[under] & 0xc0) == 0x80);
    int here = (int)(under - prompt->cursor);
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_SELECTED, "%.*s", here ? here : 1,
                           here ? prompt->text + prompt->cursor : " ");
    column += dv_pane_text(pane, 0, column, 0, DV_STYLE_TEXT, "%s", prompt->text + under);
    dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s", prompt->hint);
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    char corner[CORNER_SIZE];
    write_corner(model, corner);
    int left = pane->area.columns - (int)strlen(corner);
    int width = left > 2 ? left - 2 : pane->area.columns;
    if (model->prompt.kind) {
        draw_prompt(pane, pane->area.columns);
        return;
    }
    if (left > 2)
        dv_pane_text(pane, 0, left, 0, DV_STYLE_DIM, "%s", corner);
    if (model->message[0])
        dv_pane_text(pane, 0, 0, width, model->message_is_error ? DV_STYLE_BAD : DV_STYLE_TEXT, "%s", model->message);
    else
        draw_keys(pane, width);
}

const dv_pane_kind dv_pane_footer = {.name = "footer", .draw = draw_pane};

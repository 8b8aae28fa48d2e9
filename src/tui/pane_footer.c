/* The last line: keys, or a message, or a question; at its end what goes on and what the last update cost. */
#include "tui/actions.h"
#include "tui/pane.h"

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

static void write_corner(const dv_model *model, char corner[CORNER_SIZE])
{
    static const char *const names[] = {
        [DV_JOB_EXPLAIN] = "explaining", [DV_JOB_EXPORT] = "writing", [DV_JOB_CLASSIFY] = "asking the teacher"};
    char bytes[24], progress[80] = "";
    write_bytes(model->update_bytes, bytes, sizeof(bytes));
    const dv_work *work = &model->work;
    bool quick = work->job == DV_JOB_EXPLAIN && model->now - model->wanted_at < ENOUGH;
    if (work->job != DV_JOB_NONE && !quick) {
        char percent[16] = "";
        if (work->fraction >= 0)
            snprintf(percent, sizeof(percent), " %.0f %%", 100 * work->fraction);
        snprintf(progress, sizeof(progress), "%s%s%s%s   ", names[work->job], work->stage[0] ? ": " : "", work->stage,
                 percent);
    }
    if (model->update_ms >= 0)
        snprintf(corner, CORNER_SIZE, "%s%.0f ms %s", progress, model->update_ms, bytes);
    else
        snprintf(corner, CORNER_SIZE, "%s", progress);
}

static void draw_keys(const dv_pane *pane, int width)
{
    int column = 0;
    for (int action = 0; action < DV_ACTION_COUNT; action++) {
        const dv_action_row *row = dv_action_get(action);
        if (!row->hint[0])
            continue;
        char key[DV_KEY_NAME_SIZE];
        dv_key_name(row->keys[0], key);
        if (column + (int)(strlen(key) + 1 + strlen(row->hint)) > width)
            return;
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_KEY, "%s", key) + 1;
        column += dv_pane_text(pane, 0, column, 0, DV_STYLE_DIM, "%s", row->hint) + 2;
    }
}

void dv_pane_draw_footer(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    char corner[CORNER_SIZE];
    write_corner(model, corner);
    int left = pane->area.columns - (int)strlen(corner);
    int width = left > 2 ? left - 2 : pane->area.columns;
    if (left > 2)
        dv_pane_text(pane, 0, left, 0, DV_STYLE_DIM, "%s", corner);
    if (model->asking)
        dv_pane_text(pane, 0, 0, width, DV_STYLE_TEXT, "Go to picture: %s_", model->answer);
    else if (model->message[0])
        dv_pane_text(pane, 0, 0, width, model->message_is_error ? DV_STYLE_BAD : DV_STYLE_TEXT, "%s", model->message);
    else
        draw_keys(pane, width);
}

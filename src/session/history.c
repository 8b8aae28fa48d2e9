/* Undo and redo: a ring of wishes. */
#include "session/history.h"
#include "base/memory.h"
#include "session/setting.h"

#include <stdlib.h>

enum { MERGE_MS = 1000 };

/* What one change is about: several things, another picture only, or one knob, one dimension's band, one setting, which
 * are counted from THINGS on. */
enum { NOTHING, PICTURE, THINGS };

struct dv_history {
    dv_wish wish[DV_HISTORY_WISHES];
    float *floats;      /* knobs and bands of all of them */
    int first;          /* the oldest */
    int count, current; /* counted from the oldest */
    int change;         /* what the last one changed; NOTHING: none merges with it */
    double noted_at;    /* when it was */
    dv_wish trial;      /* for comparing */
};

static dv_wish *wish_at(dv_history *history, int number)
{
    return &history->wish[(history->first + number) % DV_HISTORY_WISHES];
}

dv_history *dv_history_new(const dv_wish *start, dv_error *error)
{
    dv_history *history = dv_alloc(1, sizeof(*history), error);
    if (!history)
        return NULL;
    size_t latent = (size_t)start->latent;
    history->floats = dv_alloc(2 * DV_HISTORY_WISHES, latent * sizeof(float), error);
    if (!history->floats || !dv_wish_init(&history->trial, &start->options, start->latent, error)) {
        dv_history_free(history);
        return NULL;
    }
    for (size_t i = 0; i < DV_HISTORY_WISHES; i++)
        history->wish[i] = (dv_wish){.latent = start->latent,
                                     .offset = history->floats + 2 * i * latent,
                                     .bands = history->floats + (2 * i + 1) * latent};
    dv_wish_copy(wish_at(history, 0), start);
    history->count = 1;
    return history;
}

void dv_history_free(dv_history *history)
{
    if (!history)
        return;
    dv_wish_clear(&history->trial);
    free(history->floats);
    free(history);
}

/* Whether the trial is the wish; else it becomes the current one again. */
static bool succeeds(dv_history *history, const dv_wish *wish)
{
    if (dv_wish_equal(&history->trial, wish))
        return true;
    dv_wish_copy(&history->trial, wish_at(history, history->current));
    return false;
}

/* Finds the one thing that makes the wish of the current one. */
static int find_change(dv_history *history, const dv_wish *wish)
{
    char text[DV_SETTING_TEXT_SIZE];
    int latent = wish->latent;
    dv_wish *trial = &history->trial;
    dv_wish_copy(trial, wish_at(history, history->current));
    if (dv_wish_go(trial, wish->options.index))
        return succeeds(history, wish) ? PICTURE : NOTHING;
    for (int d = 0; d < latent; d++) {
        if (dv_wish_set_knob(trial, d, wish->offset[d]) && succeeds(history, wish))
            return THINGS + d;
        if (dv_wish_set_band(trial, d, dv_wish_band(wish, d)) && succeeds(history, wish))
            return THINGS + latent + d;
    }
    for (int id = 0; id < DV_SETTING_COUNT; id++) {
        dv_setting_write(dv_setting_get(id), wish, text);
        if (dv_setting_set(dv_setting_get(id), trial, text, NULL) && succeeds(history, wish))
            return THINGS + 2 * latent + id;
    }
    return NOTHING;
}

static bool merges(const dv_history *history, int change, double now_ms)
{
    if (history->current == 0 || change == NOTHING || change != history->change)
        return false;
    return change == PICTURE || now_ms - history->noted_at < MERGE_MS;
}

static void append(dv_history *history, const dv_wish *wish)
{
    if (history->current + 1 == DV_HISTORY_WISHES) {
        history->first = (history->first + 1) % DV_HISTORY_WISHES;
        history->current--;
    }
    history->current++;
    dv_wish_copy(wish_at(history, history->current), wish);
}

void dv_history_note(dv_history *history, const dv_wish *wish, double now_ms)
{
    if (dv_wish_equal(wish_at(history, history->current), wish))
        return;
    int change = find_change(history, wish);
    bool merging = merges(history, change, now_ms);
    bool returned = merging && dv_wish_equal(wish_at(history, history->current - 1), wish); /* there and back */
    if (returned)
        history->current--;
    else if (merging)
        dv_wish_copy(wish_at(history, history->current), wish);
    else
        append(history, wish);
    history->count = history->current + 1;
    history->change = returned ? NOTHING : change;
    history->noted_at = now_ms;
}

static bool go(dv_history *history, int step, dv_wish *wish)
{
    int target = history->current + step;
    if (target < 0 || target >= history->count)
        return false;
    history->current = target;
    history->change = NOTHING;
    dv_wish_copy(wish, wish_at(history, target));
    return true;
}

bool dv_history_undo(dv_history *history, dv_wish *wish)
{
    return go(history, -1, wish);
}

bool dv_history_redo(dv_history *history, dv_wish *wish)
{
    return go(history, 1, wish);
}

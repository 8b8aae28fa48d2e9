/* Undo and redo: a ring of wishes. */
#include "tui/history.h"
#include "base/memory.h"

#include <stdlib.h>

enum { MERGE_MS = 1000 };

struct dv_history {
    dv_wish wish[DV_HISTORY_WISHES];
    float *floats;      /* knobs and bands of all of them */
    int first;          /* the oldest */
    int count, current; /* counted from the oldest */
    int key;            /* of the last change; 0: nothing merges with it */
    bool looking;       /* the last change was to another picture only */
    double noted_at;    /* when it was */
    dv_wish visited;    /* for comparing */
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
    if (!history->floats || !dv_wish_init(&history->visited, &start->options, start->latent, error)) {
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
    dv_wish_clear(&history->visited);
    free(history->floats);
    free(history);
}

/* Whether a wish is the current one on another picture. */
static bool is_look(dv_history *history, const dv_wish *wish)
{
    dv_wish_copy(&history->visited, wish_at(history, history->current));
    return dv_wish_go(&history->visited, wish->options.index) && dv_wish_equal(&history->visited, wish);
}

static bool merges(const dv_history *history, bool looks, int key, double now_ms)
{
    if (history->current == 0)
        return false;
    if (looks)
        return history->looking;
    return key != 0 && key == history->key && now_ms - history->noted_at < MERGE_MS;
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

void dv_history_note(dv_history *history, const dv_wish *wish, int key, double now_ms)
{
    if (dv_wish_equal(wish_at(history, history->current), wish))
        return;
    bool looks = is_look(history, wish);
    bool merging = merges(history, looks, key, now_ms);
    bool returned = merging && dv_wish_equal(wish_at(history, history->current - 1), wish); /* there and back */
    if (returned)
        history->current--;
    else if (merging)
        dv_wish_copy(wish_at(history, history->current), wish);
    else
        append(history, wish);
    history->count = history->current + 1;
    history->key = looks || returned ? 0 : key;
    history->looking = looks && !returned;
    history->noted_at = now_ms;
}

static bool go(dv_history *history, int step, dv_wish *wish)
{
    int target = history->current + step;
    if (target < 0 || target >= history->count)
        return false;
    history->current = target;
    history->key = 0;
    history->looking = false;
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

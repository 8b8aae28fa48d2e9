/* A session as data. */
#include "session/session.h"
#include "base/error.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *usage;
    const char *words[2]; /* no others; NULL: any */
} looks[DV_LOOK_COUNT] = {
#define ROW(name, value) name, name " " value
    [DV_LOOK_VIEW] = {ROW("view", "NAME"), {NULL}},
    [DV_LOOK_PANE] = {ROW("pane", "NAME"), {NULL}},
    [DV_LOOK_GRAPHICS] = {ROW("graphics", "WAY"), {NULL}},
    [DV_LOOK_MOUSE] = {ROW("mouse", "on|off"), {"on", "off"}},
    [DV_LOOK_LOOKS_AT] = {ROW("looks-at", "first|second"), {"first", "second"}},
    [DV_LOOK_EXPLAINER] = {ROW("explainer", "NAME|off"), {NULL}},
#undef ROW
};

const char *dv_look_name(dv_look look)
{
    return looks[look].name;
}

const char *dv_look_usage(dv_look look)
{
    return looks[look].usage;
}

bool dv_session_init(dv_session *session, const dv_explain_options *options, int latent, dv_error *error)
{
    *session = (dv_session){.mark = -1};
    return dv_wish_init(&session->wish, options, latent, error);
}

static void clear_bookmarks(dv_session *session)
{
    while (session->bookmark_count > 0)
        dv_wish_clear(&session->bookmark[--session->bookmark_count].wish);
    free(session->bookmark);
    session->bookmark = NULL;
}

void dv_session_clear(dv_session *session)
{
    clear_bookmarks(session);
    dv_wish_clear(&session->wish);
    *session = (dv_session){0};
}

/* Room for one more, with a wish to be filled; NULL without memory. */
static dv_bookmark *add_bookmark(dv_session *session, dv_error *error)
{
    size_t count = (size_t)session->bookmark_count;
    dv_bookmark *grown = realloc(session->bookmark, (count + 1) * sizeof(*grown));
    if (!grown) {
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a bookmark");
        return NULL;
    }
    session->bookmark = grown;
    if (!dv_wish_init(&grown[count].wish, &session->wish.options, session->wish.latent, error))
        return NULL;
    session->bookmark_count++;
    return &grown[count];
}

bool dv_session_copy(dv_session *session, const dv_session *from, dv_error *error)
{
    clear_bookmarks(session);
    dv_wish_copy(&session->wish, &from->wish);
    session->mark = from->mark;
    memcpy(session->second, from->second, sizeof(session->second));
    session->second_fingerprint = from->second_fingerprint;
    memcpy(session->look, from->look, sizeof(session->look));
    for (int i = 0; i < from->bookmark_count; i++) {
        dv_bookmark *copy = add_bookmark(session, error);
        if (!copy)
            return false;
        memcpy(copy->name, from->bookmark[i].name, sizeof(copy->name));
        dv_wish_copy(&copy->wish, &from->bookmark[i].wish);
    }
    return true;
}

bool dv_session_equal(const dv_session *a, const dv_session *b)
{
    if (a->mark != b->mark || a->bookmark_count != b->bookmark_count || !dv_wish_equal(&a->wish, &b->wish))
        return false;
    if (strcmp(a->second, b->second) != 0 || a->second_fingerprint != b->second_fingerprint)
        return false;
    for (int look = 0; look < DV_LOOK_COUNT; look++)
        if (strcmp(a->look[look], b->look[look]) != 0)
            return false;
    for (int i = 0; i < a->bookmark_count; i++)
        if (strcmp(a->bookmark[i].name, b->bookmark[i].name) != 0 ||
            !dv_wish_equal(&a->bookmark[i].wish, &b->bookmark[i].wish))
            return false;
    return true;
}

bool dv_session_look(dv_session *session, dv_look look, const char *word)
{
    size_t length = strlen(word);
    const char *const *words = looks[look].words;
    if (words[0] && strcmp(word, words[0]) != 0 && strcmp(word, words[1]) != 0)
        return false;
    if (length == 0 || length >= DV_WORD_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i]))
            return false;
    memcpy(session->look[look], word, length + 1);
    return true;
}

bool dv_session_compare(dv_session *session, const char *path, dv_error *error)
{
    const size_t length = strlen(path);
    if (length >= DV_SECOND_SIZE || strchr(path, '\n') || (length > 0 && strchr(" \t\r", path[length - 1])))
        return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                            "%s: a name with a line's end in it, with a blank at its end, or of more than %d bytes, "
                            "cannot be written down",
                            path, DV_SECOND_SIZE - 1);
    snprintf(session->second, sizeof(session->second), "%s", path);
    session->second_fingerprint = 0;
    return true;
}

bool dv_session_looks_at_second(const dv_session *session)
{
    return session->second[0] && strcmp(session->look[DV_LOOK_LOOKS_AT], "second") == 0;
}

int dv_session_explainer(const dv_session *session)
{
    dv_error error;
    return session->look[DV_LOOK_EXPLAINER][0] ? dv_explainer_find(session->look[DV_LOOK_EXPLAINER], &error) : -1;
}

/* ---- bookmarks ------------------------------------------------------------------ */

static void settle_name(const char *name, char settled[DV_BOOKMARK_SIZE])
{
    name += strspn(name, " \t");
    snprintf(settled, DV_BOOKMARK_SIZE, "%s", name);
    dv_text_clean(settled);
    size_t length = strlen(settled);
    while (length > 0 && settled[length - 1] == ' ')
        settled[--length] = '\0';
}

bool dv_session_bookmark(dv_session *session, const char *name, dv_error *error)
{
    char settled[DV_BOOKMARK_SIZE];
    settle_name(name, settled);
    if (!settled[0])
        return dv_error_set(error, DV_ERROR_ARGUMENT, "a bookmark needs a name");
    int at = dv_session_find(session, settled);
    if (at < 0 && session->bookmark_count >= DV_BOOKMARKS_MOST)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "there are %d bookmarks already; forget one", DV_BOOKMARKS_MOST);
    dv_bookmark *bookmark = at >= 0 ? &session->bookmark[at] : add_bookmark(session, error);
    if (!bookmark)
        return false;
    memcpy(bookmark->name, settled, sizeof(settled));
    dv_wish_copy(&bookmark->wish, &session->wish);
    return true;
}

int dv_session_find(const dv_session *session, const char *name)
{
    for (int i = 0; i < session->bookmark_count; i++)
        if (strcmp(session->bookmark[i].name, name) == 0)
            return i;
    return -1;
}

void dv_session_forget(dv_session *session, int bookmark)
{
    assert(bookmark >= 0 && bookmark < session->bookmark_count);
    dv_wish_clear(&session->bookmark[bookmark].wish);
    session->bookmark_count--;
    memmove(session->bookmark + bookmark, session->bookmark + bookmark + 1,
            (size_t)(session->bookmark_count - bookmark) * sizeof(*session->bookmark));
}

/* Keeps a session while it runs. */
#include "session/keeper.h"
#include "base/memory.h"
#include "session/journal.h"
#include "session/script.h"
#include "session/session_file.h"

#include <math.h>
#include <stdlib.h>

enum { REST_MS = 2000 };

struct dv_keeper {
    dv_origin origin;
    dv_session seen; /* when it was last looked at */
    char *path;      /* of the session's file; NULL: it cannot be kept */
    dv_journal *journal;
    bool begun;         /* the log, when the session was first looked at */
    bool unsaved, told; /* of a failure */
    double changed_at;
};

static dv_keeper *release(dv_keeper *keeper)
{
    dv_journal_close(keeper->journal);
    dv_session_clear(&keeper->seen);
    dv_origin_clear(&keeper->origin);
    free(keeper->path);
    free(keeper);
    return NULL;
}

/* The first trouble is told; those after it mostly come of it. */
static void note(dv_error *error, const dv_error *trouble)
{
    if (error->code == DV_OK)
        *error = *trouble;
}

/* Finds the file of the session and brings back what is in it. */
static void bring_back(dv_keeper *keeper, const dv_bundle_source *source, const dv_bundle *bundle, bool anew,
                       dv_session *session, dv_error *error)
{
    dv_error trouble;
    int64_t count = dv_bundle_get_facts(bundle)->count;
    bool fine = dv_origin_init(&keeper->origin, source, bundle, &trouble) &&
                (keeper->path = dv_session_path(&keeper->origin, &trouble)) &&
                (anew || dv_session_load(session, &keeper->origin, count, keeper->path, &trouble));
    if (!fine)
        note(error, &trouble);
}

dv_keeper *dv_keeper_open(const dv_bundle_source *source, const dv_bundle *bundle, bool anew, const char *const *lines,
                          dv_session *session, dv_error *error)
{
    *error = (dv_error){0};
    dv_error trouble;
    dv_keeper *keeper = dv_alloc(1, sizeof(*keeper), error);
    if (!keeper)
        return NULL;
    bring_back(keeper, source, bundle, anew, session, error);
    for (; *lines; lines++)
        if (!dv_script_apply(session, dv_bundle_get_facts(bundle)->count, *lines, error))
            return release(keeper);
    if (!dv_session_init(&keeper->seen, &session->wish.options, session->wish.latent, &trouble) ||
        !dv_session_copy(&keeper->seen, session, &trouble)) {
        *error = trouble;
        return release(keeper);
    }
    return keeper;
}

bool dv_keeper_close(dv_keeper *keeper, dv_error *error)
{
    *error = (dv_error){0};
    if (!keeper)
        return true;
    dv_keeper_save(keeper, error);
    release(keeper);
    return error->code == DV_OK;
}

/* Begins the log, when that has not been tried; it begins with the session as it was brought back. */
static void begin(dv_keeper *keeper, dv_error *error)
{
    dv_error trouble;
    if (!keeper->begun && keeper->path &&
        !(keeper->journal = dv_journal_open(&keeper->origin, &keeper->seen, &trouble)))
        note(error, &trouble);
    keeper->begun = true;
}

/* Writes down what has changed, if anything has. */
static bool take(dv_keeper *keeper, const dv_session *session, dv_error *error)
{
    dv_error trouble;
    begin(keeper, error);
    if (dv_session_equal(&keeper->seen, session))
        return false;
    if (keeper->journal && !dv_journal_note(keeper->journal, &keeper->seen, session, &trouble))
        note(error, &trouble);
    if (!dv_session_copy(&keeper->seen, session, &trouble))
        note(error, &trouble);
    return keeper->unsaved = true;
}

int dv_keeper_look(dv_keeper *keeper, const dv_session *session, double now_ms, dv_error *error)
{
    *error = (dv_error){0};
    if (take(keeper, session, error))
        keeper->changed_at = now_ms;
    if (!keeper->unsaved)
        return -1;
    double left = keeper->changed_at + REST_MS - now_ms;
    if (left > 0)
        return (int)ceil(left);
    dv_error trouble;
    dv_keeper_save(keeper, &trouble);
    if (trouble.code != DV_OK)
        note(error, &trouble);
    return -1;
}

void dv_keeper_export(dv_keeper *keeper, const dv_session *session, const char *folder, dv_error *error)
{
    dv_error trouble;
    *error = (dv_error){0};
    take(keeper, session, error);
    if (keeper->journal && !dv_journal_export(keeper->journal, folder, &trouble))
        note(error, &trouble);
}

void dv_keeper_save(dv_keeper *keeper, dv_error *error)
{
    dv_error trouble;
    *error = (dv_error){0};
    if (keeper->unsaved && keeper->path && !dv_session_save(&keeper->seen, &keeper->origin, keeper->path, &trouble) &&
        !keeper->told) {
        *error = trouble;
        keeper->told = true;
    }
    keeper->unsaved = false;
}

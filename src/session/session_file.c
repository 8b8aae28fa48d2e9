/* The session of a bundle kept in a file. */
#include "session/session_file.h"
#include "base/error.h"
#include "base/file.h"
#include "base/xdg.h"
#include "session/script.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char KIND[] = "session", END[] = "end";

enum { VERSION = 1, KEPT_MOST = 1000 };

char *dv_session_path(const dv_origin *origin, dv_error *error)
{
    char key[DV_ORIGIN_KEY_SIZE], name[DV_ORIGIN_KEY_SIZE + 16];
    dv_origin_key(origin, key);
    snprintf(name, sizeof(name), "sessions/%s", key);
    return dv_xdg_path(DV_XDG_STATE, name, true, error);
}

bool dv_session_save(const dv_session *session, const dv_origin *origin, const char *path, dv_error *error)
{
    dv_output *output = dv_output_open(path, error);
    if (!output)
        return false;
    FILE *stream = dv_output_stream(output);
    dv_record_begin(stream, KIND, VERSION);
    dv_origin_write(stream, origin);
    dv_script_write(stream, NULL, session);
    fprintf(stream, "%s\n", END);
    return dv_output_commit(output, error);
}

/* ---- back --------------------------------------------------------------------------- */

static bool apply_lines(dv_record *record, dv_session *session, int64_t count, dv_error *error)
{
    const char *line;
    while ((line = dv_record_line(record))) {
        if (strcmp(line, END) == 0)
            return true;
        if (!dv_script_apply(session, count, line, error))
            return dv_record_blame(record, error);
    }
    dv_error_set(error, DV_ERROR_FORMAT, "its end is missing");
    return dv_record_blame(record, error);
}

/* Reads into `session`, which may be half changed after an error. */
static bool read_file(const char *path, const dv_origin *origin, dv_session *session, int64_t count, dv_error *error)
{
    dv_record record;
    dv_origin written;
    if (!dv_record_open(&record, path, KIND, VERSION, error))
        return false;
    bool fine = dv_origin_read(&written, &record, error);
    if (fine) {
        fine = dv_origin_check(&written, origin, false, error) || dv_error_prefix(error, "%s", path);
        dv_origin_clear(&written);
    }
    fine = fine && apply_lines(&record, session, count, error);
    dv_record_close(&record);
    return fine;
}

/* Gives the file a name that is free, and adds that to the error. */
static bool keep_aside(const char *path, dv_error *error)
{
    dv_error cause = *error;
    for (int number = 1; number <= KEPT_MOST; number++) {
        char *kept;
        if (asprintf(&kept, "%s.kept-%d", path, number) < 0)
            break;
        bool taken = access(kept, F_OK) == 0;
        bool moved = !taken && rename(path, kept) == 0;
        free(kept);
        if (moved)
            return dv_error_set(error, cause.code, "%s; kept with .kept-%d behind its name, and begun afresh",
                                cause.message, number);
        if (!taken)
            break;
    }
    return dv_error_set(error, cause.code, "%s; begun afresh", cause.message);
}

bool dv_session_load(dv_session *session, const dv_origin *origin, int64_t count, const char *path, dv_error *error)
{
    dv_session loaded;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    if (!dv_session_init(&loaded, &session->wish.options, session->wish.latent, error))
        return false;
    bool fine = dv_session_copy(&loaded, session, error) && read_file(path, origin, &loaded, count, error);
    if (fine)
        fine = dv_session_copy(session, &loaded, error);
    else
        keep_aside(path, error);
    dv_session_clear(&loaded);
    return fine;
}

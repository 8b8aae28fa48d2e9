/* Figures of the pictures that are measured, appended to a file as they come, so that a run that was stopped goes on.
 * The file is this machine's and this program's alone: the figures stand in it as they lie in memory, each picture's
 * with a checksum, behind a line of text and a checksum of what they are of. */
#include "study/eval.h"

#include "config.h"

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "vid/fingerprint.h"
#include "vid/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char title[] = "deepvid eval 1\n";
enum { TITLE = sizeof title - 1 };

struct dv_eval_state {
    char *path;
    int file;
    size_t size;       /* of one picture's figures */
    uint64_t identity; /* of what they are of */
};

/* ---- what the figures are of --------------------------------------------------------- */

static bool identify(const dv_eval *eval, uint64_t *identity, dv_error *error)
{
    const dv_eval_wish *wish = &eval->wish;
    const int64_t numbers[] = {eval->count,   wish->near, wish->rows, DV_EVAL_SEEDS, (int64_t)sizeof(dv_eval_figures),
                               wish->shuffle, wish->noise};
    if (!dv_bundle_fingerprint(eval->bundle, identity, error))
        return false;
    *identity = dv_hash_text(*identity, PACKAGE_VERSION);
    *identity = dv_hash(*identity, numbers, sizeof numbers);
    *identity = dv_hash(*identity, &wish->seed, sizeof wish->seed);
    *identity = dv_hash(*identity, eval->index, (size_t)eval->count * sizeof *eval->index);
    for (int row = 0; row < wish->rows; row++) {
        const dv_explain_options options = dv_eval_options(eval, row, 0, 0);
        const int baseline = wish->row[row].baseline;
        *identity = dv_hash_text(*identity, wish->row[row].name);
        *identity = dv_options_hash(&options, dv_hash(*identity, &baseline, sizeof baseline));
    }
    for (int measure = 0; measure < DV_MEASURES; measure++)
        *identity = dv_hash_text(*identity, dv_measure_get((dv_measure)measure)->name);
    return true;
}

/* ---- the file --------------------------------------------------------------------- */

static bool fail(const dv_eval_state *state, const char *what, dv_error *error)
{
    return dv_error_set(error, DV_ERROR_FILE, "%s: cannot be %s: %s", state->path, what, strerror(errno));
}

static bool write_all(const dv_eval_state *state, const void *data, size_t size, dv_error *error)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(state->file, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return fail(state, "written", error);
        at += written;
        size -= (size_t)written;
    }
    return true;
}

enum { HEAD = TITLE + sizeof(uint64_t) }; /* before the first picture */

/* Whether the file begins as it should; *empty: it was cut off there, or is new. */
static bool check_head(const dv_eval_state *state, bool *empty, dv_error *error)
{
    char head[HEAD];
    uint64_t found = 0;
    ssize_t size = pread(state->file, head, HEAD, 0);
    if (size < 0)
        return fail(state, "read", error);
    if (memcmp(head, title, size < TITLE ? (size_t)size : TITLE) != 0)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s: it is no file of figures that deepvid eval keeps; remove it, or choose another -o",
                            state->path);
    *empty = size < HEAD;
    memcpy(&found, head + TITLE, *empty ? 0 : sizeof found);
    return *empty || found == state->identity ||
           dv_error_set(error, DV_ERROR_FORMAT,
                        "%s: it holds figures of another bundle, other rows, other settings or another deepvid; "
                        "remove it to begin anew, or choose another -o",
                        state->path);
}

/* Takes the pictures over that are complete; *good is how much of the file that is. */
static bool take_pictures(dv_eval_state *state, dv_eval *eval, size_t *good, dv_error *error)
{
    uint8_t *data;
    uint64_t found;
    size_t size, one = state->size + sizeof found, most = HEAD + (size_t)(eval->count + 1) * one;
    struct stat status;
    if (fstat(state->file, &status) == 0 && (uintmax_t)status.st_size > most)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "%s: it is longer than the figures of %lld pictures; remove it to begin anew", state->path,
                            (long long)eval->count);
    if (!dv_file_read(state->path, most, &data, &size, error))
        return false;
    bool ok = true;
    for (*good = HEAD; ok && eval->done < eval->count && size - *good >= one; *good += one) {
        memcpy(&found, data + *good + state->size, sizeof found);
        ok =
            found == dv_hash(state->identity + (uint64_t)eval->done, data + *good, state->size) ||
            dv_error_set(error, DV_ERROR_FORMAT, "%s: the figures of picture %lld are damaged; remove it to begin anew",
                         state->path, (long long)eval->done + 1);
        if (ok)
            memcpy(dv_eval_at(eval, eval->done++, 0), data + *good, state->size);
    }
    free(data);
    return ok;
}

/* What is there, or a new beginning; then the file ends where the next picture begins. */
static bool read_or_begin(dv_eval_state *state, dv_eval *eval, dv_error *error)
{
    size_t good = 0;
    bool empty;
    if (!identify(eval, &state->identity, error) || !check_head(state, &empty, error) ||
        (!empty && !take_pictures(state, eval, &good, error)))
        return false;
    if (ftruncate(state->file, (off_t)good) != 0)
        return fail(state, "written", error);
    return !empty ||
           (write_all(state, title, TITLE, error) && write_all(state, &state->identity, sizeof state->identity, error));
}

/* Whether the name leads to the file that was opened, and not to one that came in its place before it was locked. */
static bool is_still_there(const dv_eval_state *state)
{
    struct stat opened, there;
    return fstat(state->file, &opened) == 0 && stat(state->path, &there) == 0 && opened.st_dev == there.st_dev &&
           opened.st_ino == there.st_ino;
}

static bool open_alone(dv_eval_state *state, dv_error *error)
{
    for (;;) {
        state->file = open(state->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (state->file < 0)
            return fail(state, "opened", error);
        if (flock(state->file, LOCK_EX | LOCK_NB) != 0)
            return dv_error_set(error, DV_ERROR_FILE,
                                "%s: another run is measuring into it; wait, or choose another -o", state->path);
        if (is_still_there(state))
            return true;
        close(state->file);
    }
}

dv_eval_state *dv_eval_state_open(const char *path, dv_eval *eval, dv_error *error)
{
    dv_eval_state *state = dv_alloc(1, sizeof *state, error);
    if (!state)
        return NULL;
    state->file = -1;
    state->size = (size_t)eval->wish.rows * sizeof(dv_eval_figures);
    state->path = strdup(path);
    if (!state->path)
        dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    else if (open_alone(state, error) && read_or_begin(state, eval, error))
        return state;
    dv_eval_state_close(state, false);
    return NULL;
}

bool dv_eval_state_append(dv_eval_state *state, const dv_eval *eval, dv_error *error)
{
    const dv_eval_figures *figures = dv_eval_at(eval, eval->done - 1, 0);
    uint64_t hash = dv_hash(state->identity + (uint64_t)eval->done - 1, figures, state->size);
    return write_all(state, figures, state->size, error) && write_all(state, &hash, sizeof hash, error);
}

void dv_eval_state_close(dv_eval_state *state, bool done)
{
    if (!state)
        return;
    if (done)
        unlink(state->path);
    if (state->file >= 0)
        close(state->file);
    free(state->path);
    free(state);
}

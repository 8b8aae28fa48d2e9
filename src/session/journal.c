/* The log of a session. */
#include "session/journal.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/xdg.h"
#include "session/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char KIND[] = "log", EXPORT[] = "export ";

enum { VERSION = 1, ATTEMPTS = 3 /* another session may begin at the same moment */ };

struct dv_journal {
    char *path;
    int file; /* -1 after a failure */
};

/* ---- the file ------------------------------------------------------------------- */

/* "log", "log.1"; the caller's, NULL without memory. */
static char *numbered(const char *path, int number)
{
    char *name;
    if (number == 0)
        return strdup(path);
    return asprintf(&name, "%s.%d", path, number) < 0 ? NULL : name;
}

/* log.3 becomes log.4, and so on; log becomes log.1. One that somebody still writes goes on under its new name. */
static void move_older(const char *path)
{
    for (int number = DV_JOURNALS_KEPT - 2; number >= 0; number--) {
        char *from = numbered(path, number), *to = numbered(path, number + 1);
        if (from && to)
            rename(from, to);
        free(from);
        free(to);
    }
}

/* All of it in one go, so that no other writer comes in between. */
static bool write_text(int file, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t written = write(file, text, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        text += written;
        size -= (size_t)written;
    }
    return true;
}

static bool give_up(dv_journal *journal, dv_error *error)
{
    dv_error_set(error, DV_ERROR_FILE, "%s: the log ends here, it cannot be written: %s", journal->path,
                 strerror(errno));
    close(journal->file);
    journal->file = -1;
    return false;
}

/* ---- lines ------------------------------------------------------------------------ */

/* Lines that are written together. */
struct page {
    FILE *stream;
    char *text;
    size_t size;
};

static bool page_open(struct page *page, dv_journal *journal, dv_error *error)
{
    page->stream = open_memstream(&page->text, &page->size);
    return page->stream || give_up(journal, error);
}

static bool page_write(struct page *page, dv_journal *journal, dv_error *error)
{
    bool fine = fclose(page->stream) == 0 && write_text(journal->file, page->text, page->size);
    free(page->text);
    return fine || give_up(journal, error);
}

static bool begin(dv_journal *journal, const dv_origin *origin, const dv_session *start, dv_error *error)
{
    struct page page = {0};
    if (!page_open(&page, journal, error))
        return false;
    dv_record_begin(page.stream, KIND, VERSION);
    dv_origin_write(page.stream, origin);
    dv_script_write(page.stream, NULL, start);
    return page_write(&page, journal, error);
}

dv_journal *dv_journal_open(const dv_origin *origin, const dv_session *start, dv_error *error)
{
    dv_journal *journal = dv_alloc(1, sizeof(*journal), error);
    if (!journal)
        return NULL;
    journal->file = -1;
    if (!(journal->path = dv_xdg_path(DV_XDG_STATE, "log", true, error)))
        goto fail;
    for (int attempt = 0; attempt < ATTEMPTS && journal->file < 0; attempt++) {
        move_older(journal->path);
        journal->file = open(journal->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    }
    if (journal->file < 0) {
        dv_error_set(error, DV_ERROR_FILE, "%s: no log of this session: %s", journal->path, strerror(errno));
        goto fail;
    }
    if (begin(journal, origin, start, error))
        return journal;
fail:
    dv_journal_close(journal);
    return NULL;
}

void dv_journal_close(dv_journal *journal)
{
    if (!journal)
        return;
    if (journal->file >= 0)
        close(journal->file);
    free(journal->path);
    free(journal);
}

bool dv_journal_note(dv_journal *journal, const dv_session *before, const dv_session *now, dv_error *error)
{
    struct page page = {0};
    if (journal->file < 0)
        return true;
    if (!page_open(&page, journal, error))
        return false;
    dv_script_write(page.stream, before, now);
    return page_write(&page, journal, error);
}

bool dv_journal_export(dv_journal *journal, const char *folder, dv_error *error)
{
    struct page page = {0};
    if (journal->file < 0)
        return true;
    if (!page_open(&page, journal, error))
        return false;
    fprintf(page.stream, "%s%s\n", EXPORT, folder);
    return page_write(&page, journal, error);
}

/* ---- read --------------------------------------------------------------------------- */

bool dv_journal_read(dv_record *record, const char *path, dv_origin *origin, dv_error *error)
{
    if (!dv_record_open(record, path, KIND, VERSION, error))
        return false;
    if (dv_origin_read(origin, record, error))
        return true;
    dv_record_close(record);
    return false;
}

const char *dv_journal_export_of(const char *line)
{
    size_t length = strlen(EXPORT);
    return strncmp(line, EXPORT, length) == 0 && line[length] ? line + length : NULL;
}

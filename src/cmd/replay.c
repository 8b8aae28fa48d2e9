/* deepvid replay: what a session did, done again without a screen. */
#include "base/error.h"
#include "base/file.h"
#include "cmd/command.h"
#include "figure/figure.h"
#include "session/journal.h"
#include "session/script.h"
#include "vid/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char FINAL[] = "final";

struct replay {
    const char *log, *folder;
    dv_bundle_source source;
    dv_bundle *bundle, *second;
    char compared[DV_SECOND_SIZE]; /* the file that `second` was opened from */
    dv_record record;
    dv_session session;
};

/* The name below a folder, whatever it was on the screen: "./a", "/a" and "../a" become "a". Empty if nothing is left.
 */
static void settle_below(const char *name, char settled[DV_LINE_SIZE])
{
    size_t used = 0;
    while (*name && used + 1 < DV_LINE_SIZE) {
        size_t length = strcspn(name, "/");
        bool kept = length > 2 || (length > 0 && memcmp(name, "..", length) != 0);
        if (kept)
            used +=
                (size_t)snprintf(settled + used, DV_LINE_SIZE - used, "%s%.*s", used > 0 ? "/" : "", (int)length, name);
        name += length;
        name += strspn(name, "/");
    }
    settled[used < DV_LINE_SIZE ? used : 0] = '\0';
}

static bool is_as_logged(const dv_session *session, const dv_bundle *second, dv_error *error)
{
    const uint64_t logged = session->second_fingerprint;
    return !logged || logged == dv_bundle_second_fingerprint(second) ||
           dv_error_set(error, DV_ERROR_FORMAT,
                        "%s is not the teacher that the log was written with, or is asked in another way",
                        session->second);
}

/* The teacher that is looked at; NULL and an error where the second one cannot be opened. */
static dv_bundle *find_bundle(struct replay *replay, dv_error *error)
{
    const dv_session *session = &replay->session;
    if (!dv_session_looks_at_second(session))
        return replay->bundle;
    if (!replay->second || strcmp(replay->compared, session->second) != 0) {
        dv_bundle_source source = replay->source;
        source.teacher = session->second;
        dv_bundle_close(replay->second);
        replay->second = dv_bundle_open_second(replay->bundle, &source, error);
        memcpy(replay->compared, session->second, sizeof(replay->compared));
    }
    if (replay->second && is_as_logged(session, replay->second, error))
        return replay->second;
    dv_record_blame(&replay->record, error);
    return NULL;
}

/* The report of the session as it is, and the name of its folder on standard output. */
static bool write_report(struct replay *replay, const char *name, dv_error *error)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    char *folder = dv_path_join(replay->folder, name);
    dv_bundle *bundle = find_bundle(replay, error);
    if (!bundle) {
        free(folder);
        return false;
    }
    bool fine = folder ? dv_figure_explain(bundle, &replay->session.wish.options,
                                           dv_session_explainer(&replay->session), folder, &progress, error)
                       : dv_error_set(error, DV_ERROR_MEMORY, "no memory for a path");
    if (fine)
        puts(folder);
    free(folder);
    return fine && dv_command_finish_output(error);
}

static bool do_line(struct replay *replay, const char *line, dv_error *error)
{
    char settled[DV_LINE_SIZE];
    const char *name = dv_journal_export_of(line);
    if (name)
        settle_below(name, settled);
    if (name && settled[0])
        return write_report(replay, settled, error);
    if (name)
        dv_error_set(error, DV_ERROR_FORMAT, "'%s' is no name for a report below the folder of --out", name);
    else if (dv_script_apply(&replay->session, dv_bundle_get_facts(replay->bundle)->count, line, error))
        return true;
    return dv_record_blame(&replay->record, error);
}

static bool do_lines(struct replay *replay, dv_error *error)
{
    const char *line;
    while ((line = dv_record_line(&replay->record)))
        if (!do_line(replay, line, error))
            return false;
    return write_report(replay, FINAL, error);
}

/* With a bundle open: whether it is the log's, and all lines. */
static bool run_on(struct replay *replay, const dv_bundle_source *source, const dv_origin *written, dv_error *error)
{
    dv_origin origin;
    dv_explain_options options = dv_explain_defaults();
    if (!dv_origin_init(&origin, source, replay->bundle, error))
        return false;
    bool same = dv_origin_check(written, &origin, true, error) || dv_error_prefix(error, "%s", replay->log);
    dv_origin_clear(&origin);
    if (!same || !dv_session_init(&replay->session, &options, dv_bundle_get_facts(replay->bundle)->latent, error))
        return false;
    bool fine = do_lines(replay, error);
    dv_session_clear(&replay->session);
    return fine;
}

/* The bundle is the log's, or the one that is given; parts that are given by options go before either's. */
static bool run_log(struct replay *replay, const char *folder, const dv_bundle_source *given, dv_error *error)
{
    dv_origin written;
    if (!dv_journal_read(&replay->record, replay->log, &written, error))
        return false;
    dv_bundle_source source = folder ? (dv_bundle_source){.folder = folder} : written.source;
    dv_origin_lay_over(&source, given);
    source.threads = given->threads;
    replay->source = source;
    replay->bundle = dv_bundle_open(&source, error);
    bool fine = replay->bundle && run_on(replay, &source, &written, error);
    dv_bundle_close(replay->second);
    dv_command_close_bundle(replay->bundle, fine);
    dv_origin_clear(&written);
    dv_record_close(&replay->record);
    return fine;
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct replay replay = {0};
    dv_bundle_source source = {0};
    int64_t threads = 0;
    const dv_option options[] = {
        DV_TEXT_OPTION("out", "DIR", &replay.folder,
                       "write each report that was exported there, by its name, and the last state as 'final'"),
        DV_THREADS_OPTION(threads),
        DV_BUNDLE_OPTIONS(source),
        {0},
    };
    int first;
    dv_error error;
    int status = dv_options_parse(command, options, argc, argv, &first);
    if (status >= 0)
        return status;
    if (first == argc)
        return dv_command_usage(command, "which log is to be replayed? It is missing");
    if (argc - first > 2)
        return dv_command_usage(command, "a log and a bundle at most; '%s' is too much", argv[first + 2]);
    if (!replay.folder)
        return dv_command_usage(command, "where are the reports to go? --out is missing");
    replay.log = argv[first];
    source.threads = (int)threads;
    bool fine = run_log(&replay, argc - first > 1 ? argv[first + 1] : NULL, &source, &error);
    return fine ? DV_EXIT_DONE : dv_command_fail(&error);
}

const dv_command dv_command_replay = {
    .name = "replay",
    .arguments = "LOG [BUNDLE]",
    .summary = "Do again, without a screen, what the log of a session tells, and write its reports.",
    .examples = "  deepvid replay ~/.local/state/deepvid/log --out again\n"
                "  deepvid replay log models/fashion-mnist --out again --threads 1\n",
    .run = run,
};

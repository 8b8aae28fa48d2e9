/* What is kept of a session: its file, its log, and what becomes of both when they are damaged or the program dies. */
#include "base/file.h"
#include "session/journal.h"
#include "session/keeper.h"
#include "tui/preferences.h"
#include "session/script.h"
#include "session/session_file.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"
#include "wishes.h"

/* ---- a bundle, and a home of the test's own ------------------------------------------ */

typedef struct desk {
    char *home, *folder;
    dv_bundle *bundle;
    dv_bundle_source source;
    dv_origin origin;
    dv_session session;
} desk;

static int desk_setup(void **state)
{
    void *home;
    dv_error error;
    tiny it = tiny_defaults();
    dv_explain_options options = dv_explain_defaults();
    if (scratch_setup(&home))
        return -1;
    desk *here = calloc(1, sizeof(*here));
    here->home = home;
    setenv("XDG_STATE_HOME", here->home, 1);
    if (asprintf(&here->folder, "%s/trees", here->home) < 0)
        return -1;
    mkdir(here->folder, 0777);
    tiny_write(here->folder, &it);
    here->source = (dv_bundle_source){.folder = here->folder, .threads = 1};
    here->bundle = dv_bundle_open(&here->source, &error);
    *state = here;
    return here->bundle && dv_origin_init(&here->origin, &here->source, here->bundle, &error) &&
                   dv_session_init(&here->session, &options, TINY_LATENT, &error)
               ? 0
               : -1;
}

static int desk_teardown(void **state)
{
    desk *here = *state;
    void *home = here->home;
    dv_session_clear(&here->session);
    dv_origin_clear(&here->origin);
    dv_bundle_close(here->bundle);
    free(here->folder);
    free(here);
    return scratch_teardown(&home);
}

#define at_desk(test) cmocka_unit_test_setup_teardown(test, desk_setup, desk_teardown)

static dv_session new_session(void)
{
    dv_session session;
    dv_error error;
    dv_explain_options options = dv_explain_defaults();
    assert_true(dv_session_init(&session, &options, TINY_LATENT, &error));
    return session;
}

static void apply(dv_session *session, const char *line)
{
    dv_error error;
    if (!dv_script_apply(session, TINY_COUNT, line, &error))
        fail_msg("%s: %s", line, error.message);
}

/* The whole file as text, the caller's. */
static char *text_of(const char *path)
{
    dv_error error;
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, 1 << 20, &data, &size, &error))
        fail_msg("%s", error.message);
    return (char *)data;
}

static char *state_path(const desk *here, const char *name)
{
    char *path;
    assert_true(asprintf(&path, "%s/deepvid/%s", here->home, name) > 0);
    return path;
}

/* ---- the session's file --------------------------------------------------------------- */

static void test_a_session_comes_back(void **state)
{
    desk *here = *state;
    dv_error error;
    dice it = {.seed = 51};
    char *path = dv_session_path(&here->origin, &error);
    assert_non_null(path);
    assert_non_null(strstr(path, "/deepvid/sessions/trees-"));
    dv_session back = new_session();
    assert_true(dv_session_load(&back, &here->origin, TINY_COUNT, path, &error));
    for (int round = 0; round < 50; round++) {
        char name[32];
        for (int i = 0; i < 10; i++) {
            dice_change(&it, &here->session.wish);
            here->session.wish.options.index %= TINY_COUNT;
        }
        here->session.mark = round % 5 - 1;
        snprintf(name, sizeof(name), "round %d", round % 7);
        assert_true(dv_session_bookmark(&here->session, name, &error));
        assert_true(dv_session_look(&here->session, DV_LOOK_VIEW, round % 2 ? "vae" : "student"));
        assert_true(dv_session_save(&here->session, &here->origin, path, &error));
        dv_session fresh = new_session();
        assert_true(dv_session_load(&fresh, &here->origin, TINY_COUNT, path, &error));
        assert_true(dv_session_equal(&fresh, &here->session));
        dv_session_clear(&fresh);
    }
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(scratch_count(here->home), 2); /* the bundle, and what is kept */
    dv_session_clear(&back);
    free(path);
}

/* What is wrong is told in one line that names the file, the file is kept, and the session is as it was. */
static void check_refused(desk *here, const char *text, size_t size, const char *complaint)
{
    dv_error error = {0};
    dv_session session = new_session(), fresh = new_session();
    char *path = dv_session_path(&here->origin, &error), *aside, *bytes;
    put_file(path, text, size);
    for (int number = 1;; number++) {
        assert_true(asprintf(&aside, "%s.kept-%d", path, number) > 0);
        if (access(aside, F_OK) != 0)
            break;
        free(aside);
    }
    assert_false(dv_session_load(&session, &here->origin, TINY_COUNT, path, &error));
    assert_true(dv_session_equal(&session, &fresh));
    if (!strstr(error.message, complaint) || !strstr(error.message, path) || strchr(error.message, '\n'))
        fail_msg("'%s' is not in: %s", complaint, error.message);
    assert_non_null(strstr(error.message, strrchr(aside, '.')));
    assert_int_not_equal(access(path, F_OK), 0);
    bytes = text_of(aside);
    assert_memory_equal(bytes, text, size);
    free(bytes);
    assert_true(dv_session_load(&session, &here->origin, TINY_COUNT, path, &error));
    free(aside);
    free(path);
    dv_session_clear(&session);
    dv_session_clear(&fresh);
}

static void test_a_bad_file_is_kept_aside(void **state)
{
    desk *here = *state;
    dv_error error;
    char *path = dv_session_path(&here->origin, &error);
    apply(&here->session, "knob 1 0.5");
    assert_true(dv_session_save(&here->session, &here->origin, path, &error));
    char *good = text_of(path), changed[4096];
    size_t size = strlen(good);
    assert_true(size < sizeof(changed) - 100);
    check_refused(here, "", 0, "this is no session of deepvid's");
    check_refused(here, "\0\0\0\0", 4, "zero bytes");
    check_refused(here, "[bundle]\n", 9, "this is no session of deepvid's");
    check_refused(here, "deepvid log 1\n", 14, "this is no session of deepvid's");
    check_refused(here, "deepvid session 2\nanything\n", 27, "a newer deepvid wrote this session (version 2, not 1)");
    check_refused(here, "deepvid session 1\n", 18, "it ends before");
    check_refused(here, "deepvid session 1\nnonsense\n", 27, "line 2: it should tell of a bundle, not 'nonsense'");
    /* Cut anywhere, it is noticed. */
    for (size_t length = 1; length < size; length += 7)
        check_refused(here, good, length, path);
    /* Another bundle; a line that cannot be done. */
    snprintf(changed, sizeof(changed), "%s", good);
    memcpy(strstr(changed, "holds 4"), "holds 9", 7);
    check_refused(here, changed, size, "it is about another bundle, of 9 classes");
    snprintf(changed, sizeof(changed), "%s", good);
    memcpy(strstr(changed, "knob 1"), "knob 8", 6);
    check_refused(here, changed, size, "there is no dimension 8: they go from 0 to 2");
    check_refused(here, changed, size, ": line ");
    free(good);
    free(path);
}

/* Whatever one byte of the file becomes, the program goes on: with the session or without it, never with half of it. */
static void test_a_flipped_byte_never_brings_half_a_session(void **state)
{
    desk *here = *state;
    dv_error error;
    char *path = dv_session_path(&here->origin, &error);
    apply(&here->session, "knob 1 0.5");
    apply(&here->session, "set seed 77");
    assert_true(dv_session_save(&here->session, &here->origin, path, &error));
    char *good = text_of(path);
    size_t size = strlen(good);
    dice it = {.seed = 61};
    for (int round = 0; round < 500; round++) {
        dv_session session = new_session(), fresh = new_session();
        char *text = strdup(good);
        text[dice_below(&it, (int)size)] ^= (char)(1 << dice_below(&it, 8));
        put_file(path, text, size);
        bool fine = dv_session_load(&session, &here->origin, TINY_COUNT, path, &error);
        assert_true(fine || dv_session_equal(&session, &fresh));
        assert_int_equal(access(path, F_OK) == 0, fine);
        dv_session_clear(&session);
        dv_session_clear(&fresh);
        free(text);
    }
    free(good);
    free(path);
}

/* A file written by a larger or smaller networks' session. */
static void test_another_bundle_in_the_same_place(void **state)
{
    desk *here = *state;
    dv_error error;
    char *path = dv_session_path(&here->origin, &error);
    assert_true(dv_session_save(&here->session, &here->origin, path, &error));
    dv_origin other = here->origin;
    other.fingerprint++;
    dv_session session = new_session();
    assert_true(
        dv_session_load(&session, &other, TINY_COUNT, path, &error)); /* trained again: the session still fits */
    snprintf(other.shape, sizeof(other.shape), "4 classes, 5 latent dimensions, 1x14x14, 12 pictures");
    assert_false(dv_session_load(&session, &other, TINY_COUNT, path, &error));
    assert_non_null(strstr(error.message, "of 4 classes, 3 latent dimensions, 1x14x14, 12 pictures, not 4 classes, 5"));
    dv_session_clear(&session);
    free(path);
}

static void pause_for(int microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000L * microseconds}, NULL);
}

/* A child that saves one session after the other, each with the next seed, and tells of each. */
static pid_t fork_saver(desk *here, const char *path, int *told)
{
    int pipe_ends[2];
    dv_error error;
    assert_int_equal(pipe(pipe_ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        for (;; here->session.wish.options.seed++)
            if (!dv_session_save(&here->session, &here->origin, path, &error) || write(pipe_ends[1], "", 1) != 1)
                _exit(1);
    close(pipe_ends[1]);
    *told = pipe_ends[0];
    return child;
}

/* Killed at any moment of a save, the file is a whole one: the last that was saved, or the one after. */
static void test_killed_while_saving(void **state)
{
    desk *here = *state;
    dv_error error;
    char *path = dv_session_path(&here->origin, &error), byte;
    dice it = {.seed = 71};
    for (int round = 0; round < 60; round++) {
        int told, status;
        uint64_t saved = 0;
        pid_t child = fork_saver(here, path, &told);
        for (int saves = 1 + dice_below(&it, 3); saves > 0; saves--)
            saved += (uint64_t)read(told, &byte, 1);
        pause_for(dice_below(&it, 4000));
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        while (read(told, &byte, 1) == 1)
            saved++;
        close(told);
        dv_session back = new_session();
        if (!dv_session_load(&back, &here->origin, TINY_COUNT, path, &error))
            fail_msg("%s", error.message);
        assert_true(back.wish.options.seed == saved || back.wish.options.seed == saved + 1);
        dv_session_clear(&back);
    }
    free(path);
}

/* ---- the log ------------------------------------------------------------------------------ */

/* Does all lines of a log; returns how many exports there are. */
static int replay(desk *here, const char *path, dv_session *session)
{
    dv_error error;
    dv_record record;
    dv_origin origin;
    const char *line;
    int exports = 0;
    if (!dv_journal_read(&record, path, &origin, &error))
        fail_msg("%s", error.message);
    assert_true(dv_origin_check(&origin, &here->origin, true, &error));
    assert_string_equal(origin.source.folder, here->origin.source.folder);
    while ((line = dv_record_line(&record)))
        if (dv_journal_export_of(line))
            exports++;
        else
            apply(session, line);
    dv_origin_clear(&origin);
    dv_record_close(&record);
    return exports;
}

/* At any time the log makes the session as it is. */
static void test_the_log_follows_the_session(void **state)
{
    desk *here = *state;
    dv_error error;
    dice it = {.seed = 81};
    char *path = state_path(here, "log");
    dv_session before = new_session();
    apply(&here->session, "set neighbors 77");
    dv_journal *journal = dv_journal_open(&here->origin, &here->session, &error);
    assert_non_null(journal);
    for (int round = 0; round < 200; round++) {
        assert_true(dv_session_copy(&before, &here->session, &error));
        dice_change(&it, &here->session.wish);
        here->session.wish.options.index %= TINY_COUNT;
        assert_true(dv_journal_note(journal, &before, &here->session, &error));
        if (round % 10 == 0)
            assert_true(dv_journal_export(journal, "deepvid-3", &error));
        dv_session replayed = new_session();
        assert_int_equal(replay(here, path, &replayed), round / 10 + 1);
        assert_true(dv_session_equal(&replayed, &here->session));
        dv_session_clear(&replayed);
    }
    dv_journal_close(journal);
    dv_session_clear(&before);
    free(path);
}

static void test_old_logs_are_kept_for_a_while(void **state)
{
    desk *here = *state;
    dv_error error;
    char line[64];
    for (int session = 1; session <= 8; session++) {
        snprintf(line, sizeof(line), "set seed %d", session);
        apply(&here->session, line);
        dv_journal_close(dv_journal_open(&here->origin, &here->session, &error));
    }
    for (int number = 0; number < DV_JOURNALS_KEPT; number++) {
        snprintf(line, sizeof(line), number ? "log.%d" : "log", number);
        char *path = state_path(here, line);
        dv_session session = new_session();
        assert_int_equal(replay(here, path, &session), 0);
        assert_int_equal(session.wish.options.seed, 8 - number);
        dv_session_clear(&session);
        free(path);
    }
    char *folder = state_path(here, "");
    assert_int_equal(scratch_count(folder), DV_JOURNALS_KEPT);
    free(folder);
}

/* A line that was cut off is none; a log that is none is refused. */
static void test_logs_that_are_not_whole(void **state)
{
    desk *here = *state;
    dv_error error;
    dv_record record;
    dv_origin origin;
    char *path = state_path(here, "log");
    dv_journal_close(dv_journal_open(&here->origin, &here->session, &error));
    char *good = text_of(path), text[4096];
    snprintf(text, sizeof(text), "%sset seed 5\nset seed 99", good);
    put_file(path, text, strlen(text));
    dv_session session = new_session();
    replay(here, path, &session);
    assert_int_equal(session.wish.options.seed, 5);
    const struct {
        const char *text, *complaint;
    } bad[] = {
        {"", "this is no log of deepvid's"},
        {"deepvid log 0\n", "this is no log of deepvid's"},
        {"deepvid log 1x\n", "this is no log of deepvid's"},
        {"deepvid log 3\n", "a newer deepvid wrote this log (version 3, not 1)"},
        {"deepvid log 1\nteacher a\nteacher b\n", "line 3: it should tell of a bundle"},
        {"deepvid log 1\nholds 3 things\nfingerprint 12\n", "line 3: it should tell of a bundle"},
        {"deepvid log 1\nset seed 1\n\n", "line 2: it should tell of a bundle, not 'set seed 1'"},
        {"deepvid log 1\nholds 3 things\n", "line 2: it ends before it tells which bundle it is about"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        put_file(path, bad[i].text, strlen(bad[i].text));
        assert_false(dv_journal_read(&record, path, &origin, &error));
        if (!strstr(error.message, bad[i].complaint) || !strstr(error.message, path))
            fail_msg("'%s' is not in: %s", bad[i].complaint, error.message);
    }
    assert_null(dv_journal_export_of("export "));
    assert_null(dv_journal_export_of("exports x"));
    assert_string_equal(dv_journal_export_of("export a b"), "a b");
    dv_session_clear(&session);
    free(good);
    free(path);
}

/* ---- the keeper --------------------------------------------------------------------------- */

static void test_the_keeper_brings_a_session_back(void **state)
{
    desk *here = *state;
    dv_error error;
    const char *const none[] = {NULL}, *const lines[] = {"set neighbors 300", NULL}, *const bad[] = {"index 99", NULL};
    dv_keeper *keeper = dv_keeper_open(&here->source, here->bundle, false, none, &here->session, &error);
    assert_non_null(keeper);
    assert_int_equal(error.code, DV_OK);
    assert_int_equal(dv_keeper_look(keeper, &here->session, 0, &error), -1);
    apply(&here->session, "index 3");
    apply(&here->session, "knob 2 1.5");
    assert_int_equal(dv_keeper_look(keeper, &here->session, 100, &error), 2000);
    assert_int_equal(dv_keeper_look(keeper, &here->session, 1100, &error), 1000);
    apply(&here->session, "knob 2 1.6");
    dv_keeper_export(keeper, &here->session, "deepvid-3", &error);
    assert_int_equal(dv_keeper_look(keeper, &here->session, 3000, &error), -1); /* saved */

    dv_session session = new_session();
    dv_keeper *other = dv_keeper_open(&here->source, here->bundle, false, lines, &session, &error);
    assert_non_null(other);
    assert_int_equal(session.wish.options.index, 3);
    assert_int_equal(session.wish.options.neighbors, 300);
    assert_float_equal(session.wish.offset[2], 1.6, 1e-6);
    assert_int_equal(dv_keeper_look(other, &session, 0, &error), -1);
    assert_true(dv_keeper_close(other, &error));

    char *log = state_path(here, "log.1"); /* of the first; the second has taken its name */
    dv_session replayed = new_session();
    assert_int_equal(replay(here, log, &replayed), 1);
    assert_true(dv_session_equal(&replayed, &here->session));
    free(log);

    assert_null(dv_keeper_open(&here->source, here->bundle, false, bad, &session, &error));
    assert_non_null(strstr(error.message, "there is no picture 99"));
    assert_true(dv_keeper_close(keeper, &error));
    dv_session_clear(&session);
    dv_session_clear(&replayed);
}

/* No place to keep anything: said once, and all goes on. */
static void test_the_keeper_does_without_a_place(void **state)
{
    desk *here = *state;
    dv_error error;
    const char *const none[] = {NULL};
    char *file;
    assert_true(asprintf(&file, "%s/file", here->home) > 0);
    put_file(file, "", 0);
    setenv("XDG_STATE_HOME", file, 1);
    dv_keeper *keeper = dv_keeper_open(&here->source, here->bundle, false, none, &here->session, &error);
    assert_non_null(keeper);
    assert_int_not_equal(error.code, DV_OK);
    assert_non_null(strstr(error.message, file));
    apply(&here->session, "index 3");
    assert_int_equal(dv_keeper_look(keeper, &here->session, 0, &error), 2000);
    assert_int_equal(error.code, DV_OK);
    assert_int_equal(dv_keeper_look(keeper, &here->session, 3000, &error), -1);
    dv_keeper_export(keeper, &here->session, "x", &error);
    assert_int_equal(error.code, DV_OK);
    dv_keeper_close(keeper, &error);
    free(file);
}

/* ---- the settings file -------------------------------------------------------------------- */

static bool read_preferences(const desk *here, const char *text, dv_preferences *preferences, dv_error *error)
{
    char *path;
    setenv("XDG_CONFIG_HOME", here->home, 1);
    assert_true(asprintf(&path, "%s/deepvid", here->home) > 0);
    mkdir(path, 0777);
    free(path);
    path = state_path(here, "deepvid.ini");
    put_file(path, text, strlen(text));
    free(path);
    return dv_preferences_read(preferences, error);
}

static void check_usual(const dv_preferences *preferences)
{
    const dv_wish usual = {.options = dv_explain_defaults()}, start = {.options = preferences->start};
    assert_true(dv_wish_equal(&usual, &start));
    assert_int_equal(preferences->graphics, DV_GRAPHICS_AUTO);
    assert_false(preferences->mouse || preferences->slow);
}

static void test_preferences_are_laid_over_the_defaults(void **state)
{
    desk *here = *state;
    dv_error error;
    dv_preferences preferences;
    setenv("XDG_CONFIG_HOME", here->home, 1);
    assert_true(dv_preferences_read(&preferences, &error)); /* no file */
    check_usual(&preferences);
    assert_false(preferences.neighborhood_said);
    if (!read_preferences(here,
                          "; mine\n[screen]\ngraphics = half ; for tmux\nmouse=on\n\n[start]\nband = 0.25\n"
                          "student = adam\nlambda = rule\nseed = 7\n",
                          &preferences, &error))
        fail_msg("%s", error.message);
    assert_int_equal(preferences.graphics, DV_GRAPHICS_HALF);
    assert_true(preferences.mouse && !preferences.slow);
    assert_float_equal(preferences.start.band, .25, 0);
    assert_int_equal(preferences.start.method, DV_STUDENT_ADAM);
    assert_int_equal(preferences.start.seed, 7);
    assert_int_equal(preferences.start.neighbors, 1000);
    assert_false(preferences.neighborhood_said);
    /* What is the default anyhow is said all the same: no bundle may say another then. */
    assert_true(read_preferences(here, "[start]\nneighborhood = vae\n", &preferences, &error));
    assert_true(preferences.neighborhood_said && preferences.start.neighborhood == DV_NEIGHBORHOOD_VAE);
}

/* A wrong line is told with its number; the lines before and behind it count. */
static void test_wrong_preferences_are_told_and_left_out(void **state)
{
    desk *here = *state;
    dv_error error;
    dv_preferences preferences;
    const struct {
        const char *line, *complaint;
    } bad[] = {
        {"band = wide", "line 3: band takes a number from 0.001 to 100, not 'wide'"},
        {"bands = 1", "line 3: unknown key 'bands' in section [start]"},
        {"nonsense", "line 3: neither a section nor a key with its value"},
        {"[screen]\nmouse = sometimes\n[start]", "line 4: mouse takes on or off, not 'sometimes'"},
        {"[screen]\ngraphics = oil\n[start]", "line 4: graphics takes auto, "},
        {"[screen]\ncolour = red\n[start]", "line 4: unknown key 'colour' in section [screen]"},
        {"[stop]\nband = 1\n[start]", "line 4: unknown section [stop]; there are [screen] and [start]"},
        {"[screen]\nmouse = maybe\nmouse = perhaps\n[start]", "line 4: mouse takes on or off, not 'maybe'"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        char text[400];
        snprintf(text, sizeof(text), "[start]\nneighbors = 77\n%s\nseed = 5\n", bad[i].line);
        assert_false(read_preferences(here, text, &preferences, &error));
        if (!strstr(error.message, bad[i].complaint) || !strstr(error.message, "/deepvid/deepvid.ini: line"))
            fail_msg("'%s' is not in: %s", bad[i].complaint, error.message);
        assert_int_not_equal(error.code, DV_ERROR_ARGUMENT);
        assert_int_equal(preferences.start.neighbors, 77);
        assert_int_equal(preferences.start.seed, 5);
        assert_float_equal(preferences.start.band, .5, 0);
    }
}

/* The file that is printed says nothing; without its semicolons it says what goes without saying. */
static void test_the_printed_preferences_are_the_defaults(void **state)
{
    desk *here = *state;
    dv_error error;
    dv_preferences preferences;
    char *text = NULL;
    size_t size = 0;
    for (int round = 0; round < 2; round++) {
        FILE *stream = open_memstream(&text, &size);
        dv_preferences_print(stream);
        fclose(stream);
        int uncommented = 0;
        for (char *at = text; round == 1 && (at = strstr(at, "\n;")); at++)
            if (at[2] != ' ') {
                at[1] = '\n'; /* a blank would make it a part of the line before */
                uncommented++;
            }
        if (!read_preferences(here, text, &preferences, &error))
            fail_msg("%s", error.message);
        check_usual(&preferences);
        assert_int_equal(uncommented, round * (DV_SETTING_COUNT + 3));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        at_desk(test_a_session_comes_back),
        at_desk(test_a_bad_file_is_kept_aside),
        at_desk(test_a_flipped_byte_never_brings_half_a_session),
        at_desk(test_another_bundle_in_the_same_place),
        at_desk(test_killed_while_saving),
        at_desk(test_the_log_follows_the_session),
        at_desk(test_old_logs_are_kept_for_a_while),
        at_desk(test_logs_that_are_not_whole),
        at_desk(test_the_keeper_brings_a_session_back),
        at_desk(test_the_keeper_does_without_a_place),
        at_desk(test_preferences_are_laid_over_the_defaults),
        at_desk(test_wrong_preferences_are_told_and_left_out),
        at_desk(test_the_printed_preferences_are_the_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

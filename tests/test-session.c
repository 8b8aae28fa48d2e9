/* The program in a fake terminal, driven by keys: what it shows, what it sends, how it leaves. */
#include "faketerm.h"
#include "tui/layout.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

enum { ROWS = 40, COLUMNS = 120, QUIET_MS = 100 };

/* A scratch folder with the tiny bundle in it, in which the program runs. */
static int set_up(void **state)
{
    char here[4096];
    tiny recipe = tiny_defaults();
    if (scratch_setup(state) != 0 || !getcwd(here, sizeof(here)) || chdir(*state) != 0)
        return -1;
    setenv("OLD_FOLDER", here, 1);
    if (mkdir("trees", 0777) != 0)
        return -1;
    tiny_write("trees", &recipe);
    return 0;
}

static int tear_down(void **state)
{
    return chdir(getenv("OLD_FOLDER")) == 0 ? scratch_teardown(state) : -1;
}

#define with_program(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static faketerm *start(const faketerm_profile *profile, int rows, int columns, const char *option)
{
    const char *argv[] = {getenv("DEEPVID"), "trees", "--threads=2", option, NULL};
    assert_non_null(argv[0]);
    return faketerm_start(profile, rows, columns, argv, NULL);
}

static void wait_text(faketerm *term, const char *text)
{
    if (faketerm_wait_text(term, text))
        return;
    fakescreen *screen = faketerm_screen(term);
    char row[4 * 300 + 1];
    for (int i = 0; i < screen->rows; i++) {
        fakescreen_row(screen, i, row);
        fprintf(stderr, "%s\n", row);
    }
    fail_msg("\"%s\" does not appear", text);
}

static void assert_well_behaved(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    if (screen->complaints)
        fail_msg("%d complaints, the first: %s", screen->complaints, screen->complaint);
}

static void wait_no_text(faketerm *term, const char *text)
{
    for (int i = 0; faketerm_shows(term, text); i++) {
        if (i == 500)
            fail_msg("\"%s\" stays", text);
        faketerm_settle(term, 10);
    }
}

/* Frames come one after the other: when the question is on the screen and gone again, all that was sent before is
 * there, however slow the machine. */
static fakescreen *catch_up(faketerm *term)
{
    faketerm_type(term, "g");
    wait_text(term, "Go to picture");
    faketerm_type(term, "\177");
    wait_no_text(term, "Go to picture");
    assert_well_behaved(term);
    return faketerm_screen(term);
}

/* Types, waits for the text that must come of it, and returns what happened on the screen from then on. */
static fakescreen *press(faketerm *term, const char *keys, const char *text)
{
    fakescreen_reset_counts(faketerm_screen(term));
    faketerm_type(term, keys);
    wait_text(term, text);
    return catch_up(term);
}

/* Started, explained, all pictures asked for, at rest. */
static faketerm *start_and_wait(const faketerm_profile *profile)
{
    faketerm *term = start(profile, ROWS, COLUMNS, NULL);
    wait_text(term, "1000 fresh");
    wait_text(term, "% right");
    wait_no_text(term, "preview");
    catch_up(term);
    return term;
}

static void wait_end(faketerm *term, int expected)
{
    int status;
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    faketerm_job(term, &status);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), expected);
}

static void quit(faketerm *term)
{
    faketerm_type(term, "q");
    wait_end(term, 0);
    assert_well_behaved(term);
    faketerm_free(term);
}

static bool has_character(const fakescreen *screen, const dv_area *area, uint32_t character)
{
    for (int row = area->row; row < area->row + area->rows; row++)
        for (int column = area->column; column < area->column + area->columns; column++)
            if (screen->grid->cell[row * screen->columns + column].character == character)
                return true;
    return false;
}

/* Pictures sent into an area; one column is the screen's own. */
static int pictures_in(const fakescreen *screen, dv_place place)
{
    dv_area areas[DV_PLACE_COUNT];
    assert_true(dv_layout(screen->rows, screen->columns - 1, 1 + TINY_CLASSES, areas));
    const dv_area *area = &areas[place];
    int count = 0;
    for (int i = 0; i < screen->picture_count && i < FAKE_PICTURES; i++) {
        const fakepicture *picture = &screen->pictures[i];
        count += picture->row >= area->row && picture->row < area->row + area->rows &&
                 picture->column >= area->column && picture->column < area->column + area->columns;
    }
    return count;
}

/* ---- what is shown ------------------------------------------------------------- */

static void test_first_screen(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_sixel);
    static const char *const texts[] = {
        "deepvid  Trees", "picture 0 of 12", "label ash", "Weight maps", "Neighbours 1000", "z0", "z2",
        "douglas",        "seed 1",          "KL",        "q quit"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        if (!faketerm_shows(term, texts[i]))
            fail_msg("no \"%s\"", texts[i]);
    const fakescreen *screen = faketerm_screen(term);
    assert_true(pictures_in(screen, DV_PLACE_PICTURE) > 0 && pictures_in(screen, DV_PLACE_WEIGHTS) > 1);
    assert_true(pictures_in(screen, DV_PLACE_NEIGHBORS) > 0 && pictures_in(screen, DV_PLACE_CLASSES) > 0);
    quit(term);
}

static void test_only_what_changes_is_sent(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_sixel);
    fakescreen *screen = press(term, "j", "▸z1");
    assert_int_equal(pictures_in(screen, DV_PLACE_WEIGHTS), 0);
    assert_int_equal(pictures_in(screen, DV_PLACE_NEIGHBORS), 0);
    assert_int_equal(pictures_in(screen, DV_PLACE_PICTURE), 0);

    dv_area areas[DV_PLACE_COUNT];
    dv_layout(ROWS, COLUMNS - 1, 1 + TINY_CLASSES, areas);
    screen = press(term, "L", "turned");
    assert_true(pictures_in(screen, DV_PLACE_WEIGHTS) > 0 && pictures_in(screen, DV_PLACE_NEIGHBORS) > 0);
    assert_true(pictures_in(screen, DV_PLACE_PICTURE) > 0);
    for (int i = 0; i < screen->picture_count; i++) /* the scale has other ends, not other colours */
        assert_int_not_equal(screen->pictures[i].row, areas[DV_PLACE_WEIGHTS].row);

    screen = press(term, "\014", "turned"); /* Ctrl-L */
    assert_true(pictures_in(screen, DV_PLACE_CLASSES) > 0 && pictures_in(screen, DV_PLACE_WEIGHTS) > 0);
    quit(term);
}

static void test_graphics_go_round(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_sixel);
    dv_area areas[DV_PLACE_COUNT];
    dv_layout(ROWS, COLUMNS - 1, 1 + TINY_CLASSES, areas);
    fakescreen *screen = press(term, "c", "Graphics: half");
    assert_int_equal(screen->picture_count, 0);
    assert_true(has_character(screen, &areas[DV_PLACE_WEIGHTS], 0x2580));
    screen = press(term, "c", "Graphics: ascii");
    assert_false(has_character(screen, &areas[DV_PLACE_WEIGHTS], 0x2580));
    press(term, "c", "graphics are off");
    screen = press(term, "c", "Graphics: sixel");
    assert_true(pictures_in(screen, DV_PLACE_WEIGHTS) > 0);
    quit(term);
}

static void test_without_sixel_half_blocks_are_used(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_plain);
    dv_area areas[DV_PLACE_COUNT];
    dv_layout(ROWS, COLUMNS - 1, 1 + TINY_CLASSES, areas);
    assert_int_equal(faketerm_screen(term)->picture_count, 0);
    assert_true(has_character(faketerm_screen(term), &areas[DV_PLACE_WEIGHTS], 0x2580));
    assert_true(has_character(faketerm_screen(term), &areas[DV_PLACE_NEIGHBORS], 0x2580));
    quit(term);
}

static void test_every_size(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_sixel);
    static const struct {
        int rows, columns;
        const char *text;
    } sizes[] = {{24, 80, "Neighbours 1000"},
                 {5, 20, "deepvid needs"},
                 {60, 200, "neighbours 1000"},
                 {16, 61, "Weight maps"},
                 {1, 1, ""},
                 {40, 120, "Neighbours 1000"}};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        faketerm_resize(term, sizes[i].rows, sizes[i].columns);
        faketerm_settle(term, QUIET_MS);
        faketerm_screen(term)->complaints = 0; /* a frame may have been under way while the terminal shrank */
        faketerm_type(term, "\014");
        wait_text(term, sizes[i].text);
        faketerm_settle(term, QUIET_MS);
        assert_well_behaved(term);
    }
    quit(term);
    term = start(&faketerm_xterm, 5, 20, NULL);
    wait_text(term, "deepvid needs");
    quit(term);
}

static void test_help_and_back(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_sixel);
    faketerm_type(term, "?");
    wait_text(term, "Shift-Left H, Shift-Right L");
    wait_text(term, "any key goes back");
    fakescreen *screen = press(term, "q", "Weight maps");
    assert_true(pictures_in(screen, DV_PLACE_WEIGHTS) > 0);
    faketerm_resize(term, 24, 80);
    faketerm_settle(term, QUIET_MS);
    faketerm_type(term, "?");
    wait_text(term, "page 1 of 2; any key goes on");
    faketerm_type(term, " ");
    wait_text(term, "page 2 of 2; any key goes back");
    faketerm_type(term, " ");
    wait_text(term, "Weight maps");
    quit(term);
}

/* ---- what keys do ---------------------------------------------------------------- */

static void test_moving_through_pictures(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_plain);
    const struct {
        const char *keys, *text;
    } steps[] = {{".", "picture 1 of 12"},
                 {"\033[6~", "picture 2 of 12"},
                 {",", "picture 1 of 12"},
                 {"\033[F", "picture 11 of 12"},
                 {" ", "picture 11 of 12"},
                 {"\033[H", "picture 0 of 12"},
                 {"g7\r", "picture 7 of 12"},
                 {"/12\r", "no picture 12: they go from 0 to 11"},
                 {"g99999999999999999999\r", "they go from 0 to 11"},
                 {"g1\1775\033", "picture 7 of 12"},
                 {"n", "wrong"},
                 {"N", "wrong"}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        faketerm_type(term, steps[i].keys);
        wait_text(term, steps[i].text);
        catch_up(term);
    }
    quit(term);
}

static void test_settings_follow(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_plain);
    faketerm_resize(term, ROWS, 180);
    const struct {
        const char *keys, *text;
    } steps[] = {{"B", "band 0.6"},        {"bb", "band 0.4"},    {"T", "2.5 scales only"}, {"-", "neighbours 512"},
                 {"=", "neighbours 1000"}, {"s", "s normal"},     {"o", "o residual"},      {"r", "seed 2"},
                 {"R", "seed 1"},          {"m", "student adam"}, {"mmm", "student ridge"}, {"]", "λ "},
                 {"a", " rule"},           {"l", "turned"},       {"Z", "decoded"},         {"H", "turned"},
                 {"0", "decoded"}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        faketerm_type(term, steps[i].keys);
        wait_text(term, steps[i].text);
    }
    faketerm_settle(term, QUIET_MS);
    wait_text(term, "1000 fresh");
    assert_well_behaved(term);
    quit(term);
}

static void test_report_is_exported(void **state)
{
    (void)state;
    faketerm *term = start_and_wait(&faketerm_plain);
    faketerm_type(term, "ge"); /* a question takes no actions */
    faketerm_settle(term, QUIET_MS);
    assert_int_not_equal(access("deepvid-0", F_OK), 0);
    faketerm_type(term, "3\re");
    wait_text(term, "The report is in ./deepvid-3.");
    assert_int_equal(scratch_count("deepvid-3"), 7);
    assert_int_equal(chmod("deepvid-3", 0777), 0);
    quit(term);
}

/* ---- leaving ------------------------------------------------------------------------ */

static void find_modes(struct termios *modes)
{
    static const char *const argv[] = {"/bin/true", NULL};
    faketerm *term = faketerm_start(&faketerm_sixel, ROWS, COLUMNS, argv, NULL);
    faketerm_modes(term, modes);
    faketerm_wait_state(term, FAKETERM_ENDED);
    faketerm_free(term);
}

static void assert_given_back(faketerm *term, const struct termios *found)
{
    struct termios now;
    const fakescreen *screen = faketerm_screen(term);
    faketerm_modes(term, &now);
    assert_ptr_equal(screen->grid, &screen->main);
    assert_true(screen->cursor_visible);
    assert_int_equal(now.c_iflag, found->c_iflag);
    assert_int_equal(now.c_oflag, found->c_oflag);
    assert_int_equal(now.c_lflag, found->c_lflag);
    assert_memory_equal(now.c_cc, found->c_cc, sizeof(now.c_cc));
    assert_well_behaved(term);
}

static void test_every_way_out(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        int signal;
    } ways[] = {{.keys = "q"}, {.keys = "\003"}, {.signal = SIGTERM}, {.signal = SIGHUP}, {.signal = SIGINT}};
    struct termios found;
    find_modes(&found);
    for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
        faketerm *term = start_and_wait(&faketerm_sixel);
        if (ways[i].keys)
            faketerm_type(term, ways[i].keys);
        else
            faketerm_signal(term, ways[i].signal);
        wait_end(term, 0);
        assert_given_back(term, &found);
        faketerm_free(term);
    }
    /* In the middle of work. */
    faketerm *term = start(&faketerm_sixel, ROWS, COLUMNS, "--neighbors=200000");
    wait_text(term, "explaining");
    faketerm_signal(term, SIGTERM);
    wait_end(term, 0);
    assert_given_back(term, &found);
    faketerm_free(term);
}

static void test_hang_up(void **state)
{
    (void)state;
    int status;
    faketerm *term = start_and_wait(&faketerm_sixel);
    faketerm_hang_up(term);
    assert_true(faketerm_wait_state(term, FAKETERM_ENDED));
    faketerm_job(term, &status);
    assert_true(WIFEXITED(status));
    faketerm_free(term);
}

static void test_suspend_and_back(void **state)
{
    (void)state;
    struct termios found;
    find_modes(&found);
    faketerm *term = start_and_wait(&faketerm_sixel);
    faketerm_type(term, "\032");
    assert_true(faketerm_wait_state(term, FAKETERM_STOPPED));
    assert_given_back(term, &found);
    fakescreen_reset_counts(faketerm_screen(term));
    faketerm_continue(term);
    wait_text(term, "Weight maps");
    catch_up(term);
    assert_true(pictures_in(faketerm_screen(term), DV_PLACE_WEIGHTS) > 0);
    quit(term);
}

/* Ctrl-C ends the work first, the program only when there is none. */
static void test_cancel_before_quit(void **state)
{
    (void)state;
    faketerm *term = start(&faketerm_plain, ROWS, COLUMNS, "--neighbors=200000");
    wait_text(term, "preview");
    wait_text(term, "explaining");
    faketerm_type(term, "\003");
    wait_text(term, "Enter explains again");
    assert_int_equal(faketerm_job(term, NULL), FAKETERM_RUNNING);
    faketerm_type(term, "\003");
    wait_end(term, 0);
    faketerm_free(term);
}

static void test_no_terminal(void **state)
{
    (void)state;
    char command[4600], text[600];
    snprintf(command, sizeof(command), "'%s' trees </dev/null 2>&1", getenv("DEEPVID"));
    FILE *stream = popen(command, "r");
    assert_non_null(stream);
    size_t size = fread(text, 1, sizeof(text) - 1, stream);
    text[size] = '\0';
    int status = pclose(stream);
    assert_int_equal(WEXITSTATUS(status), 2);
    assert_non_null(strstr(text, "deepvid explain"));
    assert_ptr_equal(strchr(text, '\n'), text + size - 1); /* one line */

    faketerm_profile dumb = faketerm_plain;
    dumb.term = "dumb";
    faketerm *term = start(&dumb, ROWS, COLUMNS, NULL);
    wait_end(term, 1);
    assert_true(faketerm_shows(term, "deepvid explain"));
    faketerm_free(term);

    term = start(&faketerm_plain, ROWS, COLUMNS, "--index=12");
    wait_end(term, 2);
    assert_true(faketerm_shows(term, "there is no picture 12: they go from 0 to 11"));
    faketerm_free(term);
}

/* ---- chaos ----------------------------------------------------------------------------- */

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void pause_ms(int milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000L}, NULL);
}

/* Keys at random, broken sequences and sizes among them: it lives, and the screen stays in order. */
static void test_random_keys(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        ".",      ",",      " ",      "\177",    "n",         "N",     "g",       "3",    "\r",
        "\033",   "j",      "k",      "h",       "l",         "H",     "L",       "0",    "Z",
        "b",      "B",      "-",      "+",       "s",         "o",     "r",       "R",    "m",
        "[",      "]",      "a",      "t",       "T",         "?",     "e",       "c",    "\014",
        "\033[A", "\033[B", "\033[C", "\033[D",  "\033[1;2C", "\033[", "\033[99", "\xc3", "\xe2\x94\x80",
        "\t",     "\001",   "x",      "\033[6~", "\033OP"};
    faketerm *term = start(&faketerm_sixel, ROWS, COLUMNS, "--neighbors=64");
    wait_text(term, "fresh");
    double end = now() + 2;
    for (uint64_t i = 0; now() < end; i++) {
        uint64_t bits = dv_random_bits(7, DV_PURPOSE_TEST, i);
        faketerm_type(term, pieces[bits % (sizeof(pieces) / sizeof(*pieces))]);
        if (bits >> 32 & 1)
            faketerm_settle(term, 1);
        else if ((bits >> 33) % 50 == 0)
            faketerm_resize(term, 1 + (int)(bits >> 40) % 60, 1 + (int)(bits >> 48) % 200);
        if (faketerm_job(term, NULL) != FAKETERM_RUNNING)
            fail_msg("ended after key %d", (int)i);
    }
    faketerm_resize(term, ROWS, COLUMNS);
    faketerm_type(term, "\033");
    pause_ms(100);
    faketerm_type(term, "x"); /* leaves the help, or does nothing */
    faketerm_settle(term, QUIET_MS);
    faketerm_screen(term)->complaints = 0; /* a frame may have been under way while the terminal shrank */
    press(term, "\014", "Pictures");
    quit(term);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_first_screen),
        with_program(test_only_what_changes_is_sent),
        with_program(test_graphics_go_round),
        with_program(test_without_sixel_half_blocks_are_used),
        with_program(test_every_size),
        with_program(test_help_and_back),
        with_program(test_moving_through_pictures),
        with_program(test_settings_follow),
        with_program(test_report_is_exported),
        with_program(test_every_way_out),
        with_program(test_hang_up),
        with_program(test_suspend_and_back),
        with_program(test_cancel_before_quit),
        with_program(test_no_terminal),
        with_program(test_random_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

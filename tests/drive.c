#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "drive.h"
#include "likeness.h"
#include "scratch.h"
#include "tiny.h"

enum { PATIENCE_MS = 60000, STILL_MS = 50, CORNER = 32 /* columns of the last row that hold only keys */ };

/* ---- starting ------------------------------------------------------------------- */

int drive_setup(void **state)
{
    char here[4096], path[256];
    tiny recipe = tiny_defaults();
    if (scratch_setup(state) != 0 || !getcwd(here, sizeof(here)) || chdir(*state) != 0)
        return -1;
    setenv("OLD_FOLDER", here, 1);
    setenv("XDG_STATE_HOME", scratch_path(path, *state, "state"), 1);
    setenv("XDG_CONFIG_HOME", scratch_path(path, *state, "config"), 1);
    setenv("XDG_CACHE_HOME", scratch_path(path, *state, "cache"), 1);
    if (mkdir("trees", 0777) != 0)
        return -1;
    tiny_write("trees", &recipe);
    return 0;
}

int drive_teardown(void **state)
{
    return chdir(getenv("OLD_FOLDER")) == 0 ? scratch_teardown(state) : -1;
}

faketerm *drive_start(const faketerm_profile *profile, int rows, int columns, const char *const *options,
                      const char *const *environment)
{
    const char *argv[16] = {getenv("DEEPVID"), "trees", "--threads=2"};
    assert_non_null(argv[0]);
    for (int i = 3; options && *options && i < 15; i++)
        argv[i] = *options++;
    return faketerm_start(profile, rows, columns, argv, environment);
}

faketerm *drive_open(const faketerm_profile *profile)
{
    faketerm *term = drive_start(profile, DRIVE_ROWS, DRIVE_COLUMNS, NULL, NULL);
    drive_wait(term, "1 Teacher");
    drive_rest(term);
    return term;
}

/* ---- looking ------------------------------------------------------------------------ */

char *drive_text(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    size_t row_size = 4 * (size_t)screen->columns + 2, used = 0;
    char *text = malloc((size_t)screen->rows * row_size + 1);
    assert_non_null(text);
    for (int row = 0; row < screen->rows; row++) {
        fakescreen_row(screen, row, text + used);
        if (row == screen->rows - 1 && strlen(text + used) > CORNER)
            text[used + CORNER] = '\0';
        used += strlen(text + used);
        text[used++] = '\n';
        text[used] = '\0';
    }
    return text;
}

static void fail_with_screen(faketerm *term, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void fail_with_screen(faketerm *term, const char *format, ...)
{
    char message[400], *all = drive_text(term);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s", all);
    free(all);
    fail_msg("%s", message);
}

void drive_check(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    if (faketerm_job(term, NULL) == FAKETERM_ENDED)
        fail_with_screen(term, "the program has left");
    if (screen->complaints)
        fail_msg("%d complaints, the first: %s", screen->complaints, screen->complaint);
}

void drive_expect(faketerm *term, const char *text)
{
    if (!faketerm_shows(term, text))
        fail_with_screen(term, "no \"%s\"", text);
}

void drive_expect_not(faketerm *term, const char *text)
{
    if (faketerm_shows(term, text))
        fail_with_screen(term, "\"%s\" should not be there", text);
}

int drive_count(faketerm *term, uint32_t character)
{
    const fakescreen *screen = faketerm_screen(term);
    int count = 0;
    for (int i = 0; i < screen->rows * screen->columns; i++)
        count += screen->grid->cell[i].character == character;
    return count;
}

/* ---- waiting -------------------------------------------------------------------------- */

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

void drive_wait(faketerm *term, const char *text)
{
    if (!faketerm_wait_text(term, text))
        fail_with_screen(term, "\"%s\" does not appear", text);
}

void drive_wait_gone(faketerm *term, const char *text)
{
    for (double end = now_ms() + PATIENCE_MS; faketerm_screen(term)->synchronized || faketerm_shows(term, text);) {
        if (now_ms() > end)
            fail_with_screen(term, "\"%s\" stays", text);
        faketerm_settle(term, 5);
    }
}

static bool is_asking(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    return screen->synchronized || screen->grid->cell[(screen->rows - 1) * screen->columns].character == ':';
}

void drive_sync(faketerm *term)
{
    static int number;
    char question[32];
    snprintf(question, sizeof(question), ":~%d", ++number);
    faketerm_type(term, question);
    drive_wait(term, question);
    faketerm_type(term, "\025\177"); /* Ctrl-U, Backspace */
    for (double end = now_ms() + PATIENCE_MS; is_asking(term);) {
        if (now_ms() > end)
            fail_with_screen(term, "the question stays");
        faketerm_settle(term, 2);
    }
    drive_check(term);
}

/* The nanoseconds that the threads of a process have run; a new number each time when one is not asleep. */
static uint64_t effort(pid_t pid)
{
    static uint64_t restless;
    char path[300], line[512];
    uint64_t sum = 0;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        unsigned long long ran = 0;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", (int)pid, entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%llu", &ran) == 1)
            sum += ran;
        if (file)
            fclose(file);
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/stat", (int)pid, entry->d_name);
        file = fopen(path, "r");
        if (file && fgets(line, sizeof(line), file) && strrchr(line, ')') && !strchr("ST", strrchr(line, ')')[2]))
            sum += ++restless;
        if (file)
            fclose(file);
    }
    if (folder)
        closedir(folder);
    return sum;
}

void drive_idle(faketerm *term, int patience_ms)
{
    size_t before, after;
    double end = now_ms() + patience_ms;
    for (;;) {
        uint64_t ran = effort(faketerm_pid(term));
        faketerm_bytes(term, &before);
        faketerm_settle(term, STILL_MS);
        faketerm_bytes(term, &after);
        if (before == after && ran == effort(faketerm_pid(term)))
            return;
        if (now_ms() > end)
            fail_with_screen(term, "the program does not come to rest");
    }
}

void drive_rest(faketerm *term)
{
    drive_sync(term);
    drive_idle(term, PATIENCE_MS);
    assert_false(faketerm_screen(term)->synchronized);
    drive_check(term);
}

fakescreen *drive_press(faketerm *term, const char *keys)
{
    fakescreen_reset_counts(faketerm_screen(term));
    faketerm_type(term, keys);
    drive_rest(term);
    return faketerm_screen(term);
}

fakescreen *drive_command(faketerm *term, const char *command)
{
    char keys[300];
    snprintf(keys, sizeof(keys), ":%s\r", command);
    return drive_press(term, keys);
}

void drive_step(faketerm *term, const char *keys, const char *text)
{
    faketerm_type(term, keys);
    drive_wait(term, text);
    drive_check(term);
}

void drive_resize(faketerm *term, int rows, int columns)
{
    const fakescreen *screen = faketerm_screen(term);
    drive_idle(term, PATIENCE_MS); /* or a frame of the old size could be under way */
    faketerm_resize(term, rows, columns);
    for (double end = now_ms() + PATIENCE_MS; screen->resized;) {
        if (now_ms() > end)
            fail_with_screen(term, "the program does not see the new size");
        faketerm_settle(term, 2);
    }
    if (rows < 24 || columns < 80) {
        drive_check(term);
        return;
    }
    drive_wait(term, "1 Teacher");
    drive_rest(term);
}

static bool repeats_after(char *const *text, int panes)
{
    for (int i = 2 * panes; i < DRIVE_PRESSES; i++)
        if (strcmp(text[i], text[i - panes]) != 0)
            return false;
    return true;
}

int drive_focus_round(faketerm *term, char *text[DRIVE_PRESSES])
{
    int panes = 1;
    for (int i = 0; i < DRIVE_PRESSES; i++) {
        drive_press(term, "w");
        text[i] = drive_text(term);
    }
    while (2 * panes < DRIVE_PRESSES && !repeats_after(text, panes))
        panes++;
    if (2 * panes >= DRIVE_PRESSES)
        fail_with_screen(term, "the focus does not come round");
    return panes;
}

/* ---- painting anew ----------------------------------------------------------------------- */

void drive_check_repaint(faketerm *term)
{
    char difference[160];
    drive_rest(term);
    likeness *before = likeness_take(faketerm_screen(term));
    drive_press(term, "\014"); /* Ctrl-L */
    likeness *after = likeness_take(faketerm_screen(term));
    if (!likeness_equal(before, after, difference, sizeof(difference)))
        fail_with_screen(term, "painted anew it is not the same: %s", difference);
    likeness_free(before);
    likeness_free(after);
}

/* ---- leaving ------------------------------------------------------------------------------- */

void drive_end(faketerm *term, int expected)
{
    int status;
    if (!faketerm_wait_state(term, FAKETERM_ENDED))
        fail_with_screen(term, "the program stays");
    faketerm_job(term, &status);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_with_screen(term, "the program has ended otherwise than expected");
}

void drive_quit(faketerm *term)
{
    drive_check(term);
    faketerm_type(term, "q");
    drive_end(term, 0);
    const fakescreen *screen = faketerm_screen(term);
    if (screen->complaints)
        fail_msg("%d complaints, the first: %s", screen->complaints, screen->complaint);
    faketerm_free(term);
}

void drive_find_modes(struct termios *modes)
{
    static const char *const argv[] = {"/bin/true", NULL};
    faketerm *term = faketerm_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, argv, NULL);
    faketerm_modes(term, modes);
    faketerm_wait_state(term, FAKETERM_ENDED);
    faketerm_free(term);
}

void drive_check_given_back(faketerm *term, const struct termios *found)
{
    struct termios now;
    const fakescreen *screen = faketerm_screen(term);
    faketerm_modes(term, &now);
    assert_ptr_equal(screen->grid, &screen->main);
    assert_true(screen->cursor_visible);
    assert_false(screen->mouse_buttons || screen->mouse_numbers || screen->synchronized);
    assert_int_equal(now.c_iflag, found->c_iflag);
    assert_int_equal(now.c_oflag, found->c_oflag);
    assert_int_equal(now.c_cflag, found->c_cflag);
    assert_int_equal(now.c_lflag, found->c_lflag);
    assert_memory_equal(now.c_cc, found->c_cc, sizeof(now.c_cc));
    if (screen->complaints)
        fail_msg("%d complaints, the first: %s", screen->complaints, screen->complaint);
}

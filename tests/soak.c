/* Random keys, text, reports of the mouse, broken sequences and sizes, for as long as one likes: the program lives,
 * breaks no rule of the terminal, gives it back at the end, and does not grow.
 *
 *   soak [KEYS [SEED]]
 *
 * The screen is never waited for longer than it takes the program to read what was typed. Every now and then the
 * program is brought to the same state and its memory is read; in a build with sanitizers, which keep what is freed,
 * only errors count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "drive.h"

#ifdef __SANITIZE_ADDRESS__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

enum {
    SHORT = 600,
    SEED = 1,
    WARM = 2000,
    CHECK_EVERY = 50,
    MEASURE_EVERY = 500,
    GROWTH_KB = 4096,
    A_WHILE = 60000 /* ms */
};

static long keys = SHORT;
static uint64_t seed = SEED;

typedef struct soak {
    faketerm *term;
    struct termios found;
    long drawn;  /* random numbers */
    long first;  /* kB after the warm-up; 0: not yet */
    long newest; /* kB */
    int restarts;
} soak;

static uint64_t draw(soak *it, uint64_t count)
{
    return (dv_random_bits(seed, DV_PURPOSE_TEST, (uint64_t)it->drawn++) >> 11) % count;
}

/* ---- what is typed ------------------------------------------------------------------ */

/* What a keyboard sends beyond characters, whole and broken. */
static const char *const sequences[] = {
    "\033[A",
    "\033[B",
    "\033[C",
    "\033[D",
    "\033[1;2A",
    "\033[1;2B",
    "\033[1;2C",
    "\033[1;2D",
    "\033[1;5A",
    "\033[1;5D",
    "\033[5~",
    "\033[6~",
    "\033[H",
    "\033[F",
    "\033[Z",
    "\033[3~",
    "\033[2~",
    "\033OP",
    "\033[15~",
    "\033[21~",
    "\t",
    "\r",
    "\177",
    "\014",
    "\022",
    "\025",
    "\027",
    "\001",
    "\033x",
    "\xc3\xa4",
    "\xe2\x82\xac",
    "\033[",
    "\033[99",
    "\033[<0;1",
    "\xc3",
    "\xff",
    "\033[?62;4;22c",
    "\033]11;rgb:0/0/0\033\\",
};

/* Begins of commands and answers; what follows them is random, too. */
static const char *const questions[] = {
    ":set neighbors 64\r",
    ":set ",
    ":find 3\r",
    "/ash\r",
    "/",
    ":only-class ash\r",
    ":all\r",
    ":view vae\r",
    ":pane ",
    ":dimension",
    ":value 1\r",
    ":graphics sixel\r",
    ":graphics half\r",
    ":\t\t",
    ":set student ",
    ":order loss\r",
};

/* A printable character other than q, which leaves. */
static void type_character(soak *it)
{
    char key[2] = {(char)(' ' + draw(it, 95)), '\0'};
    faketerm_type(it->term, key[0] == 'q' ? "." : key);
}

static void type_mouse(soak *it)
{
    static const int buttons[] = {0, 1, 2, 32, 34, 64, 65, 4, 16};
    char report[64];
    const fakescreen *screen = faketerm_screen(it->term);
    int row = 1 + (int)draw(it, (uint64_t)screen->rows), column = 1 + (int)draw(it, (uint64_t)screen->columns);
    int button = buttons[draw(it, sizeof(buttons) / sizeof(*buttons))];
    snprintf(report, sizeof(report), "\033[<%d;%d;%d%c", button, column, row, draw(it, 3) ? 'M' : 'm');
    faketerm_type(it->term, report);
}

/* Frames under way are still meant for the old size. */
static void resize(soak *it)
{
    static const int usual[][2] = {{24, 80}, {40, 120}, {60, 200}};
    const int *size = usual[draw(it, 3)];
    bool odd = draw(it, 3) == 0;
    faketerm_screen(it->term)->lenient = true;
    faketerm_resize(it->term, odd ? 1 + (int)draw(it, 70) : size[0], odd ? 1 + (int)draw(it, 220) : size[1]);
    drive_idle(it->term, A_WHILE);
    faketerm_screen(it->term)->lenient = false;
}

static void type_something(soak *it)
{
    uint64_t kind = draw(it, 100);
    if (kind < 62)
        type_character(it);
    else if (kind < 82)
        faketerm_type(it->term, sequences[draw(it, sizeof(sequences) / sizeof(*sequences))]);
    else if (kind < 88)
        faketerm_type(it->term, questions[draw(it, sizeof(questions) / sizeof(*questions))]);
    else if (kind < 96)
        type_mouse(it);
    else if (kind < 98)
        resize(it);
    else { /* Esc by itself */
        faketerm_type(it->term, "\033");
        faketerm_settle(it->term, 60);
    }
}

/* ---- what must hold -------------------------------------------------------------------- */

static void start(soak *it)
{
    static const char *const options[] = {"--neighbors=64", NULL};
    /* Or glibc keeps much of what is freed, and more the longer it runs. */
    static const char *const environment[] = {"MALLOC_MMAP_THRESHOLD_=65536", "MALLOC_TRIM_THRESHOLD_=65536", NULL};
    it->term = drive_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, options, environment);
    drive_wait(it->term, "1 Teacher");
}

/* Some command may have left: cleanly, or not at all. */
static void restart_if_ended(soak *it)
{
    if (faketerm_job(it->term, NULL) != FAKETERM_ENDED)
        return;
    drive_end(it->term, 0);
    drive_check_given_back(it->term, &it->found);
    faketerm_free(it->term);
    it->restarts++;
    it->first = 0;
    start(it);
}

/* Out of questions, overlays and small sizes, into some view; all that was typed has been acted on. */
static void come_home(soak *it)
{
    static const char *const views[] = {":teacher-view\r", ":vae\r", ":student-view\r"};
    if (faketerm_job(it->term, NULL) == FAKETERM_STOPPED)
        faketerm_continue(it->term);
    faketerm_type(it->term, "\033\\");   /* ends what was broken off */
    faketerm_type(it->term, "\025\177"); /* Ctrl-U, Backspace: ends a question */
    faketerm_type(it->term, views[draw(it, 3)]);
    drive_resize(it->term, DRIVE_ROWS, DRIVE_COLUMNS);
}

static long read_memory(pid_t pid)
{
    char path[64], line[256];
    long sum = 0, value;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Private_Dirty: %ld", &value) == 1)
            sum += value;
    if (file)
        fclose(file);
    return sum;
}

static void measure(soak *it, long key)
{
    static const char *const usual[] = {"all",
                                        "order index",
                                        "reset-knobs",
                                        "set student ridge",
                                        "set neighbors 64",
                                        "set sampling sobol",
                                        "find 0",
                                        "student-view",
                                        "graphics sixel",
                                        "vae",
                                        "teacher"};
    come_home(it);
    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        char command[80];
        snprintf(command, sizeof(command), ":%s\r", usual[i]);
        faketerm_type(it->term, command);
        drive_sync(it->term);
    }
    drive_rest(it->term);
    it->newest = read_memory(faketerm_pid(it->term));
    if (key >= WARM && it->first == 0)
        it->first = it->newest;
    if (keys > SHORT)
        printf("%7ld keys  %7ld kB\n", key, it->newest);
    fflush(stdout);
}

static void soak_program(void **state)
{
    (void)state;
    soak it = {0};
    drive_find_modes(&it.found);
    start(&it);
    for (long key = 1; key <= keys; key++) {
        type_something(&it);
        if (draw(&it, 2))
            faketerm_settle(it.term, 1);
        restart_if_ended(&it);
        if (key % CHECK_EVERY == 0) { /* what it has to read must not fill the line */
            come_home(&it);
            restart_if_ended(&it);
            drive_check(it.term);
            faketerm_forget_bytes(it.term);
        }
        if (key % MEASURE_EVERY == 0)
            measure(&it, key);
    }
    come_home(&it);
    drive_check_repaint(it.term);
    faketerm_type(it.term, "q");
    drive_end(it.term, 0);
    drive_check_given_back(it.term, &it.found);
    faketerm_free(it.term);
    if (it.restarts > 0)
        printf("%d times a command left the program\n", it.restarts);
    if (!SANITIZED && it.first > 0 && it.newest > it.first + GROWTH_KB)
        fail_msg("the memory grows: %ld kB after %d keys, %ld kB after %ld", it.first, WARM, it.newest, keys);
}

int main(int argc, char **argv)
{
    keys = argc > 1 ? atol(argv[1]) : SHORT;
    seed = argc > 2 ? strtoull(argv[2], NULL, 10) : SEED;
    const struct CMUnitTest tests[] = {with_program(soak_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What does the screen cost? bench-keys PROGRAM BUNDLE, in a fake terminal with sixel graphics.
 *
 * Asked "start": milliseconds from the start of the program to the first text of its screen and to its first picture.
 * Asked with the name of a knob below: milliseconds from one key to the last byte of the screen that answers it, the
 * same up to the explanation by the program's own clock, and KiB sent meanwhile. The projection is waited for first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../drive.h"
#include "../scratch.h"
#include "base/error.h"
#include "base/file.h"
#include "bench.h"

enum { A_WHILE = 600000 /* ms, for a projection that is made anew */ };

/* Two keys that undo each other, pressed in turn. */
struct knob {
    const char *name, *prepare, *forth, *back;
};

static const struct knob knobs[] = {
    {"teacher: arrow in the projection", "1:pane projection\r", "\033[C", "\033[D"},
    {"teacher: arrow in the grid", "1:pane grid\r", "\033[C", "\033[D"},
    {"VAE: Up on an axis", "2:pane coordinates\r", "\033[A", "\033[B"},
    {"student: ] for lambda", "3:pane weights\r", "]", "["},
};

enum { KNOBS = sizeof(knobs) / sizeof(*knobs) };

struct keys {
    const char *command[4];
    faketerm *term;          /* for knobs, open from the first one on */
    const struct knob *knob; /* NULL: the start is asked for */
    int presses;
};

static faketerm *open_screen(const struct keys *keys)
{
    return faketerm_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, keys->command, NULL);
}

static void start(const struct keys *keys, json_t *answer)
{
    double begin = dv_clock_ms();
    faketerm *term = open_screen(keys);
    drive_wait(term, "1 Teacher");
    bench_add(answer, "ms", dv_clock_ms() - begin);
    faketerm_wait_pictures(term, 1);
    bench_add(answer, "picture", dv_clock_ms() - begin);
    drive_sync(term);
    drive_quit(term);
}

/* The program's own word, at the right of the last row: milliseconds from the wish to the explanation on the screen. */
static double own_ms(faketerm *term)
{
    const fakescreen *screen = faketerm_screen(term);
    char *row = malloc(4 * (size_t)screen->columns + 2);
    double ms = 0;
    if (row)
        fakescreen_row(screen, screen->rows - 1, row);
    char *end = row ? strstr(row, " ms ") : NULL;
    while (end && end > row && end[-1] != ' ')
        end--;
    if (end)
        ms = atof(end);
    free(row);
    return ms;
}

/* At an edge one of the two keys does nothing: the other one does. */
static bool press(struct keys *keys, json_t *answer, dv_error *error)
{
    size_t bytes = 0;
    for (int tries = 0; tries < 2 && !bytes; tries++) {
        faketerm_forget_bytes(keys->term);
        double begin = dv_clock_ms();
        faketerm_type(keys->term, keys->presses++ % 2 ? keys->knob->back : keys->knob->forth);
        faketerm_settle(keys->term, 50);
        drive_idle(keys->term, A_WHILE);
        faketerm_bytes(keys->term, &bytes);
        if (bytes) {
            bench_add(answer, "ms", faketerm_newest_byte(keys->term) - begin);
            bench_add(answer, "own clock", own_ms(keys->term));
            bench_add(answer, "KiB", (double)bytes / 1024);
        }
    }
    return bytes || dv_error_set(error, DV_ERROR_ARGUMENT, "%s does nothing", keys->knob->name);
}

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct keys *keys = context;
    keys->knob = NULL;
    for (int i = 0; i < KNOBS; i++)
        if (strcmp(knobs[i].name, wish) == 0)
            keys->knob = &knobs[i];
    if (!keys->knob)
        return strcmp(wish, "start") == 0 || dv_error_set(error, DV_ERROR_ARGUMENT, "there is no knob %s", wish);
    if (!keys->term) {
        keys->term = open_screen(keys);
        drive_wait(keys->term, "1 Teacher");
        drive_sync(keys->term);
        drive_idle(keys->term, A_WHILE);
    }
    faketerm_type(keys->term, keys->knob->prepare);
    drive_rest(keys->term);
    return true;
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct keys *keys = context;
    if (keys->knob)
        return press(keys, answer, error);
    start(keys, answer);
    return true;
}

int main(int argc, char **argv)
{
    void *folder;
    if (argc != 3) {
        fputs("usage: bench-keys PROGRAM BUNDLE\n", stderr);
        return 2;
    }
    if (scratch_setup(&folder) != 0)
        return 1;
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    setenv("XDG_CACHE_HOME", folder, 1);
    struct keys keys = {.command = {argv[1], argv[2], "--new"}};
    json_t *facts = json_pack("{s:i, s:i}", "columns", DRIVE_COLUMNS, "rows", DRIVE_ROWS);
    int status = bench_serve(&(bench_question){"bench-keys", &keys, prepare, work}, facts);
    if (keys.term)
        drive_quit(keys.term);
    scratch_teardown(&folder);
    return status;
}

/* What does one turn of a knob cost? Bytes sent and milliseconds from the key to the last byte of the screen that
 * answers it, in each view, in a fake terminal with sixel graphics.
 *
 *   bench-keys PROGRAM BUNDLE [TURNS]
 *
 * Medians with the spread of the middle half. The projection is waited for first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../drive.h"
#include "../scratch.h"

enum { MOST_TURNS = 999, A_WHILE = 600000 /* ms, for a projection that is made anew */ };

/* Two keys that undo each other, pressed a number of times in turn. */
struct knob {
    const char *name, *prepare, *forth, *back;
};

static const struct knob knobs[] = {
    {"teacher: arrow in the projection", "1:pane projection\r", "\033[C", "\033[D"},
    {"teacher: arrow in the grid", "1:pane grid\r", "\033[C", "\033[D"},
    {"VAE: Up on an axis", "2:pane coordinates\r", "\033[A", "\033[B"},
    {"student: ] for lambda", "3:pane weights\r", "]", "["},
};

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof(*value), ascending);
    printf("  %8.1f (%.1f .. %.1f)", value[count / 2], value[count / 4], value[count - 1 - count / 4]);
}

static void measure(faketerm *term, const struct knob *knob, int turns)
{
    static double kilobytes[MOST_TURNS], milliseconds[MOST_TURNS];
    faketerm_type(term, knob->prepare);
    drive_rest(term);
    for (int turn = 0; turn < turns; turn++) {
        size_t bytes;
        faketerm_forget_bytes(term);
        double start = now_ms();
        faketerm_type(term, turn / 10 % 2 ? knob->back : knob->forth);
        faketerm_settle(term, 50);
        drive_idle(term, A_WHILE);
        faketerm_bytes(term, &bytes);
        kilobytes[turn] = (double)bytes / 1024;
        milliseconds[turn] = faketerm_newest_byte(term) - start;
    }
    printf("%-34s", knob->name);
    print_median(kilobytes, turns);
    print_median(milliseconds, turns);
    printf("\n");
}

static void wait_for_projection(faketerm *term)
{
    drive_wait(term, "1 Teacher");
    drive_sync(term);
    drive_idle(term, A_WHILE);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int turns = argc > 3 ? atoi(argv[3]) : 50;
    turns = turns < 1 ? 1 : turns > MOST_TURNS ? MOST_TURNS : turns;
    void *folder;
    if (scratch_setup(&folder) != 0)
        return 1;
    setenv("XDG_STATE_HOME", folder, 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    const char *const command[] = {argv[1], argv[2], NULL};
    faketerm *term = faketerm_start(&faketerm_sixel, DRIVE_ROWS, DRIVE_COLUMNS, command, NULL);
    wait_for_projection(term);
    printf("%d turns at %d x %d cells of %d x %d pixels, medians (quartiles)\n", turns, DRIVE_COLUMNS, DRIVE_ROWS,
           faketerm_sixel.cell_width, faketerm_sixel.cell_height);
    printf("%-34s  %8s                    %8s\n", "", "KiB", "ms");
    for (size_t i = 0; i < sizeof(knobs) / sizeof(*knobs); i++)
        measure(term, &knobs[i], turns);
    drive_quit(term);
    scratch_teardown(&folder);
    return 0;
}

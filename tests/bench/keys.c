/* What does the screen cost? bench-keys PROGRAM BUNDLE, in a fake terminal with sixel graphics.
 *
 * Asked "start": milliseconds from the start of the program to the first text of its screen and to its first picture.
 * Asked with the name of a knob below: milliseconds from one key to the last byte of the screen that answers it, KiB
 * sent meanwhile, and by the program's own clock (`:cost`) the time from the key to the maps on the screen, its stages,
 * and the time to the last figure. Stages of new neighbours come with the operations of the plain algorithm. The
 * projection is waited for first. */
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
    bool anew; /* neighbours are made, and a student of them */
};

static const struct knob knobs[] = {
    {"teacher: arrow in the projection", "1:pane projection\r", "\033[C", "\033[D", true},
    {"teacher: arrow in the grid", "1:pane grid\r", "\033[C", "\033[D", true},
    {"VAE: Up on an axis", "2:pane coordinates\r", "\033[A", "\033[B", true},
    {"student: ] for lambda", "3:pane weights\r", "]", "[", false},
    {"student: ) for the band", "3:pane weights\r", ")", "(", true},
};

enum { KNOBS = sizeof(knobs) / sizeof(*knobs) };

struct keys {
    const char *command[4];
    double decoder, teacher, student; /* multiply-adds of an explanation */
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

/* What the program says itself, in the last row. */
static void ask_cost(struct keys *keys, json_t *answer)
{
    enum { MAP, FIGURES, DECODE, TEACHER, DISTIL, DRAW, WRITE, REST, COUNT };
    static const char *const name[COUNT] = {
        "key to map", "key to all figures", "decode", "teacher", "distil", "draw", "write", "rest"};
    const double operations[COUNT] = {[DECODE] = keys->decoder, [TEACHER] = keys->teacher, [DISTIL] = keys->student};
    double ms[COUNT];
    char what[16];
    faketerm_type(keys->term, ":cost\r");
    drive_wait(keys->term, "figures");
    const fakescreen *screen = faketerm_screen(keys->term);
    char *row = malloc(4 * (size_t)screen->columns + 2);
    assert_non_null(row);
    fakescreen_row(screen, screen->rows - 1, row);
    if (sscanf(row, "%15s in %lf ms, figures %lf: decode %lf, teacher %lf, distil %lf, draw %lf, write %lf", what,
               &ms[MAP], &ms[FIGURES], &ms[DECODE], &ms[TEACHER], &ms[DISTIL], &ms[DRAW], &ms[WRITE]) != COUNT)
        fail_msg("no costs: %s", row);
    free(row);
    ms[REST] = ms[MAP] - ms[DECODE] - ms[TEACHER] - ms[DISTIL] - ms[DRAW] - ms[WRITE];
    for (int i = 0; i < COUNT; i++) {
        char told[64];
        snprintf(told, sizeof told, "%s multiply_adds", name[i]);
        bench_add(answer, name[i], ms[i]);
        if (keys->knob->anew && operations[i] > 0)
            bench_add(answer, told, operations[i]);
    }
    bench_add(answer, "previews", strcmp(what, "Preview") == 0); /* which a fast machine does without */
    drive_sync(keys->term);                                      /* takes the message away */
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
            bench_add(answer, "KiB", (double)bytes / 1024);
            ask_cost(keys, answer);
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

/* What an explanation by the defaults takes, up to its maps. */
static bool count_operations(struct keys *keys, const char *folder, dv_error *error)
{
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder}, error);
    char *decoder = dv_path_join(folder, "decoder.onnx"), *teacher = dv_path_join(folder, "teacher.onnx");
    double neighbors = (double)dv_explain_defaults().neighbors;
    bool ok = bundle && (keys->decoder = neighbors * (double)bench_multiply_adds(decoder, error)) > 0 &&
              (keys->teacher = neighbors * (double)bench_multiply_adds(teacher, error)) > 0;
    if (ok)
        keys->student = bench_student_multiply_adds(dv_bundle_get_facts(bundle), neighbors, 0);
    free(decoder);
    free(teacher);
    dv_bundle_close(bundle);
    return ok;
}

int main(int argc, char **argv)
{
    void *folder;
    dv_error error;
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
    if (!count_operations(&keys, argv[2], &error))
        return bench_fail("bench-keys", &error);
    json_t *facts = json_pack("{s:i, s:i}", "columns", DRIVE_COLUMNS, "rows", DRIVE_ROWS);
    int status = bench_serve(&(bench_question){"bench-keys", &keys, prepare, work}, facts);
    if (keys.term)
        drive_quit(keys.term);
    scratch_teardown(&folder);
    return status;
}

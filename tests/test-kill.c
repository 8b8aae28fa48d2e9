/* Killed at any moment, the program leaves whole files behind: a report that is complete or not there, a session that
 * comes back as it was or as it was before. */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "drive.h"
#include "scratch.h"

enum { KILLS = 6 };

static faketerm *start(void)
{
    static const char *const options[] = {"--graphics=off", NULL};
    faketerm *term = drive_start(&faketerm_plain, DRIVE_ROWS, DRIVE_COLUMNS, options, NULL);
    drive_wait(term, "1 Teacher");
    drive_rest(term);
    return term;
}

/* One that is stopped has to be continued to die. */
static void kill_program(faketerm *term)
{
    faketerm_signal(term, SIGKILL);
    for (int i = 0; faketerm_job(term, NULL) != FAKETERM_ENDED; i++) {
        assert_in_range(i, 0, 2000);
        if (faketerm_job(term, NULL) == FAKETERM_STOPPED)
            faketerm_continue(term);
        faketerm_settle(term, 10);
    }
    faketerm_free(term);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* A moment within `span` milliseconds, another one each time. */
static void wait_a_moment(faketerm *term, double span, int round)
{
    double share = (double)(dv_random_bits(1, DV_PURPOSE_TEST, (uint64_t)round) >> 40) / (1 << 24);
    for (double end = now_ms() + share * span; now_ms() < end;)
        faketerm_settle(term, 1);
}

/* ---- a report ------------------------------------------------------------------------- */

static int visible_files(const char *folder)
{
    DIR *open = opendir(folder);
    int count = 0;
    for (struct dirent *entry; open && (entry = readdir(open));)
        count += entry->d_name[0] != '.';
    if (open)
        closedir(open);
    return count;
}

static bool same_file(const char *name, const char *folder, const char *whole)
{
    char command[600];
    snprintf(command, sizeof(command), "cmp -s '%s/%s' '%s/%s'", folder, name, whole, name);
    return system(command) == 0;
}

/* All files of `whole` are in the folder, to the byte. */
static void check_complete(const char *folder, const char *whole)
{
    DIR *open = opendir(whole);
    assert_non_null(open);
    for (struct dirent *entry; (entry = readdir(open));)
        if (entry->d_name[0] != '.' && !same_file(entry->d_name, folder, whole))
            fail_msg("%s/%s is not whole", folder, entry->d_name);
    closedir(open);
    assert_int_equal(visible_files(folder), visible_files(whole));
}

static void test_killed_in_an_export(void **state)
{
    (void)state;
    faketerm *term = start();
    double begin = now_ms();
    drive_step(term, ":export whole\r", "The report is in whole.");
    double span = 1.2 * (now_ms() - begin);
    drive_quit(term);
    int complete = 0;
    for (int round = 0; round < KILLS; round++) {
        char folder[64], keys[80];
        snprintf(folder, sizeof(folder), "killed-%d", round);
        snprintf(keys, sizeof(keys), ":export %s\r", folder);
        term = start();
        faketerm_type(term, keys);
        wait_a_moment(term, span, round);
        kill_program(term);
        if (access(folder, F_OK) == 0) {
            check_complete(folder, "whole");
            complete++;
        }
    }
    /* What a killed one has begun is in nobody's way. */
    term = start();
    drive_step(term, ":export killed-0\r", "The report is in killed-0.");
    check_complete("killed-0", "whole");
    drive_quit(term);
    printf("%d of %d reports were complete, the others not there\n", complete, KILLS);
}

/* ---- a session ---------------------------------------------------------------------------- */

/* The session was saved at any of the seeds up to the newest; nothing is said of a damaged file. */
static int seed_that_came_back(faketerm *term)
{
    int seed = -1;
    drive_expect_not(term, "kept-1");
    drive_press(term, "3");
    char *text = drive_text(term);
    for (const char *at = strstr(text, "seed"); at && seed < 0; at = strstr(at + 1, "seed"))
        (void)!sscanf(at, "seed %d", &seed);
    free(text);
    return seed;
}

static void test_killed_in_a_save(void **state)
{
    (void)state;
    int newest = 100;
    faketerm *term = start();
    drive_command(term, "set seed 100");
    drive_quit(term);
    for (int round = 0; round < KILLS; round++) {
        term = start();
        int seed = seed_that_came_back(term);
        assert_in_range(seed, 100, newest);
        for (int i = 0; i < 3; i++) { /* Ctrl-Z saves at once */
            char command[40];
            snprintf(command, sizeof(command), "set seed %d", ++newest);
            drive_command(term, command);
            faketerm_type(term, "\032");
            if (i < 2) {
                assert_true(faketerm_wait_state(term, FAKETERM_STOPPED));
                faketerm_continue(term);
                drive_wait(term, "1 Teacher");
                drive_rest(term);
            }
        }
        wait_a_moment(term, 20, round);
        kill_program(term);
    }
    term = start();
    assert_in_range(seed_that_came_back(term), newest - 1, newest);
    drive_quit(term);
    assert_int_equal(system("ls state/deepvid/sessions/*.kept-* 2>/dev/null"), 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_program(test_killed_in_an_export),
        with_program(test_killed_in_a_save),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

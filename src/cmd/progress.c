/* Progress on standard error for people, and Ctrl-C that ends work in an orderly way. */
#include "base/file.h"
#include "cmd/command.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The one thing a signal handler can reach. */
static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    interrupted = 1;
    /* The second one is not caught any more: whoever is in a hurry is obeyed. */
    signal(number, SIG_DFL);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool dv_command_interrupted(void)
{
    return interrupted;
}

enum { REDRAW_MS = 100, SHOW_AFTER_MS = 500 };

static void draw(dv_progress_line *line, double fraction, double now)
{
    double elapsed = (now - line->started) / 1000;
    fprintf(stderr, "\r\033[K%s", line->stage);
    if (fraction > 0 && fraction <= 1)
        fprintf(stderr, " %3.0f %%, %.0f s left", 100 * fraction, ceil(elapsed * (1 - fraction) / fraction));
    fflush(stderr);
    line->drawn = now;
    line->visible = true;
}

static bool report(void *context, const char *stage, double fraction)
{
    dv_progress_line *line = context;
    double now = dv_clock_ms();
    if (interrupted)
        return false;
    if (!isatty(STDERR_FILENO))
        return true;
    if (strncmp(stage, line->stage, sizeof line->stage - 1) != 0) {
        snprintf(line->stage, sizeof line->stage, "%s", stage);
        line->started = line->drawn = now;
    }
    if (fraction >= 1 && line->visible) {
        fputs("\r\033[K", stderr);
        line->visible = false;
    } else if (fraction < 1 && now - line->started > SHOW_AFTER_MS && now - line->drawn > REDRAW_MS) {
        draw(line, fraction, now);
    }
    return true;
}

dv_progress dv_command_progress(dv_progress_line *line)
{
    catch_signals();
    return (dv_progress){.report = report, .context = line};
}

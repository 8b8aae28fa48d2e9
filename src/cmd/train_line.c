/* How training goes, on standard error. */
#include "base/file.h"
#include "cmd/train.h"

#include <stdio.h>
#include <unistd.h>

static const char *duration_text(double seconds, char text[32])
{
    if (seconds < 100)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 100 * 60)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
    return text;
}

static bool step(void *context, const dv_training_status *status)
{
    enum { REDRAW_MS = 100 };
    dv_training_line *line = context;
    double now = dv_clock_ms();
    if (line->terminal ? status->epoch_end || now - line->drawn_ms > REDRAW_MS : status->epoch_end) {
        char left[32], part[64] = "";
        if (status->part_name)
            snprintf(part, sizeof part, " (%s %.3g)", status->part_name, status->part);
        fprintf(stderr, "%sepoch %d of %d, %3.0f %%, loss %.5g%s, %.0f pictures/s, %s left%s",
                line->terminal ? "\r\033[K" : "", status->epoch + 1, status->epochs,
                100.0 * (double)status->sample / (double)status->samples, status->loss, part,
                status->samples_per_second, duration_text(status->seconds_left, left), line->terminal ? "" : "\n");
        fflush(stderr);
        line->drawn_ms = now;
    }
    return !dv_command_interrupted();
}

dv_training_observer dv_training_line_start(dv_training_line *line)
{
    *line = (dv_training_line){.terminal = isatty(STDERR_FILENO)};
    return (dv_training_observer){.step = step, .context = line};
}

void dv_training_line_end(dv_training_line *line)
{
    if (line->terminal && line->drawn_ms > 0)
        fputc('\n', stderr);
    line->drawn_ms = 0;
}

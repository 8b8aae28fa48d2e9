#include "term/capture.h"
#include "term/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

void dv_capture_open(dv_capture *capture)
{
    *capture = (dv_capture){.saved = -1, .scratch = -1};
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    capture->scratch = dv_scratch_open();
    capture->saved = capture->scratch < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    fflush(stderr);
    if (capture->saved < 0 || dup2(capture->scratch, STDERR_FILENO) < 0) {
        dv_capture_close(capture);
    }
}

void dv_capture_close(dv_capture *capture)
{
    dv_bytes text = {0};
    if (capture->saved >= 0) {
        fflush(stderr);
        dup2(capture->saved, STDERR_FILENO);
        close(capture->saved);
        dv_scratch_take(capture->scratch, &text);
    }
    for (size_t done = 0; done < text.size;) {
        ssize_t count = write(STDERR_FILENO, text.data + done, text.size - done);
        if (count < 0 && errno != EINTR) {
            break;
        }
        done += count > 0 ? (size_t)count : 0;
    }
    if (capture->scratch >= 0) {
        close(capture->scratch);
    }
    dv_bytes_free(&text);
    *capture = (dv_capture){.saved = -1, .scratch = -1};
}

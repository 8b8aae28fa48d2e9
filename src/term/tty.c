#include "term/tty.h"
#include "base/error.h"
#include "term/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { STALL_MS = 500 };

/* A description of our own may be made non-blocking without changing what the shell holds. */
static int open_own(int fd)
{
    char name[256];
    int own = -1;
    if (ttyname_r(fd, name, sizeof name) == 0) {
        own = open(name, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    }
    return own;
}

bool dv_tty_check(dv_error *error)
{
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        return true;
    }
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "standard %s is no terminal; run deepvid in one, or see deepvid --help for commands that "
                        "need none",
                        isatty(STDIN_FILENO) ? "output" : "input");
}

bool dv_tty_open(dv_tty *tty, dv_error *error)
{
    *tty = (dv_tty){.in = STDIN_FILENO, .out = STDOUT_FILENO};
    if (!dv_tty_check(error)) {
        return false;
    }
    if (tcgetattr(tty->in, &tty->cooked) != 0) {
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the terminal does not tell its modes");
    }
    tty->raw = tty->cooked;
    cfmakeraw(&tty->raw);
    tty->raw.c_cc[VMIN] = 1;
    tty->raw.c_cc[VTIME] = 0;
    int own = open_own(STDOUT_FILENO);
    if (own >= 0) {
        tty->out = own;
        tty->own_out = true;
    }
    return true;
}

void dv_tty_close(dv_tty *tty)
{
    if (tty->own_out) {
        close(tty->out);
    }
    tty->own_out = false;
}

void dv_tty_raw(dv_tty *tty)
{
    tcsetattr(tty->in, TCSADRAIN, &tty->raw);
}

void dv_tty_cooked(dv_tty *tty)
{
    /* Not TCSADRAIN: a terminal that has stopped reading would hold us for ever. */
    tcsetattr(tty->in, TCSANOW, &tty->cooked);
}

struct winsize dv_tty_size(const dv_tty *tty)
{
    struct winsize size = {0};
    if (ioctl(tty->out, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
        size = (struct winsize){.ws_row = 24, .ws_col = 80};
    }
    return size;
}

bool dv_tty_write(dv_tty *tty, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0 && !tty->gone) {
        ssize_t count = write(tty->out, at, size);
        if (count >= 0) {
            at += count;
            size -= (size_t)count;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = tty->out, .events = POLLOUT};
            if (poll(&wait, 1, STALL_MS) == 0 && dv_guard_stopping()) {
                return false;
            }
        } else if (errno != EINTR) {
            tty->gone = true;
        }
    }
    return !tty->gone;
}

long dv_tty_read(dv_tty *tty, void *data, size_t size)
{
    ssize_t count = read(tty->in, data, size);
    if (count > 0) {
        return count;
    }
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
        return 0;
    }
    tty->gone = true;
    return -1;
}

#include "term/guard.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STALL_MS = 500, STACK_SIZE = 64 * 1024 };

static const int notices[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGQUIT};
enum { NOTICES = sizeof notices / sizeof *notices, CRASHES = sizeof crashes / sizeof *crashes };

/* The one static of the terminal code: a signal handler gets nothing but the signal's number. Everything that it needs
 * is prepared here beforehand, because it may call next to nothing. */
static struct {
    volatile sig_atomic_t armed;    /* the terminal is ours to give back */
    volatile sig_atomic_t stopping; /* told to end */
    bool at_exit;                   /* restore() is registered, once for ever */
    pid_t owner;                    /* a forked child must not touch the terminal */
    int pipe[2];                    /* handlers write to [1] */
    dv_guard_orders orders;
    char leave[DV_LEAVE_SIZE];
    struct sigaction notice_before[NOTICES], crash_before[CRASHES];
    char *stack; /* for the handler, when the fault is a full stack */
} guard = {.pipe = {-1, -1}};

/* ---- in signal handlers: async-signal-safe calls only ----------------------- */

static void write_patiently(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t count = write(fd, data, size);
        if (count > 0) {
            data += count;
            size -= (size_t)count;
            continue;
        }
        struct pollfd wait = {.fd = fd, .events = POLLOUT};
        if ((errno != EAGAIN && errno != EINTR) || poll(&wait, 1, STALL_MS) == 0) {
            return;
        }
    }
}

static void replay_stderr(void)
{
    char piece[1024];
    ssize_t count;
    if (guard.orders.stderr_saved < 0) {
        return;
    }
    for (off_t at = 0; (count = pread(guard.orders.stderr_scratch, piece, sizeof piece, at)) > 0; at += count) {
        write_patiently(guard.orders.stderr_saved, piece, (size_t)count);
    }
    dup2(guard.orders.stderr_saved, STDERR_FILENO); /* for the last words of whoever handles the crash next */
}

static void restore(void)
{
    if (!guard.armed || getpid() != guard.owner) {
        return;
    }
    guard.armed = 0;
    write_patiently(guard.orders.tty, guard.leave, guard.orders.leave_size);
    tcsetattr(guard.orders.tty, TCSAFLUSH, &guard.orders.cooked); /* answers under way are no commands for a shell */
    replay_stderr();
}

static void on_notice(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    if (number == SIGTERM || number == SIGHUP || number == SIGINT) {
        guard.stopping = 1;
    }
    if (write(guard.pipe[1], &byte, 1) < 0) {
        /* A full pipe already tells the loop to wake up. */
    }
    errno = saved;
}

static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    restore();
    for (int i = 0; i < CRASHES; i++) {
        if (crashes[i] == number) {
            sigaction(number, &guard.crash_before[i], NULL);
        }
    }
    /* A real fault happens again on return, with all its facts for a sanitizer or a core dump. */
    if (info->si_code <= 0 || number == SIGABRT) {
        raise(number);
    }
}

/* A sanitizer ends the program in a way of its own; it is there only in builds for testing. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

/* ---- outside ------------------------------------------------------------------ */

static bool open_pipe(void)
{
    if (pipe(guard.pipe) != 0) {
        return false;
    }
    for (int i = 0; i < 2; i++) {
        fcntl(guard.pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(guard.pipe[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

/* A full stack is a crash too, and its handler needs a stack. A sanitizer may have brought its own. */
static void provide_stack(void)
{
    stack_t present;
    if (sigaltstack(NULL, &present) != 0 || !(present.ss_flags & SS_DISABLE)) {
        return;
    }
    guard.stack = malloc(STACK_SIZE);
    if (guard.stack) {
        stack_t stack = {.ss_sp = guard.stack, .ss_size = STACK_SIZE};
        sigaltstack(&stack, NULL);
    }
}

static void withdraw_stack(void)
{
    if (guard.stack) {
        stack_t none = {.ss_flags = SS_DISABLE};
        sigaltstack(&none, NULL);
        free(guard.stack);
        guard.stack = NULL;
    }
}

/* `before` may be NULL. */
static void take_notices(struct sigaction *before)
{
    struct sigaction notice = {.sa_handler = on_notice, .sa_flags = SA_RESTART};
    sigfillset(&notice.sa_mask);
    for (int i = 0; i < NOTICES; i++) {
        sigaction(notices[i], &notice, before ? &before[i] : NULL);
    }
}

static void take_crashes(void)
{
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&crash.sa_mask);
    for (int i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &crash, &guard.crash_before[i]);
    }
}

int dv_guard_open(dv_error *error)
{
    if (guard.pipe[0] >= 0) {
        dv_error_set(error, DV_ERROR_ARGUMENT, "a screen is open already; there can be only one");
        return -1;
    }
    if (!open_pipe()) {
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "signals cannot be watched: %s", strerror(errno));
        return -1;
    }
    guard.owner = getpid();
    guard.stopping = 0;
    provide_stack();
    take_notices(guard.notice_before);
    take_crashes();
    if (!guard.at_exit) {
        guard.at_exit = atexit(restore) == 0;
        if (__sanitizer_set_death_callback) {
            __sanitizer_set_death_callback(restore);
        }
    }
    return guard.pipe[0];
}

void dv_guard_close(void)
{
    if (guard.pipe[0] < 0) {
        return;
    }
    guard.armed = 0;
    for (int i = 0; i < NOTICES; i++) {
        sigaction(notices[i], &guard.notice_before[i], NULL);
    }
    for (int i = 0; i < CRASHES; i++) {
        sigaction(crashes[i], &guard.crash_before[i], NULL);
    }
    withdraw_stack();
    close(guard.pipe[0]);
    close(guard.pipe[1]);
    guard.pipe[0] = guard.pipe[1] = -1;
}

void dv_guard_arm(const dv_guard_orders *orders)
{
    guard.armed = 0;
    guard.orders = *orders;
    guard.orders.leave = NULL;
    guard.orders.leave_size = orders->leave_size < DV_LEAVE_SIZE ? orders->leave_size : DV_LEAVE_SIZE;
    memcpy(guard.leave, orders->leave, guard.orders.leave_size);
    take_notices(NULL);
    guard.armed = 1;
}

void dv_guard_disarm(void)
{
    guard.armed = 0;
}

bool dv_guard_stopping(void)
{
    return guard.stopping;
}

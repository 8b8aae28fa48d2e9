#include "faketerm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, ANSWERS = 64, ANSWER_SIZE = 64 };

const faketerm_profile faketerm_sixel = {
    .name = "sixel",
    .term = "xterm-256color",
    .attributes = "?62;4;22",
    .version = "fake(1.0)",
    .synchronized = true,
    .cell = true,
    .cursor = true,
    .registers = 256,
    .cell_width = 7,
    .cell_height = 15,
};

const faketerm_profile faketerm_xterm = {
    .name = "xterm",
    .term = "xterm-256color",
    .attributes = "?63;1;2;4;6",
    .cursor = true,
    .cell_width = 6,
    .cell_height = 13,
};

const faketerm_profile faketerm_kitty = {
    .name = "kitty",
    .term = "xterm-256color",
    .attributes = "?62;22",
    .version = "kitty(0.26.5)",
    .synchronized = true,
    .cell = true,
    .cursor = true,
    .kitty = true,
    .remembers_colors = true,
    .cell_width = 9,
    .cell_height = 19,
};

const faketerm_profile faketerm_plain = {
    .name = "plain",
    .term = "xterm-256color",
    .attributes = "?62;22",
    .cursor = true,
    .cell_width = 8,
    .cell_height = 16,
};

const faketerm_profile faketerm_silent = {
    .name = "silent",
    .term = "xterm-256color",
    .cell_width = 8,
    .cell_height = 16,
};

typedef struct answer {
    double due;
    char text[ANSWER_SIZE];
} answer;

struct faketerm {
    faketerm_profile profile;
    fakescreen screen;
    int master, slave; /* the slave stays open here, so that the last words of the program can be read */
    int orders, news;  /* pipes to and from the shell */
    pid_t shell, program;
    faketerm_state state;
    int status;
    char *bytes;
    size_t size, capacity;
    double newest_byte;
    answer answers[ANSWERS]; /* a queue, in the order of their due times */
    int answer_count;
};

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void must(bool success, const char *what)
{
    if (!success) {
        perror(what);
        abort();
    }
}

/* ---- the shell ------------------------------------------------------------------------ */

/* News of the program, as it goes through the pipe. */
typedef struct report {
    pid_t pid;
    int status; /* of waitpid; -1: the program has just been started */
} report;

static void tell(int news, pid_t pid, int status)
{
    report line = {.pid = pid, .status = status};
    if (write(news, &line, sizeof line) != sizeof line) {
        _exit(99);
    }
}

static void run_program(const char *const *argv, const char *const *environment, const faketerm_profile *profile)
{
    static const char *const unwanted[] = {"COLORTERM", "NO_COLOR", "TMUX", "LINES", "COLUMNS"};
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) {
        unsetenv(unwanted[i]);
    }
    setenv("TERM", profile->term, 1);
    setenv("LC_ALL", profile->locale ? profile->locale : "C.UTF-8", 1);
    for (; environment && *environment; environment++) {
        putenv((char *)(uintptr_t)*environment);
    }
    execv(argv[0], (char *const *)(uintptr_t)argv);
    perror(argv[0]);
    _exit(127);
}

/* As in a shell's foreground, also where the tests run in a script's background or by nohup: there signals are ignored,
 * and programs inherit that. */
static void reset_signals(void)
{
    static const int ignored[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    sigset_t none;
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        signal(ignored[i], SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Leads the session; starts the program as a job of its own in the foreground, reports each change of its state, and
 * continues it on each byte that comes as an order. Never returns. */
static void run_shell(int slave, int orders, int news, const char *const *argv, const char *const *environment,
                      const faketerm_profile *profile)
{
    setsid();
    must(ioctl(slave, TIOCSCTTY, 0) == 0, "TIOCSCTTY");
    for (int fd = 0; fd < 3; fd++) {
        dup2(slave, fd);
    }
    struct termios modes;
    must(tcgetattr(0, &modes) == 0, "tcgetattr");
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(0, getpid());
        reset_signals();
        run_program(argv, environment, profile);
    }
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    setpgid(pid, pid);
    tell(news, pid, -1);
    for (;;) {
        int status;
        pid_t changed = waitpid(pid, &status, WUNTRACED);
        if (changed < 0) {
            _exit(0);
        }
        tcsetpgrp(0, getpgrp());
        if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP) { /* other stops it must have prepared for itself */
            tcsetattr(0, TCSADRAIN, &modes);
        }
        tell(news, pid, status);
        char order;
        if (!WIFSTOPPED(status) || read(orders, &order, 1) != 1) {
            _exit(0);
        }
        tcsetpgrp(0, pid);
        kill(-pid, SIGCONT);
    }
}

static void read_news(faketerm *term)
{
    report line;
    if (read(term->news, &line, sizeof line) != sizeof line) {
        return;
    }
    term->program = line.pid;
    if (line.status != -1) {
        term->status = line.status;
        term->state = WIFSTOPPED(line.status) ? FAKETERM_STOPPED : FAKETERM_ENDED;
    }
}

/* ---- answers ----------------------------------------------------------------------------- */

static void queue(faketerm *term, const answer *new)
{
    must(term->answer_count < ANSWERS, "too many answers");
    int at = term->answer_count++;
    for (; at > 0 && term->answers[at - 1].due > new->due; at--) {
        term->answers[at] = term->answers[at - 1];
    }
    term->answers[at] = *new;
}

static void answer_with(faketerm *term, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void answer_with(faketerm *term, const char *format, ...)
{
    answer next = {.due = now_ms() + term->profile.delay_ms};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(next.text, sizeof next.text, format, arguments);
    va_end(arguments);
    queue(term, &next);
}

static void send_due_answers(faketerm *term)
{
    while (term->answer_count > 0 && term->answers[0].due <= now_ms()) {
        faketerm_type(term, term->answers[0].text);
        term->answer_count--;
        memmove(term->answers, term->answers + 1, (size_t)term->answer_count * sizeof *term->answers);
    }
}

static void answer_window(faketerm *term, int what)
{
    const fakescreen *screen = &term->screen;
    switch (what) {
    case 14:
        answer_with(term, "\033[4;%d;%dt", screen->rows * screen->cell_height, screen->columns * screen->cell_width);
        break;
    case 16:
        answer_with(term, "\033[6;%d;%dt", screen->cell_height, screen->cell_width);
        break;
    case 18:
        answer_with(term, "\033[8;%d;%dt", screen->rows, screen->columns);
        break;
    default:
        break;
    }
}

static void asked(void *context, char marker, char intermediate, char final, const int *p, int count)
{
    faketerm *term = context;
    const faketerm_profile *profile = &term->profile;
    (void)count;
    if (final == 'c' && !marker && profile->attributes) {
        answer_with(term, "\033[%sc", profile->attributes);
    } else if (final == 'p' && marker == '?' && intermediate == '$' && profile->attributes) {
        answer_with(term, "\033[?%d;%d$y", p[0], p[0] == 2026 && profile->synchronized ? 2 : 0);
    } else if (final == 'q' && marker == '>' && profile->version) {
        answer_with(term, "\033P>|%s\033\\", profile->version);
    } else if (final == 'S' && marker == '?' && p[0] == 1 && profile->registers) {
        answer_with(term, "\033[?1;0;%dS", profile->registers);
    } else if (final == 'S' && marker == '?' && p[0] == 2 && profile->limit_width) {
        answer_with(term, "\033[?2;0;%d;%dS", profile->limit_width, profile->limit_height);
    } else if (final == 'S' && marker == '?' && profile->attributes) {
        answer_with(term, "\033[?%d;3;0S", p[0]);
    } else if (final == 't' && !marker && profile->cell) {
        answer_window(term, p[0]);
    } else if (final == 'n' && !marker && p[0] == 6 && profile->cursor) {
        answer_with(term, "\033[%d;%dR", term->screen.grid->row + 1, term->screen.grid->column + 1);
    }
}

/* DECRQSS and XTGETTCAP. */
static void asked_by_string(void *context, char kind, const char *text)
{
    faketerm *term = context;
    int color = term->screen.grid->pen.background;
    if (kind == 'P' && strcmp(text, "$qm") == 0 && term->profile.remembers_colors && color >= FAKE_RGB) {
        answer_with(term, "\033P1$r0;48:2::%d:%d:%dm\033\\", color >> 16 & 255, color >> 8 & 255, color & 255);
    } else if (kind == 'P' && strncmp(text, "+q", 2) == 0 && term->profile.color_capability) {
        bool known = strcmp(text, "+q524742") == 0;
        answer_with(term, "\033P%d+r%s%s\033\\", known, text + 2, known ? "=382F382F38" : "");
    }
}

static void asked_by_kitty(void *context, uint32_t id)
{
    faketerm *term = context;
    if (term->profile.kitty && term->profile.kitty_delay_ms >= 0) {
        answer next = {.due = now_ms() + term->profile.delay_ms + term->profile.kitty_delay_ms};
        snprintf(next.text, sizeof next.text, "\033_Gi=%u;OK\033\\", id);
        queue(term, &next);
    }
}

/* ---- starting and ending ------------------------------------------------------------------- */

static void tell_size(faketerm *term)
{
    const fakescreen *screen = &term->screen;
    bool pixels = !term->profile.no_window_pixels;
    struct winsize size = {
        .ws_row = (unsigned short)screen->rows,
        .ws_col = (unsigned short)screen->columns,
        .ws_xpixel = (unsigned short)(pixels ? screen->columns * screen->cell_width : 0),
        .ws_ypixel = (unsigned short)(pixels ? screen->rows * screen->cell_height : 0),
    };
    must(ioctl(term->master, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

static void open_terminal(faketerm *term)
{
    term->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(term->master >= 0 && grantpt(term->master) == 0 && unlockpt(term->master) == 0, "posix_openpt");
    term->slave = open(ptsname(term->master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    must(term->slave >= 0, "slave");
    tell_size(term);
}

faketerm *faketerm_start(const faketerm_profile *profile, int rows, int columns, const char *const *argv,
                         const char *const *environment)
{
    faketerm *term = calloc(1, sizeof *term);
    int orders[2], news[2];
    must(term && pipe2(orders, O_CLOEXEC) == 0 && pipe2(news, O_CLOEXEC) == 0, "pipe");
    term->profile = *profile;
    fakescreen_open(&term->screen, rows, columns, profile->cell_width, profile->cell_height);
    term->screen.asked = asked;
    term->screen.asked_by_string = asked_by_string;
    term->screen.asked_by_kitty = asked_by_kitty;
    term->screen.context = term;
    open_terminal(term);
    fflush(NULL);
    term->shell = fork();
    must(term->shell >= 0, "fork");
    if (term->shell == 0) {
        close(term->master); /* or it would never hang up */
        close(orders[1]);
        close(news[0]);
        run_shell(term->slave, orders[0], news[1], argv, environment, profile);
    }
    close(orders[0]);
    close(news[1]);
    term->orders = orders[1];
    term->news = news[0];
    read_news(term); /* the program's number */
    return term;
}

void faketerm_free(faketerm *term)
{
    if (term->state != FAKETERM_ENDED) {
        kill(-term->program, SIGKILL);
    }
    kill(term->shell, SIGKILL);
    waitpid(term->shell, NULL, 0);
    close(term->orders);
    close(term->news);
    if (term->master >= 0) {
        close(term->master);
    }
    close(term->slave);
    fakescreen_close(&term->screen);
    free(term->bytes);
    free(term);
}

fakescreen *faketerm_screen(faketerm *term)
{
    return &term->screen;
}

const char *faketerm_bytes(const faketerm *term, size_t *size)
{
    *size = term->size;
    return term->bytes;
}

double faketerm_newest_byte(const faketerm *term)
{
    return term->newest_byte;
}

void faketerm_forget_bytes(faketerm *term)
{
    term->size = 0;
}

pid_t faketerm_pid(const faketerm *term)
{
    return term->program;
}

faketerm_state faketerm_job(const faketerm *term, int *status)
{
    if (status) {
        *status = term->status;
    }
    return term->state;
}

void faketerm_modes(const faketerm *term, struct termios *modes)
{
    must(tcgetattr(term->slave, modes) == 0, "tcgetattr");
}

/* ---- time ------------------------------------------------------------------------------------- */

static void read_program(faketerm *term)
{
    char data[16384];
    ssize_t count = read(term->master, data, sizeof data);
    if (count <= 0) {
        return;
    }
    if (term->size + (size_t)count > term->capacity) {
        term->capacity = 2 * (term->size + (size_t)count);
        term->bytes = realloc(term->bytes, term->capacity);
        must(term->bytes != NULL, "realloc");
    }
    memcpy(term->bytes + term->size, data, (size_t)count);
    term->newest_byte = now_ms();
    term->size += (size_t)count;
    fakescreen_feed(&term->screen, data, (size_t)count);
}

/* One round: true if something came from the program. */
static bool pump(faketerm *term, int timeout_ms)
{
    struct pollfd wait[] = {
        {.fd = term->master, .events = POLLIN},
        {.fd = term->state == FAKETERM_ENDED ? -1 : term->news, .events = POLLIN},
    };
    if (term->answer_count > 0) {
        double left = term->answers[0].due - now_ms();
        int until = left < 0 ? 0 : (int)left + 1;
        timeout_ms = until < timeout_ms ? until : timeout_ms;
    }
    int ready = poll(wait, 2, timeout_ms);
    bool came = ready > 0 && (wait[0].revents & POLLIN);
    if (came) {
        read_program(term);
    }
    if (ready > 0 && wait[1].revents) {
        read_news(term);
    }
    send_due_answers(term);
    return came;
}

void faketerm_settle(faketerm *term, int quiet_ms)
{
    double end = now_ms() + PATIENCE_MS, quiet_since = now_ms();
    while (now_ms() < end && now_ms() - quiet_since < quiet_ms) {
        if (pump(term, 10)) {
            quiet_since = now_ms();
        }
    }
}

bool faketerm_shows(faketerm *term, const char *text)
{
    char *row = malloc(4 * (size_t)term->screen.columns + 1);
    bool found = false;
    for (int i = 0; i < term->screen.rows && !found; i++) {
        fakescreen_row(&term->screen, i, row);
        found = strstr(row, text) != NULL;
    }
    free(row);
    return found;
}

bool faketerm_wait_text(faketerm *term, const char *text)
{
    double end = now_ms() + PATIENCE_MS;
    while (term->screen.synchronized || !faketerm_shows(term, text)) {
        if (now_ms() >= end) {
            return false;
        }
        pump(term, 20);
    }
    return true;
}

bool faketerm_wait_pictures(faketerm *term, int count)
{
    double end = now_ms() + PATIENCE_MS;
    while (term->screen.picture_count < count) {
        if (now_ms() >= end) {
            return false;
        }
        pump(term, 20);
    }
    return true;
}

bool faketerm_wait_state(faketerm *term, faketerm_state state)
{
    double end = now_ms() + PATIENCE_MS;
    while (term->state != state) {
        if (now_ms() >= end) {
            return false;
        }
        pump(term, 20);
    }
    while (pump(term, 0)) { /* its last words */
    }
    return true;
}

/* ---- what the user does -------------------------------------------------------------------------- */

void faketerm_type_bytes(faketerm *term, const void *bytes, size_t size)
{
    must(write(term->master, bytes, size) == (ssize_t)size, "typing");
}

void faketerm_type(faketerm *term, const char *keys)
{
    faketerm_type_bytes(term, keys, strlen(keys));
}

void faketerm_signal(faketerm *term, int number)
{
    must(kill(term->program, number) == 0, "kill");
}

void faketerm_resize(faketerm *term, int rows, int columns)
{
    if (rows == term->screen.rows && columns == term->screen.columns) {
        return; /* the kernel tells nobody */
    }
    fakescreen_resize(&term->screen, rows, columns);
    tell_size(term);
}

void faketerm_continue(faketerm *term)
{
    must(term->state == FAKETERM_STOPPED && write(term->orders, "c", 1) == 1, "continuing what is not stopped");
    term->state = FAKETERM_RUNNING;
}

void faketerm_hang_up(faketerm *term)
{
    close(term->master);
    term->master = -1;
}

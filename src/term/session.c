#include "base/file.h"
#include "base/memory.h"
#include "term/guard.h"
#include "term/mouse.h"
#include "term/probe.h"
#include "term/screen_private.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- names --------------------------------------------------------------------- */

static const char *const graphics_names[] = {
    [DV_GRAPHICS_AUTO] = "auto",   [DV_GRAPHICS_SIXEL] = "sixel", [DV_GRAPHICS_HALF] = "half",
    [DV_GRAPHICS_ASCII] = "ascii", [DV_GRAPHICS_OFF] = "off",
};

const char *dv_graphics_name(dv_graphics graphics)
{
    return graphics_names[graphics];
}

bool dv_graphics_parse(const char *name, dv_graphics *graphics)
{
    for (size_t i = 0; i < sizeof graphics_names / sizeof *graphics_names; i++) {
        if (strcmp(name, graphics_names[i]) == 0) {
            *graphics = (dv_graphics)i;
            return true;
        }
    }
    return false;
}

enum {
    GUESSED_CELL_WIDTH = 8,
    GUESSED_CELL_HEIGHT = 16,
    STOPPED_MS = 200, /* within this a process that stops itself has stopped */
};

/* ---- what the terminal can do --------------------------------------------------------- */

/* Draws the conclusions from all that the terminal has said so far, and from its size. True if something changed that
 * pictures depend on. */
static bool conclude(dv_screen *screen)
{
    const dv_capabilities *said = &screen->events.capabilities;
    int width = GUESSED_CELL_WIDTH, height = GUESSED_CELL_HEIGHT, cell_width, cell_height;
    screen->cell_known = dv_reply_cell(said, &screen->window, &cell_width, &cell_height);
    if (screen->cell_known) {
        width = cell_width;
        height = cell_height;
    }
    dv_graphics graphics = screen->wanted_graphics;
    if (graphics == DV_GRAPHICS_AUTO) {
        graphics = said->sixel && screen->cell_known ? DV_GRAPHICS_SIXEL : DV_GRAPHICS_HALF;
    }
    if (graphics == DV_GRAPHICS_HALF && (!screen->utf8 || screen->depth == DV_COLOR_NONE)) {
        graphics = DV_GRAPHICS_ASCII;
    }
    bool changed = graphics != screen->graphics || width != screen->cell_width || height != screen->cell_height ||
                   said->limit_width != screen->limit_width || said->limit_height != screen->limit_height;
    screen->graphics = graphics;
    screen->cell_width = width;
    screen->cell_height = height;
    screen->limit_width = said->limit_width;
    screen->limit_height = said->limit_height;
    if (said->answered && !screen->answered) { /* it may be late, but it talks */
        screen->pace.silent = false;
    }
    screen->answered = said->answered;
    screen->repaint |= changed;
    return changed;
}

static bool inside_tmux(const dv_screen *screen)
{
    const char *term = getenv("TERM");
    return screen->events.capabilities.tmux || getenv("TMUX") ||
           (term && (strncmp(term, "tmux", 4) == 0 || strncmp(term, "screen", 6) == 0));
}

void dv_screen_cell(const dv_screen *screen, int *width, int *height)
{
    bool sixel = screen->graphics == DV_GRAPHICS_SIXEL;
    *width = sixel ? screen->cell_width : 1;
    *height = sixel ? screen->cell_height : screen->graphics == DV_GRAPHICS_HALF ? 2 : 1;
}

double dv_screen_pixel_aspect(const dv_screen *screen)
{
    int width, height; /* a character is twice as high as wide where the font is not known */
    double cell = screen->cell_known ? (double)screen->cell_width / screen->cell_height : 0.5;
    dv_screen_cell(screen, &width, &height);
    return screen->graphics == DV_GRAPHICS_SIXEL ? 1 : cell * height / width;
}

dv_graphics dv_screen_graphics(const dv_screen *screen)
{
    return screen->graphics;
}

bool dv_screen_has_sixel(const dv_screen *screen)
{
    return screen->events.capabilities.sixel && screen->cell_known;
}

void dv_screen_set_graphics(dv_screen *screen, dv_graphics graphics)
{
    screen->wanted_graphics = graphics;
    conclude(screen);
    screen->repaint = true;
}

/* ---- taking the terminal and giving it back --------------------------------------------- */

/* Ours from here on: a crash gives it back. */
static void take(dv_screen *screen)
{
    dv_guard_orders orders = {
        .tty = screen->tty.out,
        .cooked = screen->tty.cooked,
        .leave = screen->leave.data,
        .leave_size = screen->leave.size,
        .stderr_saved = screen->capture.saved,
        .stderr_scratch = screen->capture.scratch,
    };
    dv_guard_arm(&orders);
    dv_tty_raw(&screen->tty);
    screen->window = dv_tty_size(&screen->tty);
    dv_screen_resize(screen);
    dv_screen_enter(screen);
}

static void send(dv_screen *screen, const char *text)
{
    dv_tty_write(&screen->tty, text, strlen(text));
}

/* Answers and reports of the mouse that are under way are waited for: the next reader of the terminal would take them
 * for commands. */
static void give_back(dv_screen *screen)
{
    if (screen->mouse) {
        send(screen, DV_MOUSE_OFF);
        if (screen->events.capabilities.answered) {
            send(screen, DV_PACE_QUESTION);
            screen->pace.under_way++;
        }
    }
    dv_probe_drain(&screen->events, screen->pace.answers + screen->pace.under_way);
    screen->pace.under_way = 0;
    dv_guard_disarm();
    dv_tty_write(&screen->tty, screen->leave.data, screen->leave.size);
    dv_tty_cooked(&screen->tty);
}

dv_screen *dv_screen_open(dv_graphics wanted, dv_error *error)
{
    dv_screen *screen = dv_alloc(1, sizeof *screen, error);
    if (!screen) {
        return NULL;
    }
    screen->capture = (dv_capture){.saved = -1, .scratch = -1};
    screen->wanted_graphics = wanted;
    screen->events.tty = &screen->tty;
    screen->events.signal_fd = -1;
    if (!dv_tty_open(&screen->tty, error)) {
        goto failed;
    }
    screen->events.signal_fd = dv_guard_open(error);
    screen->guarded = screen->events.signal_fd >= 0;
    if (!screen->guarded || !dv_screen_open_text(screen, error)) {
        goto failed;
    }
    dv_capture_open(&screen->capture);
    take(screen);
    screen->taken = true;
    dv_probe_ask(&screen->events);
    screen->window = dv_tty_size(&screen->tty); /* some tell their size and pixels only after a moment */
    dv_screen_resize(screen);
    screen->pace.budgeted = inside_tmux(screen);
    screen->pace.silent = true; /* until it has answered */
    conclude(screen);
    return screen;
failed:
    dv_screen_close(screen);
    return NULL;
}

void dv_screen_close(dv_screen *screen)
{
    if (!screen) {
        return;
    }
    if (screen->taken) {
        give_back(screen);
    }
    dv_screen_close_text(screen);
    if (screen->guarded) {
        dv_guard_close();
    }
    dv_capture_close(&screen->capture);
    dv_tty_close(&screen->tty);
    free(screen);
}

void dv_screen_set_mouse(dv_screen *screen, bool on)
{
    screen->mouse = on;
    send(screen, on ? DV_MOUSE_ON : DV_MOUSE_OFF);
}

bool dv_screen_mouse(const dv_screen *screen)
{
    return screen->mouse;
}

void dv_screen_set_slow(dv_screen *screen, bool slow)
{
    screen->pace.slow = slow;
}

bool dv_screen_slow(const dv_screen *screen)
{
    return screen->pace.slow;
}

/* Stops the whole job, as Ctrl-Z does in other programs. The stop may come a moment late, to another thread, or never,
 * where there is nobody who could continue us. */
static void stop_job(dv_events *events)
{
    struct sigaction stop = {.sa_handler = SIG_DFL}, before;
    double deadline = dv_clock_ms() + STOPPED_MS, now;
    sigaction(SIGTSTP, &stop, &before);
    events->continued = false;
    kill(0, SIGTSTP);
    while (!events->continued && (now = dv_clock_ms()) < deadline) {
        dv_events_pump(events, -1, (int)(deadline - now) + 1);
    }
    dv_events_pump(events, -1, 0);
    events->suspend = events->continued = false;
    sigaction(SIGTSTP, &before, NULL);
}

void dv_screen_suspend(dv_screen *screen)
{
    give_back(screen);
    stop_job(&screen->events);
    take(screen);
    screen->events.resized = true;
}

/* ---- events ------------------------------------------------------------------------------- */

/* The terminal has a new size or font, or was in other hands. */
static void follow_size(dv_screen *screen)
{
    screen->window = dv_tty_size(&screen->tty);
    dv_screen_resize(screen);
    if (screen->events.capabilities.answered) {
        dv_probe_sizes(&screen->events);
    }
    conclude(screen);
    screen->repaint = true;
    screen->pending = false; /* it was composed for the old size */
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* What must be told before anything else is waited for. */
static dv_event next_event(dv_screen *screen)
{
    dv_events *events = &screen->events;
    if (events->stop || screen->tty.gone) {
        return (dv_event){.kind = DV_EVENT_STOP};
    }
    if (events->suspend) {
        events->suspend = false;
        return (dv_event){.kind = DV_EVENT_SUSPEND};
    }
    if (events->continued) { /* stopped by SIGSTOP, behind our back: the shell had the terminal meanwhile */
        events->continued = false;
        events->resized = true;
        take(screen);
    }
    if (events->resized) {
        events->resized = false;
        follow_size(screen);
        return (dv_event){.kind = DV_EVENT_RESIZE};
    }
    if (conclude(screen)) { /* an answer that came late */
        screen->pending = false;
        return (dv_event){.kind = DV_EVENT_RESIZE};
    }
    dv_event event;
    do {
        event = dv_events_typed(events);
    } while (event.kind == DV_EVENT_MOUSE && !screen->mouse); /* it was under way when that was turned off */
    event.mouse.row = smaller(event.mouse.row, dv_screen_rows(screen) - 1); /* it may be from before a resize */
    event.mouse.column = smaller(event.mouse.column, dv_screen_columns(screen) - 1);
    return event;
}

/* The caller's patience, cut short where a frame waits for its turn. */
static int wait_ms(const dv_screen *screen, double left)
{
    double delay = screen->pending ? dv_pace_delay(&screen->pace, dv_clock_ms()) : INFINITY;
    double limit = left < delay ? left : delay;
    return isinf(limit) ? -1 : limit <= 0 ? 0 : limit > INT_MAX - 1 ? INT_MAX : (int)limit + 1;
}

dv_event dv_screen_wait(dv_screen *screen, int wake_fd, int timeout_ms)
{
    double deadline = timeout_ms < 0 ? INFINITY : dv_clock_ms() + timeout_ms;
    bool first = true;
    for (;;) {
        dv_event event = next_event(screen);
        if (event.kind != DV_EVENT_NONE) {
            return event;
        }
        if (screen->pending && dv_screen_ready(screen)) {
            dv_screen_flush(screen);
        }
        double left = deadline - dv_clock_ms();
        if (left <= 0 && !first) {
            return (dv_event){.kind = DV_EVENT_NONE};
        }
        bool woken = dv_events_pump(&screen->events, wake_fd, wait_ms(screen, left));
        dv_pace_answers(&screen->pace, screen->events.capabilities.cursor_reports);
        event = next_event(screen);
        if (event.kind != DV_EVENT_NONE || woken) {
            return event.kind != DV_EVENT_NONE ? event : (dv_event){.kind = DV_EVENT_WAKE};
        }
        first = false;
    }
}

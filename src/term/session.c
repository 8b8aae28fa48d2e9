#include "base/file.h"
#include "base/memory.h"
#include "base/part.h"
#include "term/guard.h"
#include "term/mouse.h"
#include "term/probe.h"
#include "term/screen_private.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    STOPPED_MS = 200,    /* within this a process that stops itself has stopped */
    FIRST_ID = 44560000, /* of pictures: other programs in the same terminal count from 1 */
};

/* ---- taking the terminal and giving it back --------------------------------------------- */

/* A crash gives the terminal back from here on. */
static void arm(dv_screen *screen)
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
}

static void take(dv_screen *screen)
{
    arm(screen);
    dv_tty_raw(&screen->tty);
    screen->window = dv_tty_size(&screen->tty);
    dv_screen_resize(screen);
    dv_screen_enter(screen);
}

static void send(dv_screen *screen, const char *text)
{
    dv_tty_write(&screen->tty, text, strlen(text));
}

/* Draws the conclusions from what the terminal has said by now. True if a frame should be drawn. */
static bool conclude(dv_screen *screen)
{
    bool kitty = screen->events.capabilities.kitty;
    if (kitty != screen->kitty) { /* there is more to be given back */
        screen->kitty = kitty;
        dv_screen_prepare_leave(screen);
        arm(screen);
    }
    return dv_screen_conclude(screen);
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
    screen->protocol = screen->shown_by = dv_protocol_of(DV_GRAPHICS_OFF);
    screen->last_id = FIRST_ID;
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
    dv_probe_ask(&screen->events, dv_screen_inside_tmux(screen));
    screen->window = dv_tty_size(&screen->tty); /* some tell their size and pixels only after a moment */
    dv_screen_resize(screen);
    screen->pace.budgeted = dv_screen_inside_tmux(screen);
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
    event.mouse.row = dv_smaller(event.mouse.row, dv_screen_rows(screen) - 1); /* it may be from before a resize */
    event.mouse.column = dv_smaller(event.mouse.column, dv_screen_columns(screen) - 1);
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
        dv_pace_answers(&screen->pace, screen->events.capabilities.cursor_reports, dv_clock_ms());
        event = next_event(screen);
        if (event.kind != DV_EVENT_NONE || woken) {
            return event.kind != DV_EVENT_NONE ? event : (dv_event){.kind = DV_EVENT_WAKE};
        }
        first = false;
    }
}

#include "term/event.h"
#include "base/file.h"
#include "term/key.h"
#include "term/mouse.h"

#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

enum { CONTROL_Z = 26 };

dv_event dv_events_typed(dv_events *events)
{
    if (events->typed_count == 0) {
        return (dv_event){.kind = DV_EVENT_NONE};
    }
    dv_event event = events->typed[events->first_typed];
    events->first_typed = (events->first_typed + 1) % DV_TYPED_QUEUE;
    events->typed_count--;
    return event;
}

static bool is_drag(const dv_event *event)
{
    return event->kind == DV_EVENT_MOUSE && event->mouse.kind == DV_MOUSE_DRAG;
}

/* A drag takes the place of the drag before it: who draws too slowly for them sees the newest. */
static void push(dv_events *events, const dv_event *event)
{
    int last = (events->first_typed + events->typed_count + DV_TYPED_QUEUE - 1) % DV_TYPED_QUEUE;
    if (events->typed_count > 0 && is_drag(event) && is_drag(&events->typed[last])) {
        events->typed[last] = *event;
    } else if (events->typed_count < DV_TYPED_QUEUE) {
        events->typed[(events->first_typed + events->typed_count++) % DV_TYPED_QUEUE] = *event;
    }
}

/* Answers are taken out before anything may become a key. */
static void decode(dv_events *events)
{
    dv_token token;
    while (dv_input_next(&events->input, dv_clock_ms(), &token) != DV_TOKEN_NONE) {
        dv_event event = {.kind = DV_EVENT_MOUSE};
        if (dv_reply_learn(&events->capabilities, &token)) {
            continue;
        }
        if (!dv_mouse_of(&token, &event.mouse)) {
            event = (dv_event){.kind = DV_EVENT_KEY, .key = dv_key_of(&token)};
        }
        if (event.key == CONTROL_Z) {
            events->suspend = true;
        } else if (event.key >= 0) {
            push(events, &event);
        }
    }
}

static void read_terminal(dv_events *events)
{
    char data[1024];
    long count = dv_tty_read(events->tty, data, sizeof data);
    if (count < 0) {
        events->stop = true;
        return;
    }
    events->received += count;
    for (long done = 0; done < count;) {
        done += (long)dv_input_append(&events->input, data + done, (size_t)(count - done), dv_clock_ms());
        decode(events);
    }
}

static void read_signals(dv_events *events)
{
    unsigned char numbers[64];
    ssize_t count = read(events->signal_fd, numbers, sizeof numbers);
    for (ssize_t i = 0; i < count; i++) {
        switch (numbers[i]) {
        case SIGWINCH:
            events->resized = true;
            break;
        case SIGCONT:
            events->continued = true;
            break;
        case SIGTSTP:
            events->suspend = true;
            break;
        default:
            events->stop = true;
            break;
        }
    }
}

/* The caller's patience, cut short where an unfinished sequence needs a decision. */
static int poll_timeout(const dv_events *events, int timeout_ms)
{
    double unfinished = dv_input_deadline(&events->input) - dv_clock_ms();
    if (isinf(unfinished)) {
        return timeout_ms;
    }
    int limit = unfinished < 0 ? 0 : unfinished > INT_MAX - 1 ? INT_MAX : (int)unfinished + 1;
    return timeout_ms < 0 || limit < timeout_ms ? limit : timeout_ms;
}

bool dv_events_pump(dv_events *events, int wake_fd, int timeout_ms)
{
    struct pollfd wait[] = {
        {.fd = events->signal_fd, .events = POLLIN},
        {.fd = events->tty->gone ? -1 : events->tty->in, .events = POLLIN},
        {.fd = wake_fd, .events = POLLIN},
    };
    int ready = poll(wait, 3, poll_timeout(events, timeout_ms));
    if (ready > 0 && wait[0].revents) {
        read_signals(events);
    }
    if (ready > 0 && (wait[1].revents & POLLIN)) {
        read_terminal(events);
    } else if (ready > 0 && wait[1].revents) {
        events->stop = events->tty->gone = true;
    }
    decode(events);
    events->input.patient &= !events->capabilities.answered;
    return ready > 0 && wait[2].revents != 0;
}

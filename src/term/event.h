/* What reaches the program from outside: keys, answers of the terminal, signals. One poll round at a time. */
#ifndef DV_TERM_EVENT_H
#define DV_TERM_EVENT_H

#include "term/input.h"
#include "term/reply.h"
#include "term/screen.h"
#include "term/tty.h"

enum { DV_TYPED_QUEUE = 256 };

/* Flags stay up until whoever acts on them takes them down. */
typedef struct dv_events {
    dv_tty *tty;   /* not owned */
    int signal_fd; /* of dv_guard_open */
    dv_input input;
    dv_capabilities capabilities;   /* grows with every answer */
    int64_t received;               /* bytes */
    dv_event typed[DV_TYPED_QUEUE]; /* keys and the mouse: a ring */
    int first_typed, typed_count;
    bool resized;   /* SIGWINCH */
    bool continued; /* SIGCONT */
    bool suspend;   /* SIGTSTP or Ctrl-Z */
    bool stop;      /* SIGTERM, SIGHUP, SIGINT, or the terminal is gone */
} dv_events;

/* Waits until something comes or `timeout_ms` is over (< 0: for ever) and takes in all that is there. True if
 * `wake_fd` (may be -1) can be read. May return early with nothing new. */
bool dv_events_pump(dv_events *events, int wake_fd, int timeout_ms);
/* The next key or report of the mouse, DV_EVENT_NONE when there is neither. */
dv_event dv_events_typed(dv_events *events);

#endif

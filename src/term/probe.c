#include "term/probe.h"
#include "base/file.h"
#include "term/kitty.h"

#include <string.h>

enum { PROBE_MS = 1000, DRAIN_MS = 500 };

#define ASK_NAME "\033[>q"              /* XTVERSION */
#define ASK_SYNCHRONIZED "\033[?2026$p" /* DECRQM */
#define ASK_REGISTERS "\033[?1;1;0S"    /* XTSMGRAPHICS */
#define ASK_LIMITS "\033[?2;1;0S"       /* XTSMGRAPHICS */
#define ASK_CELL "\033[16t"             /* XTWINOPS */
#define ASK_TEXT_AREA                                                                                                  \
    "\033[14t"                                                                                                         \
    "\033[18t" /* XTWINOPS */
#define ASK_COLORS                                                                                                     \
    "\033[0;48;2;1;2;3m\033P$qm\033\\\033[m" /* DECRQSS of a colour that only 24 bits can hold */                      \
    "\033P+q524742\033\\"                    /* XTGETTCAP: RGB */                                                      \
    "\033P+q5463\033\\"                      /* XTGETTCAP: Tc */
#define ASK_ATTRIBUTES "\033[c"              /* DA1 */

void dv_probe_ask(dv_events *events, bool inside_tmux)
{
    const char *questions =
        inside_tmux ? ASK_NAME ASK_SYNCHRONIZED ASK_REGISTERS ASK_LIMITS ASK_CELL ASK_TEXT_AREA ASK_ATTRIBUTES
                    : ASK_NAME ASK_SYNCHRONIZED ASK_COLORS DV_KITTY_ASK ASK_REGISTERS ASK_LIMITS ASK_CELL ASK_TEXT_AREA
                          ASK_ATTRIBUTES;
    double deadline = dv_clock_ms() + PROBE_MS, now;
    events->input.patient = true;
    dv_tty_write(events->tty, questions, strlen(questions));
    while (!events->capabilities.answered && !events->stop && (now = dv_clock_ms()) < deadline) {
        dv_events_pump(events, -1, (int)(deadline - now) + 1);
    }
}

void dv_probe_sizes(dv_events *events)
{
    static const char questions[] = ASK_LIMITS ASK_CELL ASK_TEXT_AREA;
    dv_tty_write(events->tty, questions, sizeof questions - 1);
}

void dv_probe_drain(dv_events *events, int count)
{
    double deadline = dv_clock_ms() + DRAIN_MS, now;
    while (events->capabilities.cursor_reports < count && !events->tty->gone && (now = dv_clock_ms()) < deadline) {
        dv_events_pump(events, -1, (int)(deadline - now) + 1);
    }
}

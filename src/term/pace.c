#include "term/pace.h"

#include <math.h>

enum {
    UNDER_WAY = 2,           /* frames: one being drawn, one in the wire */
    SLOW_APART_MS = 30,      /* a slow line is worth waiting for the last of a burst of keys */
    RECENT_MS = 1000,        /* what went longer ago counts for little */
    LOST_MS = 2000,          /* an answer that takes longer is given up */
    SMALL_FRAME = 1024,      /* bytes that need no question */
    BUDGET_RATE = 512 * 1024 /* bytes a second; as many may go at once */
};

static double debt_at(const dv_pace *pace, double now)
{
    double debt = pace->debt - (now - pace->paid_at) * BUDGET_RATE / 1000;
    return debt > 0 ? debt : 0;
}

/* What the frames under way, or the budget, leave to wait. */
static double delay_of_line(const dv_pace *pace, double now)
{
    if (pace->budgeted) {
        double over = debt_at(pace, now) - BUDGET_RATE;
        return over * 1000 / BUDGET_RATE;
    }
    return pace->under_way < (pace->slow ? 1 : UNDER_WAY) ? 0 : pace->asked_at + LOST_MS - now;
}

double dv_pace_delay(const dv_pace *pace, double now)
{
    double line = delay_of_line(pace, now), apart = pace->slow ? pace->sent_at + SLOW_APART_MS - now : 0;
    double delay = line > apart ? line : apart;
    return delay > 0 ? delay : 0;
}

bool dv_pace_sent(dv_pace *pace, size_t bytes, double now)
{
    pace->debt = debt_at(pace, now) + (double)bytes;
    pace->recent = dv_pace_rate(pace, now) + (double)bytes;
    pace->paid_at = pace->sent_at = now;
    if (pace->silent || pace->budgeted || bytes < SMALL_FRAME) {
        return false;
    }
    if (pace->under_way > 0 && now - pace->asked_at > LOST_MS) {
        pace->under_way = 0;
        pace->silent = pace->answers == 0;
        if (pace->silent) {
            return false;
        }
    }
    pace->under_way++;
    pace->asked_at = now;
    return true;
}

double dv_pace_rate(const dv_pace *pace, double now)
{
    return pace->recent > 0 ? pace->recent * exp((pace->sent_at - now) / RECENT_MS) : 0;
}

void dv_pace_answers(dv_pace *pace, int answers, double now)
{
    /* One thought lost may still come. */
    int more = answers - pace->answers;
    if (more > 0 && more == pace->under_way) {
        pace->lag_ms = now - pace->asked_at;
    }
    pace->under_way = more < pace->under_way ? pace->under_way - more : 0;
    pace->answers = answers;
}

/* How fast frames may follow each other: no more of them under way than the terminal keeps up with. After a frame it
 * is asked for the cursor's place (CSI 6 n); the answer tells that all before it has been drawn. Inside tmux, which
 * answers by itself, a budget of bytes per second stands in for that. Times are monotonic milliseconds. */
#ifndef DV_TERM_PACE_H
#define DV_TERM_PACE_H

#include <stdbool.h>
#include <stddef.h>

#define DV_PACE_QUESTION "\033[6n"

typedef struct dv_pace {
    bool budgeted;   /* inside tmux */
    bool silent;     /* the terminal never answers: no questions */
    bool slow;       /* fewer frames, further apart */
    double sent_at;  /* when the last frame was sent */
    int under_way;   /* questions not yet answered */
    int answers;     /* all that ever came */
    double asked_at; /* when the last question was sent */
    double debt;     /* bytes over the budget at the time `paid_at` */
    double paid_at;
    double recent; /* bytes of about the last second, as of `sent_at` */
    double lag_ms; /* from the last question to its answer */
} dv_pace;

/* Milliseconds until the next frame may be sent, 0: at once. */
double dv_pace_delay(const dv_pace *pace, double now);
/* A frame of so many bytes is about to be sent. True if a question must follow it. */
bool dv_pace_sent(dv_pace *pace, size_t bytes, double now);
/* How many answers have come since the beginning. */
void dv_pace_answers(dv_pace *pace, int answers, double now);
/* Bytes sent in about the second before `now`. */
double dv_pace_rate(const dv_pace *pace, double now);

#endif

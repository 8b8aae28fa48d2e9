/* A question at the foot of the screen, and what is typed to answer it. */
#ifndef DV_TUI_PROMPT_H
#define DV_TUI_PROMPT_H

#include "deepvid.h"

#include <stddef.h>

struct dv_control;

enum { DV_PROMPT_SIZE = 256, DV_PROMPT_HISTORY = 32, DV_PROMPT_CANDIDATES = 64 };

typedef struct dv_prompt_kind {
    const char *label; /* ":" */
    void (*accept)(struct dv_control *control, const char *text);
    /* Fills `candidate` with whole answers that begin with `text`, at most `room` of them; returns how many. They live
     * until the next call. NULL: nothing is completed. */
    int (*complete)(struct dv_control *control, const char *text, const char **candidate, int room);
} dv_prompt_kind;

typedef struct dv_prompt {
    const dv_prompt_kind *kind; /* NULL: nothing is asked */
    char text[DV_PROMPT_SIZE];
    size_t cursor;                                   /* byte */
    char history[DV_PROMPT_HISTORY][DV_PROMPT_SIZE]; /* answers given, the newest first */
    int history_count, recalled;                     /* 0: none, 1: the newest */
    char draft[DV_PROMPT_SIZE];                      /* what was typed before older answers were looked at */
    char hint[DV_PROMPT_SIZE];                       /* completions, when there are several */
} dv_prompt;

/* Asks, with an answer to begin with. */
void dv_prompt_open(dv_prompt *prompt, const dv_prompt_kind *kind, const char *text);
/* A key while something is asked: edits, completes (Tab), recalls (Up, Down), accepts (Enter) or gives up. */
void dv_prompt_key(struct dv_control *control, dv_prompt *prompt, int key);

#endif

/* What a session is apart from screen and threads: the wish, and what was chosen around it. */
#ifndef DV_SESSION_SESSION_H
#define DV_SESSION_SESSION_H

#include "session/wish.h"

/* Choices of how to look at things, each a word. */
typedef enum dv_look {
    DV_LOOK_VIEW,      /* "vae" */
    DV_LOOK_PANE,      /* of that view, the one with the focus */
    DV_LOOK_GRAPHICS,  /* only if chosen by hand: "half" */
    DV_LOOK_MOUSE,     /* "on", "off" */
    DV_LOOK_LOOKS_AT,  /* which of two teachers: "first", "second" */
    DV_LOOK_EXPLAINER, /* whose map stands in place of the student's, and goes into reports: "lime", "off" */
    DV_LOOK_COUNT
} dv_look;

/* "view"; 0 .. DV_LOOK_COUNT - 1. */
const char *dv_look_name(dv_look look);
const char *dv_look_usage(dv_look look); /* "view NAME" */

enum { DV_WORD_SIZE = 32, DV_SECOND_SIZE = 4096, DV_BOOKMARK_SIZE = 64, DV_BOOKMARKS_MOST = 1000 };

/* A wish worth coming back to. */
typedef struct dv_bookmark {
    char name[DV_BOOKMARK_SIZE];
    dv_wish wish;
} dv_bookmark;

typedef struct dv_session {
    dv_wish wish;
    int64_t mark;                           /* the second instance; -1: none */
    char second[DV_SECOND_SIZE];            /* the file of a second teacher; "": there is none */
    uint64_t second_fingerprint;            /* what that was (vid/fingerprint.h); 0: not known */
    char look[DV_LOOK_COUNT][DV_WORD_SIZE]; /* "": as the program chooses */
    dv_bookmark *bookmark;                  /* in the order they were set */
    int bookmark_count;
} dv_session;

/* A session that has just begun with these options. False without memory. */
bool dv_session_init(dv_session *session, const dv_explain_options *options, int latent, dv_error *error);
/* Frees what it holds; a zeroed session is allowed. */
void dv_session_clear(dv_session *session);
/* Both were initialised for the same number of dimensions. False, and `session` still whole, without memory. */
bool dv_session_copy(dv_session *session, const dv_session *from, dv_error *error);
bool dv_session_equal(const dv_session *a, const dv_session *b);

/* A second teacher's file, absolute, or "" for none; its fingerprint is not known yet. False and an error for a name
 * that would not be read back from a line of text. */
bool dv_session_compare(dv_session *session, const char *path, dv_error *error);
/* Whether it is the second teacher that is looked at. */
bool dv_session_looks_at_second(const dv_session *session);

/* The row of the explainer that is looked at, -1: none, or none of that name. */
int dv_session_explainer(const dv_session *session);

/* Letters, digits and what joins them, so that text of files can be trusted to be one word. False for all else. */
bool dv_session_look(dv_session *session, dv_look look, const char *word);

/* Keeps the wish as it is now under a name, in place of an older one of that name. The name loses blanks at its ends
 * and is cut if too long; an empty one, or one too many, is an error. */
bool dv_session_bookmark(dv_session *session, const char *name, dv_error *error);
/* The index of a bookmark; -1 if there is none of that name. */
int dv_session_find(const dv_session *session, const char *name);
void dv_session_forget(dv_session *session, int bookmark);

#endif

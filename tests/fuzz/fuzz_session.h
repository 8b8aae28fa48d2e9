/* A session to be changed by lines. Include after fuzz.h. */
#ifndef DV_TESTS_FUZZ_SESSION_H
#define DV_TESTS_FUZZ_SESSION_H

#include "session/script.h"

#include <stdlib.h>
#include <string.h>

enum { FUZZ_PICTURES = 10, FUZZ_LATENT = 3 };

static inline dv_session fuzz_new_session(void)
{
    dv_error error = {0};
    dv_session session;
    const dv_explain_options options = dv_explain_defaults();
    fuzz_require(dv_session_init(&session, &options, FUZZ_LATENT, &error));
    return session;
}

/* Does a line; a copy of the session shows that a line that cannot be done changes nothing. */
static inline void fuzz_apply(dv_session *session, const char *line)
{
    dv_error error = {0};
    dv_session before = fuzz_new_session();
    fuzz_require(dv_session_copy(&before, session, &error));
    if (!dv_script_apply(session, FUZZ_PICTURES, line, &error)) {
        fuzz_check_refusal(&error, "");
        fuzz_require(dv_session_equal(&before, session));
    }
    dv_session_clear(&before);
}

/* What is written reads back as the same session. */
static inline void fuzz_check_round(const dv_session *session)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    fuzz_require(stream);
    dv_script_write(stream, NULL, session);
    fclose(stream);
    dv_session again = fuzz_new_session();
    dv_error error = {0};
    for (char *next = text, *line; (line = strsep(&next, "\n")) && *line;)
        fuzz_require(dv_script_apply(&again, FUZZ_PICTURES, line, &error));
    fuzz_require(dv_session_equal(&again, session));
    dv_session_clear(&again);
    free(text);
}

#endif

/* Lines of a session, one after the other. */
#include "fuzz.h"

#include "fuzz_session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_session session = fuzz_new_session();
    char *text = strndup((const char *)data, size);
    fuzz_require(text);
    for (char *next = text, *line; (line = strsep(&next, "\n"));)
        fuzz_apply(&session, line);
    fuzz_check_round(&session);
    free(text);
    dv_session_clear(&session);
    return 0;
}

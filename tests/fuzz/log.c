/* The log of a session, as `deepvid replay` reads it. */
#include "fuzz.h"

#include "fuzz_session.h"
#include "session/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error error = {0};
    dv_record record;
    dv_origin origin;
    const char *path = fuzz_file("log", data, size), *line;
    if (!dv_journal_read(&record, path, &origin, &error)) {
        fuzz_check_refusal(&error, path);
        return 0;
    }
    dv_session session = fuzz_new_session();
    while ((line = dv_record_line(&record)))
        if (!dv_journal_export_of(line))
            fuzz_apply(&session, line);
    fuzz_check_round(&session);
    dv_session_clear(&session);
    dv_origin_clear(&origin);
    dv_record_close(&record);
    return 0;
}

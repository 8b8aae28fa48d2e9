/* The file a session is kept in. */
#include "fuzz.h"

#include "fuzz_session.h"
#include "session/session_file.h"

#include <stdio.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char folder[] = "/models/small";
    const dv_origin origin = {.source = {.folder = folder}, .shape = "2 classes", .fingerprint = 7};
    const char *path = fuzz_file("session", data, size);
    char kept[512], copy[512];
    snprintf(kept, sizeof kept, "%s.kept-1", path);
    snprintf(copy, sizeof copy, "%s.copy", path);
    dv_error error = {0};
    dv_session session = fuzz_new_session(), again = fuzz_new_session();
    if (!dv_session_load(&session, &origin, FUZZ_PICTURES, path, &error)) {
        fuzz_check_refusal(&error, path);
        fuzz_require(dv_session_equal(&session, &again));
        fuzz_require(unlink(kept) == 0 && access(path, F_OK) != 0);
    } else {
        fuzz_require(dv_session_save(&session, &origin, copy, &error));
        fuzz_require(dv_session_load(&again, &origin, FUZZ_PICTURES, copy, &error));
        fuzz_require(dv_session_equal(&session, &again));
    }
    dv_session_clear(&session);
    dv_session_clear(&again);
    return 0;
}

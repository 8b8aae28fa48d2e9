/* The user's settings file. */
#include "fuzz.h"

#include "tui/preferences.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error error = {0};
    dv_preferences preferences;
    const char *path = fuzz_file("deepvid/deepvid.ini", data, size);
    if (!dv_preferences_read(&preferences, &error))
        fuzz_check_refusal(&error, path);
    fuzz_require(preferences.start.neighbors >= 2 && preferences.start.temperature > 0);
    return 0;
}

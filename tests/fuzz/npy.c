/* NPY, as pictures, as labels and as an array for a network. */
#include "fuzz.h"

#include "data/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dv_error error = {0};
    dv_array array;
    const char *path = fuzz_file("array.npy", data, size);
    if (dv_npy_read(path, &array, &error))
        dv_array_clear(&array);
    else
        fuzz_check_refusal(&error, path);
    fuzz_pictures(data, size);
    fuzz_labels(data, size);
    return 0;
}

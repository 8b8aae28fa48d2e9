/* Checkpoints of training. */
#include "fuzz.h"

#include "base/hash.h"
#include "train/checkpoint.h"

#include <stdlib.h>
#include <string.h>

static void read_one(const uint8_t *data, size_t size)
{
    float first[3] = {1, 2, 3}, second[2] = {4, 5};
    const dv_checkpoint_array array[] = {{first, 3}, {second, 2}};
    dv_checkpoint checkpoint = {.fingerprint = 7, .epoch = -1, .array_count = 2, .array = array};
    dv_error error = {0};
    bool found = false;
    const char *path = fuzz_file("checkpoint", data, size);
    if (!dv_checkpoint_read(&checkpoint, path, &found, &error)) {
        fuzz_check_refusal(&error, path);
        fuzz_require(first[2] == 3 && second[1] == 5 && checkpoint.epoch == -1);
    }
    fuzz_require(found);
}

/* As it is, and with the checksum that it should have. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_one(data, size);
    uint64_t checksum = dv_hash(DV_HASH_START, data, size);
    uint8_t *whole = malloc(size + sizeof checksum);
    fuzz_require(whole);
    memcpy(whole, data, size);
    memcpy(whole + size, &checksum, sizeof checksum);
    read_one(whole, size + sizeof checksum);
    free(whole);
    return 0;
}

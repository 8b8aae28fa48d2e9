/* What tells one bundle from another. */
#include "vid/fingerprint.h"

#include "base/file.h"
#include "base/hash.h"
#include "vid/bundle.h"
#include "vid/teacher.h"

#include <stdlib.h>

static bool hash_file(const char *path, uint64_t *hash, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!dv_file_read(path, SIZE_MAX, &data, &size, error))
        return false;
    *hash = dv_hash(*hash, data, size);
    free(data);
    return true;
}

bool dv_bundle_fingerprint(const dv_bundle *bundle, uint64_t *fingerprint, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    const int64_t sizes[] = {facts->classes, facts->latent, facts->channels, facts->height, facts->width, facts->count};
    uint64_t hash = dv_hash(DV_HASH_START, sizes, sizeof sizes);
    if (!hash_file(bundle->teacher.path, &hash, error) || !hash_file(bundle->encoder.path, &hash, error) ||
        !hash_file(bundle->decoder.path, &hash, error))
        return false;
    hash = dv_hash_text(hash, bundle->teacher_output->name);
    hash = dv_hash(hash, bundle->mean, (size_t)facts->channels * sizeof *bundle->mean);
    hash = dv_hash(hash, bundle->deviation, (size_t)facts->channels * sizeof *bundle->deviation);
    for (int k = 0; k < facts->classes; k++)
        hash = dv_hash_text(hash, facts->class_names[k]);
    if (facts->labels)
        hash = dv_hash(hash, facts->labels, (size_t)facts->count * sizeof *facts->labels);
    *fingerprint = dv_dataset_hash(bundle->dataset, false, hash);
    return true;
}

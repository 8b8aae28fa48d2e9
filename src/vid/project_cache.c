#include "vid/project_cache.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/xdg.h"
#include "vid/fingerprint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To be raised whenever the same key comes to mean other positions. */
enum { VERSION = 1 };

/* Before count x 2 floats, all in the machine's own order: a cache does not travel. */
typedef struct header {
    char magic[8];
    uint32_t version;
    uint32_t features, tsne, iterations;
    double perplexity;
    uint64_t seed, bundle, pictures;
    int64_t count;
    uint64_t checksum; /* of the positions */
} header;

static const char magic[8] = "dvplane";

static size_t size_of(const dv_project_key *key)
{
    return (size_t)key->count * 2 * sizeof(float);
}

bool dv_project_key_make(dv_project_key *key, const dv_bundle *bundle, const dv_project_options *options,
                         dv_error *error)
{
    *key = (dv_project_key){.count = bundle->dataset->count, .options = *options};
    key->pictures = dv_dataset_hash(bundle->dataset, true, DV_HASH_START);
    return dv_bundle_fingerprint(bundle, &key->bundle, error);
}

/* Without the checksum. */
static header make_header(const dv_project_key *key)
{
    header it;
    memset(&it, 0, sizeof it); /* it is compared and written whole */
    memcpy(it.magic, magic, sizeof magic);
    it.version = VERSION;
    it.features = key->options.features;
    it.tsne = key->options.tsne;
    it.iterations = (uint32_t)key->options.iterations;
    it.perplexity = key->options.perplexity;
    it.seed = key->options.seed;
    it.bundle = key->bundle;
    it.pictures = key->pictures;
    it.count = key->count;
    return it;
}

/* The file's name says no more than what makes it another one; what is in it is compared in full. */
static char *path_of(const dv_project_key *key, bool create)
{
    header it = make_header(key);
    char name[64];
    dv_error error;
    snprintf(name, sizeof name, "projections/%016llx", (unsigned long long)dv_hash(DV_HASH_START, &it, sizeof it));
    return dv_xdg_path(DV_XDG_CACHE, name, create, &error);
}

bool dv_project_cache_load(const dv_project_key *key, float *positions)
{
    char *path = path_of(key, false);
    uint8_t *data = NULL;
    size_t size, expected = sizeof(header) + size_of(key);
    dv_error error;
    bool ok = path && dv_file_read(path, expected, &data, &size, &error) && size == expected;
    if (ok) {
        memcpy(positions, data + sizeof(header), size_of(key));
        header it = make_header(key);
        it.checksum = dv_hash(DV_HASH_START, positions, size_of(key));
        ok = memcmp(data, &it, sizeof it) == 0;
    }
    free(data);
    free(path);
    return ok;
}

void dv_project_cache_store(const dv_project_key *key, const float *positions)
{
    char *path = path_of(key, true);
    header it = make_header(key);
    it.checksum = dv_hash(DV_HASH_START, positions, size_of(key));
    dv_error error;
    dv_output *output = path ? dv_output_open(path, &error) : NULL;
    if (output) {
        FILE *stream = dv_output_stream(output);
        if (fwrite(&it, sizeof it, 1, stream) == 1 && fwrite(positions, size_of(key), 1, stream) == 1)
            dv_output_commit(output, &error);
        else
            dv_output_discard(output);
    }
    free(path);
}

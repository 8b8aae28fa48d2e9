/* What tests/explainers.py holds against its own: maps of all explainers on some pictures, and what was drawn for them.
 * Usage: explainers BUNDLE FOLDER PICTURE...; one line of JSON an attribution on standard output, arrays in FOLDER:
 * PICTURE-NAME.npy, PICTURE-segments.npy, PICTURE-keeps.npy (samples x superpixels), masks.npy. */
#include "base/random.h"
#include "data/data.h"
#include "vid/explainer.h"

#include <stdio.h>
#include <stdlib.h>

static void save(const char *folder, const char *picture, const char *name, char kind, int size, int rank,
                 const int64_t *dim, const void *data)
{
    char path[512];
    dv_error error;
    snprintf(path, sizeof path, "%s/%s%s%s.npy", folder, picture, *picture ? "-" : "", name);
    if (dv_npy_write(path, kind, size, rank, dim, data, &error))
        return;
    fprintf(stderr, "%s\n", error.message);
    exit(1);
}

static void save_keeps(const char *folder, const char *picture, const dv_attribution *made, uint64_t seed)
{
    const int64_t dim[] = {made->samples, made->segment_count}, plane[] = {made->height, made->width};
    uint8_t *keeps = calloc((size_t)dim[0], (size_t)dim[1]);
    for (int64_t i = 0; keeps && i < dim[0]; i++)
        for (int s = 0; s < made->segment_count; s++)
            keeps[i * dim[1] + s] = dv_lime_keeps(seed, i, s, made->segment_count);
    save(folder, picture, "segments", 'i', 4, 2, plane, made->segments);
    save(folder, picture, "keeps", 'u', 1, 2, dim, keeps);
    free(keeps);
}

static void save_masks(const char *folder, const dv_attribution *made, uint64_t seed)
{
    const int64_t dim[] = {made->samples, made->height, made->width};
    float *masks = calloc((size_t)(dim[0] * dim[1]), (size_t)dim[2] * sizeof *masks);
    for (int64_t i = 0; masks && i < dim[0]; i++)
        for (int y = 0; y < made->height; y++)
            dv_rise_mask_row(seed, i, made->height, made->width, y, masks + (i * dim[1] + y) * dim[2]);
    save(folder, "", "masks", 'f', 4, 3, dim, masks);
    free(masks);
}

static bool explain(dv_bundle *bundle, const char *folder, const char *picture, int explainer, dv_error *error)
{
    const dv_attribution_options options = dv_attribution_defaults();
    dv_explain_options wish = dv_explain_defaults();
    wish.index = atoll(picture);
    dv_attribution *made = dv_attribution_make(bundle, explainer, &wish, NULL, -1, &options, NULL, error);
    if (!made)
        return false;
    const int64_t dim[] = {made->channels, made->height, made->width};
    printf("{\"picture\": %s, \"name\": \"%s\", \"class\": %d, \"ms\": %.3f, \"r2\": %.9g, \"goal\": %.9g}\n", picture,
           made->explainer->name, made->class_index, made->milliseconds, made->segments ? made->r2 : 0,
           made->goal == made->goal ? made->goal : 0);
    fflush(stdout);
    if (made->map)
        save(folder, picture, made->explainer->name, 'f', 4, 3, dim, made->map);
    if (made->segments)
        save_keeps(folder, picture, made, wish.seed);
    if (made->explainer == dv_explainer_at(dv_explainer_find("rise", error)))
        save_masks(folder, made, wish.seed);
    dv_attribution_free(made);
    return true;
}

int main(int argc, char **argv)
{
    dv_error error;
    if (argc < 4) {
        fprintf(stderr, "usage: explainers BUNDLE FOLDER PICTURE...\n");
        return 2;
    }
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = argv[1], .threads = 1}, &error);
    bool ok = bundle != NULL;
    for (int p = 3; ok && p < argc; p++)
        for (int i = 0; ok && dv_explainer_at(i); i++)
            ok = explain(bundle, argv[2], argv[p], i, &error);
    if (!ok)
        fprintf(stderr, "%s\n", error.message);
    if (bundle)
        dv_bundle_close(bundle);
    return ok ? 0 : 1;
}

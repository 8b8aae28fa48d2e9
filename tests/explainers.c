/* What tests/explainers.py holds against its own: maps of all explainers on some pictures, and what was drawn for them.
 * Usage: explainers BUNDLE FOLDER PICTURE...; one line of JSON an attribution on standard output, arrays in FOLDER:
 * PICTURE-picture.npy, PICTURE-quickshift-KERNEL.npy, PICTURE-NAME.npy; of LIME PICTURE-NAME-segments.npy and
 * PICTURE-NAME-keeps.npy (samples x superpixels); masks.npy. LIME comes a second time with superpixels filled in with
 * their mean, a third time with quickshift's. */
#include "base/random.h"
#include "data/data.h"
#include "image/segment.h"
#include "vid/explainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void save_keeps(const char *folder, const char *picture, const char *name, const dv_attribution *made,
                       uint64_t seed)
{
    char file[64];
    const int64_t dim[] = {made->samples, made->segment_count}, plane[] = {made->height, made->width};
    uint8_t *keeps = calloc((size_t)dim[0], (size_t)dim[1]);
    for (int64_t i = 0; keeps && i < dim[0]; i++)
        for (int s = 0; s < made->segment_count; s++)
            keeps[i * dim[1] + s] = dv_lime_keeps(seed, i, s, made->segment_count);
    snprintf(file, sizeof file, "%s-segments", name);
    save(folder, picture, file, 'i', 4, 2, plane, made->segments);
    snprintf(file, sizeof file, "%s-keeps", name);
    save(folder, picture, file, 'u', 1, 2, dim, keeps);
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

static bool save_picture(dv_bundle *bundle, const char *folder, const char *picture, dv_error *error)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    const int64_t dim[] = {facts->channels, facts->height, facts->width};
    float *pixels = calloc((size_t)(dim[0] * dim[1]), (size_t)dim[2] * sizeof *pixels);
    int *segments = calloc((size_t)dim[1], (size_t)dim[2] * sizeof *segments);
    bool ok = pixels && segments && dv_bundle_get_picture(bundle, atoll(picture), pixels, error);
    if (ok)
        save(folder, picture, "picture", 'f', 4, 3, dim, pixels);
    for (int kernel = 1; ok && kernel <= 4; kernel *= 2) {
        char name[32];
        snprintf(name, sizeof name, "quickshift-%d", kernel);
        ok = dv_segment_quickshift(pixels, facts->channels, facts->height, facts->width, kernel, 200, 0.2, segments,
                                   error);
        if (ok)
            save(folder, picture, name, 'i', 4, 2, dim + 1, segments);
    }
    free(segments);
    free(pixels);
    return ok;
}

static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double)now.tv_sec + 1e-6 * (double)now.tv_nsec;
}

/* A number of JSON; there is none for what is not a number. */
static double number_of(double value)
{
    return value == value ? value : 0;
}

static bool explain(dv_bundle *bundle, const char *folder, const char *picture, int explainer, const char *name,
                    const dv_attribution_options *options, dv_error *error)
{
    dv_explain_options wish = dv_explain_defaults();
    wish.index = atoll(picture);
    double start = processor_ms();
    dv_attribution *made = dv_attribution_make(bundle, explainer, &wish, NULL, -1, options, NULL, error);
    if (!made)
        return false;
    const int64_t dim[] = {made->channels, made->height, made->width};
    printf("{\"picture\": %s, \"name\": \"%s\", \"class\": %d, \"ms\": %.3f, \"r2\": %.9g, \"fitted\": %.9g, "
           "\"goal\": %.9g}\n",
           picture, name, made->class_index, processor_ms() - start, number_of(made->r2), number_of(made->fitted),
           number_of(made->goal));
    fflush(stdout);
    if (made->map)
        save(folder, picture, name, 'f', 4, 3, dim, made->map);
    if (made->segments)
        save_keeps(folder, picture, name, made, wish.seed);
    if (strcmp(name, "rise") == 0)
        save_masks(folder, made, wish.seed);
    dv_attribution_free(made);
    return true;
}

static bool explain_all(dv_bundle *bundle, const char *folder, const char *picture, dv_error *error)
{
    const dv_attribution_options usual = dv_attribution_defaults(), mean = {.baseline = DV_BASELINE_MEAN},
                                 quickshift = {.baseline = DV_BASELINE_MEAN, .segmenter = DV_SEGMENTER_QUICKSHIFT};
    int lime = dv_explainer_find("lime", error);
    bool ok = save_picture(bundle, folder, picture, error);
    for (int i = 0; ok && dv_explainer_at(i); i++)
        ok = explain(bundle, folder, picture, i, dv_explainer_at(i)->name, &usual, error);
    return ok && explain(bundle, folder, picture, lime, "lime-mean", &mean, error) &&
           explain(bundle, folder, picture, lime, "lime-quickshift", &quickshift, error);
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
        ok = explain_all(bundle, argv[2], argv[p], &error);
    if (!ok)
        fprintf(stderr, "%s\n", error.message);
    if (bundle)
        dv_bundle_close(bundle);
    return ok ? 0 : 1;
}

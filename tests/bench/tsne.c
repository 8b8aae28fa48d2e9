/* t-SNE of rows from a file, beside scikit-learn's (tsne.py).
 *
 *   bench-tsne rows BUNDLE ROWS.npy START.npy COUNT    latent means of the first pictures, and a start from their PCA
 *   bench-tsne run ROWS.npy START.npy POSITIONS.npy THREADS PERPLEXITY     asked with the number of iterations
 *
 * An answer tells what the search for neighbours takes and what the descent. */
#include "base/file.h"
#include "base/memory.h"
#include "bench.h"
#include "data/data.h"
#include "embed/pca.h"
#include "embed/tsne.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool write_floats(const char *path, int64_t count, int64_t size, const float *values, dv_error *error)
{
    return dv_npy_write(path, 'f', 4, 2, (const int64_t[]){count, size}, values, error);
}

static int make_rows(const char *folder, const char *rows_path, const char *start_path, int64_t count)
{
    dv_error error;
    dv_bundle *bundle = dv_bundle_open(&(dv_bundle_source){.folder = folder}, &error);
    if (!bundle)
        return bench_fail("bench-tsne", &error);
    int latent = dv_bundle_get_facts(bundle)->latent;
    float *rows = dv_alloc((size_t)(count * latent), sizeof *rows, &error);
    float *start = dv_alloc((size_t)(count * 2), sizeof *start, &error);
    bool ok = rows && start && dv_encode_range(bundle, 0, count, rows, &error) &&
              write_floats(rows_path, count, latent, rows, &error) &&
              dv_pca(rows, count, latent, 2, start, NULL, NULL, &error);
    if (ok) {
        dv_tsne_start(start, count, 1, start);
        ok = write_floats(start_path, count, 2, start, &error);
    }
    free(rows);
    free(start);
    dv_bundle_close(bundle);
    return ok ? 0 : bench_fail("bench-tsne", &error);
}

struct descent {
    dv_array rows, start;
    const char *path; /* of the positions */
    float *positions;
    dv_tsne_options options;
    dv_team *team;
};

static bool prepare(void *context, const char *wish, dv_error *error)
{
    struct descent *it = context;
    (void)error;
    it->options.iterations = atoi(wish);
    return true;
}

static bool work(void *context, json_t *answer, dv_error *error)
{
    struct descent *it = context;
    int64_t count = it->rows.dim[0];
    double begun = dv_clock_ms(), found = begun;
    dv_tsne *tsne = dv_tsne_new(it->rows.data, count, it->rows.dim[1], it->start.data, &it->options, it->team, error);
    bool ok = tsne;
    while (ok && !dv_tsne_done(tsne)) {
        ok = dv_tsne_step(tsne, 0, error);
        if (dv_tsne_iteration(tsne) == 1)
            found = dv_clock_ms();
    }
    bench_add(answer, "neighbors", found - begun);
    bench_add(answer, "descent", dv_clock_ms() - found);
    if (ok) {
        dv_tsne_positions(tsne, it->positions);
        ok = write_floats(it->path, count, 2, it->positions, error);
    }
    dv_tsne_free(tsne);
    return ok;
}

static int run(char **argv)
{
    dv_error error;
    struct descent it = {.path = argv[4], .options = dv_tsne_defaults()};
    it.options.perplexity = atof(argv[6]);
    if (!dv_npy_read(argv[2], &it.rows, &error) || !dv_npy_read(argv[3], &it.start, &error) ||
        !(it.team = dv_team_new(atoi(argv[5]), &error)) ||
        !(it.positions = dv_alloc((size_t)it.rows.dim[0] * 2, sizeof(float), &error)))
        return bench_fail("bench-tsne", &error);
    int status = bench_serve(&(bench_question){"bench-tsne", &it, prepare, work}, NULL);
    free(it.positions);
    dv_team_free(it.team);
    dv_array_clear(&it.rows);
    dv_array_clear(&it.start);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "rows") == 0)
        return make_rows(argv[2], argv[3], argv[4], atoll(argv[5]));
    if (argc == 7 && strcmp(argv[1], "run") == 0)
        return run(argv);
    fputs("usage: bench-tsne rows BUNDLE ROWS START COUNT | run ROWS START POSITIONS THREADS PERPLEXITY\n", stderr);
    return 2;
}

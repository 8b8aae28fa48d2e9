/* One t-SNE of rows from a file, for tests/bench/tsne.py, which holds it against scikit-learn's.
 *
 *   bench-tsne rows BUNDLE ROWS.npy START.npy              latent means of all pictures, and a start from their PCA
 *   bench-tsne run ROWS.npy START.npy POSITIONS.npy [THREADS [ITERATIONS [PERPLEXITY [THETA]]]]
 *
 * `run` prints the milliseconds of the search for neighbours, of the descent and of both, and the processor time. */
#include "base/file.h"
#include "data/data.h"
#include "embed/pca.h"
#include "embed/tsne.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static dv_error error;

static int fail(const char *what)
{
    fprintf(stderr, "bench-tsne: %s: %s\n", what, error.message);
    return 1;
}

static bool write_floats(const char *path, int64_t count, int64_t size, const float *values)
{
    return dv_npy_write(path, 'f', 4, 2, (const int64_t[]){count, size}, values, &error);
}

static int make_rows(const char *folder, const char *rows_path, const char *start_path)
{
    dv_bundle_source source = {.folder = folder};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle)
        return fail(folder);
    int64_t count = dv_bundle_get_facts(bundle)->count;
    int latent = dv_bundle_get_facts(bundle)->latent;
    float *rows = malloc(count * latent * sizeof *rows), *start = malloc(count * 2 * sizeof *start);
    if (!dv_encode_range(bundle, 0, count, rows, &error) || !write_floats(rows_path, count, latent, rows) ||
        !dv_pca(rows, count, latent, 2, start, NULL, NULL, &error))
        return fail("the start");
    dv_tsne_start(start, count, 1, start);
    if (!write_floats(start_path, count, 2, start))
        return fail("the start");
    free(rows);
    free(start);
    dv_bundle_close(bundle);
    return 0;
}

static double processor_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static int run(const dv_array *rows, const dv_array *start, const char *path, int threads,
               const dv_tsne_options *options)
{
    dv_team *team = dv_team_new(threads, &error);
    double begun = dv_clock_ms(), used = processor_ms(), found = 0;
    dv_tsne *tsne = dv_tsne_new(rows->data, rows->dim[0], rows->dim[1], start->data, options, team, &error);
    if (!tsne)
        return fail("t-SNE");
    while (!dv_tsne_done(tsne)) {
        if (!dv_tsne_step(tsne, 0, &error))
            return fail("t-SNE");
        if (dv_tsne_iteration(tsne) == 1)
            found = dv_clock_ms();
    }
    double ended = dv_clock_ms();
    float *positions = malloc(rows->dim[0] * 2 * sizeof *positions);
    printf("%.1f %.1f %.1f %.1f\n", found - begun, ended - found, ended - begun, processor_ms() - used);
    dv_tsne_positions(tsne, positions);
    if (!write_floats(path, rows->dim[0], 2, positions))
        return fail(path);
    free(positions);
    dv_tsne_free(tsne);
    dv_team_free(team);
    return 0;
}

int main(int argc, char **argv)
{
    dv_array rows, start;
    dv_tsne_options options = dv_tsne_defaults();
    if (argc == 5 && strcmp(argv[1], "rows") == 0)
        return make_rows(argv[2], argv[3], argv[4]);
    if (argc < 5 || strcmp(argv[1], "run") != 0) {
        fputs("usage: bench-tsne rows BUNDLE ROWS START | run ROWS START POSITIONS [THREADS [ITERATIONS [PERPLEXITY "
              "[THETA]]]]\n",
              stderr);
        return 2;
    }
    if (argc > 6)
        options.iterations = atoi(argv[6]);
    if (argc > 7)
        options.perplexity = atof(argv[7]);
    if (argc > 8)
        options.theta = atof(argv[8]);
    if (!dv_npy_read(argv[2], &rows, &error) || !dv_npy_read(argv[3], &start, &error))
        return fail("the rows");
    int status = run(&rows, &start, argv[4], argc > 5 ? atoi(argv[5]) : 0, &options);
    dv_array_clear(&rows);
    dv_array_clear(&start);
    return status;
}

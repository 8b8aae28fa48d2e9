/* What an explanation can be asked for: defaults, names and limits. */
#include "vid/options.h"

#include "base/error.h"
#include "base/hash.h"
#include "vid/bundle.h"
#include "vid/limits.h"
#include "vid/mask.h"
#include "vid/sample.h"

#include <math.h>
#include <unistd.h>

dv_explain_options dv_explain_defaults(void)
{
    return (dv_explain_options){
        .neighbors = 1000,
        .fresh = 1000,
        .band = 0.5,
        .temperature = 2,
        .method = DV_STUDENT_RIDGE,
        .sampling = DV_SAMPLING_SOBOL,
        .neighborhood = DV_NEIGHBORHOOD_VAE,
        .unrealistic = DV_UNREALISTIC_MARK,
        .cells = 7,
        .keep = 0.5,
        .anchor = 0.1,
        .seed = 1,
        .epochs = 50,
        .batch = 32,
    };
}

#define FIELDS(X)                                                                                                      \
    X(index)                                                                                                           \
    X(neighbors)                                                                                                       \
    X(fresh)                                                                                                           \
    X(band)                                                                                                            \
    X(band_scale)                                                                                                      \
    X(temperature)                                                                                                     \
    X(ridge)                                                                                                           \
    X(until)                                                                                                           \
    X(method)                                                                                                          \
    X(sampling)                                                                                                        \
    X(neighborhood)                                                                                                    \
    X(anchor)                                                                                                          \
    X(masked)                                                                                                          \
    X(cells)                                                                                                           \
    X(keep)                                                                                                            \
    X(unrealistic)                                                                                                     \
    X(seed)                                                                                                            \
    X(epochs)                                                                                                          \
    X(batch)                                                                                                           \
    X(learning_rate)                                                                                                   \
    X(random_start)

#define SAME(field) &&a->field == b->field
#define ADD(field) hash = dv_hash(hash, &options->field, sizeof options->field);

bool dv_options_equal(const dv_explain_options *a, const dv_explain_options *b)
{
    return true FIELDS(SAME);
}

uint64_t dv_options_hash(const dv_explain_options *options, uint64_t hash)
{
    FIELDS(ADD)
    return hash;
}

void dv_options_forgo_marks(dv_explain_options *options)
{
    if (options->unrealistic == DV_UNREALISTIC_MARK)
        options->unrealistic = DV_UNREALISTIC_IGNORE;
}

const char *dv_sampling_name(dv_sampling sampling)
{
    static const char *const names[] = {[DV_SAMPLING_SOBOL] = "sobol", [DV_SAMPLING_NORMAL] = "normal"};
    return names[sampling];
}

const char *dv_neighborhood_name(dv_neighborhood neighborhood)
{
    static const char *const names[] = {
        [DV_NEIGHBORHOOD_VAE] = "vae",       [DV_NEIGHBORHOOD_RESIDUAL] = "residual", [DV_NEIGHBORHOOD_MIXED] = "mixed",
        [DV_NEIGHBORHOOD_MASKED] = "masked", [DV_NEIGHBORHOOD_AUTO] = "auto",
    };
    return names[neighborhood];
}

const char *dv_band_scale_name(dv_band_scale scale)
{
    static const char *const names[] = {[DV_BAND_PRIOR] = "prior", [DV_BAND_POSTERIOR] = "posterior"};
    return names[scale];
}

const char *dv_unrealistic_name(dv_unrealistic unrealistic)
{
    static const char *const names[] = {
        [DV_UNREALISTIC_IGNORE] = "ignore", [DV_UNREALISTIC_MARK] = "mark", [DV_UNREALISTIC_DROP] = "drop"};
    return names[unrealistic];
}

/* False for NaN, too. */
static bool check_range(const char *what, double value, double minimum, double maximum, dv_error *error)
{
    if (value >= minimum && value <= maximum)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "%s must be from %g to %g, not %g", what, minimum, maximum, value);
}

static bool check_latent_options(const dv_explain_options *options, int latent, dv_error *error)
{
    bool moves = !options->bands;
    for (int d = 0; options->bands && d < latent; d++) {
        if (!check_range("each band", options->bands[d], 0, DV_MAX_BAND, error))
            return false;
        moves |= options->bands[d] >= DV_MIN_BAND;
    }
    for (int d = 0; options->offset && d < latent; d++)
        if (!check_range("a latent offset", options->offset[d], -DV_MAX_OFFSET, DV_MAX_OFFSET, error))
            return false;
    if (!moves)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "one band at least must be %g or more", DV_MIN_BAND);
    return true;
}

static bool check_deviation(const dv_explain_options *options, const dv_bundle *bundle, dv_error *error)
{
    if (options->band_scale != DV_BAND_POSTERIOR || bundle->facts.has_deviation)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT,
                        "%s tells no log-variance, so bands cannot be measured by it; take those of the prior",
                        bundle->encoder.path);
}

bool dv_options_check(const dv_explain_options *options, const dv_bundle *bundle, dv_error *error)
{
    return check_range("the number of neighbours", options->neighbors, DV_MIN_NEIGHBORS, DV_MAX_NEIGHBORS, error) &&
           check_range("the number of fresh neighbours", options->fresh, 1, DV_MAX_NEIGHBORS, error) &&
           (options->bands || check_range("the band", options->band, DV_MIN_BAND, DV_MAX_BAND, error)) &&
           check_range("the scale of the band", options->band_scale, DV_BAND_PRIOR, DV_BAND_POSTERIOR, error) &&
           check_range("the temperature", options->temperature, DV_MIN_TEMPERATURE, DV_MAX_TEMPERATURE, error) &&
           (options->ridge == 0 || check_range("lambda", options->ridge, DV_MIN_RIDGE, DV_MAX_RIDGE, error)) &&
           (options->until == 0 || check_range("the steadiness", options->until, DV_MIN_UNTIL, DV_MAX_UNTIL, error)) &&
           check_range("the student's method", options->method, DV_STUDENT_RIDGE, DV_STUDENT_GD, error) &&
           check_range("the sampling", options->sampling, DV_SAMPLING_SOBOL, DV_SAMPLING_NORMAL, error) &&
           check_range("the neighbourhood", options->neighborhood, DV_NEIGHBORHOOD_VAE, DV_NEIGHBORHOOD_AUTO, error) &&
           (options->anchor == 0 || check_range("the picture's own share of the weight", options->anchor, DV_MIN_ANCHOR,
                                                DV_MAX_ANCHOR, error)) &&
           (options->masked == 0 ||
            check_range("the share of masked copies", options->masked, DV_MIN_MASKED, DV_MAX_MASKED, error)) &&
           check_range("the number of cells", options->cells, 1, DV_MOST_CELLS, error) &&
           check_range("the chance of a cell to show", options->keep, DV_MIN_KEEP, DV_MAX_KEEP, error) &&
           check_range("what becomes of unrealistic neighbours", options->unrealistic, DV_UNREALISTIC_IGNORE,
                       DV_UNREALISTIC_DROP, error) &&
           check_range("the number of epochs", options->epochs, 1, DV_MAX_EPOCHS, error) &&
           check_range("the batch", options->batch, 1, DV_MAX_BATCH, error) &&
           (options->learning_rate == 0 ||
            check_range("the learning rate", options->learning_rate, DV_MIN_RATE, DV_MAX_RATE, error)) &&
           check_latent_options(options, bundle->facts.latent, error) && check_deviation(options, bundle, error);
}

/* Better an answer now than a machine that swaps for an hour. */
bool dv_options_check_memory(const dv_bundle *bundle, const dv_explain_options *options, dv_error *error)
{
    const double pixels = bundle->pixels, count = (double)options->neighbors, fresh = (double)options->fresh;
    const double numbers = 3.0 * bundle->facts.classes + 2.0 * bundle->facts.latent + 6;
    double kept = (double)dv_sample_kept(bundle, options, options->neighbors); /* in the bundle and the explanation */
    /* Of the ridge student: a matrix to solve and its factor in order; two of sums or, of few, products and pictures.
     */
    double system = count < pixels ? count * (3 * count + pixels) : 4 * pixels * pixels;
    double floats = (count + fresh) * numbers + (2 * kept + fresh) * pixels + system;
    double needed = floats * sizeof(float) / (1 << 20);
    double there = (double)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / (1 << 20);
    if (there <= 0 || needed < there)
        return true;
    return dv_error_set(error, DV_ERROR_MEMORY,
                        "so many neighbours take %.0f MiB and this machine has %.0f; ask for fewer", needed, there);
}

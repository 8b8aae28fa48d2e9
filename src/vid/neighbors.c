/* Neighbours: pictures like the one explained, with the teacher's word on each. */
#include "vid/neighbors.h"

#include "base/error.h"
#include "base/file.h"
#include "base/part.h"
#include "vid/inquiry.h"
#include "vid/latent.h"
#include "vid/mask.h"
#include "vid/realism.h"
#include "vid/sobol.h"
#include "vid/softmax.h"
#include "vid/span.h"
#include "vid/teacher.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- points --------------------------------------------------------------- */

enum { TASK_ROWS = 32 };

struct points {
    uint64_t seed;
    dv_purpose purpose;
    int64_t first, count;
    int dimensions, sobol_dimensions;
    float *points;
};

static void draw_points(void *context, int64_t task, int thread)
{
    const struct points *work = context;
    (void)thread;
    for (int d = 0; d < work->dimensions; d++) {
        uint32_t direction[DV_SOBOL_BITS] = {0}, scramble = 0;
        if (d < work->sobol_dimensions) {
            dv_sobol_directions(d, direction);
            scramble = (uint32_t)dv_random_bits(work->seed, work->purpose, d);
        }
        for (int64_t row = task * TASK_ROWS; row < dv_smaller((task + 1) * TASK_ROWS, work->count); row++) {
            int64_t i = work->first + row;
            float *point = work->points + row * work->dimensions + d;
            if (d < work->sobol_dimensions) {
                uint32_t coordinate = dv_sobol_coordinate(direction, (uint32_t)i);
                *point = (float)dv_normal_quantile((dv_sobol_scramble(coordinate, scramble) + 0.5) * 0x1p-32);
            } else {
                *point = (float)dv_random_normal(work->seed, work->purpose, (uint64_t)i * work->dimensions + d);
            }
        }
    }
}

void dv_neighbors_points(dv_team *team, dv_sampling sampling, uint64_t seed, dv_purpose purpose, int64_t first,
                         int64_t count, int dimensions, float *points)
{
    int sobol = dimensions < DV_SOBOL_DIMENSIONS ? dimensions : DV_SOBOL_DIMENSIONS;
    struct points work = {seed, purpose, first, count, dimensions, sampling == DV_SAMPLING_SOBOL ? sobol : 0, points};
    dv_team_run(team, draw_points, &work, (count + TASK_ROWS - 1) / TASK_ROWS);
}

/* ---- locality --------------------------------------------------------------- */

enum { STUDIED_DIMENSIONS = 10 }; /* h = 2 bands was found good with that many */

double dv_neighbors_locality(const float *point, const float *band, int latent)
{
    double distance = 0;
    int moved = 0; /* dimensions with a band */
    for (int d = 0; d < latent; d++)
        if (band[d] > 0) {
            distance += (double)point[d] * point[d];
            moved++;
        }
    double width = 4.0 * (moved > STUDIED_DIMENSIONS ? (double)moved / STUDIED_DIMENSIONS : 1);
    return exp((moved * log1p(1 / width) - distance / width) / 2);
}

/* ---- kinds of neighbours --------------------------------------------------- */

struct copies {
    const dv_bundle_facts *facts;
    const dv_neighbors *set;
    const float *picture; /* D */
    int64_t first;        /* number of the first one among the neighbours */
    float *pictures;
};

/* The picture where a smooth mask shows it, and elsewhere black, or blurred in every other copy: what counts for the
 * teacher there must not depend on one of them alone. */
static void mask_copy(void *context, int64_t task, int thread)
{
    const struct copies *work = context;
    const dv_bundle_facts *facts = work->facts;
    int height = facts->height, width = facts->width;
    int64_t i = work->first + task, plane = (int64_t)height * width;
    const float *base = i % 2 ? work->set->blurred : NULL;
    float *picture = work->pictures + task * facts->channels * plane;
    dv_mask mask;
    (void)thread;
    dv_mask_draw(&mask, work->set->seed, DV_PURPOSE_MASKS, (uint64_t)i, work->set->cells, work->set->keep, height,
                 width);
    for (int y = 0; y < height; y++) {
        float *row = picture + (int64_t)y * width; /* of the first channel, which is made of it last */
        dv_mask_row(&mask, y, width, row);
        for (int x = 0; x < width; x++)
            for (int c = facts->channels - 1; c >= 0; c--) {
                int64_t p = c * plane + (int64_t)y * width + x;
                float hidden = base ? base[p] : 0;
                picture[p] = hidden + row[x] * (work->picture[p] - hidden);
            }
    }
}

/* How many of `count` neighbours are of which kind. */
struct mixture {
    int64_t vae, residual, masked;
};

static bool has_copies(dv_neighborhood neighborhood)
{
    return neighborhood == DV_NEIGHBORHOOD_MIXED || neighborhood == DV_NEIGHBORHOOD_MASKED;
}

static struct mixture mix(const dv_neighbors *set, dv_purpose purpose, int64_t count)
{
    bool masks = has_copies(set->neighborhood) && purpose != DV_PURPOSE_FRESH;
    int64_t masked = masks ? (int64_t)((double)count * set->masked) : 0, decoded = count - masked;
    int64_t residual = set->neighborhood == DV_NEIGHBORHOOD_RESIDUAL ? decoded
                       : set->neighborhood == DV_NEIGHBORHOOD_MIXED  ? decoded / 2
                                                                     : 0;
    return (struct mixture){.vae = decoded - residual, .residual = residual, .masked = masked};
}

/* ---- memory ----------------------------------------------------------------- */

/* Makes room for `rows` rows of `size` bytes in place of *array, whose first `used` rows stay. */
static bool enlarge(void *array, int64_t used, int64_t rows, size_t size, dv_error *error)
{
    void **old = array, *new = dv_alloc((size_t)rows, size, error);
    if (!new)
        return false;
    if (used > 0)
        memcpy(new, *old, (size_t)used * size);
    free(*old);
    *old = new;
    return true;
}

static dv_neighbors *make_set(int latent, int64_t pixels, dv_error *error)
{
    dv_neighbors *set = dv_alloc(1, sizeof *set, error);
    if (set && (set->center = dv_alloc(latent, sizeof(float), error)) &&
        (set->band = dv_alloc(latent, sizeof(float), error)) &&
        (set->picture = dv_alloc(pixels, sizeof(float), error)) &&
        (set->points = dv_alloc((size_t)DV_CHUNK * latent, sizeof(float), error)))
        return set;
    dv_neighbors_free(set);
    return NULL;
}

/* How many pictures are to stay: never fewer than do. */
static void keep(dv_neighbors *set, int64_t kept)
{
    kept = (kept + DV_STRETCH - 1) / DV_STRETCH * DV_STRETCH;
    if (set->made > 0 && kept <= set->kept)
        return;
    set->made = dv_smaller(set->made, set->kept);
    set->kept = kept;
}

/* Room for `count` neighbours: where not all pictures stay, for one stretch beyond those that do. */
static bool reserve(dv_neighbors *set, const dv_bundle *bundle, int64_t count, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    int64_t pictures = count > set->kept ? set->kept + DV_STRETCH : count;
    if (set->room < count) {
        if (!enlarge(&set->latents, set->made, count, facts->latent * sizeof(float), error) ||
            !enlarge(&set->logits, set->made, count, facts->classes * sizeof(float), error) ||
            !enlarge(&set->words, set->made, count, sizeof(int), error) ||
            !enlarge(&set->weight, set->made, count, sizeof(double), error) ||
            !enlarge(&set->error, set->judged, count, sizeof(double), error))
            return false;
        set->room = count;
    }
    if (set->picture_room < pictures) {
        if (!enlarge(&set->pictures, dv_smaller(set->made, set->kept), pictures, bundle->pixels * sizeof(float), error))
            return false;
        set->picture_room = pictures;
    }
    return true;
}

void dv_neighbors_free(dv_neighbors *neighbors)
{
    if (!neighbors)
        return;
    free(neighbors->latents);
    free(neighbors->pictures);
    free(neighbors->logits);
    free(neighbors->words);
    free(neighbors->weight);
    free(neighbors->error);
    free(neighbors->center);
    free(neighbors->band);
    free(neighbors->points);
    free(neighbors->picture);
    free(neighbors->blurred);
    free(neighbors);
}

/* ---- a stretch ---------------------------------------------------------------- */

/* One call of dv_neighbors_make. */
struct making {
    dv_neighbors *set;
    dv_bundle *bundle;
    const dv_place *place;
    dv_purpose purpose;
    dv_timing *timing;
};

/* Points, latents and weights of one chunk: `count` neighbours from `first` on. Decoded ones come first and take the
 * points one after the other. */
static void place_chunk(const struct making *it, int64_t first, int64_t count)
{
    dv_neighbors *set = it->set;
    int latent = it->bundle->facts.latent;
    struct mixture whole = mix(set, it->purpose, DV_CHUNK);
    int64_t decoded = count - mix(set, it->purpose, count).masked;
    dv_neighbors_points(it->bundle->team, set->sampling, set->seed, it->purpose,
                        first / DV_CHUNK * (DV_CHUNK - whole.masked), decoded, latent, set->points);
    for (int64_t i = 0; i < count; i++) {
        const float *point = set->points + i * latent;
        float *place = set->latents + (first + i) * latent;
        for (int d = 0; d < latent; d++)
            place[d] = i < decoded ? it->place->center[d] + it->place->band[d] * point[d] : it->place->mean[d];
        set->weight[first + i] = i < decoded ? dv_neighbors_locality(point, it->place->band, latent) : 1;
    }
}

/* Pictures of `count` neighbours from `first` on: whole chunks, but for the last one. */
static bool draw_pictures(const struct making *it, int64_t first, int64_t count, float *pictures,
                          const dv_progress *progress, dv_error *error)
{
    const dv_neighbors *set = it->set;
    int64_t pixels = it->bundle->pixels, latent = it->bundle->facts.latent;
    /* Masked copies are not decoded, so that those which are lie together in one chunk only. */
    int64_t step = has_copies(set->neighborhood) ? DV_CHUNK : count;
    for (int64_t at = 0; at < count; at += step) {
        int64_t rows = dv_smaller(step, count - at);
        struct mixture mixture = mix(set, it->purpose, rows);
        float *vae = pictures + at * pixels, *residual = vae + mixture.vae * pixels;
        if (!dv_latent_decode(it->bundle, set->latents + (first + at) * latent, rows - mixture.masked, vae, progress,
                              error))
            return false;
        dv_place_add_residual(it->place, mixture.residual, (int)pixels, residual);
        struct copies copies = {&it->bundle->facts, set, it->place->picture, first + at + rows - mixture.masked,
                                residual + mixture.residual * pixels};
        dv_team_run(it->bundle->team, mask_copy, &copies, mixture.masked);
    }
    return true;
}

static bool same_masks(const dv_neighbors *set, const dv_neighbors *other)
{
    return !has_copies(set->neighborhood) ||
           (other->masked == set->masked && other->cells == set->cells && other->keep == set->keep);
}

/* What a set is made of, but for the teacher. */
static bool is_alike(const dv_neighbors *set, const dv_neighbors *other, int latent)
{
    return other->index == set->index && other->seed == set->seed && other->sampling == set->sampling &&
           other->neighborhood == set->neighborhood && same_masks(set, other) &&
           memcmp(other->center, set->center, latent * sizeof(float)) == 0 &&
           memcmp(other->band, set->band, latent * sizeof(float)) == 0;
}

/* A bundle that another one lends its auto-encoder has the same neighbours: what that has made, and still holds, need
 * not be decoded again. The last stretch is the same only if it ends at the same place. */
static bool borrow_pictures(const struct making *it, int64_t first, int64_t count, float *pictures)
{
    const dv_bundle *lender = it->bundle->lender;
    const dv_neighbors *set = it->set,
                       *other = lender ? it->purpose == DV_PURPOSE_FRESH ? lender->fresh : lender->neighbors : NULL;
    int64_t end = first + count, pixels = it->bundle->pixels;
    if (!other || !is_alike(set, other, it->bundle->facts.latent) || end > dv_smaller(other->made, other->kept) ||
        (end != other->made && end % DV_STRETCH != 0))
        return false;
    memcpy(pictures, other->pictures + first * pixels, (size_t)(count * pixels) * sizeof *pictures);
    return true;
}

/* Errors of `count` neighbours from `first` on, decoded again by the same batches where their pictures (NULL: they are
 * not there) are more than that. */
static bool judge_stretch(const dv_neighbors *set, dv_bundle *bundle, dv_purpose purpose, int64_t first, int64_t count,
                          const float *pictures, const dv_progress *progress, dv_error *error)
{
    int64_t latent = bundle->facts.latent, step = has_copies(set->neighborhood) ? DV_CHUNK : count;
    for (int64_t at = 0; at < count; at += step) {
        int64_t rows = dv_smaller(step, count - at);
        struct mixture mixture = mix(set, purpose, rows);
        const float *decoded = pictures && mixture.residual == 0 ? pictures + at * bundle->pixels : NULL;
        double *errors = set->error + first + at;
        if (!dv_realism_errors(bundle, set->latents + (first + at) * latent, decoded, rows - mixture.masked, errors,
                               progress, error))
            return false;
        for (int64_t i = rows - mixture.masked; i < rows; i++)
            errors[i] = NAN;
    }
    return true;
}

/* Takes the weight of what is not like the data. */
static bool leave_out(const struct making *it, int64_t first, int64_t count, const float *pictures,
                      const dv_progress *progress, dv_error *error)
{
    dv_neighbors *set = it->set;
    if (!judge_stretch(set, it->bundle, it->purpose, first, count, pictures, progress, error))
        return false;
    set->judged = first + count;
    for (int64_t i = first; i < first + count; i++)
        if (set->error[i] > it->bundle->realism)
            set->weight[i] = 0;
    return true;
}

static bool make_stretch(const struct making *it, int64_t first, int64_t count, float *pictures,
                         const dv_progress *progress, dv_error *error)
{
    dv_neighbors *set = it->set;
    int classes = it->bundle->facts.classes;
    double start = dv_clock_ms();
    for (int64_t at = 0; at < count; at += DV_CHUNK)
        place_chunk(it, first + at, dv_smaller(DV_CHUNK, count - at));
    if (!borrow_pictures(it, first, count, pictures) && !draw_pictures(it, first, count, pictures, progress, error))
        return false;
    if (set->drops && !leave_out(it, first, count, pictures, progress, error))
        return false;
    double middle = dv_clock_ms();
    it->timing->decode += middle - start;
    float *logits = set->logits + first * classes;
    if (!dv_teacher_run(it->bundle, pictures, count, logits, progress, error))
        return false;
    for (int64_t i = 0; i < count; i++)
        set->words[first + i] = dv_largest(logits + i * classes, classes);
    it->timing->teacher += dv_clock_ms() - middle;
    return true;
}

/* ---- a set ------------------------------------------------------------------ */

/* By the options, or the rule: most of what an evidence student learns from shows what the picture's parts are worth.
 */
double dv_neighbors_masked(const dv_explain_options *options)
{
    static const double rule[] = {[DV_NEIGHBORHOOD_MIXED] = 0.3, [DV_NEIGHBORHOOD_MASKED] = 0.9};
    if (!has_copies(options->neighborhood))
        return 0;
    return options->masked > 0 ? options->masked : rule[options->neighborhood];
}

/* What masked copies are made by, too, where there are any. */
static bool same_kind(const dv_neighbors *set, const dv_explain_options *options)
{
    return set->neighborhood == options->neighborhood && set->masked == dv_neighbors_masked(options) &&
           (!has_copies(options->neighborhood) || (set->cells == options->cells && set->keep == options->keep));
}

/* Whether all is as it was the last time. */
static bool is_of(const dv_neighbors *set, const dv_bundle *bundle, const dv_place *place,
                  const dv_explain_options *options)
{
    size_t size = bundle->facts.latent * sizeof(float);
    return set->generation > 0 && set->index == place->index && set->seed == options->seed &&
           set->sampling == options->sampling && same_kind(set, options) &&
           set->drops == (options->unrealistic == DV_UNREALISTIC_DROP) &&
           memcmp(set->center, place->center, size) == 0 && memcmp(set->band, place->band, size) == 0 &&
           memcmp(set->picture, place->picture, bundle->pixels * sizeof(float)) == 0;
}

bool dv_neighbors_are_there(const dv_neighbors *set, const dv_bundle *bundle, const dv_place *place,
                            const dv_explain_options *options, int64_t count)
{
    return set && set->made >= count && is_of(set, bundle, place, options);
}

/* Begins anew unless all is as it was. */
static void forget_stale(dv_neighbors *set, dv_bundle *bundle, const dv_place *place, const dv_explain_options *options)
{
    size_t size = bundle->facts.latent * sizeof(float);
    if (is_of(set, bundle, place, options))
        return;
    set->made = 0;
    set->generation = ++bundle->generations;
    set->index = place->index;
    set->seed = options->seed;
    set->sampling = options->sampling;
    set->neighborhood = options->neighborhood;
    set->masked = dv_neighbors_masked(options);
    set->cells = options->cells;
    set->keep = options->keep;
    set->drops = options->unrealistic == DV_UNREALISTIC_DROP;
    memcpy(set->picture, place->picture, bundle->pixels * sizeof(float));
    memcpy(set->center, place->center, size);
    memcpy(set->band, place->band, size);
}

/* What every other masked copy shows where it hides the picture. */
static bool blur(dv_neighbors *set, const dv_bundle *bundle, const dv_place *place, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    if (!has_copies(set->neighborhood) || set->made > 0)
        return true;
    return (set->blurred || (set->blurred = dv_alloc(bundle->pixels, sizeof *set->blurred, error))) &&
           dv_baseline_make(DV_BASELINE_BLURRED, place->picture, facts->channels, facts->height, facts->width,
                            set->blurred, error);
}

/* A stretch that was cut short, or is to be, is made once more. */
static void cut(dv_neighbors *set, int64_t count)
{
    if (set->made < count)
        set->made -= set->made % DV_STRETCH;
    else if (set->made > count && count % DV_STRETCH != 0)
        set->made = count - count % DV_STRETCH;
    set->judged = dv_smaller(set->judged, set->made);
}

bool dv_neighbors_make(dv_neighbors **neighbors, dv_bundle *bundle, const dv_place *place,
                       const dv_explain_options *options, dv_purpose purpose, int64_t count, int64_t kept,
                       const dv_neighbors_taker *taker, dv_timing *timing, const dv_progress *progress, dv_error *error)
{
    if (!*neighbors && !(*neighbors = make_set(bundle->facts.latent, bundle->pixels, error)))
        return false;
    dv_neighbors *set = *neighbors;
    struct making it = {set, bundle, place, purpose, timing};
    forget_stale(set, bundle, place, options);
    keep(set, kept);
    cut(set, count);
    if (!reserve(set, bundle, count, error) || !blur(set, bundle, place, error) ||
        (set->drops && !dv_realism_prepare(bundle, true, progress, error)))
        return false;
    while (set->made < count) {
        int64_t first = set->made, size = dv_smaller(DV_STRETCH, count - first);
        float *pictures = set->pictures + dv_smaller(first, set->kept) * bundle->pixels;
        dv_span span = {.whole = progress, .first = (double)first / count, .share = (double)size / count};
        dv_progress part = dv_span_progress(&span);
        if (!make_stretch(&it, first, size, pictures, &part, error) ||
            (taker && !taker->take(taker->context, set, first, size, pictures, error)))
            return false;
        set->made += size;
    }
    set->count = count;
    return true;
}

bool dv_neighbors_judge(dv_neighbors *set, dv_bundle *bundle, dv_purpose purpose, const dv_progress *progress,
                        dv_error *error)
{
    while (set->judged < set->count) {
        int64_t first = set->judged, size = dv_smaller(DV_STRETCH, set->count - first);
        dv_span span = {.whole = progress, .first = (double)first / set->count, .share = (double)size / set->count};
        dv_progress part = dv_span_progress(&span);
        const float *pictures = first + size <= set->kept ? set->pictures + first * bundle->pixels : NULL;
        if (!judge_stretch(set, bundle, purpose, first, size, pictures, &part, error))
            return false;
        set->judged += size;
    }
    return true;
}

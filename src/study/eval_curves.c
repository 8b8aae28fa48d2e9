/* Deletion and insertion: what the teacher says while the positions of a map go or come, the strongest first. */
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "study/eval.h"
#include "vid/inquiry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the order ------------------------------------------------------------------- */

struct place {
    double value;
    int64_t turn; /* among equals */
    int position;
};

static int compare(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->value != right->value)
        return left->value > right->value ? -1 : 1;
    return left->turn < right->turn ? -1 : 1;
}

bool dv_eval_rank(const float *map, int channels, int positions, uint64_t seed, int64_t index, int *order,
                  dv_error *error)
{
    struct place *place = dv_alloc(positions, sizeof *place, error);
    int64_t *turn = dv_alloc(positions, sizeof *turn, error);
    bool ok = place && turn;
    if (ok)
        dv_random_order(seed, DV_PURPOSE_TIES, (uint64_t)index, positions, turn);
    for (int p = 0; ok && p < positions; p++) {
        double sum = 0;
        for (int c = 0; c < channels; c++)
            sum += map[(size_t)c * positions + p];
        place[p] = (struct place){isfinite(sum) ? sum : -INFINITY, turn[p], p};
    }
    if (ok)
        qsort(place, positions, sizeof *place, compare);
    for (int p = 0; ok && p < positions; p++)
        order[p] = place[p].position;
    free(turn);
    free(place);
    return ok;
}

/* ---- curves ---------------------------------------------------------------------- */

const char *dv_eval_curve_name(dv_eval_curve curve)
{
    static const char *const names[] = {[DV_CURVE_DELETION_BLACK] = "deletion_black",
                                        [DV_CURVE_DELETION_BLURRED] = "deletion_blurred",
                                        [DV_CURVE_INSERTION_BLACK] = "insertion_black",
                                        [DV_CURVE_INSERTION_BLURRED] = "insertion_blurred"};
    return names[curve];
}

int dv_eval_changed(int positions, int point)
{
    return (int)(((int64_t)positions * point + DV_EVAL_STEPS / 2) / DV_EVAL_STEPS);
}

double dv_eval_area(const float curve[DV_EVAL_POINTS], int positions)
{
    double area = 0;
    for (int point = 1; point < DV_EVAL_POINTS; point++) {
        int width = dv_eval_changed(positions, point) - dv_eval_changed(positions, point - 1);
        area += 0.5 * ((double)curve[point - 1] + curve[point]) * width / positions;
    }
    return area;
}

struct change {
    const float *picture;
    const float *const *base;
    const int *order;
    int positions, channels;
};

static void make_picture(const void *context, int64_t i, float *picture)
{
    const struct change *change = context;
    int curve = (int)(i / DV_EVAL_POINTS), changed = dv_eval_changed(change->positions, (int)(i % DV_EVAL_POINTS));
    bool comes = curve == DV_CURVE_INSERTION_BLACK || curve == DV_CURVE_INSERTION_BLURRED;
    bool blurred = curve == DV_CURVE_DELETION_BLURRED || curve == DV_CURVE_INSERTION_BLURRED;
    const float *from = comes ? change->base[blurred] : change->picture;
    const float *to = comes ? change->picture : change->base[blurred];
    memcpy(picture, from, (size_t)change->channels * change->positions * sizeof *picture);
    for (int c = 0; c < change->channels; c++)
        for (int k = 0; k < changed; k++) {
            size_t at = (size_t)c * change->positions + change->order[k];
            picture[at] = to[at];
        }
}

static void take_areas(int positions, dv_eval_figures *figures)
{
    double *area = figures->value + DV_MEASURE_DELETION_BLACK;
    for (int curve = 0; curve < DV_EVAL_CURVES; curve++)
        area[curve] = dv_eval_area(figures->curve[curve], positions);
    figures->value[DV_MEASURE_SCORE] = 0.5 * (area[DV_CURVE_INSERTION_BLACK] - area[DV_CURVE_DELETION_BLACK] +
                                              area[DV_CURVE_INSERTION_BLURRED] - area[DV_CURVE_DELETION_BLURRED]);
}

bool dv_eval_curves(dv_bundle *bundle, const float *picture, const float *const base[2], const int *order,
                    int class_index, const dv_progress *progress, dv_eval_figures *figures, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    struct change change = {picture, base, order, facts->height * facts->width, facts->channels};
    const dv_explainer asker = {.name = "eval"};
    dv_attribution question = {.explainer = &asker, .class_index = class_index, .score = DV_SCORE_PROBABILITY};
    dv_inquiry inquiry = {.bundle = bundle, .picture = picture, .progress = progress};
    if (!dv_inquire_scores(&inquiry, &question, DV_EVAL_CURVES * DV_EVAL_POINTS, make_picture, &change,
                           figures->curve[0], error))
        return false;
    take_areas(change.positions, figures);
    return true;
}

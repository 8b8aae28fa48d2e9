/* The pictures and their selection. */
#include "tui/pictures.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS = 50,     /* so often a selection follows the teacher's answers while they come */
    MARK_STEPS = 10 /* and the marks */
};

static bool make_arrays(dv_pictures *pictures, dv_error *error)
{
    size_t count = (size_t)pictures->facts->count;
    return (pictures->score = dv_alloc(count, sizeof(*pictures->score), error)) &&
           (pictures->prediction = dv_alloc(count, sizeof(*pictures->prediction), error)) &&
           (pictures->wrong = dv_alloc(count, sizeof(*pictures->wrong), error)) &&
           (pictures->marked = dv_alloc(count, sizeof(*pictures->marked), error)) &&
           (!pictures->facts->multi_label ||
            (pictures->given = dv_alloc(count, dv_label_bytes(pictures->facts->classes), error))) &&
           dv_confusion_init(&pictures->confusion, pictures->facts, error) &&
           (pictures->selected = dv_alloc(count, sizeof(*pictures->selected), error)) &&
           (pictures->place = dv_alloc(count, sizeof(*pictures->place), error)) &&
           (pictures->chosen = dv_alloc(count, sizeof(*pictures->chosen), error)) &&
           (pictures->ranked = dv_alloc(count, sizeof(*pictures->ranked), error)) &&
           (pictures->filter.region = dv_alloc(count, sizeof(*pictures->filter.region), error));
}

dv_pictures *dv_pictures_new(const dv_bundle_facts *facts, dv_error *error)
{
    dv_pictures *pictures = dv_alloc(1, sizeof(*pictures), error);
    if (!pictures)
        return NULL;
    pictures->facts = facts;
    pictures->filter = (dv_picture_filter){.label = -1, .prediction = -1};
    if (!make_arrays(pictures, error)) {
        dv_pictures_free(pictures);
        return NULL;
    }
    for (int64_t i = 0; i < facts->count; i++)
        pictures->prediction[i] = -1;
    dv_pictures_select(pictures);
    return pictures;
}

void dv_pictures_free(dv_pictures *pictures)
{
    if (!pictures)
        return;
    free(pictures->score);
    free(pictures->prediction);
    free(pictures->wrong);
    free(pictures->marked);
    free(pictures->given);
    dv_confusion_clear(&pictures->confusion);
    free(pictures->selected);
    free(pictures->place);
    free(pictures->chosen);
    free(pictures->ranked);
    free(pictures->filter.region);
    free(pictures);
}

/* The labels that a picture is given, and its marks or NULL. */
static const uint8_t *given_to(const dv_pictures *pictures, int64_t index)
{
    return pictures->given + (size_t)index * dv_label_bytes(pictures->facts->classes);
}

static const int8_t *marks_of(const dv_pictures *pictures, int64_t index)
{
    return pictures->facts->marks ? pictures->facts->marks + index * pictures->facts->classes : NULL;
}

static void learn_labels(dv_pictures *pictures, int64_t index)
{
    const int8_t *marks = marks_of(pictures, index);
    int64_t known = 0;
    for (int k = 0; marks && k < pictures->facts->classes; k++)
        known += marks[k] >= 0;
    if (!known)
        return;
    int wrong = dv_pictures_wrong_labels(pictures, index);
    pictures->wrong[index] = wrong > 0;
    pictures->labelled += known;
    pictures->right += known - wrong;
    dv_confusion_add_labels(&pictures->confusion, marks, given_to(pictures, index));
}

static void learn_one(dv_pictures *pictures, int64_t index)
{
    int label = dv_pictures_label(pictures, index), prediction = pictures->score[index].prediction;
    pictures->prediction[index] = prediction;
    if (pictures->given)
        learn_labels(pictures, index);
    if (label < 0)
        return;
    pictures->wrong[index] = prediction != label;
    pictures->labelled++;
    pictures->right += prediction == label;
    dv_confusion_add(&pictures->confusion, label, prediction);
}

static bool depends_on_scores(const dv_pictures *pictures)
{
    return pictures->filter.prediction >= 0 || pictures->filter.wrong || pictures->filter.changed ||
           pictures->order != DV_ORDER_INDEX;
}

static bool depends_on_other(const dv_pictures *pictures)
{
    return pictures->filter.changed || pictures->order == DV_ORDER_CHANGE;
}

void dv_pictures_learn(dv_pictures *pictures, int64_t first, int64_t count, const dv_scores *score,
                       const uint8_t *given)
{
    int64_t all = pictures->facts->count;
    assert(first == pictures->known && first + count <= all);
    memcpy(pictures->score + first, score, (size_t)count * sizeof(*score));
    pictures->known = first + count;
    size_t bytes = dv_label_bytes(pictures->facts->classes);
    if (pictures->given)
        memcpy(pictures->given + (size_t)first * bytes, given, (size_t)count * bytes);
    for (int64_t i = first; i < pictures->known; i++)
        learn_one(pictures, i);
    bool due = pictures->known == all || pictures->known - pictures->weighed >= all / STEPS;
    if (due && depends_on_scores(pictures))
        dv_pictures_select(pictures);
    if (due && pictures->other && depends_on_other(pictures->other))
        dv_pictures_select(pictures->other);
    if (pictures->known < all && pictures->known - pictures->noted < all / MARK_STEPS)
        return;
    pictures->noted = pictures->known;
    memcpy(pictures->marked, pictures->wrong, (size_t)all * sizeof(*pictures->marked));
}

int dv_pictures_label(const dv_pictures *pictures, int64_t index)
{
    return pictures->facts->labels ? pictures->facts->labels[index] : -1;
}

int dv_pictures_prediction(const dv_pictures *pictures, int64_t index)
{
    return pictures->prediction[index];
}

bool dv_pictures_is_wrong(const dv_pictures *pictures, int64_t index)
{
    return pictures->wrong[index];
}

bool dv_pictures_have_labels(const dv_pictures *pictures)
{
    return pictures->facts->labels || pictures->facts->marks;
}

int dv_pictures_wrong_labels(const dv_pictures *pictures, int64_t index)
{
    const int8_t *marks = marks_of(pictures, index);
    int wrong = 0;
    for (int k = 0; marks && pictures->given && index < pictures->known && k < pictures->facts->classes; k++)
        wrong += marks[k] >= 0 && dv_label_has(given_to(pictures, index), k) != marks[k];
    return wrong;
}

/* Whether a picture has a label (or may have it, which is not known: false), whether it is given it. */
static bool has(const dv_pictures *pictures, int64_t index, int label)
{
    const int8_t *marks = marks_of(pictures, index);
    return marks ? marks[label] == 1 : dv_pictures_label(pictures, index) == label;
}

static bool is_given(const dv_pictures *pictures, int64_t index, int label)
{
    return pictures->given ? dv_label_has(given_to(pictures, index), label) : pictures->prediction[index] == label;
}

bool dv_pictures_is_changed(const dv_pictures *pictures, int64_t index)
{
    const dv_pictures *other = pictures->other;
    return other && index < pictures->known && index < other->known &&
           pictures->prediction[index] != other->prediction[index];
}

/* ---- the selection --------------------------------------------------------------- */

/* `other`: the other teacher's; NULL where that is not known. */
static double by_confidence(const dv_scores *score, const dv_scores *other)
{
    (void)other;
    return score->confidence;
}

static double by_margin(const dv_scores *score, const dv_scores *other)
{
    (void)other;
    return score->margin;
}

static double by_entropy(const dv_scores *score, const dv_scores *other)
{
    (void)other;
    return -score->entropy;
}

static double by_loss(const dv_scores *score, const dv_scores *other)
{
    (void)other;
    return -score->loss;
}

/* Those with another word by the less sure teacher, before all others by how much surer one of them is. */
static double by_change(const dv_scores *score, const dv_scores *other)
{
    if (!other)
        return INFINITY;
    if (score->prediction == other->prediction)
        return -fabs((double)score->confidence - (double)other->confidence);
    return -1 - fmin((double)score->confidence, (double)other->confidence);
}

/* What the first in order has the least of. */
static const struct {
    const char *name, *meaning;
    double (*rank)(const dv_scores *score, const dv_scores *other);
} orders[DV_ORDER_COUNT] = {
    [DV_ORDER_INDEX] = {"index", "By index.", NULL},
    [DV_ORDER_CONFIDENCE] = {"confidence", "By confidence: the teacher's least probable words first.", by_confidence},
    [DV_ORDER_MARGIN] = {"margin", "By margin: the closest races between two classes first.", by_margin},
    [DV_ORDER_ENTROPY] = {"entropy", "By entropy: the most undecided first.", by_entropy},
    [DV_ORDER_LOSS] = {"loss", "By loss: the least probable labels first.", by_loss},
    [DV_ORDER_CHANGE] = {"change", "By change: what both teachers are sure of, and name otherwise, first.", by_change},
};

const char *dv_order_name(dv_order order)
{
    return orders[order].name;
}

const char *dv_order_meaning(dv_order order)
{
    return orders[order].meaning;
}

static double rank_of(const dv_pictures *pictures, int64_t index)
{
    const dv_pictures *other = pictures->other;
    const dv_scores *by_other = other && index < other->known ? &other->score[index] : NULL;
    double rank = index < pictures->known ? orders[pictures->order].rank(&pictures->score[index], by_other) : INFINITY;
    return isnan(rank) ? INFINITY : rank;
}

static int compare(const void *a, const void *b)
{
    const dv_ranked *x = a, *y = b;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Of several labels, that of one which is given to a picture with another it is asked that it be wrong. */
static bool is_called(const dv_pictures *pictures, int64_t index)
{
    const dv_picture_filter *filter = &pictures->filter;
    const int8_t *marks = pictures->given ? marks_of(pictures, index) : NULL;
    bool other = marks && filter->label >= 0 && filter->label != filter->prediction;
    return is_given(pictures, index, filter->prediction) && (!other || marks[filter->prediction] == 0);
}

static bool passes(const dv_pictures *pictures, int64_t index)
{
    const dv_picture_filter *filter = &pictures->filter;
    return (filter->label < 0 || has(pictures, index, filter->label)) &&
           (filter->prediction < 0 || is_called(pictures, index)) && (!filter->wrong || pictures->wrong[index]) &&
           (!filter->changed || dv_pictures_is_changed(pictures, index)) &&
           (!filter->by_region || filter->region[index]);
}

static void put_in_order(dv_pictures *pictures)
{
    for (int64_t i = 0; i < pictures->selected_count; i++) {
        int64_t index = pictures->selected[i];
        pictures->ranked[i] = (dv_ranked){rank_of(pictures, index), index};
    }
    qsort(pictures->ranked, (size_t)pictures->selected_count, sizeof(*pictures->ranked), compare);
    for (int64_t i = 0; i < pictures->selected_count; i++)
        pictures->selected[i] = pictures->ranked[i].index;
}

void dv_pictures_select(dv_pictures *pictures)
{
    pictures->selected_count = 0;
    pictures->weighed = pictures->known;
    for (int64_t i = 0; i < pictures->facts->count; i++) {
        pictures->chosen[i] = passes(pictures, i);
        pictures->place[i] = -1;
        if (pictures->chosen[i])
            pictures->selected[pictures->selected_count++] = i;
    }
    if (orders[pictures->order].rank)
        put_in_order(pictures);
    for (int64_t i = 0; i < pictures->selected_count; i++)
        pictures->place[pictures->selected[i]] = i;
}

void dv_pictures_select_like(dv_pictures *pictures, const dv_pictures *others)
{
    bool *region = pictures->filter.region;
    memcpy(region, others->filter.region, (size_t)pictures->facts->count * sizeof(*region));
    pictures->filter = others->filter;
    pictures->filter.region = region;
    pictures->order = others->order;
    dv_pictures_select(pictures);
}

bool dv_pictures_is_filtered(const dv_pictures *pictures)
{
    const dv_picture_filter *filter = &pictures->filter;
    return filter->label >= 0 || filter->prediction >= 0 || filter->wrong || filter->changed || filter->by_region;
}

void dv_pictures_clear_filter(dv_pictures *pictures)
{
    pictures->filter.label = pictures->filter.prediction = -1;
    pictures->filter.wrong = pictures->filter.changed = pictures->filter.by_region = false;
    dv_pictures_select(pictures);
}

void dv_pictures_filter_cell(dv_pictures *pictures, int label, int prediction)
{
    dv_picture_filter *filter = &pictures->filter;
    *filter = (dv_picture_filter){.label = label, .prediction = prediction, .region = filter->region};
    dv_pictures_select(pictures);
}

static int add_text(char *text, int used, const char *before, const char *word)
{
    int room = DV_FILTER_TEXT_SIZE - used;
    int length = snprintf(text + used, (size_t)room, "%s%.80s", before, word);
    return used + (length < room ? length : room - 1);
}

void dv_pictures_write_filter(const dv_pictures *pictures, char text[DV_FILTER_TEXT_SIZE])
{
    const dv_picture_filter *filter = &pictures->filter;
    const char *const *name = pictures->facts->class_names;
    int used = 0;
    text[0] = '\0';
    if (filter->label >= 0)
        used = add_text(text, used, "", name[filter->label]);
    if (filter->prediction >= 0)
        used = add_text(text, used,
                        used              ? (pictures->given ? " given " : " called ")
                        : pictures->given ? "given "
                                          : "called ",
                        name[filter->prediction]);
    if (filter->wrong)
        used = add_text(text, used, used ? ", " : "", "wrong");
    if (filter->changed)
        used = add_text(text, used, used ? ", " : "", "changed");
    if (filter->by_region)
        add_text(text, used, used ? ", " : "", "in the region");
}

/* ---- ways through it ---------------------------------------------------------------- */

int64_t dv_pictures_place_near(const dv_pictures *pictures, int64_t index)
{
    if (pictures->selected_count == 0 || pictures->place[index] >= 0)
        return pictures->place[index];
    int64_t best = 0;
    for (int64_t i = 1; i < pictures->selected_count; i++)
        if (llabs(pictures->selected[i] - index) < llabs(pictures->selected[best] - index))
            best = i;
    return best;
}

int64_t dv_pictures_step(const dv_pictures *pictures, int64_t index, int64_t step)
{
    int64_t last = pictures->selected_count - 1, place = pictures->place[index];
    if (last < 0)
        return -1;
    if (place < 0)
        return pictures->selected[dv_pictures_place_near(pictures, index)];
    place = step > last - place ? last : step < -place ? 0 : place + step;
    return pictures->selected[place];
}

int64_t dv_pictures_find_wrong(const dv_pictures *pictures, int64_t index, int direction)
{
    int64_t count = pictures->facts->count;
    for (int64_t step = 1; step < count; step++) {
        int64_t at = (index + count + direction * step) % count;
        if (dv_pictures_is_wrong(pictures, at))
            return at;
    }
    return -1;
}

int64_t dv_pictures_find_label(const dv_pictures *pictures, int64_t index, int label)
{
    int64_t count = pictures->facts->count;
    for (int64_t step = 1; step <= count; step++) {
        int64_t at = (index + step) % count;
        bool found = dv_pictures_have_labels(pictures) ? has(pictures, at, label)
                                                       : dv_pictures_prediction(pictures, at) == label;
        if (found)
            return at;
    }
    return -1;
}

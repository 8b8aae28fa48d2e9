/* The table of settings, and how their values are read, written and stepped. */
#include "session/setting.h"
#include "base/error.h"
#include "vid/limits.h"
#include "vid/mask.h"
#include "vid/neighbors.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static bool of_ridge(const dv_wish *wish)
{
    return wish->options.method == DV_STUDENT_RIDGE;
}

static bool of_descent(const dv_wish *wish)
{
    return !of_ridge(wish);
}

static bool of_steps(const dv_wish *wish)
{
    return wish->options.method == DV_STUDENT_ADAM || wish->options.method == DV_STUDENT_SGD;
}

static double masked_by_rule(const dv_wish *wish)
{
    return dv_neighbors_masked(&wish->options);
}

static const double bands[] = {.05, .1, .15, .2, .25, .3, .4, .5, .6, .7, .8, .9, 1, 1.25, 1.5, 1.75, 2};
static const double temperatures[] = {.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20};
static const double counts[] = {32, 64, 128, 256, 512, 1000, 2000, 4000, 8000};
static const double shares[] = {.05, .1, .2, .3, .4, .5, .6, .7, .8, .9, .95};
static const double anchors[] = {.01, .02, .05, .1, .2, .3, .5, .7, 1};
static const double cells[] = {2, 3, 4, 5, 7, 10, 14, 20, 28};
static const double untils[] = {.8, .9, .95, .97, .98, .99, .995};
static const double lambdas[] = {1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3,
                                 5e-3, 1e-2, 2e-2, 5e-2, .1,   .2,   .5,   1,    2,    5,    10};
static const double epochs[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};
static const double batches[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
static const double rates[] = {1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, .1, .2, .5, 1};

#define FIELD(name) .field = offsetof(dv_explain_options, name), .size = sizeof(((dv_explain_options *)0)->name)
#define RANGE(least, most) .minimum = (least), .maximum = (most)
#define LADDER(values) .ladder = (values), .ladder_count = sizeof(values) / sizeof(*(values))

static const dv_setting settings[DV_SETTING_COUNT] = {
    [DV_SETTING_STUDENT] = {"student", "student", "how the linear model is made", DV_VALUE_CHOICE, FIELD(method),
                            .words = "ridge|adam|sgd|gd"},
    [DV_SETTING_LAMBDA] = {"lambda", "lambda", "how calm the maps of a ridge student are", DV_VALUE_NUMBER,
                           FIELD(ridge), RANGE(DV_MIN_RIDGE, DV_MAX_RIDGE), .automatic = "rule", LADDER(lambdas),
                           .matters = of_ridge, .why_not = "ridge only"},
    [DV_SETTING_TEMPERATURE] = {"temperature", "temperature", "softens the teacher's probabilities", DV_VALUE_NUMBER,
                                FIELD(temperature), RANGE(DV_MIN_TEMPERATURE, DV_MAX_TEMPERATURE), LADDER(temperatures),
                                .matters = of_descent, .why_not = "scales only"},
    [DV_SETTING_NEIGHBORS] = {"neighbors", "neighbours", "how many the student learns from", DV_VALUE_WHOLE,
                              FIELD(neighbors), RANGE(DV_MIN_NEIGHBORS, DV_MAX_NEIGHBORS), LADDER(counts)},
    [DV_SETTING_UNTIL] = {"until", "until steady", "stop with fewer, as soon as the map is so steady", DV_VALUE_NUMBER,
                          FIELD(until), RANGE(DV_MIN_UNTIL, DV_MAX_UNTIL), .automatic = "all", .usual = .96,
                          LADDER(untils), .matters = of_ridge, .why_not = "ridge only"},
    [DV_SETTING_BAND] = {"band", "band", "how far neighbours spread", DV_VALUE_NUMBER, FIELD(band),
                         RANGE(DV_MIN_BAND, DV_MAX_BAND), LADDER(bands)},
    [DV_SETTING_BAND_SCALE] = {"band-scale", "band's unit", "the prior's deviation, or the encoder's at the picture",
                               DV_VALUE_CHOICE, FIELD(band_scale), .words = "prior|posterior"},
    [DV_SETTING_SAMPLING] = {"sampling", "sampling", "evenly spread Sobol points, or independent draws",
                             DV_VALUE_CHOICE, FIELD(sampling), .words = "sobol|normal"},
    [DV_SETTING_NEIGHBORHOOD] = {"neighborhood", "neighbourhood",
                                 "decoded, with residual, mixed, masked copies, or as it fits", DV_VALUE_CHOICE,
                                 FIELD(neighborhood), .words = "vae|residual|mixed|masked|auto"},
    [DV_SETTING_SEED] = {"seed", "seed", "of all random numbers", DV_VALUE_WHOLE, FIELD(seed), RANGE(0, DV_MAX_SEED)},
    [DV_SETTING_EPOCHS] = {"epochs", "epochs", "how often each neighbour is learnt from", DV_VALUE_WHOLE, FIELD(epochs),
                           RANGE(1, DV_MAX_EPOCHS), LADDER(epochs), .matters = of_descent, .why_not = "not for ridge"},
    [DV_SETTING_BATCH] = {"batch", "batch", "neighbours in one step", DV_VALUE_WHOLE, FIELD(batch),
                          RANGE(1, DV_MAX_BATCH), LADDER(batches), .matters = of_steps, .why_not = "adam and sgd only"},
    [DV_SETTING_RATE] = {"rate", "learning rate", "length of a step", DV_VALUE_NUMBER, FIELD(learning_rate),
                         RANGE(DV_MIN_RATE, DV_MAX_RATE), .automatic = "default", .usual = 1e-3, LADDER(rates),
                         .matters = of_descent, .why_not = "not for ridge"},
    [DV_SETTING_START] = {"start", "start", "the weights that learning starts from", DV_VALUE_CHOICE,
                          FIELD(random_start), .words = "zero|random", .matters = of_descent,
                          .why_not = "not for ridge"},
    [DV_SETTING_FRESH] = {"fresh", "fresh ones", "neighbours that fidelity is measured on", DV_VALUE_WHOLE,
                          FIELD(fresh), RANGE(1, DV_MAX_NEIGHBORS), LADDER(counts)},
    [DV_SETTING_MASKED] = {"masked", "masked copies", "their share of mixed and masked neighbours", DV_VALUE_NUMBER,
                           FIELD(masked), RANGE(DV_MIN_MASKED, DV_MAX_MASKED), .automatic = "rule",
                           .rule = masked_by_rule, .usual = .5, LADDER(shares)},
    [DV_SETTING_CELLS] = {"cells", "mask cells", "down and across a masked copy", DV_VALUE_WHOLE, FIELD(cells),
                          RANGE(1, DV_MOST_CELLS), LADDER(cells)},
    [DV_SETTING_KEEP] = {"keep", "cells shown", "chance of a masked copy's cell to show the picture", DV_VALUE_NUMBER,
                         FIELD(keep), RANGE(DV_MIN_KEEP, DV_MAX_KEEP), LADDER(shares)},
    [DV_SETTING_UNREALISTIC] = {"unrealistic", "unrealistic",
                                "neighbours unlike all data: ignored, marked, or left out", DV_VALUE_CHOICE,
                                FIELD(unrealistic), .words = "ignore|mark|drop"},
    [DV_SETTING_ANCHOR] = {"anchor", "anchor", "the picture's own share of what the student learns from",
                           DV_VALUE_NUMBER, FIELD(anchor), RANGE(DV_MIN_ANCHOR, DV_MAX_ANCHOR), .automatic = "none",
                           .usual = .1, LADDER(anchors)},
};

const dv_setting *dv_setting_get(dv_setting_id id)
{
    assert(id < DV_SETTING_COUNT);
    return &settings[id];
}

const dv_setting *dv_setting_find(const char *name)
{
    for (int id = 0; id < DV_SETTING_COUNT; id++)
        if (strcmp(settings[id].name, name) == 0)
            return &settings[id];
    return NULL;
}

bool dv_setting_matters(const dv_setting *setting, const dv_wish *wish)
{
    return !setting->matters || setting->matters(wish);
}

/* ---- values in their fields ------------------------------------------------------ */

static void *field_of(const dv_setting *setting, dv_wish *wish)
{
    return (char *)&wish->options + setting->field;
}

static double get_number(const dv_setting *setting, const dv_wish *wish)
{
    double value;
    memcpy(&value, (const char *)&wish->options + setting->field, sizeof(value));
    return value;
}

/* Whole numbers live in fields of one, four or eight bytes. */
static int64_t get_whole(const dv_setting *setting, const dv_wish *wish)
{
    const void *field = (const char *)&wish->options + setting->field;
    int64_t value = 0;
    int32_t narrow;
    if (setting->size == sizeof(bool))
        return *(const bool *)field;
    if (setting->size == sizeof(value)) {
        memcpy(&value, field, sizeof(value));
        return value;
    }
    assert(setting->size == sizeof(narrow));
    memcpy(&narrow, field, sizeof(narrow));
    return narrow;
}

static void put_number(const dv_setting *setting, dv_wish *wish, double value)
{
    memcpy(field_of(setting, wish), &value, sizeof(value));
}

static void put_whole(const dv_setting *setting, dv_wish *wish, int64_t value)
{
    int32_t narrow = (int32_t)value;
    if (setting->size == sizeof(bool))
        *(bool *)field_of(setting, wish) = value != 0;
    else
        memcpy(field_of(setting, wish), setting->size == sizeof(value) ? (void *)&value : &narrow, setting->size);
}

/* ---- words of a choice ------------------------------------------------------------- */

/* The word at `index` of "a|b|c" and its length; NULL beyond the last. */
static const char *word_at(const char *words, int64_t index, int *length)
{
    for (; index > 0; index--) {
        words = strchr(words, '|');
        if (!words)
            return NULL;
        words++;
    }
    *length = (int)strcspn(words, "|");
    return words;
}

static int count_words(const char *words)
{
    int count = 1;
    for (; *words; words++)
        count += *words == '|';
    return count;
}

/* ---- text -------------------------------------------------------------------------- */

void dv_setting_write(const dv_setting *setting, const dv_wish *wish, char text[DV_SETTING_TEXT_SIZE])
{
    int length = 0;
    const char *word;
    switch (setting->kind) {
    case DV_VALUE_WHOLE:
        snprintf(text, DV_SETTING_TEXT_SIZE, "%" PRId64, get_whole(setting, wish));
        break;
    case DV_VALUE_NUMBER:
        if (setting->automatic && get_number(setting, wish) == 0)
            snprintf(text, DV_SETTING_TEXT_SIZE, "%s", setting->automatic);
        else
            dv_number_write(get_number(setting, wish), text);
        break;
    case DV_VALUE_CHOICE:
        word = word_at(setting->words, get_whole(setting, wish), &length);
        snprintf(text, DV_SETTING_TEXT_SIZE, "%.*s", length, word ? word : "");
        break;
    }
}

/* "ridge, adam, sgd or gd" */
static void write_words(const char *words, char text[DV_SETTING_RANGE_SIZE])
{
    int count = count_words(words), length = 0, used = 0;
    for (int i = 0; i < count; i++) {
        const char *word = word_at(words, i, &length);
        const char *before = i == 0 ? "" : i + 1 < count ? ", " : " or ";
        used += snprintf(text + used, DV_SETTING_RANGE_SIZE - (size_t)used, "%s%.*s", before, length, word);
        assert(used < DV_SETTING_RANGE_SIZE);
    }
}

void dv_setting_write_range(const dv_setting *setting, char text[DV_SETTING_RANGE_SIZE])
{
    switch (setting->kind) {
    case DV_VALUE_WHOLE:
        snprintf(text, DV_SETTING_RANGE_SIZE, "a whole number from %.0f to %.0f", setting->minimum, setting->maximum);
        break;
    case DV_VALUE_NUMBER:
        snprintf(text, DV_SETTING_RANGE_SIZE, "a number from %g to %g%s%s", setting->minimum, setting->maximum,
                 setting->automatic ? ", or " : "", setting->automatic ? setting->automatic : "");
        break;
    case DV_VALUE_CHOICE:
        write_words(setting->words, text);
        break;
    }
}

static bool read_choice(const dv_setting *setting, const char *text, int64_t *index)
{
    int length;
    const char *word;
    for (*index = 0; (word = word_at(setting->words, *index, &length)); ++*index)
        if (strlen(text) == (size_t)length && memcmp(word, text, (size_t)length) == 0)
            return true;
    return false;
}

static bool in_range(const dv_setting *setting, double value)
{
    return value >= setting->minimum && value <= setting->maximum;
}

/* Reads and puts a value; false if it is none for this setting. */
static bool take(const dv_setting *setting, dv_wish *wish, const char *text)
{
    int64_t whole = 0;
    double number = 0;
    switch (setting->kind) {
    case DV_VALUE_WHOLE:
        if (!dv_number_read_whole(text, &whole) || !in_range(setting, (double)whole))
            return false;
        break;
    case DV_VALUE_NUMBER:
        if (!(setting->automatic && strcmp(text, setting->automatic) == 0) &&
            !(dv_number_read(text, &number) && in_range(setting, number)))
            return false;
        put_number(setting, wish, number);
        return true;
    case DV_VALUE_CHOICE:
        if (!read_choice(setting, text, &whole))
            return false;
        break;
    }
    put_whole(setting, wish, whole);
    return true;
}

bool dv_setting_set(const dv_setting *setting, dv_wish *wish, const char *text, dv_error *error)
{
    char range[DV_SETTING_RANGE_SIZE];
    if (take(setting, wish, text)) {
        if (setting == &settings[DV_SETTING_BAND])
            dv_wish_reset_bands(wish);
        return true;
    }
    dv_setting_write_range(setting, range);
    return dv_error_set(error, DV_ERROR_ARGUMENT, "%s takes %s, not '%s'", setting->name, range, text);
}

/* ---- steps ---------------------------------------------------------------------------- */

double dv_setting_next(const dv_setting *setting, double now, int direction)
{
    const double *ladder = setting->ladder;
    double margin = fabs(now) * 1e-6;
    if (direction > 0) {
        for (int i = 0; i < setting->ladder_count; i++)
            if (ladder[i] > now + margin)
                return ladder[i];
    } else {
        for (int i = setting->ladder_count; i-- > 0;)
            if (ladder[i] < now - margin)
                return ladder[i];
    }
    return now;
}

/* Of an automatic number. */
static double usual_of(const dv_setting *setting, const dv_wish *wish)
{
    double found = setting->rule ? setting->rule(wish) : 0;
    return found > 0 ? found : setting->usual;
}

static bool step_number(const dv_setting *setting, dv_wish *wish, int direction, double in_use)
{
    double old = get_number(setting, wish), now = old;
    if (setting->automatic && old == 0)
        now = in_use > 0 && in_range(setting, in_use) ? in_use : usual_of(setting, wish);
    if (now == 0)
        return false;
    double next = dv_setting_next(setting, now, direction);
    if (next == now || !in_range(setting, next))
        return false;
    put_number(setting, wish, next);
    return next != old;
}

static bool step_whole(const dv_setting *setting, dv_wish *wish, int direction)
{
    int64_t now = get_whole(setting, wish), next = now + direction;
    if (setting->ladder)
        next = (int64_t)dv_setting_next(setting, (double)now, direction);
    if (!in_range(setting, (double)next))
        return false;
    put_whole(setting, wish, next);
    return next != now;
}

static bool step_choice(const dv_setting *setting, dv_wish *wish, int direction)
{
    int count = count_words(setting->words);
    put_whole(setting, wish, (get_whole(setting, wish) + count + direction) % count);
    return true;
}

static bool step_own_bands(const dv_setting *setting, dv_wish *wish, int direction)
{
    bool changed = false;
    for (int d = 0; wish->options.bands && d < wish->latent; d++)
        if (wish->bands[d] > 0)
            changed |= dv_wish_set_band(wish, d, dv_setting_next(setting, wish->bands[d], direction));
    return changed;
}

bool dv_setting_step(const dv_setting *setting, dv_wish *wish, int direction, double in_use)
{
    assert(direction == 1 || direction == -1);
    bool own = setting == &settings[DV_SETTING_BAND] && step_own_bands(setting, wish, direction);
    switch (setting->kind) {
    case DV_VALUE_WHOLE:
        return step_whole(setting, wish, direction);
    case DV_VALUE_NUMBER:
        return step_number(setting, wish, direction, in_use) || own;
    case DV_VALUE_CHOICE:
        return step_choice(setting, wish, direction);
    }
    return false;
}

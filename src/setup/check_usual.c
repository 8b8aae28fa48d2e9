/* The ways of normalising pictures that are usual. */
#include "setup/check_trial.h"

#include "vid/preprocessing.h"

#include <stdio.h>
#include <string.h>

typedef struct usual {
    const char *name, *preset; /* a row of dv_preset_at */
    float scale;
    bool keeps_deviation; /* the preset's mean alone */
    bool reversed;
} usual;

/* The last one is that of Keras' oldest models, which came from Caffe: of blue, green, red. */
static const usual usuals[] = {
    {.name = "0..1", .preset = "none", .scale = 1},
    {.name = "0..255", .preset = "none", .scale = 255},
    {.name = "-1..1 (inception)", .preset = "inception", .scale = 1},
    {.name = "imagenet", .preset = "imagenet", .scale = 1},
    {.name = "clip", .preset = "clip", .scale = 1},
    {.name = "caffe (0..255 less the mean)",
     .preset = "imagenet",
     .scale = 255,
     .keeps_deviation = true,
     .reversed = true},
};
enum { USUALS = sizeof usuals / sizeof usuals[0] };

void dv_trial_append(dv_trial *trial, const char *text)
{
    size_t length = strlen(trial->name);
    snprintf(trial->name + length, sizeof trial->name - length, ", %s", text);
}

dv_trial dv_trial_vary(const dv_trial *of)
{
    dv_trial trial = *of;
    trial.is_given = trial.is_hint = trial.is_usual = false;
    return trial;
}

static bool is_of_colors(const dv_preset *preset)
{
    return preset->mean[0] != preset->mean[1];
}

static void normalize(dv_trial *trial, const usual *as, const dv_preset *preset)
{
    bool is_known = preset != dv_preset_at(0) && !as->keeps_deviation;
    snprintf(trial->name, sizeof trial->name, "%s", as->name);
    trial->preset = is_known ? preset->name : NULL;
    trial->input.scale = as->scale;
    trial->input.reversed = as->reversed;
    memcpy(trial->input.mean, preset->mean, sizeof preset->mean);
    if (!as->keeps_deviation)
        memcpy(trial->input.deviation, preset->deviation, sizeof preset->deviation);
}

/* 1 - picture, normalised: (1 - x - m) / s = (x - (1 - m)) / -s. */
static void invert(dv_trial *trial)
{
    trial->inverted = !trial->inverted;
    dv_trial_append(trial, "inverted");
    for (int c = 0; c < trial->input.channels; c++) {
        trial->input.mean[c] = 1 - trial->input.mean[c];
        trial->input.deviation[c] = -trial->input.deviation[c];
    }
}

typedef struct list {
    const dv_trial_bench *bench;
    dv_trial *trial;
    int count;
} list;

/* With the layout in its name where there are two, and its twin of inverted pictures where these have no colours:
 * nobody inverts photographs. */
static void add(list *to, const dv_trial *trial)
{
    dv_trial *made = &to->trial[to->count++];
    *made = *trial;
    if (to->bench->teachers > 1)
        dv_trial_append(made, dv_layout_name(trial->input.layout));
    if (!to->bench->is_grey)
        return;
    to->trial[to->count] = *made;
    invert(&to->trial[to->count++]);
}

/* Mean and deviation of the pictures themselves. */
static void add_own(list *to, const dv_trial *plain)
{
    dv_trial trial = *plain;
    const dv_trials *all = to->bench->trials;
    snprintf(trial.name, sizeof trial.name, "the data's mean and std");
    memcpy(trial.input.mean, all->mean, sizeof all->mean);
    memcpy(trial.input.deviation, all->deviation, sizeof all->deviation);
    add(to, &trial);
}

int dv_trial_usuals(const dv_trial_bench *bench, int teacher, dv_trial trial[DV_MAX_USUALS], dv_error *error)
{
    _Static_assert(2 * (USUALS + 1) <= DV_MAX_USUALS, "room for all and their twins");
    const dv_trial plain = dv_trial_plain(bench, teacher);
    list to = {bench, trial, 0};
    dv_trial whole = plain;
    snprintf(whole.name, sizeof whole.name, "0..255");
    if (!dv_type_is_float(plain.input.type)) {
        add(&to, &whole);
        return to.count;
    }
    for (int u = 0; u < USUALS; u++) {
        const dv_preset *preset = dv_preset_find(usuals[u].preset, error);
        if (!preset)
            return 0;
        if (is_of_colors(preset) && plain.input.channels == 1)
            continue;
        dv_trial as = plain;
        normalize(&as, &usuals[u], preset);
        add(&to, &as);
    }
    add_own(&to, &plain);
    return to.count;
}

/* A preprocessing in words that deepvid.ini and flags take. */
#include "setup/check_preprocessing.h"

#include "vid/preprocessing.h"

#include <stdio.h>
#include <string.h>

typedef struct list {
    dv_trial_setting *setting;
    int count;
} list;

static void put(list *to, const char *key, const char *value)
{
    dv_trial_setting *made = &to->setting[to->count++];
    made->key = key;
    snprintf(made->value, sizeof made->value, "%s", value);
}

static bool are_all(const float *value, int count, float number)
{
    for (int c = 0; c < count; c++)
        if (value[c] != number)
            return false;
    return true;
}

/* One number where all channels have the same. */
static void put_channels(list *to, const char *key, const float *value, int count)
{
    char text[80] = "";
    int numbers = are_all(value, count, value[0]) ? 1 : count;
    for (int c = 0; c < numbers; c++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "%s%.6g", c ? "," : "", (double)value[c]);
    }
    put(to, key, text);
}

static void put_normalization(list *to, const dv_trial *trial)
{
    float mean[DV_MAX_CHANNELS], deviation[DV_MAX_CHANNELS];
    int channels = trial->input.channels;
    for (int c = 0; c < channels; c++) {
        mean[c] = trial->inverted ? 1 - trial->input.mean[c] : trial->input.mean[c];
        deviation[c] = trial->inverted ? -trial->input.deviation[c] : trial->input.deviation[c];
    }
    if (trial->preset) {
        put(to, "preset", trial->preset);
    } else {
        if (!are_all(mean, channels, 0))
            put_channels(to, "mean", mean, channels);
        if (!are_all(deviation, channels, 1))
            put_channels(to, "std", deviation, channels);
    }
    if (dv_type_is_float(trial->input.type) && trial->input.scale != 1)
        put(to, "scale", "255");
    if (trial->input.reversed)
        put(to, "order", "bgr");
    if (trial->inverted)
        put(to, "invert", "yes");
}

/* What differs from the preset's own. */
static void put_form(list *to, const dv_trial *trial)
{
    const dv_preset *preset = trial->preset ? dv_preset_find(trial->preset, NULL) : dv_preset_at(0);
    char text[24];
    snprintf(text, sizeof text, "%g", trial->form.crop);
    if (trial->form.crop != preset->crop)
        put(to, "crop", text);
    if (trial->form.filter != preset->filter)
        put(to, "filter", dv_filter_name(trial->form.filter));
}

int dv_trial_settings(const dv_trials *trials, const dv_trial *trial, dv_trial_setting settings[DV_TRIAL_SETTINGS])
{
    list to = {.setting = settings};
    if (trial->teacher)
        put(&to, "layout", trial->input.layout == DV_LAYOUT_NHWC ? "nhwc" : "nchw");
    put_normalization(&to, trial);
    if (trials->shrinks)
        put_form(&to, trial);
    return to.count;
}

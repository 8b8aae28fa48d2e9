/* How pictures are made into what a teacher was trained on. */
#include "vid/preprocessing.h"

#include "base/error.h"
#include "base/ini.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_CROP 0.1

/* As the libraries have them that the networks come from: torchvision and timm. */
static const dv_preset presets[] = {
    {"none", {0, 0, 0}, {1, 1, 1}, 1, DV_FILTER_BILINEAR},
    {"imagenet", {0.485f, 0.456f, 0.406f}, {0.229f, 0.224f, 0.225f}, 0.875, DV_FILTER_BILINEAR},
    {"inception", {0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}, 0.875, DV_FILTER_BICUBIC},
    {"clip", {0.48145466f, 0.4578275f, 0.40821073f}, {0.26862954f, 0.26130258f, 0.27577711f}, 1, DV_FILTER_BICUBIC},
};
enum { PRESETS = sizeof presets / sizeof presets[0] };

const dv_preset *dv_preset_at(int index)
{
    return index < PRESETS ? &presets[index] : NULL;
}

const dv_preset *dv_preset_find(const char *name, dv_error *error)
{
    for (int i = 0; i < PRESETS; i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    dv_error_set(error, DV_ERROR_ARGUMENT, "there is no preset '%s'; none, imagenet, inception and clip are known",
                 name);
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------- */

/* One number for all channels, or one for each. */
static bool parse_channels(const char *text, const char *key, int channels, float *value, dv_error *error)
{
    int count = 0;
    for (const char *at = text;; at++) {
        char *end;
        double number = dv_ini_number(at, &end);
        if (end == at || !isfinite((float)number) || count == channels)
            break;
        value[count++] = (float)number;
        at = end + strspn(end, " \t");
        if (*at == ',')
            continue;
        if (*at || (count != 1 && count != channels))
            break;
        for (; count < channels; count++)
            value[count] = value[0];
        return true;
    }
    return dv_error_set(error, DV_ERROR_FORMAT, "%s = '%s' is neither one number nor %d with commas between them", key,
                        text, channels);
}

/* ---- the whole -------------------------------------------------------------------- */

static bool set_range(const dv_bundle_settings *settings, dv_network_input *input, dv_error *error)
{
    if ((settings->mean && !parse_channels(settings->mean, "mean", input->channels, input->mean, error)) ||
        (settings->std && !parse_channels(settings->std, "std", input->channels, input->deviation, error)))
        return false;
    for (int c = 0; c < input->channels; c++)
        if (!(input->deviation[c] > 0))
            return dv_error_set(error, DV_ERROR_FORMAT, "std = '%s' must be above zero", settings->std);
    if (!settings->scale)
        return true;
    if (strcmp(settings->scale, "1") != 0 && strcmp(settings->scale, "255") != 0)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "scale is 1 or 255, not '%s'", settings->scale);
    input->scale = strcmp(settings->scale, "1") == 0 ? 1 : 255;
    return true;
}

/* One of two words, or none. */
static bool read_choice(const char *text, const char *key, const char *no, const char *yes, bool *chosen,
                        dv_error *error)
{
    *chosen = text && strcmp(text, yes) == 0;
    if (!text || *chosen || strcmp(text, no) == 0)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "%s is %s or %s, not '%s'", key, no, yes, text);
}

/* White for black: 1 - picture stands where the picture was. */
static bool set_order(const dv_bundle_settings *settings, dv_network_input *input, dv_error *error)
{
    bool inverted;
    if (!read_choice(settings->order, "order", "rgb", "bgr", &input->reversed, error) ||
        !read_choice(settings->invert, "invert", "no", "yes", &inverted, error))
        return false;
    for (int c = 0; inverted && c < input->channels; c++) {
        input->mean[c] = 1 - input->mean[c];
        input->deviation[c] = -input->deviation[c];
    }
    return true;
}

static bool set_form(const dv_bundle_settings *settings, dv_picture_form *form, dv_error *error)
{
    char *end;
    if (settings->filter && !dv_filter_find(settings->filter, &form->filter, error))
        return false;
    if (!settings->crop)
        return true;
    double crop = dv_ini_number(settings->crop, &end);
    if (*end || end == settings->crop || !(crop == 0 || (crop >= LEAST_CROP && crop <= 1)))
        return dv_error_set(error, DV_ERROR_ARGUMENT, "crop is from %g to 1, or 0 to squeeze pictures, not '%s'",
                            LEAST_CROP, settings->crop);
    form->crop = crop;
    return true;
}

bool dv_preprocessing_shrinks(const dv_dataset *data, const dv_picture_form *form)
{
    return data->mixed || (data->height > form->height && data->width > form->width);
}

bool dv_preprocessing_set(const dv_bundle_settings *settings, const dv_dataset *data, dv_network_input *input,
                          dv_picture_form *form, dv_error *error)
{
    const dv_preset *preset = settings->preset ? dv_preset_find(settings->preset, error) : &presets[0];
    if (!preset)
        return false;
    if (preset != &presets[0] && input->channels != DV_MAX_CHANNELS && preset->mean[0] != preset->mean[1])
        return dv_error_set(error, DV_ERROR_ARGUMENT, "the preset %s is for 3 channels, and the teacher takes %d",
                            preset->name, input->channels);
    for (int c = 0; c < input->channels; c++) {
        input->mean[c] = preset->mean[c];
        input->deviation[c] = preset->deviation[c];
    }
    form->crop = dv_preprocessing_shrinks(data, form) ? preset->crop : 1;
    form->filter = preset->filter;
    return set_range(settings, input, error) && set_order(settings, input, error) && set_form(settings, form, error);
}

#include "data/form.h"
#include "image/image.h"

#include <stdlib.h>

size_t dv_picture_form_values(const dv_picture_form *form)
{
    return (size_t)form->channels * (size_t)form->height * (size_t)form->width;
}

bool dv_form_equal(const dv_picture_form *a, const dv_picture_form *b)
{
    return a->channels == b->channels && a->height == b->height && a->width == b->width && a->crop == b->crop &&
           a->filter == b->filter;
}

/* height x width x channels -> channels x height x width */
static void separate_channels(const dv_image *image, uint8_t *to)
{
    size_t channels = (size_t)image->channels, plane = (size_t)image->height * (size_t)image->width;
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < plane; i++) {
            to[c * plane + i] = image->pixel[i * channels + c];
        }
    }
}

static dv_image *scale(const dv_picture_form *form, const dv_image *image, dv_error *error)
{
    dv_scaling scaling = dv_scaling_make(image->height, image->width, form->height, form->width, form->crop);
    dv_resampler *resampler = dv_resampler_new(image->height, image->width, &scaling, form->filter, error);
    dv_image *scaled = resampler ? dv_resample_image(resampler, image, error) : NULL;
    dv_resampler_free(resampler);
    return scaled;
}

bool dv_form_apply(const dv_picture_form *form, const dv_image *image, uint8_t *picture, dv_error *error)
{
    dv_image *converted = NULL, *scaled = NULL;
    if (image->channels != form->channels) {
        converted = dv_image_convert(image, form->channels, error);
        image = converted;
    }
    if (image && (image->height != form->height || image->width != form->width || (form->crop > 0 && form->crop < 1))) {
        scaled = scale(form, image, error);
        image = scaled;
    }
    if (image) {
        separate_channels(image, picture);
    }
    dv_image_free(scaled);
    dv_image_free(converted);
    return image != NULL;
}

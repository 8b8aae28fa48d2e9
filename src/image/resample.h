/* Pictures in another size: antialiased filters whose results are those of Pillow, and so those that most networks
 * were trained on. */
#ifndef DV_IMAGE_RESAMPLE_H
#define DV_IMAGE_RESAMPLE_H

#include "image/image.h"

/* The width of the filter grows with the reduction, so that every pixel counts. */
typedef enum dv_filter {
    DV_FILTER_BILINEAR, /* the triangle */
    DV_FILTER_BICUBIC,  /* Keys 1981 with a = -0.5 */
} dv_filter;
enum { DV_FILTERS = DV_FILTER_BICUBIC + 1 };

const char *dv_filter_name(dv_filter filter); /* "bilinear", "bicubic" */
/* False and an error that names those there are. */
bool dv_filter_find(const char *name, dv_filter *filter, dv_error *error);

/* Where the pixels of a result come from: a picture is scaled to full_height x full_width, and height x width of that
 * are kept, from (top, left) on. */
typedef struct dv_scaling {
    int64_t full_height, full_width, top, left;
    int height, width;
} dv_scaling;

/* How a picture is brought to height x width. `crop` > 0: it is scaled without distortion until height / crop x
 * width / crop lies within it, and the middle is cut out, as torchvision's Resize(size / crop) and CenterCrop(size) do;
 * 0: it is squeezed, whatever its proportions. */
dv_scaling dv_scaling_make(int from_height, int from_width, int height, int width, double crop);

/* The weights of one scaling, for any number of pictures of one size. Only read when used: any number of threads may.
 */
typedef struct dv_resampler dv_resampler;
dv_resampler *dv_resampler_new(int from_height, int from_width, const dv_scaling *scaling, dv_filter filter,
                               dv_error *error);
void dv_resampler_free(dv_resampler *resampler);
/* True where the result is the picture itself. */
bool dv_resampler_is_identity(const dv_resampler *resampler);

/* 8-bit pixels in two passes, each rounded and clipped, in fixed point: within one grey level of Pillow's. The image
 * must be of the size that the resampler was made for. */
dv_image *dv_resample_image(const dv_resampler *resampler, const dv_image *image, dv_error *error);

/* channels x from_height x from_width floats -> channels x height x width. Linear: nothing is clipped, so the bicubic
 * filter may go beyond the range of its input. `scratch` holds dv_resampler_scratch floats. */
size_t dv_resampler_scratch(const dv_resampler *resampler);
void dv_resample_float(const dv_resampler *resampler, int channels, const float *from, float *to, float *scratch);
/* The transpose of that, for gradients: channels x height x width -> channels x from_height x from_width, which is
 * overwritten. */
void dv_resample_transpose(const dv_resampler *resampler, int channels, const float *from, float *to, float *scratch);

#endif

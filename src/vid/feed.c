/* Pictures made into what a network takes. Three channels become one first, one becomes three last, so that as little
 * as possible is resampled. */
#include "vid/feed.h"

#include "base/error.h"

#include <math.h>
#include <string.h>
#include <stdlib.h>

/* Shares of red, green and blue in grey (Rec. 601). */
static const float luma[3] = {0.299f, 0.587f, 0.114f};

struct dv_feed {
    int channels, height, width; /* of the pictures */
    int planes;                  /* that are resampled */
    dv_network_input to;
    dv_resampler *resampler; /* NULL: the size stays */
    float factor[DV_MAX_CHANNELS];
};

dv_feed *dv_feed_new(int channels, int height, int width, const dv_network_input *to, dv_filter filter, dv_error *error)
{
    dv_feed *feed = dv_alloc(1, sizeof *feed, error);
    if (!feed)
        return NULL;
    *feed = (dv_feed){.channels = channels, .height = height, .width = width, .to = *to};
    feed->planes = channels < to->channels ? channels : to->channels;
    for (int c = 0; c < to->channels; c++)
        feed->factor[c] = to->scale / to->deviation[c];
    dv_scaling scaling = dv_scaling_make(height, width, to->height, to->width, 1);
    if (!(feed->resampler = dv_resampler_new(height, width, &scaling, filter, error))) {
        dv_feed_free(feed);
        return NULL;
    }
    if (dv_resampler_is_identity(feed->resampler)) {
        dv_resampler_free(feed->resampler);
        feed->resampler = NULL;
    }
    return feed;
}

void dv_feed_free(dv_feed *feed)
{
    if (!feed)
        return;
    dv_resampler_free(feed->resampler);
    free(feed);
}

bool dv_feed_is_idle(const dv_feed *feed)
{
    const dv_network_input *to = &feed->to;
    bool idle = !feed->resampler && (!to->reversed || to->channels == 1) && feed->channels == to->channels &&
                dv_type_is_float(to->type) && (to->layout == DV_LAYOUT_NCHW || to->channels == 1);
    for (int c = 0; c < to->channels; c++)
        idle = idle && to->mean[c] == 0 && feed->factor[c] == 1;
    return idle;
}

static size_t plane_of(int height, int width)
{
    return (size_t)height * (size_t)width;
}

size_t dv_feed_picture_size(const dv_feed *feed)
{
    return (size_t)feed->channels * plane_of(feed->height, feed->width);
}

size_t dv_feed_input_size(const dv_feed *feed)
{
    return (size_t)feed->to.channels * plane_of(feed->to.height, feed->to.width);
}

/* Planes before and after resampling, and what the resampler needs. */
size_t dv_feed_scratch(const dv_feed *feed)
{
    return (size_t)feed->planes * (plane_of(feed->height, feed->width) + plane_of(feed->to.height, feed->to.width)) +
           (feed->resampler ? dv_resampler_scratch(feed->resampler) : 0);
}

static bool makes_grey(const dv_feed *feed)
{
    return feed->planes < feed->channels;
}

/* Where pixel 0 of a channel, counted as the pictures have them, lies in the network's layout, and how far the next
 * one. */
static float *channel_of(const dv_feed *feed, float *input, int c, size_t *step)
{
    bool last = feed->to.layout == DV_LAYOUT_NHWC;
    c = feed->to.reversed ? feed->to.channels - 1 - c : c;
    *step = last ? (size_t)feed->to.channels : 1;
    return input + (last ? (size_t)c : (size_t)c * plane_of(feed->to.height, feed->to.width));
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 1 ? 1 : value;
}

static void write_channel(const dv_feed *feed, const float *plane, int c, float *input)
{
    size_t step, count = plane_of(feed->to.height, feed->to.width);
    float *to = channel_of(feed, input, c, &step), mean = feed->to.mean[c], factor = feed->factor[c];
    bool clips = feed->resampler != NULL, rounds = !dv_type_is_float(feed->to.type);
    for (size_t i = 0; i < count; i++) {
        float value = ((clips ? clip(plane[i]) : plane[i]) - mean) * factor;
        to[i * step] = rounds ? rintf(value) : value;
    }
}

void dv_feed_forward(const dv_feed *feed, const float *picture, float *input, float *scratch)
{
    size_t before = plane_of(feed->height, feed->width), after = plane_of(feed->to.height, feed->to.width);
    float *planes = scratch, *resampled = planes + (size_t)feed->planes * before;
    const float *source = picture;
    if (makes_grey(feed)) {
        for (size_t i = 0; i < before; i++)
            planes[i] = luma[0] * picture[i] + luma[1] * picture[before + i] + luma[2] * picture[2 * before + i];
        source = planes;
    }
    if (feed->resampler) {
        dv_resample_float(feed->resampler, feed->planes, source, resampled, resampled + (size_t)feed->planes * after);
        source = resampled;
    }
    for (int c = 0; c < feed->to.channels; c++)
        write_channel(feed, source + (size_t)(c % feed->planes) * after, c, input);
}

struct preparing {
    const dv_feed *feed;
    const float *pictures;
    float *input;
    float *scratch; /* one stretch a thread */
};

static void prepare(void *context, int64_t task, int thread)
{
    const struct preparing *work = context;
    dv_feed_forward(work->feed, work->pictures + (size_t)task * dv_feed_picture_size(work->feed),
                    work->input + (size_t)task * dv_feed_input_size(work->feed),
                    work->scratch + (size_t)thread * dv_feed_scratch(work->feed));
}

bool dv_feed_many(const dv_feed *feed, dv_team *team, const float *pictures, int64_t count, float *input,
                  dv_error *error)
{
    struct preparing work = {.feed = feed, .pictures = pictures, .input = input};
    work.scratch = dv_alloc((size_t)dv_team_size(team) * dv_feed_scratch(feed), sizeof *work.scratch, error);
    if (work.scratch)
        dv_team_run(team, prepare, &work, count);
    free(work.scratch);
    return work.scratch != NULL;
}

void dv_feed_backward(const dv_feed *feed, const float *gradient, float *by_picture, float *scratch)
{
    size_t before = plane_of(feed->height, feed->width), after = plane_of(feed->to.height, feed->to.width);
    float *planes = scratch, *resampled = planes + (size_t)feed->planes * before;
    float *by_plane = makes_grey(feed) ? planes : by_picture, *end = feed->resampler ? resampled : by_plane;
    memset(end, 0, (size_t)feed->planes * after * sizeof *end);
    for (int c = 0; c < feed->to.channels; c++) {
        size_t step;
        const float *from = channel_of(feed, (float *)gradient, c, &step);
        float *plane = end + (size_t)(c % feed->planes) * after;
        for (size_t i = 0; i < after; i++)
            plane[i] += feed->factor[c] * from[i * step];
    }
    if (feed->resampler)
        dv_resample_transpose(feed->resampler, feed->planes, resampled, by_plane,
                              resampled + (size_t)feed->planes * after);
    for (int c = 0; makes_grey(feed) && c < feed->channels; c++)
        for (size_t i = 0; i < before; i++)
            by_picture[(size_t)c * before + i] = luma[c] * planes[i];
}

/* Pictures made into what a network takes: channels, size, range, layout. */
#ifndef DV_VID_FEED_H
#define DV_VID_FEED_H

#include "base/team.h"
#include "image/resample.h"
#include "vid/inspect.h"

/* Only read when used: any number of threads may. */
typedef struct dv_feed dv_feed;

/* From pictures of 0..1, channels (1 or 3) x height x width. Where their proportions are others than those of the
 * network's, the middle is taken. */
dv_feed *dv_feed_new(int channels, int height, int width, const dv_network_input *to, dv_filter filter,
                     dv_error *error);
void dv_feed_free(dv_feed *feed);

/* True where the network takes the pictures as they are. */
bool dv_feed_is_idle(const dv_feed *feed);
/* Floats of a picture as it comes, as the network takes it, and of the scratch memory of one call. */
size_t dv_feed_picture_size(const dv_feed *feed);
size_t dv_feed_input_size(const dv_feed *feed);
size_t dv_feed_scratch(const dv_feed *feed);

void dv_feed_forward(const dv_feed *feed, const float *picture, float *input, float *scratch);
/* `count` pictures one behind the other, made into as many inputs. False where memory is lacking. */
bool dv_feed_many(const dv_feed *feed, dv_team *team, const float *pictures, int64_t count, float *input,
                  dv_error *error);
/* The gradient by the picture (overwritten), given that by the input. What is clipped to 0..1 or rounded passes it on
 * as if it were not. */
void dv_feed_backward(const dv_feed *feed, const float *gradient, float *by_picture, float *scratch);

#endif

/* How the teacher's logits change with the pictures that it is shown. */
#include "vid/teacher_slope.h"

#include "base/error.h"

#include <assert.h>
#include <stdlib.h>

struct dv_teacher_slope {
    const dv_bundle *bundle;
    dv_gradient *gradient;
    int batch;
    float *scratch; /* of the feed */
};

static bool differentiate(dv_teacher_slope *slope, int batch, dv_error *error)
{
    const dv_network *teacher = &slope->bundle->teacher;
    int64_t together = dv_runner_micro_batch(teacher->runner, error);
    if (together < 1)
        return false;
    slope->gradient =
        dv_gradient_new(teacher->graph, together < batch ? together : batch, 1, teacher->graph->input, error);
    if (!slope->gradient)
        return false;
    slope->batch = (int)(dv_shape_elements(&dv_gradient_input(slope->gradient, 0)->shape) /
                         (int64_t)dv_feed_input_size(slope->bundle->teacher_feed));
    return true;
}

dv_teacher_slope *dv_teacher_slope_new(const dv_bundle *bundle, int batch, dv_error *error)
{
    dv_teacher_slope *slope = dv_alloc(1, sizeof *slope, error);
    if (!slope)
        return NULL;
    slope->bundle = bundle;
    if (!differentiate(slope, batch, error))
        dv_error_prefix(error, "%s", bundle->teacher.path);
    else if ((slope->scratch = dv_alloc(dv_feed_scratch(bundle->teacher_feed), sizeof *slope->scratch, error)))
        return slope;
    dv_teacher_slope_free(slope);
    return NULL;
}

void dv_teacher_slope_free(dv_teacher_slope *slope)
{
    if (!slope)
        return;
    dv_gradient_free(slope->gradient);
    free(slope->scratch);
    free(slope);
}

int dv_teacher_slope_batch(const dv_teacher_slope *slope)
{
    return slope->batch;
}

void dv_teacher_slope_forward(dv_teacher_slope *slope, const float *pictures, int count, float *logits)
{
    const dv_feed *feed = slope->bundle->teacher_feed;
    const dv_teacher_facts *head = &slope->bundle->head;
    assert(count <= slope->batch);
    for (int i = 0; i < count; i++)
        dv_feed_forward(feed, pictures + i * dv_feed_picture_size(feed),
                        dv_gradient_input(slope->gradient, 0)->f + i * dv_feed_input_size(feed), slope->scratch);
    dv_gradient_forward(slope->gradient, NULL);
    for (int i = 0; i < count; i++)
        dv_head_logits(head, dv_gradient_output(slope->gradient, 0)->f + (size_t)i * head->width,
                       logits + (size_t)i * head->classes);
}

void dv_teacher_slope_backward(dv_teacher_slope *slope, const float *by_logits, int count, float *by_pictures)
{
    const dv_feed *feed = slope->bundle->teacher_feed;
    const dv_teacher_facts *head = &slope->bundle->head;
    for (int i = 0; i < count; i++)
        dv_head_gradient(head, dv_gradient_output(slope->gradient, 0)->f + (size_t)i * head->width,
                         by_logits + (size_t)i * head->classes,
                         dv_gradient_output_gradient(slope->gradient, 0)->f + (size_t)i * head->width);
    dv_gradient_backward(slope->gradient);
    for (int i = 0; i < count; i++)
        dv_feed_backward(feed, dv_gradient_result(slope->gradient, 0)->f + i * dv_feed_input_size(feed),
                         by_pictures + i * dv_feed_picture_size(feed), slope->scratch);
}

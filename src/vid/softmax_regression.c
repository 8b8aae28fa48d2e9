/* The students that are trained: softmax regression on soft labels, the paper's way, by three optimisers.
 *
 * The loss is the mean cross-entropy -sum_k q_k log p_k, p = softmax(W x + b). One sample's curvature is at most
 * (|x|^2 + 1) / 2 (Boehning 1992), which gives the step that gradient descent can take without asking the user. Labels
 * that may hold at once each have a cross-entropy of yes and no, p = sigmoid(W x + b); their sum is descended, with
 * half that curvature at most, and their mean is told. The anchor takes part in every step. */
#include "vid/student.h"

#include "base/error.h"
#include "base/random.h"
#include "kernel/blas.h"
#include "vid/span.h"
#include "vid/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double adam_rate = 0.001, random_deviation = 0.01;

struct regression {
    const dv_lesson *lesson;
    int64_t batch;
    double rate;
    int64_t steps;           /* taken so far */
    int64_t parameter_count; /* K x D weights, then K biases */
    float *parameter, *gradient;
    float *first_moment, *second_moment; /* Adam's */
    float *pictures;                     /* batch x D */
    float *error;                        /* (batch + 1) x K: logits, then p - q; the last row is the anchor's */
    double anchor;                       /* its share of the loss */
    float *anchor_label;                 /* K */
    int64_t *order;                      /* N */
};

struct optimizer {
    bool whole_batch, has_moments;
    double (*default_rate)(const dv_lesson *lesson);
    void (*update)(struct regression *work);
};

/* ---- optimisers ------------------------------------------------------------- */

static double square_of(const float *picture, int pixels)
{
    double square = 1;
    for (int p = 0; p < pixels; p++)
        square += (double)picture[p] * picture[p];
    return square;
}

/* Means and maxima of |x|^2 + 1. */
static void measure_pictures(const dv_lesson *lesson, double *mean, double *largest)
{
    *mean = *largest = 0;
    for (int64_t i = 0; i < lesson->count; i++) {
        double square = square_of(lesson->pictures + i * lesson->pixels, lesson->pixels);
        *mean += square / lesson->count;
        *largest = fmax(*largest, square);
    }
    const double anchor = dv_lesson_anchor(lesson);
    if (anchor > 0) {
        double square = square_of(lesson->anchor, lesson->pixels);
        *mean += anchor * (square - *mean);
        *largest = fmax(*largest, square);
    }
}

static double rate_of_mean(const dv_lesson *lesson)
{
    double mean, largest;
    measure_pictures(lesson, &mean, &largest);
    return 2 / mean;
}

static double rate_of_largest(const dv_lesson *lesson)
{
    double mean, largest;
    measure_pictures(lesson, &mean, &largest);
    return 2 / largest;
}

static double rate_of_adam(const dv_lesson *lesson)
{
    (void)lesson;
    return adam_rate;
}

static void descend(struct regression *work)
{
    float rate = (float)work->rate;
    for (int64_t i = 0; i < work->parameter_count; i++)
        work->parameter[i] -= rate * work->gradient[i];
}

/* Kingma and Ba 2015, algorithm 1. */
static void adapt(struct regression *work)
{
    const float keep_first = 0.9f, keep_second = 0.999f, guard = 1e-8f;
    double first_bias = 1 - pow(keep_first, work->steps), second_bias = 1 - pow(keep_second, work->steps);
    float rate = (float)(work->rate / first_bias), scale = (float)(1 / second_bias);
    for (int64_t i = 0; i < work->parameter_count; i++) {
        float gradient = work->gradient[i];
        work->first_moment[i] = keep_first * work->first_moment[i] + (1 - keep_first) * gradient;
        work->second_moment[i] = keep_second * work->second_moment[i] + (1 - keep_second) * gradient * gradient;
        work->parameter[i] -= rate * work->first_moment[i] / (sqrtf(work->second_moment[i] * scale) + guard);
    }
}

static const struct optimizer adam = {.has_moments = true, .default_rate = rate_of_adam, .update = adapt};
static const struct optimizer sgd = {.default_rate = rate_of_largest, .update = descend};
static const struct optimizer gd = {.whole_batch = true, .default_rate = rate_of_mean, .update = descend};

/* ---- one epoch -------------------------------------------------------------- */

/* The same as below for labels that may hold at once. */
static double meet_each_label(const float *label, int classes, double weight, float *row)
{
    double loss = 0;
    for (int k = 0; k < classes; k++) {
        double yes = dv_log_sigmoid(row[k]), no = dv_log_sigmoid(-(double)row[k]);
        loss -= (label[k] * yes + (1 - label[k]) * no) / classes;
        row[k] = (float)(weight * (exp(yes) - label[k]));
    }
    return loss;
}

/* The loss of one sample whose logits stand in `row`; leaves the gradient by them there, times `weight`. */
static double meet_label(const float *label, int classes, double weight, float *row)
{
    const double largest = row[dv_largest(row, classes)];
    double loss = 0, sum = 0;
    for (int k = 0; k < classes; k++)
        sum += exp(row[k] - largest);
    for (int k = 0; k < classes; k++) {
        double log_p = row[k] - largest - log(sum);
        loss -= label[k] * log_p;
        row[k] = (float)(weight * (exp(log_p) - label[k]));
    }
    return loss;
}

static double meet(const struct regression *work, const float *label, double weight, float *row)
{
    const int classes = work->lesson->classes;
    return (work->lesson->multi_label ? meet_each_label : meet_label)(label, classes, weight, row);
}

/* The anchor's part of a step: adds to the gradient, returns its loss. */
static double meet_anchor(struct regression *work)
{
    const int64_t pixels = work->lesson->pixels, classes = work->lesson->classes;
    const float *picture = work->lesson->anchor, *bias = work->parameter + classes * pixels;
    float *row = work->error + work->batch * classes, *bias_gradient = work->gradient + classes * pixels;
    memcpy(row, bias, classes * sizeof(float));
    dv_gemm(false, true, 1, classes, pixels, 1, picture, pixels, work->parameter, pixels, 1, row, classes);
    double loss = meet(work, work->anchor_label, work->anchor, row);
    dv_gemm(true, false, classes, pixels, 1, 1, row, classes, picture, pixels, 1, work->gradient, pixels);
    for (int64_t k = 0; k < classes; k++)
        bias_gradient[k] += row[k];
    return loss;
}

/* Returns the sum of the losses of `count` samples, a share of which is the anchor's. */
static double take_step(struct regression *work, const struct optimizer *optimizer, const int64_t *index, int64_t count)
{
    int64_t pixels = work->lesson->pixels, classes = work->lesson->classes;
    float *bias = work->parameter + classes * pixels, *bias_gradient = work->gradient + classes * pixels;
    const float *pictures = optimizer->whole_batch ? work->lesson->pictures : work->pictures;
    for (int64_t i = 0; i < count; i++) {
        if (!optimizer->whole_batch)
            memcpy(work->pictures + i * pixels, work->lesson->pictures + index[i] * pixels, pixels * sizeof(float));
        memcpy(work->error + i * classes, bias, classes * sizeof(float));
    }
    dv_gemm(false, true, count, classes, pixels, 1, pictures, pixels, work->parameter, pixels, 1, work->error, classes);
    const double share = 1 - work->anchor, weight = share / (double)count;
    double loss = 0;
    for (int64_t i = 0; i < count; i++)
        loss += share * meet(work, work->lesson->soft_labels + index[i] * classes, weight, work->error + i * classes);
    dv_gemm(true, false, classes, pixels, count, 1, work->error, classes, pictures, pixels, 0, work->gradient, pixels);
    for (int64_t k = 0; k < classes; k++) {
        double sum = 0;
        for (int64_t i = 0; i < count; i++)
            sum += work->error[i * classes + k];
        bias_gradient[k] = (float)sum;
    }
    if (work->anchor > 0)
        loss += (double)count * work->anchor * meet_anchor(work);
    work->steps++;
    optimizer->update(work);
    return loss;
}

static double run_epoch(struct regression *work, const struct optimizer *optimizer, int epoch)
{
    int64_t count = work->lesson->count;
    double loss = 0;
    if (!optimizer->whole_batch)
        dv_random_order(work->lesson->options->seed, DV_PURPOSE_STUDENT_ORDER, epoch, count, work->order);
    for (int64_t first = 0; first < count; first += work->batch) {
        int64_t size = count - first < work->batch ? count - first : work->batch;
        loss += take_step(work, optimizer, work->order + first, size);
    }
    return loss / count;
}

/* ---- the student ------------------------------------------------------------ */

static bool allocate(struct regression *work, const struct optimizer *optimizer, dv_error *error)
{
    int64_t parameters = work->parameter_count, pixels = work->lesson->pixels, classes = work->lesson->classes;
    int64_t moments = optimizer->has_moments ? parameters : 0, copied = optimizer->whole_batch ? 0 : work->batch;
    return (work->parameter = dv_alloc(parameters, sizeof(float), error)) &&
           (work->gradient = dv_alloc(parameters, sizeof(float), error)) &&
           (work->first_moment = dv_alloc(moments, sizeof(float), error)) &&
           (work->second_moment = dv_alloc(moments, sizeof(float), error)) &&
           (work->pictures = dv_alloc(copied * pixels, sizeof(float), error)) &&
           (work->error = dv_alloc((work->batch + 1) * classes, sizeof(float), error)) &&
           (work->anchor_label = dv_alloc(classes, sizeof(float), error)) &&
           (work->order = dv_alloc(work->lesson->count, sizeof(int64_t), error));
}

static void start(struct regression *work)
{
    const dv_lesson *lesson = work->lesson;
    int64_t weights = (int64_t)lesson->classes * lesson->pixels;
    for (int64_t i = 0; lesson->options->random_start && i < weights; i++)
        work->parameter[i] =
            (float)(random_deviation * dv_random_normal(lesson->options->seed, DV_PURPOSE_STUDENT_START, i));
    for (int64_t i = 0; i < lesson->count; i++)
        work->order[i] = i;
    if (work->anchor > 0)
        dv_soften(lesson->multi_label, lesson->anchor_logits, lesson->classes, lesson->options->temperature,
                  work->anchor_label);
}

static bool train(struct regression *work, const struct optimizer *optimizer, dv_student *student, dv_error *error)
{
    const dv_lesson *lesson = work->lesson;
    int epochs = lesson->options->epochs;
    for (int epoch = 0; epoch < epochs; epoch++) {
        if (!dv_progress_report(lesson->progress, "distill", (double)epoch / epochs, error))
            return false;
        student->loss_curve[epoch] = run_epoch(work, optimizer, epoch);
        student->loss_count = epoch + 1;
        if (!isfinite(student->loss_curve[epoch]))
            return dv_error_set(error, DV_ERROR_ARGUMENT,
                                "the student diverged in epoch %d; take a learning rate below %g", epoch + 1,
                                work->rate);
    }
    return true;
}

static bool distil(const dv_lesson *lesson, const struct optimizer *optimizer, dv_student *student, dv_error *error)
{
    const dv_explain_options *options = lesson->options;
    int64_t weights = (int64_t)lesson->classes * lesson->pixels;
    struct regression work = {.lesson = lesson, .parameter_count = weights + lesson->classes};
    work.batch = optimizer->whole_batch || options->batch > lesson->count ? lesson->count : options->batch;
    work.anchor = dv_lesson_anchor(lesson);
    work.rate = options->learning_rate > 0 ? options->learning_rate : optimizer->default_rate(lesson);
    bool ok =
        allocate(&work, optimizer, error) && (student->loss_curve = dv_alloc(options->epochs, sizeof(double), error));
    if (ok) {
        start(&work);
        ok = train(&work, optimizer, student, error);
    }
    if (ok) {
        memcpy(student->weights, work.parameter, weights * sizeof(float));
        memcpy(student->bias, work.parameter + weights, lesson->classes * sizeof(float));
    }
    free(work.order);
    free(work.anchor_label);
    free(work.error);
    free(work.pictures);
    free(work.second_moment);
    free(work.first_moment);
    free(work.gradient);
    free(work.parameter);
    return ok;
}

bool dv_adam_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    return distil(lesson, &adam, student, error);
}

bool dv_sgd_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    return distil(lesson, &sgd, student, error);
}

bool dv_gd_distil(const dv_lesson *lesson, dv_student *student, dv_error *error)
{
    return distil(lesson, &gd, student, error);
}

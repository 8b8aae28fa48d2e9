/* Optimisers and losses against closed forms, the training loop against known optima, checkpoints against every kind of
 * harm. */
#include "base/file.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/team.h"
#include "train/checkpoint.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/train.h"
#include "network/builder.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- optimisers ------------------------------------------------------------- */

/* Worked out by hand from algorithm 1 of Kingma and Ba: m = .05, then .02; v = 2.5e-4, then 3.1225e-4. */
static void adam_follows_the_paper(void **state)
{
    (void)state;
    float p = 1, m = 0, v = 0;
    float *slots[] = {&m, &v};
    dv_optimizer_step step = {.number = 1, .learning_rate = 0.1};
    dv_optimizer_update(DV_OPTIMIZER_ADAM, &step, 1, &p, (float[]){0.5f}, slots);
    assert_float_equal(p, 0.9f, 1e-6);
    assert_float_equal(m, 0.05f, 1e-8);
    assert_float_equal(v, 2.5e-4f, 1e-9);
    step.number = 2;
    dv_optimizer_update(DV_OPTIMIZER_ADAM, &step, 1, &p, (float[]){-0.25f}, slots);
    assert_float_equal(m, 0.02f, 1e-8);
    assert_float_equal(v, 3.1225e-4f, 1e-9);
    assert_float_equal(p, 0.873366f, 2e-6);
}

/* Under a constant gradient g the steps add up to rate * g * (n - mu (1 - mu^n) / (1 - mu)) / (1 - mu). */
static void momentum_adds_up(void **state)
{
    (void)state;
    const double mu = 0.9, rate = 0.01, g = 2;
    float p = 0, velocity = 0;
    float *slots[] = {&velocity, NULL};
    for (int n = 1; n <= 50; n++) {
        dv_optimizer_step step = {.number = n, .learning_rate = rate, .momentum = mu};
        dv_optimizer_update(DV_OPTIMIZER_SGD, &step, 1, &p, (float[]){(float)g}, slots);
        double expected = -rate * g * (n - mu * (1 - pow(mu, n)) / (1 - mu)) / (1 - mu);
        assert_float_equal(p, expected, 1e-5);
    }
}

/* Without a gradient only the decay is left, and it does not pass through the moments. */
static void weight_decay_is_decoupled(void **state)
{
    (void)state;
    for (int optimizer = DV_OPTIMIZER_ADAM; optimizer <= DV_OPTIMIZER_SGD; optimizer++) {
        float p = 3, a = 0, b = 0;
        float *slots[] = {&a, &b};
        for (int n = 1; n <= 10; n++) {
            dv_optimizer_step step = {.number = n, .learning_rate = 0.1, .weight_decay = 0.2, .momentum = 0.9};
            dv_optimizer_update((dv_optimizer)optimizer, &step, 1, &p, (float[]){0}, slots);
        }
        assert_float_equal(p, 3 * pow(0.98, 10), 1e-5);
        assert_true(a == 0 && b == 0);
    }
}

static void learning_rate_falls_along_a_cosine(void **state)
{
    (void)state;
    assert_float_equal(dv_learning_rate(2, 1, 101), 2, 1e-12);
    assert_float_equal(dv_learning_rate(2, 51, 101), 2 * (0.01 + 0.99 / 2), 1e-12);
    assert_float_equal(dv_learning_rate(2, 101, 101), 0.02, 1e-12);
    assert_float_equal(dv_learning_rate(2, 1, 1), 2, 1e-12);
}

/* ---- losses ------------------------------------------------------------------- */

static void cross_entropy_known_values(void **state)
{
    (void)state;
    float gradient[4];
    assert_float_equal(dv_loss_cross_entropy(4, (float[]){7, 7, 7, 7}, 2, 0, gradient), log(4), 1e-12);
    assert_float_equal(gradient[2], -0.75, 1e-7);
    assert_float_equal(gradient[0], 0.25, 1e-7);
    assert_float_equal(dv_loss_cross_entropy(2, (float[]){(float)log(3), 0}, 0, 0, gradient), log(4.0 / 3), 1e-7);
    /* Half the label is spread over both classes: -(3/4 log 3/4 + 1/4 log 1/4). */
    assert_float_equal(dv_loss_cross_entropy(2, (float[]){(float)log(3), 0}, 0, 0.5, gradient), 0.5623351446, 1e-7);
    assert_float_equal(gradient[0], 0, 1e-7);
    assert_float_equal(dv_loss_cross_entropy(3, (float[]){1e30f, -1e30f, 0}, 1, 0, gradient), 2e30, 1e24);
    assert_float_equal(gradient[0], 1, 0);
    assert_float_equal(gradient[1], -1, 0);
}

static void bernoulli_known_values(void **state)
{
    (void)state;
    static const float logits[] = {0, (float)1.0986122886681098, 1e4f, -1e4f, 1e4f};
    static const uint8_t pixels[] = {51, 255, 255, 0, 0};
    float gradient[5];
    assert_float_equal(dv_loss_bernoulli(1, logits, pixels, NULL), log(2), 1e-12);
    assert_float_equal(dv_loss_bernoulli(2, logits, pixels, gradient), log(2) + log(4.0 / 3), 1e-7);
    assert_float_equal(gradient[0], 0.3, 1e-7);
    assert_float_equal(gradient[1], -0.25, 1e-7);
    assert_float_equal(dv_loss_bernoulli(2, logits + 2, pixels + 2, gradient), 0, 1e-12);
    assert_true(gradient[0] == 0 && gradient[1] == 0);
    assert_float_equal(dv_loss_bernoulli(1, logits + 4, pixels + 4, gradient), 1e4, 1e-6);
    assert_float_equal(gradient[0], 1, 0);

    /* Many pixels, so that the runs of factors are more than one. */
    enum { COUNT = 1500 };
    static float many[COUNT];
    static uint8_t grey[COUNT];
    double expected = 0;
    for (int i = 0; i < COUNT; i++) {
        many[i] = (float)(6 * sin(i));
        grey[i] = (uint8_t)(i * 37);
        double p = 1 / (1 + exp(-(double)many[i])), t = grey[i] / 255.0;
        expected -= t * log(p) + (1 - t) * log(1 - p);
    }
    assert_float_equal(dv_loss_bernoulli(COUNT, many, grey, NULL), expected, 1e-4);
}

/* At a logit of 0 the mean is 1/2, at log 3 it is 3/4; the logarithm of a density of N(mean, d^2) is
 * -(x - mean)^2 / 2 d^2 - log d - log(2 pi) / 2. */
static void gaussian_known_values(void **state)
{
    (void)state;
    const float logits[] = {0, (float)log(3)};
    const uint8_t pixels[] = {255, 51};
    float gradient[2], by_deviation;
    const double constant = log(2 * M_PI) / 2, log_half = log(0.5);
    assert_float_equal(dv_loss_gaussian(1, logits, pixels, 0, NULL, NULL), 0.125 + constant, 1e-6);
    assert_float_equal(dv_loss_gaussian(2, logits, pixels, log_half, gradient, &by_deviation),
                       (0.25 + 0.55 * 0.55) * 2 + 2 * (log_half + constant), 1e-6);
    assert_float_equal(gradient[0], -0.5 * 0.25 * 4, 1e-6);
    assert_float_equal(gradient[1], 0.55 * 0.1875 * 4, 1e-6);
    assert_float_equal(by_deviation, 2 - (0.25 + 0.55 * 0.55) * 4, 1e-6);

    /* More pixels than one run of the sum holds, sure ones among them. */
    enum { COUNT = 1500 };
    static float many[COUNT];
    static uint8_t grey[COUNT];
    double expected = 0;
    for (int i = 0; i < COUNT; i++) {
        many[i] = (float)(200 * sin(i));
        grey[i] = (uint8_t)(i * 37);
        double off = 1 / (1 + exp(-(double)many[i])) - grey[i] / 255.0;
        expected += off * off / (2 * 0.09) + log(0.3) + constant;
    }
    assert_float_equal(dv_loss_gaussian(COUNT, many, grey, log(0.3), NULL, NULL), expected, 1e-3 * expected);
}

static void marks_known_values(void **state)
{
    (void)state;
    const float logits[] = {0, (float)log(3), 50, -50, 7};
    const int8_t marks[] = {1, 0, 1, 1, -1};
    float gradient[5];
    assert_float_equal(dv_loss_marks(1, logits, marks, 0, gradient), log(2), 1e-7);
    assert_float_equal(gradient[0], -0.5, 1e-7);
    assert_float_equal(dv_loss_marks(5, logits, marks, 0, gradient), log(2) + log(4) + 0 + 50, 1e-6);
    assert_float_equal(gradient[1], 0.75, 1e-7);
    assert_float_equal(gradient[3], -1, 1e-7);
    assert_true(gradient[4] == 0);
    /* A target of 0.1 for log-odds of log 3: 0.1 log(4 / 3) + 0.9 log 4. */
    assert_float_equal(dv_loss_marks(1, logits + 1, marks + 1, 0.2, gradient), 0.1 * log(4.0 / 3) + 0.9 * log(4), 1e-7);
    assert_float_equal(gradient[0], 0.65, 1e-7);
}

static void normal_divergence_known_values(void **state)
{
    (void)state;
    float by_mean[2], by_variance[2];
    assert_float_equal(dv_loss_normal_kl(2, (float[]){0, 0}, (float[]){0, 0}, 1, by_mean, by_variance), 0, 0);
    assert_true(by_mean[0] == 0 && by_variance[0] == 0);
    /* N(1, 4) from N(0, 1): (1 + 4 - 1 - log 4) / 2. */
    const float log4 = (float)log(4);
    assert_float_equal(dv_loss_normal_kl(1, (float[]){1}, &log4, 1, NULL, NULL), 2 - log(2), 1e-6);
    assert_float_equal(dv_loss_normal_kl(1, (float[]){1}, &log4, 3, by_mean, by_variance), 6 - 3 * log(2), 1e-6);
    assert_float_equal(by_mean[0], 3, 1e-6);
    assert_float_equal(by_variance[0], 4.5, 1e-5);
}

/* ---- problems with known optima ------------------------------------------------- */

enum { POINTS = 50, FEATURES = 3 };

/* Points with a label each, in the plane of a graph's input. */
struct points {
    int64_t count;
    int features, classes; /* classes 0: the target is the point itself */
    float *feature;
    int label[POINTS];
    bool fails; /* the loss becomes NaN from the second epoch on */
};

static void fill_points(void *context, const int64_t *index, const uint64_t *draw, int64_t count,
                        dv_tensor *const *inputs)
{
    const struct points *points = context;
    (void)draw;
    for (int64_t i = 0; i < count; i++)
        memcpy(inputs[0]->f + i * points->features, points->feature + index[i] * points->features,
               (size_t)points->features * sizeof(float));
}

static dv_batch_loss loss_points(void *context, const int64_t *index, int64_t count, double done, int thread,
                                 const dv_tensor *const *outputs, dv_tensor *const *gradients)
{
    const struct points *points = context;
    (void)done, (void)thread;
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (points->classes > 0) {
            sum += dv_loss_cross_entropy(points->classes, outputs[0]->f + i * points->classes, points->label[index[i]],
                                         0, gradients[0]->f + i * points->classes);
            continue;
        }
        for (int f = 0; f < points->features; f++) {
            float off = outputs[0]->f[i * points->features + f] - points->feature[index[i] * points->features + f];
            gradients[0]->f[i * points->features + f] = off;
            sum += 0.5 * off * off;
        }
    }
    return (dv_batch_loss){.sum = points->fails ? NAN : sum};
}

static dv_objective objective_of(struct points *points)
{
    return (dv_objective){
        .context = points, .count = points->count, .fingerprint = 1, .fill = fill_points, .loss = loss_points};
}

/* Two clouds that overlap, so that the best line is at a finite place. */
static void make_clouds(struct points *points, float feature[POINTS * FEATURES])
{
    *points = (struct points){.count = POINTS, .features = FEATURES, .classes = 2, .feature = feature};
    for (int i = 0; i < POINTS; i++) {
        points->label[i] = i % 2;
        for (int f = 0; f < FEATURES; f++)
            feature[i * FEATURES + f] =
                (float)(dv_random_normal(5, DV_PURPOSE_TEST, (uint64_t)(i * FEATURES + f)) + 0.7 * (i % 2) * (f - 0.5));
    }
}

/* A network of dense layers; `dropout` behind the first. */
static void build_dense(dv_builder *builder, int features, int hidden, double dropout, int outputs)
{
    dv_error error;
    assert_true(dv_builder_init(builder, 3, &error));
    int x = dv_builder_input(builder, "x", 1, (const int64_t[]){features});
    if (hidden > 0) {
        x = dv_builder_dense(builder, x, "hidden", features, hidden, DV_START_GLOROT);
        x = dv_builder_dropout(builder, x, dropout);
    }
    dv_builder_output(builder,
                      dv_builder_dense(builder, x, "y", hidden > 0 ? hidden : features, outputs, DV_START_GLOROT));
    assert_false(builder->failed);
}

static const float *parameter(const dv_builder *builder, int p)
{
    return builder->graph->value[builder->parameter[p]].constant->f;
}

static int64_t parameter_size(const dv_builder *builder, int p)
{
    return dv_shape_elements(&builder->graph->value[builder->parameter[p]].constant->shape);
}

/* Solves a x = b, n x n, a positive definite. */
static void solve(int n, double a[4][4], double *b)
{
    for (int k = 0; k < n; k++)
        for (int i = k + 1; i < n; i++) {
            double factor = a[i][k] / a[k][k];
            for (int j = k; j < n; j++)
                a[i][j] -= factor * a[k][j];
            b[i] -= factor * b[k];
        }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++)
            b[k] -= a[k][j] * b[j];
        b[k] /= a[k][k];
    }
}

/* Logistic regression by Newton's method, in double: three weights and the bias. */
static void newton(const struct points *points, double weight[4])
{
    memset(weight, 0, 4 * sizeof *weight);
    for (int round = 0; round < 30; round++) {
        double hessian[4][4] = {{0}}, step[4] = {0};
        for (int i = 0; i < POINTS; i++) {
            double x[4] = {points->feature[i * 3], points->feature[i * 3 + 1], points->feature[i * 3 + 2], 1}, s = 0;
            for (int f = 0; f < 4; f++)
                s += weight[f] * x[f];
            double p = 1 / (1 + exp(-s));
            for (int f = 0; f < 4; f++) {
                step[f] += (points->label[i] - p) * x[f];
                for (int g = 0; g < 4; g++)
                    hessian[f][g] += p * (1 - p) * x[f] * x[g];
            }
        }
        solve(4, hessian, step);
        for (int f = 0; f < 4; f++)
            weight[f] += step[f];
    }
}

static void logistic_regression_finds_its_optimum(void **state)
{
    (void)state;
    static const dv_training_options ways[] = {
        {.optimizer = DV_OPTIMIZER_ADAM, .epochs = 1500, .batch = 64, .learning_rate = 0.02},
        {.optimizer = DV_OPTIMIZER_SGD, .epochs = 1500, .batch = 64, .learning_rate = 0.2, .momentum = 0.9},
    };
    float feature[POINTS * FEATURES];
    struct points points;
    make_clouds(&points, feature);
    double optimum[4];
    newton(&points, optimum);
    assert_true(fabs(optimum[0]) + fabs(optimum[1]) + fabs(optimum[2]) > 0.5);
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        dv_builder builder;
        dv_error error;
        bool stopped;
        build_dense(&builder, FEATURES, 0, 0, 2);
        dv_objective objective = objective_of(&points);
        assert_true(dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, &ways[way], NULL,
                             NULL, &stopped, &error));
        const float *weight = parameter(&builder, 0), *bias = parameter(&builder, 1);
        for (int f = 0; f < FEATURES; f++)
            assert_float_equal(weight[FEATURES + f] - weight[f], optimum[f], 1e-3);
        assert_float_equal(bias[1] - bias[0], optimum[3], 1e-3);
        dv_graph_free(builder.graph);
    }
}

/* What a linear auto-encoder loses at best are the variances along the directions it has no room for. */
static void linear_autoencoder_finds_principal_components(void **state)
{
    (void)state;
    enum { D = 8, KEPT = 3 };
    static const double spread[D] = {4, 3, 2.5, 1, 0.8, 0.6, 0.4, 0.2};
    float feature[2 * D * D];
    double lost = 0;
    for (int k = 0; k < D; k++) {
        for (int f = 0; f < D; f++) { /* row k of the Hadamard matrix */
            double u = (__builtin_popcount((unsigned)(k & f)) % 2 ? -1 : 1) / sqrt(D);
            feature[(2 * k) * D + f] = (float)(spread[k] * u);
            feature[(2 * k + 1) * D + f] = (float)(-spread[k] * u);
        }
        lost += k < KEPT ? 0 : spread[k] * spread[k];
    }
    struct points points = {.count = 2 * D, .features = D, .feature = feature};
    dv_objective objective = objective_of(&points);
    dv_builder builder;
    dv_error error;
    bool stopped;
    build_dense(&builder, D, KEPT, 0, D);
    const dv_training_options options = {.epochs = 2000, .batch = 16, .learning_rate = 0.02};
    assert_true(dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, &options, NULL, NULL,
                         &stopped, &error));

    dv_gradient *gradient = dv_gradient_new(builder.graph, 2 * D, 0, NULL, &error);
    assert_non_null(gradient);
    memcpy(dv_gradient_input(gradient, 0)->f, feature, sizeof feature);
    dv_gradient_forward(gradient, NULL);
    const dv_tensor *output = dv_gradient_output(gradient, 0);
    dv_tensor *slope = dv_gradient_output_gradient(gradient, 0);
    int64_t index[2 * D];
    for (int i = 0; i < 2 * D; i++)
        index[i] = i;
    double loss = loss_points(&points, index, 2 * D, 0, 0, &output, &slope).sum;
    assert_float_equal(loss, lost, 1e-3 * lost);
    assert_true(loss > lost - 1e-4); /* better is impossible */
    dv_gradient_free(gradient);
    dv_graph_free(builder.graph);
}

/* Five samples in batches of three: two steps of gradient descent on least squares, worked out beside it. */
/* The running statistics follow those of the micro-batches, at a tenth of the way each batch; the last batch of an
 * epoch is filled up with its own samples. 6 points in batches of 4: 4 in one micro-batch, then 2, each twice. */
static void running_statistics_follow_the_batches(void **state)
{
    (void)state;
    enum { N = 6 };
    float feature[N * 2];
    for (int i = 0; i < 2 * N; i++)
        feature[i] = (float)(i * i % 7) - 2 * (float)(i % 2);
    struct points points = {.count = N, .features = 2, .feature = feature};
    dv_error error = {0};
    dv_builder builder;
    assert_true(dv_builder_init(&builder, 1, &error));
    const int64_t two = 2;
    const int x = dv_builder_input(&builder, "x", 1, &two);
    dv_builder_output(&builder, dv_builder_normalization(&builder, x, "normal", 2));
    dv_builder_running(&builder);
    assert_false(builder.failed);
    const dv_objective objective = {.context = &points,
                                    .count = N,
                                    .fill = fill_points,
                                    .loss = loss_points,
                                    .running_count = builder.running_count,
                                    .running = builder.running};
    const dv_training_options options = {.epochs = 1, .batch = 4, .learning_rate = 1e-3, .seed = 3};
    const float *mean = builder.graph->value[builder.running[0].constant].constant->f;
    const float *variance = builder.graph->value[builder.running[1].constant].constant->f;
    bool stopped;
    assert_true(dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, &options, NULL, NULL,
                         &stopped, &error));
    int64_t order[N];
    dv_random_order(3, DV_PURPOSE_EPOCH_ORDER, 0, N, order);
    for (int f = 0; f < 2; f++) {
        double running[2] = {0, 1};
        for (int first = 0; first < N; first += 4) {
            const int count = N - first < 4 ? N - first : 4;
            double sum = 0, squares = 0;
            for (int i = first; i < first + count; i++)
                sum += feature[order[i] * 2 + f] / count;
            for (int i = first; i < first + count; i++)
                squares += pow(feature[order[i] * 2 + f] - sum, 2) / count;
            running[0] = 0.9 * running[0] + 0.1 * sum;
            running[1] = 0.9 * running[1] + 0.1 * squares;
        }
        assert_float_equal(mean[f], running[0], 1e-5);
        assert_float_equal(variance[f], running[1], 1e-5);
    }
    dv_builder_end_running(&builder);
    assert_int_equal(builder.graph->output_count, 1);
    dv_graph_free(builder.graph);
}

static void last_batch_may_be_smaller(void **state)
{
    (void)state;
    float feature[5] = {1, -2, 0.5f, 3, -1};
    struct points points = {.count = 5, .features = 1, .feature = feature};
    dv_objective objective = objective_of(&points);
    const dv_training_options options = {
        .optimizer = DV_OPTIMIZER_SGD, .epochs = 1, .batch = 3, .learning_rate = 0.1, .seed = 9};
    dv_builder builder;
    dv_error error;
    bool stopped;
    build_dense(&builder, 1, 0, 0, 1);
    double weight = parameter(&builder, 0)[0], bias = parameter(&builder, 1)[0];
    int64_t order[5];
    dv_random_order(9, DV_PURPOSE_EPOCH_ORDER, 0, 5, order);
    for (int first = 0, number = 1; first < 5; first += 3, number++) {
        double by_weight = 0, by_bias = 0;
        int count = first + 3 < 5 ? 3 : 5 - first;
        for (int i = first; i < first + count; i++) {
            double x = feature[order[i]], off = weight * x + bias - x;
            by_weight += off * x / count;
            by_bias += off / count;
        }
        weight -= dv_learning_rate(0.1, number, 2) * by_weight;
        bias -= dv_learning_rate(0.1, number, 2) * by_bias;
    }
    assert_true(dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, &options, NULL, NULL,
                         &stopped, &error));
    assert_float_equal(parameter(&builder, 0)[0], weight, 1e-6);
    assert_float_equal(parameter(&builder, 1)[0], bias, 1e-6);
    dv_graph_free(builder.graph);
}

/* ---- the same bits -------------------------------------------------------------- */

enum { SAMPLES = 300, WIDTH = 40 };

/* Something larger, with dropout, to be trained again and again. */
struct bench {
    char folder[64], checkpoint[96];
    float feature[SAMPLES * 4];
    struct points points;
};

static int bench_setup(void **state)
{
    struct bench *bench = calloc(1, sizeof *bench);
    snprintf(bench->folder, sizeof bench->folder, "%s/deepvid-train-XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(bench->folder))
        return -1;
    snprintf(bench->checkpoint, sizeof bench->checkpoint, "%s/checkpoint", bench->folder);
    for (int i = 0; i < SAMPLES * 4; i++)
        bench->feature[i] = (float)dv_random_normal(1, DV_PURPOSE_TEST, (uint64_t)i);
    bench->points = (struct points){.count = SAMPLES, .features = 4, .feature = bench->feature};
    *state = bench;
    return 0;
}

static int bench_teardown(void **state)
{
    struct bench *bench = *state;
    unlink(bench->checkpoint);
    int result = rmdir(bench->folder);
    free(bench);
    return result;
}

struct stop {
    int after; /* batches */
    int seen;
};

static bool stop_after(void *context, const dv_training_status *status)
{
    struct stop *stop = context;
    assert_true(status->sample <= status->samples && isfinite(status->loss));
    return ++stop->seen != stop->after;
}

/* Trains from the start, or from the checkpoint; returns the hash of all parameters. `stop` 0: to the end. */
static uint64_t train_bench(struct bench *bench, const dv_training_options *options, int threads, int stop,
                            bool *stopped)
{
    dv_error error = {0};
    dv_builder builder;
    build_dense(&builder, 4, WIDTH, 0.25, 4);
    dv_objective objective = objective_of(&bench->points);
    dv_team *team = dv_team_new(threads, &error);
    struct stop context = {.after = stop};
    const dv_training_observer observer = {.step = stop_after, .context = &context};
    if (!dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, options, team, &observer,
                  stopped, &error))
        fail_msg("%s", error.message);
    uint64_t hash = DV_HASH_START;
    for (int p = 0; p < builder.parameter_count; p++)
        hash = dv_hash(hash, parameter(&builder, p), (size_t)parameter_size(&builder, p) * sizeof(float));
    dv_team_free(team);
    dv_graph_free(builder.graph);
    return hash;
}

static const dv_training_options bench_options = {
    .epochs = 3, .batch = 70, .learning_rate = 0.01, .weight_decay = 0.1, .momentum = 0.5, .seed = 4};

static void bits_do_not_depend_on_the_team(void **state)
{
    struct bench *bench = *state;
    bool stopped;
    uint64_t one = train_bench(bench, &bench_options, 1, 0, &stopped);
    assert_true(train_bench(bench, &bench_options, 2, 0, &stopped) == one);
    assert_true(train_bench(bench, &bench_options, 3, 0, &stopped) == one);
    dv_training_options other = bench_options;
    other.seed = 5;
    assert_true(train_bench(bench, &other, 1, 0, &stopped) != one);
}

/* 300 samples in batches of 70 are five steps an epoch: stops at the end of one and in the middle. */
static void resumed_run_ends_alike(void **state)
{
    struct bench *bench = *state;
    for (int optimizer = DV_OPTIMIZER_ADAM; optimizer <= DV_OPTIMIZER_SGD; optimizer++) {
        dv_training_options options = bench_options;
        options.optimizer = (dv_optimizer)optimizer;
        bool stopped;
        uint64_t whole = train_bench(bench, &options, 2, 0, &stopped);
        options.checkpoint = bench->checkpoint;
        static const int stops[] = {5, 7, 1, 14};
        for (size_t s = 0; s < sizeof stops / sizeof stops[0]; s++) {
            unlink(bench->checkpoint);
            uint64_t part = train_bench(bench, &options, 2, stops[s], &stopped);
            assert_true(stopped && part != whole);
            assert_true(train_bench(bench, &options, 1, 0, &stopped) == whole);
            assert_false(stopped);
        }
        /* What is complete is not trained again. */
        assert_true(train_bench(bench, &options, 1, 1, &stopped) == whole);
        assert_false(stopped);
        unlink(bench->checkpoint);
    }
}

/* ---- checkpoints that do not fit -------------------------------------------------- */

/* Training with the checkpoint that is there must fail, with `word` in the message and the file left as it is. */
static void assert_refused(struct bench *bench, const dv_training_options *options, dv_error_code code,
                           const char *word)
{
    dv_error error = {0};
    dv_builder builder;
    bool stopped;
    build_dense(&builder, 4, WIDTH, 0.25, 4);
    dv_objective objective = objective_of(&bench->points);
    uint8_t *before, *after;
    size_t size_before, size_after;
    assert_true(dv_file_read(bench->checkpoint, SIZE_MAX / 4, &before, &size_before, &error));
    float first = parameter(&builder, 0)[0];
    assert_false(dv_train(builder.graph, builder.parameter_count, builder.parameter, &objective, options, NULL, NULL,
                          &stopped, &error));
    assert_int_equal(error.code, code);
    if (!strstr(error.message, word))
        fail_msg("'%s' lacks '%s'", error.message, word);
    assert_true(parameter(&builder, 0)[0] == first || bench->points.fails);
    assert_true(dv_file_read(bench->checkpoint, SIZE_MAX / 4, &after, &size_after, &error));
    assert_int_equal(size_before, size_after);
    assert_memory_equal(before, after, size_before);
    free(before);
    free(after);
    dv_graph_free(builder.graph);
}

static void make_checkpoint(struct bench *bench, dv_training_options *options)
{
    bool stopped;
    *options = bench_options;
    options->checkpoint = bench->checkpoint;
    unlink(bench->checkpoint);
    train_bench(bench, options, 1, 7, &stopped);
    assert_true(stopped);
}

static void checkpoint_of_another_run_is_refused(void **state)
{
    struct bench *bench = *state;
    dv_training_options options, other;
    make_checkpoint(bench, &options);
    other = options;
    other.seed++;
    assert_refused(bench, &other, DV_ERROR_FORMAT, "belongs to a run with other options");
    other = options;
    other.learning_rate *= 2;
    assert_refused(bench, &other, DV_ERROR_FORMAT, "delete it to start anew");
    other = options;
    other.optimizer = DV_OPTIMIZER_SGD;
    assert_refused(bench, &other, DV_ERROR_FORMAT, "belongs to a run");
    bench->points.count--;
    assert_refused(bench, &options, DV_ERROR_FORMAT, "other data");
    bench->points.count++;
}

static void damaged_checkpoint_is_refused(void **state)
{
    struct bench *bench = *state;
    dv_training_options options;
    dv_error error;
    uint8_t *data;
    size_t size;
    make_checkpoint(bench, &options);
    assert_true(dv_file_read(bench->checkpoint, SIZE_MAX / 4, &data, &size, &error));
    static const size_t kept[] = {0, 7, 55, 56, 63, 64};
    for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++) {
        assert_true(dv_file_write(bench->checkpoint, data, kept[k], &error));
        assert_refused(bench, &options, DV_ERROR_FORMAT, kept[k] < 64 ? "is not a checkpoint" : "is damaged");
    }
    assert_true(dv_file_write(bench->checkpoint, data, size - 1, &error));
    assert_refused(bench, &options, DV_ERROR_FORMAT, "is damaged");
    data[size / 2] ^= 4;
    assert_true(dv_file_write(bench->checkpoint, data, size, &error));
    assert_refused(bench, &options, DV_ERROR_FORMAT, "is damaged");
    data[8]++;
    assert_true(dv_file_write(bench->checkpoint, data, size, &error));
    assert_refused(bench, &options, DV_ERROR_UNSUPPORTED, "another version");
    data[0]++;
    assert_true(dv_file_write(bench->checkpoint, data, size, &error));
    assert_refused(bench, &options, DV_ERROR_FORMAT, "is not a checkpoint");
    free(data);
}

static void infinite_loss_keeps_the_last_checkpoint(void **state)
{
    struct bench *bench = *state;
    dv_training_options options;
    make_checkpoint(bench, &options);
    bench->points.fails = true;
    assert_refused(bench, &options, DV_ERROR_ARGUMENT, "no longer a finite number");
    bench->points.fails = false;
}

static void impossible_options_are_refused(void **state)
{
    struct bench *bench = *state;
    static const dv_training_options bad[] = {
        {.epochs = 0, .batch = 1, .learning_rate = 1},
        {.epochs = 1, .batch = -1, .learning_rate = 1},
        {.epochs = 1, .batch = 1, .learning_rate = 0},
        {.epochs = 1, .batch = 1, .learning_rate = -1},
        {.epochs = 1, .batch = 1, .learning_rate = NAN},
        {.epochs = 1, .batch = 1, .learning_rate = 1e30},
        {.epochs = 1, .batch = 1, .learning_rate = 1, .weight_decay = -1},
        {.epochs = 1, .batch = 1, .learning_rate = 1, .weight_decay = 1},
        {.epochs = 1, .batch = 1, .learning_rate = 1, .weight_decay = NAN},
        {.epochs = 1, .batch = 1, .learning_rate = 1, .momentum = 1},
        {.epochs = 1, .batch = 1, .learning_rate = 1, .momentum = NAN},
    };
    dv_training_options options;
    make_checkpoint(bench, &options);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_refused(bench, &bad[i], DV_ERROR_ARGUMENT, "must");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_follows_the_paper),
        cmocka_unit_test(momentum_adds_up),
        cmocka_unit_test(weight_decay_is_decoupled),
        cmocka_unit_test(learning_rate_falls_along_a_cosine),
        cmocka_unit_test(cross_entropy_known_values),
        cmocka_unit_test(bernoulli_known_values),
        cmocka_unit_test(gaussian_known_values),
        cmocka_unit_test(marks_known_values),
        cmocka_unit_test(normal_divergence_known_values),
        cmocka_unit_test(logistic_regression_finds_its_optimum),
        cmocka_unit_test(linear_autoencoder_finds_principal_components),
        cmocka_unit_test(running_statistics_follow_the_batches),
        cmocka_unit_test(last_batch_may_be_smaller),
        cmocka_unit_test_setup_teardown(bits_do_not_depend_on_the_team, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(resumed_run_ends_alike, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(checkpoint_of_another_run_is_refused, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(damaged_checkpoint_is_refused, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(infinite_loss_keeps_the_last_checkpoint, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(impossible_options_are_refused, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

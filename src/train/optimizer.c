/* Adam and stochastic gradient descent with momentum. */
#include "train/optimizer.h"
#include "kernel/wide.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static const double adam_beta1 = 0.9, adam_beta2 = 0.999, adam_epsilon = 1e-8;

static float gradient_scale(const dv_optimizer_step *step)
{
    return step->samples ? 1 / (float)step->samples : 1;
}

/* The numbers of a step that are the same for all parameters. */
struct adam {
    float scale; /* of the gradient */
    float rate, keep;
    float mean_scale, square_scale; /* both moments start at zero; these undo the bias of that */
    float beta1, rest1, beta2, rest2, epsilon;
};

/* The square root of x >= 0 by Newton's method for 1 / sqrt(x), within 3e-7 of its size: processors take several times
 * as long for a vector of roots. The constant and what comes before it halve the exponent. */
DV_WIDE_PART float quick_root(float x)
{
    int32_t bits;
    float inverse;
    memcpy(&bits, &x, sizeof bits);
    bits = 0x5F375A86 - (bits >> 1);
    memcpy(&inverse, &bits, sizeof inverse);
    for (int i = 0; i < 3; i++)
        inverse *= 1.5F - 0.5F * x * inverse * inverse;
    return x * inverse;
}

DV_WIDE(static, void, move_by_adam,
        (const struct adam *adam, int64_t count, float *restrict parameter, const float *restrict gradient,
         float *restrict mean, float *restrict square),
        (adam, count, parameter, gradient, mean, square))
{
    const struct adam a = *adam;
    for (int64_t i = 0; i < count; i++) {
        const float g = a.scale * gradient[i];
        mean[i] = a.beta1 * mean[i] + a.rest1 * g;
        square[i] = a.beta2 * square[i] + a.rest2 * g * g;
        const float direction = mean[i] * a.mean_scale / (quick_root(square[i] * a.square_scale) + a.epsilon);
        parameter[i] = a.keep * parameter[i] - a.rate * direction;
    }
}

static void update_adam(const dv_optimizer_step *step, int64_t count, float *parameter, const float *gradient,
                        float *const *state)
{
    const struct adam adam = {
        .scale = gradient_scale(step),
        .rate = (float)step->learning_rate,
        .keep = (float)(1 - step->learning_rate * step->weight_decay),
        .mean_scale = (float)(1 / (1 - pow(adam_beta1, (double)step->number))),
        .square_scale = (float)(1 / (1 - pow(adam_beta2, (double)step->number))),
        .beta1 = (float)adam_beta1,
        .rest1 = (float)(1 - adam_beta1),
        .beta2 = (float)adam_beta2,
        .rest2 = (float)(1 - adam_beta2),
        .epsilon = (float)adam_epsilon,
    };
    move_by_adam(&adam, count, parameter, gradient, state[0], state[1]);
}

static void update_sgd(const dv_optimizer_step *step, int64_t count, float *parameter, const float *gradient,
                       float *const *state)
{
    float *restrict velocity = state[0];
    const float momentum = (float)step->momentum, rate = (float)step->learning_rate;
    const float keep = (float)(1 - step->learning_rate * step->weight_decay), scale = gradient_scale(step);
    for (int64_t i = 0; i < count; i++) {
        velocity[i] = momentum * velocity[i] + scale * gradient[i];
        parameter[i] = keep * parameter[i] - rate * velocity[i];
    }
}

static const struct {
    const char *name;
    int slots;
    void (*update)(const dv_optimizer_step *step, int64_t count, float *parameter, const float *gradient,
                   float *const *state);
} optimizers[] = {
    [DV_OPTIMIZER_ADAM] = {.name = "adam", .slots = 2, .update = update_adam},
    [DV_OPTIMIZER_SGD] = {.name = "sgd", .slots = 1, .update = update_sgd},
};

int dv_optimizer_slots(dv_optimizer optimizer)
{
    return optimizers[optimizer].slots;
}

const char *dv_optimizer_name(dv_optimizer optimizer)
{
    return optimizers[optimizer].name;
}

void dv_optimizer_update(dv_optimizer optimizer, const dv_optimizer_step *step, int64_t count, float *parameter,
                         const float *gradient, float *const *state)
{
    assert(step->number >= 1);
    optimizers[optimizer].update(step, count, parameter, gradient, state);
}

double dv_learning_rate(double initial, int64_t number, int64_t steps)
{
    const double last = 0.01;
    double progress = steps > 1 ? (double)(number - 1) / (double)(steps - 1) : 0;
    return initial * (last + (1 - last) * (1 + cos(M_PI * progress)) / 2);
}

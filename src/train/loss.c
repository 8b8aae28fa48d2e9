/* Cross-entropy, Bernoulli likelihood, divergence of a normal distribution. */
#include "train/loss.h"
#include "kernel/vector.h"
#include "kernel/wide.h"

#include <math.h>

double dv_loss_cross_entropy(int64_t classes, const float *logits, int label, double smoothing, float *gradient)
{
    float top = logits[0];
    for (int64_t k = 1; k < classes; k++)
        top = fmaxf(top, logits[k]);
    double total = 0;
    for (int64_t k = 0; k < classes; k++)
        total += exp((double)logits[k] - top);
    double log_total = log(total), loss = 0;
    for (int64_t k = 0; k < classes; k++) {
        double log_probability = (double)logits[k] - top - log_total;
        double target = smoothing / (double)classes + (k == label ? 1 - smoothing : 0);
        loss -= target * log_probability;
        gradient[k] = (float)(exp(log_probability) - target);
    }
    return loss;
}

double dv_loss_marks(int64_t labels, const float *logits, const int8_t *mark, double smoothing, float *gradient)
{
    double loss = 0;
    for (int64_t k = 0; k < labels; k++) {
        double logit = logits[k], e = exp(-fabs(logit)), target = smoothing / 2 + (1 - smoothing) * (mark[k] == 1);
        gradient[k] = mark[k] < 0 ? 0 : (float)((logit >= 0 ? 1 : e) / (1 + e) - target);
        loss += mark[k] < 0 ? 0 : fmax(logit, 0) - logit * target + log1p(e);
    }
    return loss;
}

enum { RUN = 512 }; /* pixels looked at together */

/* Up to RUN pixels, e[i] = exp(-|logit|). */
DV_WIDE(static, double, add_bernoulli,
        (int64_t count, const float *restrict logits, const uint8_t *restrict pixel, const float *restrict e,
         float *restrict gradient),
        (count, logits, pixel, e, gradient))
{
    enum { LANES = 16 };
    double linear[LANES] = {0}, factors[LANES], loss = 0, product = 1;
    for (int j = 0; j < LANES; j++)
        factors[j] = 1;
    for (int64_t start = 0; start < count; start += LANES) {
        const int64_t lanes = count - start < LANES ? count - start : LANES;
        for (int64_t j = 0, i = start; j < lanes; j++, i++) {
            const float logit = logits[i], target = (float)pixel[i] / 255;
            linear[j] += (double)(logit > 0 ? logit : 0) - (double)logit * (double)target;
            factors[j] *= 1 + (double)e[i];
            gradient[i] = (logit >= 0 ? 1 : e[i]) / (1 + e[i]) - target;
        }
    }
    for (int j = 0; j < LANES; j++) {
        loss += linear[j];
        product *= factors[j];
    }
    return loss + log(product);
}

/* Each value costs log(1 + exp(l)) - t l = max(l, 0) - t l + log(1 + e) with e = exp(-|l|), so that nothing overflows.
 * The factors 1 + e are at most 2: a run of them is multiplied, and one logarithm taken. */
double dv_loss_bernoulli(int64_t count, const float *logits, const uint8_t *pixel, float *gradient)
{
    double loss = 0;
    for (int64_t start = 0; start < count; start += RUN) {
        const int64_t n = start + RUN < count ? RUN : count - start;
        float e[RUN], unused[RUN];
        for (int64_t i = 0; i < n; i++)
            e[i] = -fabsf(logits[start + i]);
        dv_vector_exp(n, e, e);
        loss += add_bernoulli(n, logits + start, pixel + start, e, gradient ? gradient + start : unused);
    }
    return loss;
}

double dv_loss_gaussian(int64_t count, const float *logits, const uint8_t *pixel, double log_deviation, float *gradient,
                        float *deviation_gradient)
{
    const float precision = (float)exp(-2 * log_deviation);
    double squares = 0;
    for (int64_t start = 0; start < count; start += RUN) {
        const int64_t n = start + RUN < count ? RUN : count - start;
        float mean[RUN], distance[RUN];
        for (int64_t i = 0; i < n; i++)
            mean[i] = -logits[start + i];
        dv_vector_exp(n, mean, mean);
        for (int64_t i = 0; i < n; i++) {
            mean[i] = 1 / (1 + mean[i]);
            distance[i] = mean[i] - (float)pixel[start + i] / 255;
        }
        for (int64_t i = 0; gradient && i < n; i++)
            gradient[start + i] = precision * distance[i] * mean[i] * (1 - mean[i]);
        squares += (double)dv_vector_dot(n, distance, distance);
    }
    const double scaled = squares * (double)precision;
    if (deviation_gradient)
        *deviation_gradient = (float)((double)count - scaled);
    return scaled / 2 + (double)count * (log_deviation + log(2 * M_PI) / 2);
}

double dv_loss_normal_kl(int64_t count, const float *mean, const float *log_variance, double weight,
                         float *mean_gradient, float *log_variance_gradient)
{
    double loss = 0;
    for (int64_t i = 0; i < count; i++) {
        const double m = mean[i], v = log_variance[i], excess = expm1(v);
        loss += m * m + excess - v;
        if (mean_gradient)
            mean_gradient[i] = (float)(weight * m);
        if (log_variance_gradient)
            log_variance_gradient[i] = (float)(weight * excess / 2);
    }
    return weight * loss / 2;
}

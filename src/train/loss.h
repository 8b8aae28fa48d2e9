/* Losses of one sample, with their gradients in closed form. */
#ifndef DV_TRAIN_LOSS_H
#define DV_TRAIN_LOSS_H

#include "deepvid.h"

/* Cross-entropy between the target and softmax(logits), in nats. The target puts 1 - smoothing on `label` and
 * spreads the rest evenly over all classes (Szegedy et al. 2016). gradient[k] receives the derivative by logit k. */
double dv_loss_cross_entropy(int64_t classes, const float *logits, int label, double smoothing, float *gradient);

/* Sum of the binary cross-entropies of independent labels from their log-odds, in nats: mark[k] is 1 (holds), 0 (does
 * not) or -1 (unknown: costs nothing). The target is 1 - smoothing / 2 or smoothing / 2. */
double dv_loss_marks(int64_t labels, const float *logits, const int8_t *mark, double smoothing, float *gradient);

/* Negative log-likelihood of `count` pixels under independent Bernoulli distributions given by their logits, summed, in
 * nats. A grey pixel of 0..255 counts as its share of 255. Stable for any finite logit. gradient may be NULL. */
double dv_loss_bernoulli(int64_t count, const float *logits, const uint8_t *pixel, float *gradient);

/* Negative log-density of `count` pixels, 0..255 counting as 0..1, under normal distributions with the logistic
 * function of the logits as means and one common standard deviation, given by its logarithm; summed, in nats. The
 * gradients may be NULL; that by the logarithm is written to *deviation_gradient. */
double dv_loss_gaussian(int64_t count, const float *logits, const uint8_t *pixel, double log_deviation, float *gradient,
                        float *deviation_gradient);

/* `weight` times the Kullback-Leibler divergence of a normal distribution with diagonal covariance from the standard
 * normal one, in nats (Kingma and Welling 2014, appendix B). The gradients may be NULL. */
double dv_loss_normal_kl(int64_t count, const float *mean, const float *log_variance, double weight,
                         float *mean_gradient, float *log_variance_gradient);

#endif

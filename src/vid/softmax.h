/* Logits and what is made of them. */
#ifndef DV_VID_SOFTMAX_H
#define DV_VID_SOFTMAX_H

#include <stdbool.h>

/* softmax(logits / temperature). */
void dv_softmax(const float *logits, int classes, double temperature, float *probabilities);
/* log softmax(logits / temperature); `result` may not be `logits`. */
void dv_log_softmax(const float *logits, int classes, double temperature, double *result);
/* sigmoid(logits / temperature), a probability for each label. */
void dv_sigmoid(const float *logits, int labels, double temperature, float *probabilities);
/* One of the two: the second where several labels may hold at once. `probabilities` may be `logits`. */
void dv_soften(bool multi_label, const float *logits, int classes, double temperature, float *probabilities);
/* log sigmoid(x) */
double dv_log_sigmoid(double x);
/* Whether a label holds, by its logit. */
static inline bool dv_says_yes(float logit)
{
    return logit >= 0;
}
/* Mean over classes. */
double dv_average(const float *value, int count);
/* Index of the largest; of the first one where several are. */
int dv_largest(const float *value, int count);

#endif

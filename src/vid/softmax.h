/* Logits and what is made of them. */
#ifndef DV_VID_SOFTMAX_H
#define DV_VID_SOFTMAX_H

/* softmax(logits / temperature). */
void dv_softmax(const float *logits, int classes, double temperature, float *probabilities);
/* log softmax(logits / temperature); `result` may not be `logits`. */
void dv_log_softmax(const float *logits, int classes, double temperature, double *result);
/* Mean over classes. */
double dv_average(const float *value, int count);
/* Index of the largest; of the first one where several are. */
int dv_largest(const float *value, int count);

#endif

/* Logits and what is made of them. */
#include "vid/softmax.h"

#include <math.h>

void dv_log_softmax(const float *logits, int classes, double temperature, double *result)
{
    double largest = logits[dv_largest(logits, classes)], sum = 0;
    for (int k = 0; k < classes; k++) {
        result[k] = (logits[k] - largest) / temperature;
        sum += exp(result[k]);
    }
    for (int k = 0; k < classes; k++)
        result[k] -= log(sum);
}

void dv_softmax(const float *logits, int classes, double temperature, float *probabilities)
{
    double largest = logits[dv_largest(logits, classes)], sum = 0;
    for (int k = 0; k < classes; k++)
        sum += exp((logits[k] - largest) / temperature);
    for (int k = 0; k < classes; k++)
        probabilities[k] = (float)(exp((logits[k] - largest) / temperature) / sum);
}

double dv_log_sigmoid(double x)
{
    return x < 0 ? x - log1p(exp(x)) : -log1p(exp(-x));
}

void dv_sigmoid(const float *logits, int labels, double temperature, float *probabilities)
{
    for (int k = 0; k < labels; k++)
        probabilities[k] = (float)(1 / (1 + exp(-logits[k] / temperature)));
}

void dv_soften(bool multi_label, const float *logits, int classes, double temperature, float *probabilities)
{
    (multi_label ? dv_sigmoid : dv_softmax)(logits, classes, temperature, probabilities);
}

double dv_average(const float *value, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++)
        sum += value[k];
    return sum / count;
}

int dv_largest(const float *value, int count)
{
    int largest = 0;
    for (int k = 1; k < count; k++)
        if (value[k] > value[largest])
            largest = k;
    return largest;
}

#include "base/number.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void dv_number_write(double number, char text[DV_NUMBER_SIZE])
{
    assert(isfinite(number));
    int digits = 15;
    do
        snprintf(text, DV_NUMBER_SIZE, "%.*g", digits, number);
    while (strtod(text, NULL) != number && digits++ < 17);
}

void dv_number_write_float(float number, char text[DV_NUMBER_SIZE])
{
    assert(isfinite(number));
    int digits = 6;
    do
        snprintf(text, DV_NUMBER_SIZE, "%.*g", digits, (double)number);
    while ((float)strtod(text, NULL) != number && digits++ < 9);
}

bool dv_number_read(const char *text, double *number)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !isfinite(value))
        return false;
    *number = value;
    return true;
}

bool dv_number_read_whole(const char *text, int64_t *number)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return false;
    *number = value;
    return true;
}

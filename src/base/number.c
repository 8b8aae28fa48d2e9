#include "base/number.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double read_back(double number, int digits)
{
    char text[DV_NUMBER_SIZE];
    snprintf(text, sizeof text, "%.*g", digits, number);
    return strtod(text, NULL);
}

void dv_number_write(double number, char text[DV_NUMBER_SIZE])
{
    assert(isfinite(number));
    int digits = 15;
    while (digits < 17 && read_back(number, digits) != number)
        digits++;
    snprintf(text, DV_NUMBER_SIZE, "%.*g", digits, number);
}

void dv_number_write_float(float number, char text[DV_NUMBER_SIZE])
{
    assert(isfinite(number));
    int digits = 6;
    while (digits < 9 && (float)read_back(number, digits) != number)
        digits++;
    snprintf(text, DV_NUMBER_SIZE, "%.*g", digits, (double)number);
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

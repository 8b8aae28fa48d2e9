#include "kernel/turn.h"

#include "kernel/four.h"
#include "kernel/plain.h"

#ifndef __has_builtin
#define __has_builtin(NAME) 0
#endif

#if __has_builtin(__builtin_shufflevector)

static void turn_4_by_4(const float *x, int64_t x_step, float *y, int64_t y_step)
{
    const dv_four a = dv_four_load(x), b = dv_four_load(x + x_step), c = dv_four_load(x + 2 * x_step),
                  d = dv_four_load(x + 3 * x_step);
    const dv_four ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const dv_four ab_end = __builtin_shufflevector(a, b, 2, 6, 3, 7),
                  cd_end = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    dv_four_store(y, __builtin_shufflevector(ab, cd, 0, 1, 4, 5));
    dv_four_store(y + y_step, __builtin_shufflevector(ab, cd, 2, 3, 6, 7));
    dv_four_store(y + 2 * y_step, __builtin_shufflevector(ab_end, cd_end, 0, 1, 4, 5));
    dv_four_store(y + 3 * y_step, __builtin_shufflevector(ab_end, cd_end, 2, 3, 6, 7));
}

/* What is left beside the squares; few columns, so that the long loop is the inner one. */
static void turn_columns(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step)
{
    for (int64_t j = 0; j < n; j++)
        for (int64_t i = 0; i < m; i++)
            y[i * y_step + j] = x[i + j * x_step];
}

void dv_turn(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step)
{
    const int64_t rows = m / 4 * 4, columns = n / 4 * 4;
    for (int64_t i = 0; i < rows; i += 4)
        for (int64_t j = 0; j < columns; j += 4)
            turn_4_by_4(x + i + j * x_step, x_step, y + i * y_step + j, y_step);
    turn_columns(rows, n - columns, x + columns * x_step, x_step, y + columns, y_step);
    dv_plain_turn(m - rows, n, x + rows, x_step, y + rows * y_step, y_step);
}

#else

void dv_turn(int64_t m, int64_t n, const float *x, int64_t x_step, float *y, int64_t y_step)
{
    dv_plain_turn(m, n, x, x_step, y, y_step);
}

#endif

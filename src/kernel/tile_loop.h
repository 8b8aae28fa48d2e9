/* The loop of tile.c for one width of vectors. Included once for each, with NAME, LANES (of a vector) and ROWS defined;
 * compiled for the target that is in force. */

enum { NAME(VECTORS) = DV_TILE / LANES };

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

static inline __attribute__((always_inline)) void NAME(multiply_rows)(const dv_tile *tile, const int rows)
{
    NAME(vector) sum[ROWS][NAME(VECTORS)];
    const float *u = tile->u, *v = tile->v;
    float *m = tile->m;
    if (tile->start)
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
            for (int n = 0; n < NAME(VECTORS); n++)
                sum[r][n] = tile->start[r] - (NAME(vector)){0};
    else
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
            for (int n = 0; n < NAME(VECTORS); n++)
                sum[r][n] = ((NAME(vector) *)(m + r * tile->m_step))[n];
    for (int64_t k = 0; k < tile->depth; k++, u += ROWS, v += tile->v_step) {
        NAME(vector) b[NAME(VECTORS)];
        for (int n = 0; n < NAME(VECTORS); n++)
            b[n] = ((const NAME(vector) *)v)[n];
#pragma GCC unroll 16
        for (int r = 0; r < rows; r++)
            for (int n = 0; n < NAME(VECTORS); n++)
                sum[r][n] += u[r] * b[n];
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; r++)
        for (int n = 0; n < NAME(VECTORS); n++)
            ((NAME(vector) *)(m + r * tile->m_step))[n] = sum[r][n];
}

static void NAME(multiply)(const dv_tile *tile)
{
    if (tile->half)
        NAME(multiply_rows)(tile, ROWS / 2);
    else
        NAME(multiply_rows)(tile, ROWS);
}

static const dv_tile_loop NAME(loop) = {ROWS, NAME(multiply)};

#undef NAME
#undef LANES
#undef ROWS

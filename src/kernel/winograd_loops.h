/* The loops of winograd.c for one width of vectors. Included once for each, with NAME and LANES (of a vector) defined;
 * the functions are compiled for the target that is in force. */

typedef float NAME(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define VECTOR NAME(vector)

/* Every fourth element of a line from each of four places on, for `count` of them. */
static void NAME(part)(const float *line, int64_t count, float *phase, int64_t pitch)
{
    float *a = phase, *b = a + pitch, *c = b + pitch, *d = c + pitch;
    for (int64_t t = 0; t < count; t++) {
        a[t] = line[4 * t];
        b[t] = line[4 * t + 1];
        c[t] = line[4 * t + 2];
        d[t] = line[4 * t + 3];
    }
}

static void NAME(join)(const float *phase, int64_t pitch, int64_t count, float *line)
{
    const float *a = phase, *b = a + pitch, *c = b + pitch, *d = c + pitch;
    for (int64_t t = 0; t < count; t++) {
        line[4 * t] = a[t];
        line[4 * t + 1] = b[t];
        line[4 * t + 2] = c[t];
        line[4 * t + 3] = d[t];
    }
}

/* One row or column of a tile: d -> B'd, and m -> A'm. */
static inline void NAME(transform_input)(const VECTOR *d, int step, VECTOR *v)
{
    const VECTOR d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const VECTOR a = d4 - 4 * d2, b = d3 - 4 * d1, c = d4 - d2, e = 2 * (d3 - d1);
    v[0] = 4 * d0 - 5 * d2 + d4;
    v[step] = a + b;
    v[2 * step] = a - b;
    v[3 * step] = c + e;
    v[4 * step] = c - e;
    v[5 * step] = 4 * d1 - 5 * d3 + d5;
}

static inline void NAME(transform_output)(const VECTOR *m, int step, VECTOR *o, int out_step)
{
    const VECTOR s = m[step] + m[2 * step], d = m[step] - m[2 * step];
    const VECTOR u = m[3 * step] + m[4 * step], w = m[3 * step] - m[4 * step];
    o[0] = m[0] + s + u;
    o[out_step] = d + 2 * w;
    o[2 * out_step] = s + 4 * u;
    o[3 * out_step] = d + 8 * w + m[5 * step];
}

/* A row of tiles of one channel: lines holds the phases of its six lines; element p of tile t goes to
 * v[p * step + t]. */
static void NAME(input_row)(const float *lines, int64_t pitch, int64_t tiles, float *v, int64_t step)
{
    for (int64_t t = 0; t < tiles; t += LANES) {
        VECTOR d[POINTS];
        for (int r = 0; r < SIDE; r++)
            for (int c = 0; c < SIDE; c++)
                d[r * SIDE + c] = *(const VECTOR *)(lines + (r * 4 + c % 4) * pitch + t + c / 4);
        for (int c = 0; c < SIDE; c++)
            NAME(transform_input)(d + c, SIDE, d + c);
        for (int r = 0; r < SIDE; r++)
            NAME(transform_input)(d + r * SIDE, 1, d + r * SIDE);
        for (int p = 0; p < POINTS; p++)
            *(VECTOR *)(v + p * step + t) = d[p];
    }
}

/* The way back: four lines of four phases each. */
static void NAME(output_row)(const float *m, int64_t step, int64_t tiles, float bias, float *lines, int64_t pitch)
{
    for (int64_t t = 0; t < tiles; t += LANES) {
        VECTOR in[POINTS], half[4 * SIDE], out[16];
        for (int p = 0; p < POINTS; p++)
            in[p] = *(const VECTOR *)(m + p * step + t);
        for (int c = 0; c < SIDE; c++)
            NAME(transform_output)(in + c, SIDE, half + c, SIDE);
        for (int r = 0; r < 4; r++)
            NAME(transform_output)(half + r * SIDE, 1, out + r * 4, 1);
        for (int k = 0; k < 16; k++)
            *(VECTOR *)(lines + k * pitch + t) = out[k] + bias;
    }
}

static const loops NAME(loops) = {NAME(part), NAME(join), NAME(input_row), NAME(output_row)};

#undef VECTOR
#undef NAME
#undef LANES

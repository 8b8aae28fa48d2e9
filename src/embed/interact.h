/* Included once for each instruction set, that in force: INTERACT is the name, LANES the width of a vector.
 *
 * What GROUP points at x, y feel of `count` bodies: adds q = 1 / (1 + d^2), weighted by the bodies' mass, to sum[i],
 * and q^2 (x_i - x_j) to force_x[i]; y alike. */
static void INTERACT(const float *x, const float *y, const dv_bodies *bodies, float *force_x, float *force_y,
                     float *sum)
{
    typedef float lanes __attribute__((vector_size(LANES * sizeof(float))));
    for (int first = 0; first < GROUP; first += LANES) {
        lanes own_x = *(const lanes *)(x + first), own_y = *(const lanes *)(y + first);
        lanes fx = *(lanes *)(force_x + first), fy = *(lanes *)(force_y + first), s = *(lanes *)(sum + first);
        for (int j = 0; j < bodies->count; j++) {
            lanes dx = own_x - bodies->x[j], dy = own_y - bodies->y[j];
            lanes q = 1.0F / (1.0F + dx * dx + dy * dy), weighted = q * bodies->mass[j], push = q * weighted;
            s += weighted;
            fx += push * dx;
            fy += push * dy;
        }
        *(lanes *)(force_x + first) = fx;
        *(lanes *)(force_y + first) = fy;
        *(lanes *)(sum + first) = s;
    }
}
#undef INTERACT
#undef LANES

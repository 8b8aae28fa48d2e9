/* B'd and A'm of Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016: the points of TILE + 2
 * elements of a line, for windows of three, and the TILE results of such points. Included once for each kind of vectors
 * and size of tiles, with NAME, VECTOR, TILE, SIDE and INLINE defined. */

#if TILE == 4
/* For the points 0, 1, -1, 2, -2 and infinity. */
INLINE void NAME(to_points)(const VECTOR d[SIDE], VECTOR t[SIDE])
{
    const VECTOR even = d[4] - 4 * d[2], odd = d[3] - 4 * d[1], near = d[4] - d[2], far = 2 * (d[3] - d[1]);
    t[0] = 4 * d[0] - 5 * d[2] + d[4];
    t[1] = even + odd;
    t[2] = even - odd;
    t[3] = near + far;
    t[4] = near - far;
    t[5] = 4 * d[1] - 5 * d[3] + d[5];
}

INLINE void NAME(from_points)(const VECTOR m[SIDE], VECTOR y[TILE])
{
    const VECTOR sum = m[1] + m[2], difference = m[1] - m[2], far_sum = m[3] + m[4], far_difference = m[3] - m[4];
    y[0] = m[0] + sum + far_sum;
    y[1] = difference + 2 * far_difference;
    y[2] = sum + 4 * far_sum;
    y[3] = difference + 8 * far_difference + m[5];
}
#else
/* The same for the points 0, 1, -1 and infinity. */
INLINE void NAME(to_points)(const VECTOR d[SIDE], VECTOR t[SIDE])
{
    t[0] = d[0] - d[2];
    t[1] = d[1] + d[2];
    t[2] = d[2] - d[1];
    t[3] = d[3] - d[1];
}

INLINE void NAME(from_points)(const VECTOR m[SIDE], VECTOR y[TILE])
{
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
}
#endif

#include "image/image.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Both arms walk the same path in Oklab (Ottosson 2020), once at hue 255 degrees, once at 42: lightness and chroma
 * follow a quadratic Bezier curve from (0.97, 0) over (0.74, 0.15) to (0.45, 0.13), in 16 steps of equal length. So
 * equal steps of the value are equal steps to the eye, and +t is as dark as -t. */
static const uint8_t diverging[DV_COLORMAP_LEVELS][3] = {
    {23, 85, 155},   {33, 95, 167},   {44, 105, 178},  {55, 115, 189},  {66, 125, 199},  {78, 136, 209},
    {91, 147, 217},  {104, 157, 225}, {117, 168, 232}, {132, 178, 238}, {147, 188, 242}, {162, 199, 246},
    {178, 209, 248}, {194, 218, 249}, {211, 227, 249}, {228, 236, 248}, {245, 245, 245}, {247, 232, 226},
    {247, 219, 208}, {246, 206, 190}, {244, 193, 173}, {240, 180, 156}, {235, 167, 140}, {229, 154, 125},
    {222, 141, 110}, {215, 129, 96},  {206, 117, 82},  {197, 106, 69},  {187, 94, 57},   {176, 83, 45},
    {165, 73, 33},   {153, 63, 22},   {142, 53, 9},
};

void dv_colormap_diverging_level(int level, uint8_t rgb[3])
{
    assert(level >= 0 && level < DV_COLORMAP_LEVELS);
    memcpy(rgb, diverging[level], 3);
}

void dv_colormap_diverging(double t, uint8_t rgb[3])
{
    const int middle = DV_COLORMAP_LEVELS / 2;
    double clipped = isnan(t) ? 0 : fmin(fmax(t, -1), 1);
    dv_colormap_diverging_level(middle + (int)lround(clipped * middle), rgb);
}

/* Okabe and Ito 2008 (grey for their black, which a dark terminal swallows), then the colours of Paul Tol's "muted"
 * scheme that stand apart from them. */
static const uint8_t class_colors[][3] = {
    {230, 159, 0},   {86, 180, 233}, {0, 158, 115},  {240, 228, 66}, {0, 114, 178}, {213, 94, 0},    {204, 121, 167},
    {153, 153, 153}, {136, 34, 85},  {153, 153, 51}, {51, 34, 136},  {17, 119, 51}, {221, 204, 119}, {170, 68, 153},
};
enum { CLASS_COLORS = sizeof class_colors / sizeof class_colors[0] };

/* A corner of the colour hexagon at `hue` (0..1, one turn), between dark and full. */
static void hue_color(double hue, double full, double dark, uint8_t rgb[3])
{
    for (int c = 0; c < 3; c++) {
        /* 1 within a sixth of a turn of the channel's own hue, 0 beyond two sixths. */
        double distance = fabs(remainder(hue - c / 3.0, 1)) * 6;
        double share = fmin(fmax(2 - distance, 0), 1);
        rgb[c] = (uint8_t)lround(dark + (full - dark) * share);
    }
}

void dv_colormap_class(int index, uint8_t rgb[3])
{
    assert(index >= 0);
    if (index < CLASS_COLORS) {
        memcpy(rgb, class_colors[index], 3);
        return;
    }
    /* Turning by the golden ratio keeps any number of hues apart; three brightnesses help neighbours. */
    static const double full[3] = {220, 170, 245}, dark[3] = {60, 20, 130};
    int further = index - CLASS_COLORS;
    hue_color(fmod(further * 0.6180339887498949, 1), full[further % 3], dark[further % 3], rgb);
}

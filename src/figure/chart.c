#include "figure/chart.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

static const char dash[] = "\xe2\x80\x93";
static const char minus[] = "\xe2\x88\x92";

const char *dv_chart_percent(char *text, size_t size, double share, int decimals)
{
    double smallest = pow(10, -decimals), percent = 100 * share;

    if (!isfinite(share))
        snprintf(text, size, "%s", dash);
    else if (percent > 0 && percent < smallest)
        snprintf(text, size, "< %.*f %%", decimals, smallest);
    else if (percent < 100 && percent > 100 - smallest)
        snprintf(text, size, "> %.*f %%", decimals, 100 - smallest);
    else
        snprintf(text, size, "%.*f %%", decimals, percent);
    return text;
}

/* ---- bars ------------------------------------------------------------------ */

enum {
    NUMBER_WIDTH = DV_CHART_NUMBERS / 2,
    NAME_GAP = 14,
    BAR_HEIGHT = 9,
    PAIR_HEIGHT = 2 * BAR_HEIGHT + 1,
    HEADER_HEIGHT = 26
};

static const dv_ink source_ink[2] = {DV_INK_ACCENT, DV_INK_SECOND};

/* Bars lie in a track from 0 to 1, so that they tell certainty; where all of them would be too short to see, the
 * longest is as long as the track, which is not drawn then. */
static double full_bar(const dv_bar *bar, int count)
{
    double largest = 0;

    for (int i = 0; i < count; i++)
        for (int s = 0; s < 2; s++)
            if (isfinite(bar[i].share[s]))
                largest = fmax(largest, bar[i].share[s]);
    return largest >= 0.2 || largest <= 0 ? 1 : largest;
}

static void bar_name(dv_canvas *canvas, double x, double baseline, double width, const dv_bar *bar)
{
    dv_lettering note = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};
    dv_lettering name = {
        .size = 14, .ink = bar->emphasis ? DV_INK_ACCENT : DV_INK_TEXT, .bold = bar->emphasis, .align = DV_ALIGN_RIGHT};
    double used = 0;

    if (*bar->note)
        used = dv_canvas_text(canvas, x + width, baseline, &note, "%s", bar->note) + 6;
    name.width = width - used;
    dv_canvas_text(canvas, x + width - used, baseline, &name, "%s", bar->name);
}

static void bar_pair(dv_canvas *canvas, double x, double y, double width, const double share[2], double full)
{
    for (int s = 0; s < 2; s++) {
        double top = y + s * (BAR_HEIGHT + 1);
        double length = isfinite(share[s]) ? width * fmin(fmax(share[s] / full, 0), 1) : 0;

        if (full >= 1)
            dv_canvas_rectangle(canvas, x, top, width, BAR_HEIGHT, DV_INK_TRACK);
        if (length > 0)
            dv_canvas_rectangle(canvas, x, top, fmax(round(length), 1), BAR_HEIGHT, source_ink[s]);
    }
}

double dv_chart_bars(dv_canvas *canvas, double x, double y, double width, double pitch, const dv_bar *bar, int count,
                     const char *const source[2])
{
    double name_width = floor(width * 0.34), numbers = x + width - 2 * NUMBER_WIDTH;
    double bars = x + name_width + NAME_GAP, bars_width = numbers - bars;
    double full = full_bar(bar, count);
    dv_lettering header = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};

    for (int s = 0; s < 2; s++) {
        double right = numbers + (s + 1) * NUMBER_WIDTH;
        double used = dv_canvas_text(canvas, right, y + 12, &header, "%s", source[s]);

        dv_canvas_rectangle(canvas, right - used - 15, y + 3, 10, 10, source_ink[s]);
    }
    y += HEADER_HEIGHT;
    for (int i = 0; i < count; i++, y += pitch) {
        double baseline = y + floor(pitch / 2) + 5;

        bar_name(canvas, x, baseline, name_width, &bar[i]);
        bar_pair(canvas, bars, y + floor((pitch - PAIR_HEIGHT) / 2), bars_width, bar[i].share, full);
        for (int s = 0; s < 2; s++) {
            dv_lettering number = {
                .size = 13, .ink = s == 0 ? DV_INK_TEXT : DV_INK_DIM, .bold = bar[i].emphasis, .align = DV_ALIGN_RIGHT};
            char text[32];

            dv_canvas_text(canvas, numbers + (s + 1) * NUMBER_WIDTH, baseline, &number, "%s",
                           dv_chart_percent(text, sizeof text, bar[i].share[s], 1));
        }
    }
    return y;
}

/* ---- scale ----------------------------------------------------------------- */

double dv_chart_scale(dv_canvas *canvas, double x, double y, double width, double largest)
{
    dv_lettering word = {.size = 13, .ink = DV_INK_TEXT};
    dv_lettering tick = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_CENTER};
    const char *const against = "speaks against", *const in_favor = "speaks for";
    double left = x + dv_canvas_text_width(canvas, &word, against) + 12;
    double right = x + width - dv_canvas_text_width(canvas, &word, in_favor) - 12;
    double step = (right - left) / DV_COLORMAP_LEVELS;

    dv_canvas_text(canvas, x, y + 12, &word, "%s", against);
    for (int level = 0; level < DV_COLORMAP_LEVELS; level++) {
        double from = round(left + level * step), to = round(left + (level + 1) * step);
        uint8_t rgb[3];

        dv_colormap_diverging_level(level, rgb);
        dv_canvas_rectangle(canvas, from, y, to - from, 14, dv_ink_of(rgb));
    }
    dv_canvas_frame(canvas, round(left), y, round(right) - round(left), 14, 1, DV_INK_LINE);
    dv_canvas_text(canvas, right + 12, y + 12, &word, "%s", in_favor);
    dv_canvas_text(canvas, (left + right) / 2, y + 31, &tick, "0");
    if (largest > 0) {
        dv_canvas_text(canvas, left, y + 31, &tick, "%s%.3g", minus, largest);
        dv_canvas_text(canvas, right, y + 31, &tick, "+%.3g", largest);
    }
    return y + 36;
}

/* ---- key ------------------------------------------------------------------- */

enum { CHIP = 12, CHIP_GAP = 6, KEY_GAP = 18, KEY_PITCH = 21 };

/* Draws one entry and returns its width. */
static double draw_entry(dv_canvas *canvas, double x, double y, const dv_lettering *name, const dv_tally *tally)
{
    dv_lettering number = {.size = name->size, .ink = DV_INK_DIM};
    double used = CHIP + CHIP_GAP;

    dv_canvas_rectangle(canvas, x, y, CHIP, CHIP, dv_ink_class(tally->class_index));
    used += dv_canvas_text(canvas, x + used, y + 11, name, "%s", tally->name) + CHIP_GAP;
    return used + dv_canvas_text(canvas, x + used, y + 11, &number, "%" PRId64, tally->count);
}

double dv_chart_key(dv_canvas *canvas, double x, double y, double width, int lines, const dv_tally *tally, int count)
{
    const dv_lettering dim = {.size = 13, .ink = DV_INK_DIM};
    const double number = dv_canvas_text_width(canvas, &dim, "1000000") + CHIP_GAP;
    const double rest = dv_canvas_text_width(canvas, &dim, "\xe2\x80\xa6 and 1000 more") + KEY_GAP;
    const dv_lettering name = {.size = 13, .ink = DV_INK_TEXT, .width = width - CHIP - CHIP_GAP - number - rest};
    double at = 0;
    int line = 0;

    for (int i = 0; i < count; i++) {
        bool last_line = line == lines - 1, last = i == count - 1;
        double longest =
            CHIP + CHIP_GAP + fmin(dv_canvas_text_width(canvas, &name, tally[i].name), name.width) + number;

        if (at > 0 && at + longest + (last_line && !last ? rest : 0) > width) {
            if (last_line) {
                dv_canvas_text(canvas, x + at, y + 11, &dim, "\xe2\x80\xa6 and %d more", count - i);
                break;
            }
            line++;
            y += KEY_PITCH;
            at = 0;
        }
        at += draw_entry(canvas, x + at, y, &name, &tally[i]) + KEY_GAP;
    }
    return y + KEY_PITCH;
}

/* ---- marks ----------------------------------------------------------------- */

dv_ink dv_chart_verdict_ink(dv_verdict verdict)
{
    static const dv_ink ink[] = {
        [DV_VERDICT_GOOD] = DV_INK_GOOD,
        [DV_VERDICT_DOUBTFUL] = DV_INK_WARNING,
        [DV_VERDICT_DO_NOT_TRUST] = DV_INK_BAD,
    };

    return ink[verdict];
}

void dv_chart_mark(dv_canvas *canvas, double x, double y, double radius, dv_verdict verdict)
{
    double thickness = radius * 0.24;

    dv_canvas_disc(canvas, x, y, radius, dv_chart_verdict_ink(verdict));
    if (verdict == DV_VERDICT_GOOD) {
        const double tick[][2] = {{x - 0.42 * radius, y + 0.02 * radius},
                                  {x - 0.1 * radius, y + 0.36 * radius},
                                  {x + 0.46 * radius, y - 0.34 * radius}};

        dv_canvas_line(canvas, tick, 3, thickness, DV_INK_PAPER);
    } else if (verdict == DV_VERDICT_DOUBTFUL) {
        const double stroke[][2] = {{x, y - 0.5 * radius}, {x, y + 0.08 * radius}};

        dv_canvas_line(canvas, stroke, 2, thickness, DV_INK_PAPER);
        dv_canvas_disc(canvas, x, y + 0.48 * radius, thickness * 0.55, DV_INK_PAPER);
    } else {
        const double a = 0.36 * radius;
        const double down[][2] = {{x - a, y - a}, {x + a, y + a}}, up[][2] = {{x - a, y + a}, {x + a, y - a}};

        dv_canvas_line(canvas, down, 2, thickness, DV_INK_PAPER);
        dv_canvas_line(canvas, up, 2, thickness, DV_INK_PAPER);
    }
}

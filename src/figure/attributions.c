#include "figure/page.h"
#include "figure/weights.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 7,
    SIDE = 172,
    WORDS = SIDE + 28, /* their width */
    SPACE = 142,       /* above and below a map, for words */
    TOP = 24,          /* of these, above */
    LINE = 16,
    LINES = 4,    /* of what it took and where it comes from */
    STRONGEST = 2 /* regions of either sign that are named */
};

/* Below that a region is not worth a word. */
static const double least_share = 0.01;

/* Thin lines between the pixels of different superpixels. */
static void draw_borders(const dv_page *page, const dv_attribution *attribution, double x, double y)
{
    int width, height;
    dv_page_fit(page, SIDE, &width, &height);
    double right = (double)width / attribution->width, down = (double)height / attribution->height;

    for (int row = 0; row < attribution->height; row++)
        for (int column = 0; column < attribution->width; column++) {
            const int *segment = attribution->segments + row * attribution->width + column;

            if (column + 1 < attribution->width && segment[0] != segment[1])
                dv_canvas_rectangle(page->canvas, x + (column + 1) * right - 0.5, y + row * down, 1, down, DV_INK_DIM);
            if (row + 1 < attribution->height && segment[0] != segment[attribution->width])
                dv_canvas_rectangle(page->canvas, x + column * right, y + (row + 1) * down - 0.5, right, 1, DV_INK_DIM);
        }
}

/* "1000 calls, 49 superpixels, R2 0.91": what it took, against what, and how well it fits. */
static void describe_work(const dv_page *page, const dv_attribution *attribution, char *text, size_t size)
{
    char name[DV_PAGE_NAME_SIZE];
    int length = snprintf(text, size, "%lld call%s", (long long)attribution->teacher_calls,
                          attribution->teacher_calls == 1 ? "" : "s");

    if (attribution->baseline != DV_BASELINE_USUAL)
        length +=
            snprintf(text + length, size - (size_t)length, ", against %s", dv_baseline_words(attribution->baseline));
    if (attribution->against >= 0)
        length += snprintf(text + length, size - (size_t)length, ", against %s",
                           dv_page_short_name(page, attribution->against, name));
    if (attribution->segments)
        snprintf(text + length, size - (size_t)length, ", %d superpixels, R\xc2\xb2 %.2f", attribution->segment_count,
                 attribution->r2);
}

/* "middle +0.32, top +0.10" for the strongest regions of one sign; "" where there are none. */
static void describe_regions(const dv_attribution *attribution, int sign, char *text, size_t size)
{
    dv_map_region region[DV_MAP_REGIONS];
    size_t length = 0;

    dv_attribution_regions(attribution, region);
    text[0] = '\0';
    for (int i = 0; i < STRONGEST; i++) {
        const dv_map_region *at = &region[sign > 0 ? i : DV_MAP_REGIONS - 1 - i];

        if (at->share * sign >= least_share)
            length += (size_t)snprintf(text + length, size - length, "%s%s %+.2f", i ? ", " : "", at->name, at->share);
    }
}

static void draw_words(const dv_page *page, const dv_attribution *attribution, bool empty, double x, double y)
{
    dv_lettering text = {.size = 12, .ink = DV_INK_TEXT, .width = WORDS};
    dv_lettering dim = {.size = 12, .ink = DV_INK_DIM, .width = WORDS};
    char line[256];
    const char *citation = attribution->explainer->citation;
    int named = 0;

    y += 14;
    for (int sign = 1; sign >= -1; sign -= 2) {
        describe_regions(attribution, sign, line, sizeof line);
        if (!*line)
            continue;
        dv_canvas_text(page->canvas, x, y + LINE * named++, &text, "%s", line);
    }
    if (named == 0)
        dv_canvas_text(page->canvas, x, y, &text, empty ? "zero everywhere" : "no region stands out");
    y += 2 * LINE + 4;
    describe_work(page, attribution, line, sizeof line);
    int lines = dv_canvas_paragraph(page->canvas, x, y, &dim, LINE, 2, line);
    dv_canvas_paragraph(page->canvas, x, y + LINE * lines, &dim, LINE, LINES - lines,
                        *citation ? citation : attribution->explainer->meaning);
}

static bool draw_attribution(const dv_page *page, const dv_attribution *attribution, double x, double y,
                             dv_error *error)
{
    dv_lettering title = {.size = 13, .ink = DV_INK_TEXT, .bold = true, .width = WORDS};
    dv_lettering problem = {.size = 12, .ink = DV_INK_BAD, .width = SIDE};
    int width, height;

    dv_canvas_text(page->canvas, x, y + 13, &title, "%s", attribution->explainer->title);
    if (!attribution->map) {
        dv_canvas_paragraph(page->canvas, x, y + TOP + 12, &problem, LINE, 8, attribution->problem);
        return true;
    }
    float *plane = dv_attribution_plane(attribution, error);
    if (!plane)
        return false;
    double largest = dv_weight_largest(plane, (size_t)attribution->height * (size_t)attribution->width);
    bool done = dv_page_signed(page, plane, largest > 0 ? largest : 1, x, y + TOP, SIDE, error);

    free(plane);
    if (done && attribution->segments)
        draw_borders(page, attribution, x, y + TOP);
    dv_page_fit(page, SIDE, &width, &height);
    draw_words(page, attribution, largest == 0, x, y + TOP + height);
    return done;
}

bool dv_page_attributions(const dv_page *page, const dv_attributions *attributions, double x, double y, double *below,
                          dv_error *error)
{
    double inner = DV_PAGE_WIDTH - 2 * DV_PAGE_MARGIN, step = inner / COLUMNS;
    char title[DV_PAGE_NAME_SIZE + 64], name[DV_PAGE_NAME_SIZE];
    int width, height;

    snprintf(title, sizeof title, "Other explanations of %s, each on a scale of its own",
             dv_page_short_name(page, attributions->item[0]->class_index, name));
    y = dv_page_heading(page, x, y, inner, title,
                        "Orange: speaks for it. Blue: against. The numbers are each ninth's share of all that the map "
                        "says, with its sign.");
    dv_page_fit(page, SIDE, &width, &height);
    for (int i = 0; i < attributions->count; i++)
        if (!draw_attribution(page, attributions->item[i], x + i % COLUMNS * step,
                              y + i / COLUMNS * (double)(height + SPACE), error))
            return false;
    *below = y + (attributions->count + COLUMNS - 1) / COLUMNS * (double)(height + SPACE);
    return true;
}

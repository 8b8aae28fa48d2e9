#include "figure/page.h"
#include "figure/weights.h"
#include "vid/regions.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 7,
    SIDE = 172,
    WORDS = SIDE + 28, /* their width */
    TOP = 24,          /* above a map, for its title */
    LINE = 16,
    REGION_LINES = 2, /* of either sign, */
    MEANING_LINES = 4,
    WORK_LINES = 2,
    CITATION_LINES = 2, /* at most */
    SPACE = TOP + LINE * (2 * REGION_LINES + MEANING_LINES + WORK_LINES + CITATION_LINES) + 20
};

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
            snprintf(text + length, size - (size_t)length, ", baseline %s", dv_baseline_words(attribution->baseline));
    if (attribution->against >= 0)
        length += snprintf(text + length, size - (size_t)length, ", against %s",
                           dv_page_short_name(page, attribution->against, name));
    if (attribution->segments)
        snprintf(text + length, size - (size_t)length, ", %d superpixels, R\xc2\xb2 %.2f", attribution->segment_count,
                 attribution->r2);
}

static void draw_words(const dv_page *page, const dv_attribution *attribution, bool empty, double x, double y)
{
    dv_lettering text = {.size = 12, .ink = DV_INK_TEXT, .width = WORDS};
    dv_lettering dim = {.size = 12, .ink = DV_INK_DIM, .width = WORDS};
    char line[256], regions[DV_REGIONS_SIZE];
    int lines = 0;

    y += 14;
    for (int sign = 1; sign >= -1; sign -= 2) {
        if (dv_regions_tell(attribution, sign, regions) == 0)
            continue;
        snprintf(line, sizeof line, "%s: %s", sign > 0 ? "for" : "against", regions);
        lines += dv_canvas_paragraph(page->canvas, x, y + LINE * lines, &text, LINE, REGION_LINES, line);
    }
    if (lines == 0)
        dv_canvas_text(page->canvas, x, y, &text, empty ? "zero everywhere" : "no region stands out");
    y += LINE * (lines > 0 ? lines : 1) + 4;
    lines = dv_canvas_paragraph(page->canvas, x, y, &dim, LINE, MEANING_LINES, attribution->explainer->meaning);
    describe_work(page, attribution, line, sizeof line);
    lines += dv_canvas_paragraph(page->canvas, x, y + LINE * lines, &dim, LINE, WORK_LINES, line);
    dv_canvas_paragraph(page->canvas, x, y + LINE * lines, &dim, LINE, CITATION_LINES,
                        attribution->explainer->citation);
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

#include "figure/page.h"

#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 8, ROWS = 4, SIDE = 56, SPACE = 28, KEY_LINES = 3, BADGE = 15, REALISM_HEIGHT = 22 };

typedef struct ranked {
    double distance;
    int64_t index;
} ranked;

/* Nearest first; a distance that is no number comes last. */
static int compare_ranked(const void *a, const void *b)
{
    const ranked *left = a, *right = b;
    bool left_bad = isnan(left->distance), right_bad = isnan(right->distance);

    if (left_bad != right_bad)
        return left_bad - right_bad;
    if (!left_bad && left->distance != right->distance)
        return left->distance < right->distance ? -1 : 1;
    return (left->index > right->index) - (left->index < right->index);
}

/* Those of which it is known whether they are realistic: all but in exports of very many. */
static int64_t count_shown(const dv_explanation *explanation)
{
    return explanation->kept < DV_KEPT_NEIGHBORS ? explanation->kept : DV_KEPT_NEIGHBORS;
}

static ranked *rank_neighbors(const dv_explanation *explanation, dv_error *error)
{
    const int64_t count = count_shown(explanation);
    ranked *rank = dv_alloc((size_t)count, sizeof *rank, error);

    if (!rank)
        return NULL;
    for (int64_t i = 0; i < count; i++) {
        const float *latent = explanation->latents + i * explanation->latent;

        rank[i].index = i;
        for (int l = 0; l < explanation->latent; l++)
            rank[i].distance += pow(latent[l] - explanation->center[l], 2);
    }
    qsort(rank, (size_t)count, sizeof *rank, compare_ranked);
    return rank;
}

/* A sign that is no colour. */
static void draw_badge(const dv_page *page, double x, double y)
{
    dv_lettering cross = {.size = 15, .ink = DV_INK_TEXT, .bold = true, .width = BADGE};

    dv_canvas_rectangle(page->canvas, x, y, BADGE, BADGE, DV_INK_PAPER);
    dv_canvas_text(page->canvas, x + 3, y + 12, &cross, "\xc3\x97");
}

static bool draw_tile(const dv_page *page, int64_t index, double x, double y, double width, dv_error *error)
{
    const dv_explanation *explanation = page->explanation;
    size_t size = (size_t)explanation->channels * (size_t)explanation->height * (size_t)explanation->width;
    int class_index = explanation->neighbor_classes[index], picture_width, picture_height;
    dv_lettering text = {.size = 11, .ink = DV_INK_TEXT, .width = width - 6};

    if (!dv_page_picture(page, explanation->neighbors + (size_t)index * size, x, y, SIDE, error))
        return false;
    dv_page_fit(page, SIDE, &picture_width, &picture_height);
    if (dv_realism_marks(&explanation->fidelity.realism, index))
        draw_badge(page, x + picture_width - BADGE, y);
    dv_canvas_rectangle(page->canvas, x, y + picture_height + 3, SIDE, 4, dv_ink_class(class_index));
    dv_canvas_text(page->canvas, x, y + picture_height + 19, &text, "%s", dv_page_class_name(page, class_index));
    return true;
}

static bool draw_tiles(const dv_page *page, double x, double y, double width, double pitch, int count, dv_error *error)
{
    int64_t last = count_shown(page->explanation) - 1;
    double step = (width - SIDE) / (COLUMNS - 1);
    ranked *rank = rank_neighbors(page->explanation, error);
    bool done = rank != NULL;

    for (int i = 0; done && i < count; i++) {
        int64_t place = count > 1 ? (int64_t)i * last / (count - 1) : 0;

        done = draw_tile(page, rank[place].index, x + i % COLUMNS * step, y + i / COLUMNS * pitch, step, error);
    }
    free(rank);
    return done;
}

static int compare_tally(const void *a, const void *b)
{
    const dv_tally *left = a, *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->class_index - right->class_index;
}

static bool draw_key(const dv_page *page, double x, double y, double width, double *below, dv_error *error)
{
    const dv_explanation *explanation = page->explanation;
    dv_tally *tally = dv_alloc((size_t)explanation->classes, sizeof *tally, error);
    int named = 0;

    if (!tally)
        return false;
    for (int k = 0; k < explanation->classes; k++)
        tally[k] = (dv_tally){.class_index = k, .name = dv_page_class_name(page, k)};
    for (int64_t i = 0; i < explanation->count; i++)
        tally[explanation->neighbor_classes[i]].count++;
    qsort(tally, (size_t)explanation->classes, sizeof *tally, compare_tally);
    while (named < explanation->classes && tally[named].count > 0)
        named++;
    *below = dv_chart_key(page->canvas, x, y, width, KEY_LINES, tally, named);
    free(tally);
    return true;
}

/* Returns the y below it. */
static double draw_realism(const dv_page *page, double x, double y, double width)
{
    const dv_explanation *explanation = page->explanation;
    const dv_realism *realism = &explanation->fidelity.realism;
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = width};
    char text[DV_REASON_SIZE];

    dv_realism_tell(realism, explanation->options.unrealistic, text);
    if (!*text)
        return y;
    dv_canvas_text(page->canvas, x, y + 12, &dim, "%s%s", realism->unrealistic > 0 ? "\xc3\x97 " : "", text);
    return y + REALISM_HEIGHT;
}

bool dv_page_neighbors(const dv_page *page, double x, double y, double width, double *below, dv_error *error)
{
    int64_t all = page->explanation->count;
    int count = all < COLUMNS * ROWS ? (int)all : COLUMNS * ROWS, picture_width, picture_height;
    char title[96];

    if (count < all)
        snprintf(title, sizeof title, "%d of %" PRId64 " neighbours, nearest first", count, all);
    else
        snprintf(title, sizeof title, "All %d neighbours, nearest first", count);
    y = dv_page_heading(page, x, y, width, title,
                        page->explanation->multi_label
                            ? "What the student learned from, with the label that the teacher finds likeliest."
                            : "What the student learned from, with the class that the teacher names.");
    dv_page_fit(page, SIDE, &picture_width, &picture_height);
    if (!draw_tiles(page, x, y, width, picture_height + SPACE, count, error))
        return false;
    y += (count + COLUMNS - 1) / COLUMNS * (picture_height + SPACE) + 8;
    y = draw_realism(page, x, y, width);
    return draw_key(page, x, y, width, below, error);
}

#include "figure/page.h"
#include "figure/sheet.h"

#include "base/file.h"
#include "base/memory.h"
#include "study/cell_words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SIDE = 196, /* of the means */
    SIDE_GAP = 20,
    HEADS = 4,
    BARS_GAP = 44,
    BARS = 10, /* latent dimensions at most */
    BAR_PITCH = 25,
    CAPTION = 58, /* three lines */
    LINE = 17,
    MAP_SIDE = 168, /* of a prototype's map */
    TILE = 84,
    TILE_PITCH = 112,
    TILE_ROW = TILE + 22,
    ROW_NAME = 150,
    PROTOTYPE_GAP = 34,
    SCALE_HEIGHT = 12,
};

typedef struct sheet {
    dv_canvas *canvas;
    const dv_bundle *bundle;
    const dv_cell_findings *cell;
    const char *truth, *said;
    size_t plane, pixels;
    float *room; /* a picture or a map */
} sheet;

/* ---- pictures and maps ------------------------------------------------------------- */

static bool show_picture(const sheet *it, const float *picture, double x, double y, int side, dv_error *error)
{
    const dv_cell_findings *cell = it->cell;
    return dv_sheet_show(it->canvas, dv_image_from_floats(picture, cell->channels, cell->height, cell->width, error), x,
                         y, side);
}

static bool show_map(const sheet *it, const float *map, double x, double y, int side, dv_error *error)
{
    dv_image *image = dv_image_new(it->cell->width, it->cell->height, 3, error);

    for (size_t p = 0; image && p < it->plane; p++)
        dv_colormap_diverging((double)map[p] / it->cell->scale, image->pixel + 3 * p);
    return dv_sheet_show(it->canvas, image, x, y, side);
}

/* The mean map without pixels that the pictures disagree about. */
static bool show_agreed(const sheet *it, double x, double y, dv_error *error)
{
    dv_cell_agreed_map(it->cell, it->room);
    return show_map(it, it->room, x, y, SIDE, error);
}

static void caption(const sheet *it, double x, double y, const char *title, const char *words)
{
    const dv_lettering bold = {.size = 13.5, .ink = DV_INK_TEXT, .bold = true, .width = SIDE};
    const dv_lettering dim = {.size = 12.5, .ink = DV_INK_DIM, .width = SIDE};

    dv_canvas_text(it->canvas, x, y, &bold, "%s", title);
    dv_canvas_paragraph(it->canvas, x, y + LINE, &dim, LINE, 2, words);
}

static bool draw_heads(const sheet *it, double y, dv_error *error)
{
    const dv_cell_findings *cell = it->cell;
    const double step = SIDE + SIDE_GAP, below = y + SIDE + 20;
    double x = DV_SHEET_MARGIN;
    char words[4][160];

    snprintf(words[0], sizeof words[0], "mean of the %" PRId64 " pictures", cell->count);
    snprintf(words[1], sizeof words[1], "mean of those that the teacher calls %.60s", it->truth);
    snprintf(words[2], sizeof words[2], "mean map; colours end at %.2g", it->cell->scale);
    snprintf(words[3], sizeof words[3], "where %.0f %% of the pictures or more have its sign",
             100 * DV_CELL_MOST_AGREE);
    if (!show_picture(it, cell->picture, x, y, SIDE, error))
        return false;
    caption(it, x, below, cell->selected ? "The selection" : "Confused", words[0]);
    x += step;
    if (cell->right > 0 && !show_picture(it, cell->right_picture, x, y, SIDE, error))
        return false;
    caption(it, x, below, cell->right > 0 ? "Rightly named" : "None rightly named", cell->right > 0 ? words[1] : "");
    x += step;
    if (!show_map(it, cell->map, x, y, SIDE, error))
        return false;
    caption(it, x, below, "What speaks for either", words[2]);
    x += step;
    if (!show_agreed(it, x, y, error))
        return false;
    caption(it, x, below, "The same in most", words[3]);
    return true;
}

/* ---- latent dimensions ---------------------------------------------------------------- */

static double bar_value(const dv_cell_findings *cell, int dimension)
{
    return (double)(cell->right > 0 ? cell->effect : cell->slope)[dimension];
}

static void draw_bar(const sheet *it, int dimension, double largest, double x, double y, double width)
{
    const dv_cell_findings *cell = it->cell;
    const double names = 40, numbers = 150, half = (width - names - numbers) / 2, middle = x + names + half;
    const double value = bar_value(cell, dimension), length = largest > 0 ? fabs(value) / largest * half : 0;
    const dv_lettering name = {.size = 13, .ink = DV_INK_TEXT};
    const dv_lettering number = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_RIGHT};
    uint8_t rgb[3];

    dv_colormap_diverging(value < 0 ? -0.75 : 0.75, rgb);
    dv_canvas_rectangle(it->canvas, middle - half, y + 3, 2 * half, 13, DV_INK_TRACK);
    dv_canvas_rectangle(it->canvas, value < 0 ? middle - length : middle, y + 3, length, 13, dv_ink_of(rgb));
    dv_canvas_text(it->canvas, x, y + 14, &name, "z%d", dimension);
    if (cell->right > 0)
        dv_canvas_text(it->canvas, x + width, y + 14, &number, "%+.2f \xc3\x97 %+.2f = %+.2f",
                       (double)cell->slope[dimension], (double)cell->shift[dimension], value);
    else
        dv_canvas_text(it->canvas, x + width, y + 14, &number, "%+.2f", value);
}

static void draw_bars(const sheet *it, double y)
{
    const dv_cell_findings *cell = it->cell;
    const double x = DV_SHEET_MARGIN + HEADS * SIDE + (HEADS - 1) * SIDE_GAP + BARS_GAP;
    const double width = DV_SHEET_WIDTH - DV_SHEET_MARGIN - x;
    const dv_lettering bold = {.size = 13.5, .ink = DV_INK_TEXT, .bold = true, .width = width};
    const dv_lettering dim = {.size = 12.5, .ink = DV_INK_DIM, .width = width};
    const double largest = fabs(bar_value(cell, cell->order[0]));

    dv_canvas_text(it->canvas, x, y + 11, &bold, "Latent dimensions that separate");
    dv_canvas_text(it->canvas, x, y + 29, &dim, "%s",
                   cell->right > 0 ? "log-odds by step \xc3\x97 how far the confused lie from the right"
                                   : "log-odds by step");
    for (int i = 0; i < cell->latent && i < BARS; i++)
        draw_bar(it, cell->order[i], largest, x, y + 40 + i * BAR_PITCH, width);
}

/* ---- the scale --------------------------------------------------------------------------- */

/* Blue speaks for the truth, orange for what is said. */
static double draw_scale(const sheet *it, double y, dv_error *error)
{
    const double width = HEADS * SIDE + (HEADS - 1) * SIDE_GAP, quarter = width / 4;
    const dv_lettering left = {.size = 13, .ink = DV_INK_TEXT, .align = DV_ALIGN_RIGHT, .width = quarter - 10};
    const dv_lettering right = {.size = 13, .ink = DV_INK_TEXT, .width = quarter - 10};
    dv_image *image = dv_image_new(DV_COLORMAP_LEVELS, 1, 3, error);

    if (!image)
        return -1;
    for (int i = 0; i < DV_COLORMAP_LEVELS; i++)
        dv_colormap_diverging_level(i, image->pixel + 3 * (size_t)i);
    dv_canvas_picture(it->canvas, image, DV_SHEET_MARGIN + quarter, y, 2 * quarter, SCALE_HEIGHT);
    dv_image_free(image);
    dv_canvas_text(it->canvas, DV_SHEET_MARGIN + quarter - 10, y + 11, &left, "speaks for %s", it->truth);
    dv_canvas_text(it->canvas, DV_SHEET_MARGIN + 3 * quarter + 10, y + 11, &right, "speaks for %s", it->said);
    return y + SCALE_HEIGHT;
}

/* ---- prototypes ----------------------------------------------------------------------------- */

/* A picture of the bundle with its number. */
static bool draw_tile(const sheet *it, int64_t index, double x, double y, dv_error *error)
{
    const dv_lettering number = {.size = 11.5, .ink = DV_INK_DIM, .width = TILE_PITCH - 8};

    if (!dv_bundle_get_picture(it->bundle, index, it->room, error) || !show_picture(it, it->room, x, y, TILE, error))
        return false;
    dv_canvas_text(it->canvas, x, y + TILE + 14, &number, "%" PRId64, index);
    return true;
}

static void name_row(const sheet *it, double x, double y, const char *first, const char *second)
{
    const dv_lettering text = {.size = 13, .ink = DV_INK_TEXT, .width = ROW_NAME - 14};
    const dv_lettering dim = {.size = 12.5, .ink = DV_INK_DIM, .width = ROW_NAME - 14};

    dv_canvas_text(it->canvas, x, y + 24, &text, "%s", first);
    dv_canvas_paragraph(it->canvas, x, y + 24 + LINE, &dim, LINE, 3, second);
}

static bool draw_examples(const sheet *it, const dv_cell_prototype *prototype, double x, double y, dv_error *error)
{
    bool countered = false;
    char words[160];

    name_row(it, x, y, "Exemplars", "whose maps are most like this one");
    for (int i = 0; i < prototype->exemplars; i++) {
        const double left = x + ROW_NAME + i * TILE_PITCH;

        countered |= prototype->counter[i] >= 0;
        if (!draw_tile(it, prototype->exemplar[i], left, y, error) ||
            (prototype->counter[i] >= 0 && !draw_tile(it, prototype->counter[i], left, y + TILE_ROW, error)))
            return false;
    }
    snprintf(words, sizeof words, "the nearest in latent space that are rightly called %.60s", it->truth);
    if (countered)
        name_row(it, x, y + TILE_ROW, "Counter-exemplars", words);
    return true;
}

static bool draw_prototype(const sheet *it, int place, double y, dv_error *error)
{
    const dv_cell_prototype *prototype = &it->cell->prototype[place];
    const dv_lettering bold = {.size = 13.5, .ink = DV_INK_TEXT, .bold = true, .width = MAP_SIDE};
    const double x = DV_SHEET_MARGIN;

    if (!show_map(it, prototype->map, x, y, MAP_SIDE, error))
        return false;
    dv_canvas_text(it->canvas, x, y + MAP_SIDE + 20, &bold, "%d: %" PRId64 " of %" PRId64, place + 1, prototype->count,
                   it->cell->count);
    return draw_examples(it, prototype, x + MAP_SIDE + 2 * SIDE_GAP, y, error);
}

static double draw_prototypes(const sheet *it, double y, dv_error *error)
{
    const dv_lettering heading = {.size = 17, .ink = DV_INK_TEXT, .bold = true, .width = DV_SHEET_INNER};
    const dv_lettering dim = {.size = 13, .ink = DV_INK_DIM, .width = DV_SHEET_INNER};
    const dv_cell_findings *cell = it->cell;

    dv_canvas_text(it->canvas, DV_SHEET_MARGIN, y, &heading, "%s",
                   cell->prototypes > 1 ? "Prototypes of the maps" : "One prototype");
    if (cell->prototypes > 1)
        dv_canvas_text(it->canvas, DV_SHEET_MARGIN, y + 21, &dim, "%d groups of like maps (mean silhouette %.2f)",
                       cell->prototypes, cell->silhouette);
    else
        dv_canvas_text(it->canvas, DV_SHEET_MARGIN, y + 21, &dim, "the maps do not fall into groups");
    y += 42;
    for (int g = 0; g < cell->prototypes; g++) {
        if (!draw_prototype(it, g, y, error))
            return -1;
        y += 2 * TILE_ROW + PROTOTYPE_GAP;
    }
    return y - PROTOTYPE_GAP;
}

/* ---- the page -------------------------------------------------------------------------------- */

static double draw(const sheet *it, double y, dv_error *error)
{
    const double bars = 40 + BAR_PITCH * fmin(BARS, it->cell->latent), heads = SIDE + CAPTION;
    double below;

    y += 14;
    if (!draw_heads(it, y, error))
        return -1;
    draw_bars(it, y);
    below = draw_scale(it, y + fmax(heads, bars) + 12, error);
    return below < 0 ? -1 : draw_prototypes(it, below + 52, error);
}

static void write_note(const dv_cell_findings *cell, char *note, size_t size)
{
    char students[128];
    int length;

    dv_page_describe_student(&cell->options, cell->options.ridge, students, sizeof students);
    length = snprintf(
        note, size,
        "Each picture is explained by a student of its own; a map is the difference of its weights for the two "
        "classes times the picture less half the mean neighbour, in log-odds at temperature %g. On fresh "
        "neighbours the students agree with the teacher in %.1f %% (KL %.3f); %" PRId64 " of %" PRId64
        " are not to be trusted by themselves. They learned from %" PRId64 " neighbours each (%s; %s, seed %llu).",
        cell->options.temperature, 100 * cell->agreement, cell->kl, cell->distrusted, cell->count,
        cell->options.neighbors, students, dv_neighborhood_name(cell->options.neighborhood),
        (unsigned long long)cell->options.seed);

    if (cell->count < cell->asked && length > 0 && (size_t)length < size)
        snprintf(note + length, size - (size_t)length,
                 " %" PRId64 " more are left out: their students do not tell both classes from the rest.",
                 cell->asked - cell->count);
}

dv_image *dv_figure_page_cell(const dv_bundle *bundle, const dv_cell_findings *cell, dv_error *error)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    char title[320], subtitle[448], note[896];
    const dv_page_words words = {.title = title, .subtitle = subtitle, .note = note};
    sheet it = {.bundle = bundle,
                .cell = cell,
                .truth = facts->class_names[cell->truth],
                .said = facts->class_names[cell->said],
                .plane = (size_t)cell->height * (size_t)cell->width};
    double y;

    it.pixels = it.plane * (size_t)cell->channels;
    snprintf(title, sizeof title, cell->selected ? "%.120s or %.120s?" : "Why is %.120s called %.120s?", it.truth,
             it.said);
    snprintf(subtitle, sizeof subtitle, "%.120s, %.80s: %" PRId64 " picture%s %s; %" PRId64 " of %.80s rightly named.",
             facts->name, dv_path_name(facts->teacher), cell->count, cell->count == 1 ? "" : "s",
             cell->selected ? "of a selection" : "of the cell", cell->right, it.truth);
    write_note(cell, note, sizeof note);
    if (!(it.room = dv_alloc(it.pixels, sizeof *it.room, error)))
        return NULL;
    it.canvas = dv_sheet_start(&words, &y, error);
    dv_image *image = NULL;
    if (it.canvas && (y = draw(&it, y, error)) > 0)
        image = dv_sheet_finish(it.canvas, &words, y, error);
    else
        dv_canvas_free(it.canvas);
    free(it.room);
    return image;
}

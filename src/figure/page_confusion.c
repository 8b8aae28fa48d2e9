#include "figure/sheet.h"

#include "base/memory.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NAMES = 190, /* width of the row names */
    RATES = 76,  /* width of the recall column */
    SIDE = 1000, /* of the matrix at most */
    LARGEST_CELL = 84,
    CELL_FOR_COUNT = 30,
    CELL_FOR_NAME = 64,
    CELL_FOR_NUMBER = 20,
    CELL_FOR_ROW = 13,
    SMALL_CELL = 8,
};

typedef struct matrix {
    dv_canvas *canvas;
    const dv_page_words *words;
    const dv_matrix_words *names;
    const dv_heat *heat;
    int64_t *row_sum, *column_sum;
    int64_t largest;
    double cell; /* its side */
    double x, y; /* of the top left corner */
} matrix;

static int64_t count_at(const matrix *m, int row, int column)
{
    return m->heat->count[(size_t)row * (size_t)m->heat->classes + (size_t)column];
}

/* Small cells are a picture. */
static bool draw_small_cells(const matrix *m, dv_error *error)
{
    int side = (int)(m->cell * m->heat->classes + 0.5);
    dv_plot plot = {.width = side, .height = side, .unit = 1, .background = {255, 255, 255}};
    dv_image *image = dv_figure_heat(&plot, m->heat, error);

    if (!image)
        return false;
    dv_canvas_picture(m->canvas, image, m->x, m->y, side, side);
    dv_image_free(image);
    return true;
}

static void draw_cell(const matrix *m, int row, int column)
{
    static const uint8_t paper[3] = {255, 255, 255};
    int64_t count = count_at(m, row, column);
    double level = dv_heat_level(count, m->row_sum[row], m->column_sum[column], m->largest, m->heat->mode);
    double x = m->x + column * m->cell, y = m->y + row * m->cell, gap = 2;
    dv_lettering text = {.size = fmin(14, m->cell * 0.32), .align = DV_ALIGN_CENTER, .width = m->cell - 4};
    uint8_t rgb[3];

    dv_heat_color(level, row == column, paper, rgb);
    dv_canvas_rectangle(m->canvas, x, y, m->cell - gap, m->cell - gap, dv_ink_of(rgb));
    if (count == 0 || m->cell < CELL_FOR_COUNT)
        return;
    text.ink = dv_heat_wants_dark_text(rgb) ? DV_INK_TEXT : DV_INK_PAPER;
    text.bold = row == column;
    dv_canvas_text(m->canvas, x + (m->cell - gap) / 2, y + m->cell / 2.0 + text.size * 0.32, &text, "%" PRId64, count);
}

/* Every so many classes get a label when cells are small. */
static int label_step(const matrix *m, double need)
{
    return (int)ceil(fmin(need / m->cell, m->heat->classes));
}

static void draw_rate(const matrix *m, double x, double y, int64_t right, int64_t all)
{
    dv_lettering rate = {.size = 12, .ink = DV_INK_DIM, .align = DV_ALIGN_CENTER};
    char text[32];

    dv_canvas_text(m->canvas, x, y, &rate, "%s",
                   dv_chart_percent(text, sizeof text, all > 0 ? (double)right / (double)all : NAN, 1));
}

static void draw_row_labels(const matrix *m)
{
    int classes = m->heat->classes, step = label_step(m, CELL_FOR_ROW);
    dv_lettering name = {.size = 13, .ink = DV_INK_TEXT, .align = DV_ALIGN_RIGHT, .width = NAMES - 14};

    for (int row = 0; row < classes; row += step) {
        double baseline = m->y + (row + 0.5) * m->cell + 4;

        if (m->cell >= CELL_FOR_NAME)
            dv_canvas_text(m->canvas, m->x - 12, baseline, &name, "%s", dv_sheet_class_name(m->words, row));
        else
            dv_canvas_text(m->canvas, m->x - 12, baseline, &name, "%s  %d", dv_sheet_class_name(m->words, row), row);
        draw_rate(m, m->x + classes * m->cell + RATES / 2.0, baseline, count_at(m, row, row), m->row_sum[row]);
    }
}

static void draw_column_labels(const matrix *m)
{
    int classes = m->heat->classes, step = label_step(m, CELL_FOR_NUMBER);
    double below = m->y + classes * m->cell + 18;
    dv_lettering name = {.size = 12, .ink = DV_INK_TEXT, .align = DV_ALIGN_CENTER, .width = m->cell - 4};

    for (int column = 0; column < classes; column += step) {
        double middle = m->x + (column + 0.5) * m->cell - 1;

        if (m->cell >= CELL_FOR_NAME) {
            dv_canvas_text(m->canvas, middle, m->y - 10, &name, "%s", dv_sheet_class_name(m->words, column));
            draw_rate(m, middle, below, count_at(m, column, column), m->column_sum[column]);
        } else {
            name.width = 0;
            dv_canvas_text(m->canvas, middle, m->y - 10, &name, "%d", column);
        }
    }
}

/* What the axes, the sides and the colours are. */
static double draw_words(const matrix *m)
{
    double side = m->heat->classes * m->cell, y = m->y + side + (m->cell >= CELL_FOR_NAME ? 18 : 0);
    dv_lettering axis = {.size = 13, .ink = DV_INK_DIM, .bold = true};
    dv_lettering dim = {.size = 13, .ink = DV_INK_DIM};
    double x = m->x, used;
    uint8_t rgb[3];

    dv_canvas_text(m->canvas, m->x, m->y - 32, &axis, "%s", m->names->columns);
    axis.align = DV_ALIGN_RIGHT;
    dv_canvas_text(m->canvas, m->x - 12, m->y - 10, &axis, "%s", m->names->rows);
    if (m->cell >= CELL_FOR_NAME)
        dv_canvas_text(m->canvas, m->x - 12, y, &axis, "%s", m->names->column_rate);
    axis.align = DV_ALIGN_CENTER;
    dv_canvas_text(m->canvas, m->x + side + RATES / 2.0, m->y - 10, &axis, "%s", m->names->row_rate);
    y += 22;
    used = dv_canvas_text(m->canvas, x, y + 12, &dim, "%s", m->names->color[m->heat->mode]);
    x += used + 28;
    for (int right = 1; right >= 0; right--) {
        x += dv_canvas_text(m->canvas, x, y + 12, &dim, "%s", right ? m->names->diagonal : m->names->beside) + 8;
        for (int level = 1; level <= 8; level++, x += 14) {
            dv_heat_color(level / 8.0, right, (const uint8_t[3]){255, 255, 255}, rgb);
            dv_canvas_rectangle(m->canvas, x, y, 14, 14, dv_ink_of(rgb));
        }
        x += 24;
    }
    return y + 22;
}

static bool draw_matrix(const matrix *m, dv_error *error)
{
    const dv_heat *heat = m->heat;

    draw_row_labels(m);
    draw_column_labels(m);
    if (m->cell < SMALL_CELL)
        return draw_small_cells(m, error);
    for (int row = 0; row < heat->classes; row++)
        for (int column = 0; column < heat->classes; column++)
            draw_cell(m, row, column);
    if (heat->row >= 0 || heat->column >= 0)
        dv_canvas_frame(m->canvas, m->x + fmax(heat->column, 0) * m->cell, m->y + fmax(heat->row, 0) * m->cell,
                        m->cell * (heat->column < 0 ? heat->classes : 1) - 2,
                        m->cell * (heat->row < 0 ? heat->classes : 1) - 2, 2, DV_INK_TEXT);
    return true;
}

dv_image *dv_figure_page_matrix(const dv_page_words *words, const dv_matrix_words *names, const dv_heat *heat,
                                dv_error *error)
{
    matrix m = {.words = words, .names = names, .heat = heat, .x = DV_SHEET_MARGIN + NAMES};
    dv_image *image = NULL;

    m.row_sum = dv_alloc((size_t)heat->classes, sizeof *m.row_sum, error);
    m.column_sum = m.row_sum ? dv_alloc((size_t)heat->classes, sizeof *m.column_sum, error) : NULL;
    m.canvas = m.column_sum ? dv_sheet_start(words, &m.y, error) : NULL;
    if (m.canvas) {
        m.cell = fmin(SIDE / (double)heat->classes, LARGEST_CELL);
        m.cell = m.cell >= 1 ? floor(m.cell) : m.cell;
        m.y += 40;
        m.largest = dv_heat_wholes(heat, m.row_sum, m.column_sum);
        if (draw_matrix(&m, error))
            image = dv_sheet_finish(m.canvas, words, draw_words(&m), error);
        else
            dv_canvas_free(m.canvas);
    }
    free(m.row_sum);
    free(m.column_sum);
    return image;
}

dv_image *dv_figure_page_confusion(const dv_page_words *words, const dv_heat *heat, dv_error *error)
{
    static const dv_matrix_words names = {
        .rows = "true label",
        .columns = "prediction",
        .row_rate = "recall",
        .column_rate = "precision",
        .diagonal = "right",
        .beside = "wrong",
        .color = {[DV_HEAT_ROW] = "Colour: share of the true class (root scale).",
                  [DV_HEAT_COLUMN] = "Colour: share of the prediction (root scale).",
                  [DV_HEAT_ABSOLUTE] = "Colour: count (logarithmic scale)."},
    };

    return dv_figure_page_matrix(words, &names, heat, error);
}

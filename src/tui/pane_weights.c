/* The student's weight maps, one a class; the cursor is on one of them. */
#include "figure/weights.h"
#include "tui/control.h"
#include "tui/explainer.h"
#include "tui/maps.h"
#include "tui/pane.h"
#include "vid/regions.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_MAPS = 16,
    CAPTION = 14,     /* columns for the names of many classes, which are longer */
    LEGEND_ROOM = 24, /* columns of the meaning that the scale leaves at least */
    STEPS = 8,        /* of colour in each direction */
    STEPS_SLOW = 4,   /* on a slow line */
    TABLE_TOP = 3,    /* rows above the lines that stand for maps without graphics, */
    NAME = 13,        /* and their columns */
    FIGURE = 16,
    AGAINST = 8, /* columns before regions, */
    NARROW = 44, /* in so few of which they are wrapped */
};

/* The tiles in a pane, and what they show. */
typedef struct sheet {
    dv_grid grid;
    dv_area below; /* heading and legend */
    bool legend;   /* a row of its own */
    bool in_text;  /* a line a map, since there are no graphics */
    int count;
    int classes[MOST_MAPS];
} sheet;

static void lay_out_lines(const dv_pane *pane, sheet *out)
{
    int room = pane->area.rows - TABLE_TOP;
    room = room < 0 ? 0 : room < MOST_MAPS ? room : MOST_MAPS;
    out->in_text = true;
    out->grid = (dv_grid){.columns = 1, .pitch_rows = 1, .pitch_columns = pane->area.columns};
    out->below = pane->area;
    dv_area_cut_top(&out->below, TABLE_TOP);
    out->count = out->grid.rows = dv_model_rank_classes(pane->model, room, out->classes);
}

/* False when there is no room. */
static bool lay_out(const dv_pane *pane, sheet *out)
{
    const dv_bundle_facts *facts = pane->model->facts;
    int wanted = facts->classes < MOST_MAPS ? facts->classes : MOST_MAPS;
    dv_grid_wish wish = {.rows = pane->area.rows - 1,
                         .columns = pane->area.columns,
                         .height = facts->height,
                         .width = facts->width,
                         .wanted = wanted,
                         .most = wanted,
                         .captions = true,
                         .caption = facts->classes > MOST_MAPS ? CAPTION : 0};
    dv_cell cell = dv_cell_of(pane->screen);
    if (cell.graphics == DV_GRAPHICS_OFF || cell.graphics == DV_GRAPHICS_ASCII) { /* letters have no sign */
        lay_out_lines(pane, out);
        return true;
    }
    if (!dv_grid_fit(&cell, &wish, &out->grid))
        return false;
    out->below = pane->area;
    dv_area_cut_top(&out->below, 1);
    out->legend = wish.rows > out->grid.rows * out->grid.pitch_rows;
    if (out->legend)
        dv_area_cut_top(&out->below, 1);
    out->count = dv_model_rank_classes(pane->model, out->grid.count, out->classes);
    return true;
}

static int place_of(const sheet *it, int class)
{
    for (int i = 0; i < it->count; i++)
        if (it->classes[i] == class)
            return i;
    return -1;
}

static dv_style caption_style(const dv_pane *pane, const dv_map_style *style, int class)
{
    if (class == dv_maps_class(pane->model))
        return pane->focused ? DV_STYLE_SELECTED : DV_STYLE_TITLE;
    bool is_against = style->kind == DV_MAP_DIFFERENCE && class == style->against;
    return is_against || class == pane->model->explanation->teacher_class ? DV_STYLE_TEXT : DV_STYLE_DIM;
}

/* ---- without graphics ------------------------------------------------------------------ */

/* "+0.31 at 4,12", the row and the column from 0; the strongest pixel of a map in one direction. */
static void draw_strongest(const dv_pane *pane, int row, int column, const float *map, double sign)
{
    const dv_bundle_facts *facts = pane->model->facts;
    int best = -1;
    for (int i = 0; i < facts->height * facts->width; i++)
        if (map[i] * sign > 0 && (best < 0 || map[i] * sign > map[best] * sign))
            best = i;
    if (best >= 0)
        dv_pane_text(pane, row, column, 0, DV_STYLE_TEXT, "%+.2g at %d,%d", (double)map[best], best / facts->width,
                     best % facts->width);
}

static void draw_table(const dv_pane *pane, const sheet *it, const dv_map_style *style)
{
    const dv_model *model = pane->model;
    size_t pixels = (size_t)model->facts->height * (size_t)model->facts->width;
    float *map = dv_weight_maps(model->explanation, style->kind, style->against, it->classes, it->count, NULL);
    char meaning[DV_MEANING_SIZE];
    dv_maps_meaning(model, meaning);
    dv_pane_text(pane, 1, 0, 0, DV_STYLE_DIM, "%s", meaning);
    dv_pane_text(pane, 2, 0, 0, DV_STYLE_DIM, "%-*s%-*s%s", NAME, "strongest", FIGURE, "for it", "against it");
    for (int i = 0; map && i < it->count; i++) {
        dv_pane_text(pane, TABLE_TOP + i, 0, NAME - 1, caption_style(pane, style, it->classes[i]), "%s",
                     dv_model_class_name(model, it->classes[i]));
        draw_strongest(pane, TABLE_TOP + i, NAME, map + (size_t)i * pixels, 1);
        draw_strongest(pane, TABLE_TOP + i, NAME + FIGURE, map + (size_t)i * pixels, -1);
    }
    free(map);
}

/* What the map under the cursor says, for those who do not see the colours; both signs in one row if need be. */
static void draw_regions(const dv_pane *pane, dv_area area, const dv_map_style *style)
{
    const dv_model *model = pane->model;
    const int class = dv_maps_class(model), room = area.rows > 1 ? area.columns : area.columns / 2;
    char regions[DV_REGIONS_SIZE], line[DV_REGIONS_SIZE + 16];
    float *map =
        area.rows > 0 ? dv_weight_maps(model->explanation, style->kind, style->against, &class, 1, NULL) : NULL;
    dv_pane words = *pane;
    words.area = area;
    for (int sign = 1, row = 0; map && sign >= -1; sign -= 2) {
        dv_regions_tell_plane(map, model->facts->height, model->facts->width, sign, regions);
        if (area.columns > NARROW)
            dv_regions_fit(regions, room - AGAINST);
        snprintf(line, sizeof(line), "%-*s%s", AGAINST, sign > 0 ? "for it" : "against",
                 regions[0] ? regions : "no region");
        if (area.rows > 1)
            row += dv_pane_wrap(&words, row, 0, area.rows - row, DV_STYLE_DIM, line);
        else
            dv_pane_text(&words, 0, sign > 0 ? 0 : room, room, DV_STYLE_DIM, "%s", line);
    }
    free(map);
}

/* Below the maps, or else behind the last of them. */
static dv_area place_of_regions(const dv_pane *pane, const sheet *it)
{
    const dv_grid *grid = &it->grid;
    dv_area below = pane->area, behind = it->below;
    const int used = it->below.row - pane->area.row + grid->rows * grid->pitch_rows;
    const int last = it->count % grid->columns;
    dv_area_cut_top(&below, used < below.rows ? used : below.rows);
    if (below.rows > 0 || last == 0)
        return below;
    dv_area_cut_top(&behind, (grid->rows - 1) * grid->pitch_rows);
    dv_area_cut_left(&behind, last * grid->pitch_columns);
    return behind.columns < AGAINST + FIGURE ? below : behind;
}

/* ---- drawing ------------------------------------------------------------------------- */

static void draw_legend(const dv_pane *pane, const dv_map_style *style)
{
    char meaning[DV_MEANING_SIZE];
    dv_maps_meaning(pane->model, meaning);
    int end = pane->area.columns;
    if (style->own_scale)
        end -= dv_pane_text(pane, 1, end > 19 ? end - 19 : 0, 0, DV_STYLE_DIM, "each its own scale") + 2;
    else
        end = dv_pane_scale(pane, 1, LEGEND_ROOM, end, style->scale);
    dv_pane_text(pane, 1, 0, end, DV_STYLE_DIM, "%s", meaning);
}

static void draw_caption(const dv_pane *pane, const sheet *it, int tile, const dv_map_style *style)
{
    const dv_explanation *explanation = pane->model->explanation;
    int class = it->classes[tile], row = tile / it->grid.columns, column = tile % it->grid.columns;
    bool is_against = style->kind == DV_MAP_DIFFERENCE && class == style->against;
    const char *mark = dv_model_mark(pane->model, class) == 1 ? "●" : class == explanation->teacher_class ? "○" : "";
    dv_pane_text(pane, it->below.row - pane->area.row + row * it->grid.pitch_rows, column * it->grid.pitch_columns,
                 it->grid.pitch_columns - 1, caption_style(pane, style, class), "%s%s%s", is_against ? "−" : "", mark,
                 dv_model_class_name(pane->model, class));
}

static void draw_row(const dv_pane *pane, const sheet *it, int row, const dv_map_style *style)
{
    int first = row * it->grid.columns;
    int here = it->count - first < it->grid.columns ? it->count - first : it->grid.columns;
    dv_tiles tiles = it->grid.tiles;
    tiles.count = tiles.columns = here;
    dv_area place = dv_grid_strip(&it->grid, it->below, row);
    place.columns = here * it->grid.pitch_columns;
    dv_pane_image(pane, place, dv_figure_maps(&tiles, pane->model->explanation, it->classes + first, style, NULL));
}

static void draw_pane(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_student_state *student = &model->student;
    if (dv_explainer_shown(model)) {
        dv_explainer_draw(pane);
        return;
    }
    if (!model->explanation) {
        dv_pane_heading(pane, "Weight maps", "%s", "");
        return;
    }
    sheet it = {0};
    dv_map_style style = dv_maps_style(model);
    style.steps = dv_screen_slow(pane->screen) ? STEPS_SLOW : STEPS;
    bool fits = lay_out(pane, &it);
    char scale[24] = "";
    if (!it.legend && !style.own_scale)
        snprintf(scale, sizeof(scale), ", ±%.2g", style.scale);
    dv_pane_heading(pane, "Weight maps", "%s%s%s", dv_map_kind_name(student->kind),
                    student->overlay ? " on the picture" : "", scale);
    if (!fits) {
        dv_pane_say(pane, "no room");
        return;
    }
    if (it.in_text) {
        draw_table(pane, &it, &style);
        draw_regions(pane, place_of_regions(pane, &it), &style);
        return;
    }
    if (it.legend)
        draw_legend(pane, &style);
    for (int i = 0; i < it.count; i++)
        draw_caption(pane, &it, i, &style);
    for (int row = 0; row * it.grid.columns < it.count; row++)
        draw_row(pane, &it, row, &style);
    draw_regions(pane, place_of_regions(pane, &it), &style);
}

/* ---- keys and mouse --------------------------------------------------------------------- */

static void choose(dv_control *control, int class)
{
    control->model->student.class_index = class;
}

/* Moves the cursor by so many maps, or by so many rows of them. */
static void move(dv_control *control, int step, bool by_rows)
{
    dv_pane pane;
    sheet it = {0};
    if (dv_explainer_shown(control->model)) {
        dv_explainer_step_class(control->model, step);
        return;
    }
    if (!control->model->explanation || !dv_control_find_pane(control, &dv_pane_weights, &pane) || !lay_out(&pane, &it))
        return;
    int now = place_of(&it, dv_maps_class(control->model));
    int next = now < 0 ? 0 : now + step * (by_rows ? it.grid.columns : 1);
    if (next >= 0 && next < it.count)
        choose(control, it.classes[next]);
}

static void move_column(dv_control *control, int step, const char *argument)
{
    (void)argument;
    move(control, step, false);
}

static void move_row(dv_control *control, int step, const char *argument)
{
    (void)argument;
    move(control, step, true);
}

static void mouse(dv_control *control, const dv_pane *pane, const dv_mouse *mouse)
{
    sheet it = {0};
    if (mouse->kind != DV_MOUSE_PRESS || dv_explainer_shown(pane->model) || !pane->model->explanation ||
        !lay_out(pane, &it))
        return;
    int row = mouse->row - (it.below.row - pane->area.row), column = mouse->column / it.grid.pitch_columns;
    int tile = row / it.grid.pitch_rows * it.grid.columns + column;
    if (row >= 0 && column < it.grid.columns && tile < it.count)
        choose(control, it.classes[tile]);
}

static const dv_action rows[] = {
    {"map-right", "next map; the one before", {DV_KEY_RIGHT, 'l'}, move_column, 1, .hint = "map"},
    {"map-left", "", {DV_KEY_LEFT, 'h'}, move_column, -1},
    {"map-down", "the map below; above", {DV_KEY_DOWN, 'j'}, move_row, 1},
    {"map-up", "", {DV_KEY_UP, 'k'}, move_row, -1},
};

static const dv_action_set actions = DV_ACTION_SET("Weight maps", rows);

/* ---- zoom ------------------------------------------------------------------------------- */

static int count_maps(const dv_model *model, int *chosen)
{
    const dv_explanation *explanation = model->explanation;
    if (dv_explainer_shown(model))
        return dv_explainer_map(model) != NULL;
    if (!explanation)
        return 0;
    *chosen = dv_explanation_row(explanation, dv_maps_class(model));
    return dv_model_named_rows(explanation);
}

/* The largest magnitude of one map: its own scale. */
static double own_scale(const dv_model *model, int class, const dv_map_style *style)
{
    const dv_bundle_facts *facts = model->facts;
    float *map = dv_weight_maps(model->explanation, style->kind, style->against, &class, 1, NULL);
    double scale = map ? dv_weight_largest(map, (size_t)facts->height * (size_t)facts->width) : 0;
    free(map);
    return scale;
}

static dv_image *paint_map(const dv_model *model, int row, const dv_tiles *tile, dv_close_up *close_up)
{
    if (dv_explainer_shown(model))
        return dv_explainer_paint(model, tile, close_up);
    dv_map_style style = dv_maps_style(model);
    int class = model->explanation->row_class[row];
    bool differs = style.kind == DV_MAP_DIFFERENCE;
    close_up->scale = style.own_scale ? own_scale(model, class, &style) : style.scale;
    snprintf(close_up->title, sizeof(close_up->title), "%s%s%s", dv_model_class_name(model, class),
             differs ? " minus " : "", differs ? dv_model_class_name(model, style.against) : "");
    dv_maps_meaning(model, close_up->note);
    return dv_figure_maps(tile, model->explanation, &class, &style, NULL);
}

static const dv_zoom zoom = {.count = count_maps, .paint = paint_map};

const dv_pane_kind dv_pane_weights = {.name = "weights",
                                      .actions = &actions,
                                      .draw = draw_pane,
                                      .need = dv_explainer_need,
                                      .mouse = mouse,
                                      .zoom = &zoom};

/* Another explainer's map of one class, in place of the student's weight maps. */
#include "tui/explainer.h"

#include "base/hash.h"
#include "tui/maps.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    WORDS = 25,  /* columns beside the map, */
    LINES = 11,  /* or rows below it; */
    AGAINST = 8, /* columns before the names of regions */
    NAMED = 3,   /* regions of either sign */
    NAME_SIZE = 120,
    STEPS = 8, /* of colour in each direction */
    STEPS_SLOW = 4,
};

static const dv_explainer *chosen(const dv_model *model)
{
    return dv_explainer_at(model->student.explainer);
}

bool dv_explainer_shown(const dv_model *model)
{
    return chosen(model) != NULL;
}

const dv_attribution *dv_explainer_map(const dv_model *model)
{
    bool asked = dv_model_has_explanation(model) && dv_model_is_answered(model, DV_JOB_ATTRIBUTE);
    const dv_attribution *made = asked ? dv_model_result(model, DV_JOB_ATTRIBUTE) : NULL;
    return made && made->map && made->explainer == chosen(model) ? made : NULL;
}

/* ---- asking ------------------------------------------------------------------------- */

/* The student's own maps depend on the whole wish; all others on the picture and the seed. */
static uint64_t key_of(const dv_control *control, int class)
{
    const dv_model *model = control->model;
    int explainer = model->student.explainer;
    if (!*chosen(model)->citation)
        return dv_control_request_key(control, explainer, class);
    const int64_t parts[] = {explainer, class, model->wish.options.index, (int64_t)model->wish.options.seed};
    return dv_hash(DV_HASH_START, parts, sizeof parts) | 1;
}

void dv_explainer_need(dv_control *control)
{
    const dv_model *model = control->model;
    if (!dv_explainer_shown(model) || !dv_model_has_explanation(model))
        return;
    int class = dv_maps_class(model);
    dv_control_ask(control, &(dv_request){.job = DV_JOB_ATTRIBUTE,
                                          .key = key_of(control, class),
                                          .wish = &model->wish,
                                          .number = model->student.explainer,
                                          .count = class});
}

/* ---- words -------------------------------------------------------------------------- */

/* "Pullover", or "Pullover against Shirt" where the map is of the two. */
static void name_class(const dv_model *model, const dv_attribution *made, char name[NAME_SIZE])
{
    bool between = made && made->against >= 0;
    snprintf(name, NAME_SIZE, "%s%s%s", dv_model_class_name(model, dv_maps_class(model)), between ? " against " : "",
             between ? dv_model_class_name(model, made->against) : "");
}

/* ---- drawing ------------------------------------------------------------------------- */

/* In the picture where maps are laid over it. */
static dv_image *paint(const dv_model *model, const dv_attribution *made, const dv_tiles *tile, int steps,
                       double *scale)
{
    const dv_explanation *explanation = model->explanation;
    return dv_figure_attribution(tile, made, model->student.overlay ? explanation->picture : NULL,
                                 explanation->channels, steps, scale, NULL);
}

/* The largest map that leaves so many rows and columns; false where there is no room for one. */
static bool fit(const dv_pane *pane, const dv_attribution *made, int rows, int columns, dv_grid *grid)
{
    dv_cell cell = dv_cell_of(pane->screen);
    dv_grid_wish wish = {.rows = pane->area.rows - rows,
                         .columns = pane->area.columns - columns,
                         .height = made->height,
                         .width = made->width,
                         .wanted = 1,
                         .most = 1};
    return cell.graphics != DV_GRAPHICS_ASCII /* letters have no sign */ && dv_grid_fit(&cell, &wish, grid);
}

/* With the words beside it, or below where it comes out larger so; returns what it leaves for them. */
static dv_pane draw_map(const dv_pane *pane, const dv_attribution *made, double *scale)
{
    dv_pane words = *pane;
    dv_grid beside, above;
    bool fits = fit(pane, made, 0, WORDS + 1, &beside);
    bool stacked = fit(pane, made, LINES, 0, &above) && (!fits || above.cell_rows > beside.cell_rows);
    if (!fits && !stacked)
        return words;
    const dv_grid *grid = stacked ? &above : &beside;
    dv_area place = pane->area;
    place.rows = grid->cell_rows;
    place.columns = grid->cell_columns;
    if (stacked)
        dv_area_cut_top(&words.area, place.rows);
    else
        dv_area_cut_left(&words.area, place.columns + 1);
    dv_tiles tile = grid->tiles;
    tile.count = tile.columns = 1;
    dv_pane_image(pane, place,
                  paint(pane->model, made, &tile, dv_screen_slow(pane->screen) ? STEPS_SLOW : STEPS, scale));
    return words;
}

/* A line for each of the strongest regions of one sign: for those who do not see the colours. */
static void tell_regions(const dv_pane *pane, int *row, const dv_map_region *region, int sign)
{
    const double least = 0.01; /* what is less is not worth a line */
    for (int i = 0; i < NAMED; i++) {
        const dv_map_region *at = &region[sign > 0 ? i : DV_MAP_REGIONS - 1 - i];
        if (at->share * sign < least)
            return;
        if (i == 0)
            dv_pane_text(pane, *row, 0, 0, DV_STYLE_DIM, "%s", sign > 0 ? "for" : "against");
        dv_pane_text(pane, *row, AGAINST, 0, DV_STYLE_TEXT, "%-12s%+.2f", at->name, at->share);
        ++*row;
    }
}

static void tell(const dv_pane *pane, int *row, dv_style style, const char *text)
{
    *row += dv_pane_wrap(pane, *row, 0, pane->area.rows - *row, style, text);
}

static void draw_words(const dv_pane *words, const dv_attribution *made)
{
    dv_map_region region[DV_MAP_REGIONS];
    char line[DV_MEANING_SIZE];
    int row = 0;
    dv_attribution_regions(made, region);
    tell_regions(words, &row, region, 1);
    tell_regions(words, &row, region, -1);
    if (row == 0)
        tell(words, &row, DV_STYLE_TEXT, "no region stands out");
    row++;
    snprintf(line, sizeof(line), "shares of the map, of %s", dv_score_name(made->score));
    tell(words, &row, DV_STYLE_DIM, line);
    snprintf(line, sizeof(line), "%" PRId64 " teacher call%s", made->teacher_calls,
             made->teacher_calls == 1 ? "" : "s");
    tell(words, &row, DV_STYLE_DIM, line);
    if (made->baseline != DV_BASELINE_USUAL) {
        snprintf(line, sizeof(line), "baseline %s", dv_baseline_words(made->baseline));
        tell(words, &row, DV_STYLE_DIM, line);
    }
    if (made->segments) {
        snprintf(line, sizeof(line), "%d superpixels, R² %.2f", made->segment_count, made->r2);
        tell(words, &row, made->r2 < 0.5 ? DV_STYLE_WARNING : DV_STYLE_DIM, line);
    }
    tell(words, &row, DV_STYLE_DIM, made->explainer->citation);
}

/* Why there is no map. */
static void draw_nothing(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    bool answered = dv_model_is_answered(model, DV_JOB_ATTRIBUTE);
    const dv_attribution *made = answered ? dv_model_result(model, DV_JOB_ATTRIBUTE) : NULL;
    if (!dv_model_has_explanation(model))
        return;
    if (made && made->problem[0])
        dv_pane_wrap(pane, 0, 0, pane->area.rows, DV_STYLE_WARNING, made->problem);
    else if (model->answer[DV_JOB_ATTRIBUTE].failed)
        dv_pane_text(pane, 0, 0, 0, DV_STYLE_DIM, "stopped; i and I choose anew");
    else
        dv_pane_text(pane, 0, 0, 0, DV_STYLE_DIM, "asking the teacher; Esc stops it");
}

void dv_explainer_draw(const dv_pane *pane)
{
    const dv_model *model = pane->model;
    const dv_explainer *explainer = chosen(model);
    const dv_attribution *made = dv_explainer_map(model);
    char range[32] = "", name[NAME_SIZE] = "";
    double scale = 0;
    dv_pane body = *pane;
    dv_area_cut_top(&body.area, 1 + dv_pane_wrap(pane, 1, 0, 3, DV_STYLE_DIM, explainer->meaning));
    if (made) {
        dv_pane words = draw_map(&body, made, &scale);
        draw_words(&words, made);
    } else
        draw_nothing(&body);
    if (scale > 0)
        snprintf(range, sizeof(range), ", ±%.2g", scale);
    if (model->explanation)
        name_class(model, made, name);
    dv_pane_heading(pane, explainer->title, "%s%s", name, range);
}

dv_image *dv_explainer_paint(const dv_model *model, const dv_tiles *tile, dv_close_up *close_up)
{
    const dv_attribution *made = dv_explainer_map(model);
    char name[NAME_SIZE];
    if (!made)
        return NULL;
    name_class(model, made, name);
    snprintf(close_up->title, sizeof(close_up->title), "%s: %s", made->explainer->title, name);
    snprintf(close_up->note, sizeof(close_up->note), "%s", made->explainer->meaning);
    return paint(model, made, tile, 0, &close_up->scale);
}

/* ---- choices -------------------------------------------------------------------------- */

void dv_explainer_step_class(dv_model *model, int step)
{
    if (model->explanation)
        model->student.class_index = dv_maps_next(model->explanation, dv_maps_class(model), step > 0 ? 1 : -1);
}

static void choose(dv_control *control, int explainer)
{
    dv_model *model = control->model;
    model->student.explainer = explainer;
    if (model->answer[DV_JOB_ATTRIBUTE].failed) /* cancelled, perhaps: it may be asked for again */
        model->answer[DV_JOB_ATTRIBUTE].asked = 0;
}

void dv_explainer_step(dv_control *control, int step)
{
    int count = 0;
    while (dv_explainer_at(count))
        count++;
    choose(control, (control->model->student.explainer + 1 + step + count + 1) % (count + 1) - 1);
}

void dv_explainer_choose_name(dv_control *control, const char *name)
{
    dv_error error;
    int explainer = strcmp(name, "off") == 0 ? -1 : dv_explainer_find(name, &error);
    if (explainer < 0 && strcmp(name, "off") != 0)
        dv_model_say(control->model, true, "%s", error.message);
    else
        choose(control, explainer);
}

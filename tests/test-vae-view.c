/* The VAE view without a terminal: axes and their pages, neighbours on a grid, frames of a film, new centres. */
#include "tui/axes.h"
#include "tui/film.h"
#include "tui/model.h"
#include "tui/neighbor_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

/* ---- axes -------------------------------------------------------------------- */

static dv_axes make_axes(int latent)
{
    dv_axes axes;
    dv_error error;
    assert_true(dv_axes_init(&axes, latent, &error));
    return axes;
}

static void test_axes_are_ordered_by_influence(void **state)
{
    (void)state;
    dv_axes axes = make_axes(6);
    const float influence[] = {.2f, NAN, .5f, .2f, 0, .9f};
    const int expected[] = {5, 2, 0, 3, 4, 1};
    dv_axes_sort(&axes, influence);
    assert_memory_equal(axes.order, expected, sizeof(expected));
    for (int i = 0; i < 6; i++)
        assert_int_equal(dv_axes_place(&axes, expected[i]), i);
    assert_int_equal(dv_axes_step(&axes, 2, 1), 0);
    assert_int_equal(dv_axes_step(&axes, 1, 1), 5);  /* round the right end */
    assert_int_equal(dv_axes_step(&axes, 5, -1), 1); /* and the left one */
    dv_axes_sort(&axes, NULL);
    for (int i = 0; i < 6; i++)
        assert_int_equal(axes.order[i], i);
    dv_axes_clear(&axes);
}

/* Whatever fits, every axis is on one page, and pages follow each other without a gap. */
static void test_axes_are_paged(void **state)
{
    (void)state;
    for (int latent = 1; latent < 40; latent++) {
        dv_axes axes = make_axes(latent);
        for (int most = 0; most < 45; most++) {
            int next = 0, pages = 0;
            while (next < latent) {
                dv_axes_page page = dv_axes_page_of(&axes, most, next);
                assert_int_equal(page.first, next);
                assert_int_equal(page.page, pages++);
                assert_in_range(page.count, 1, most > 1 ? most : 1);
                dv_axes_page last = dv_axes_page_of(&axes, most, next + page.count - 1);
                assert_memory_equal(&last, &page, sizeof(page));
                next += page.count;
            }
            assert_int_equal(next, latent);
            assert_int_equal(pages, dv_axes_page_of(&axes, most, 0).pages);
        }
        dv_axes_clear(&axes);
    }
}

/* numpy.quantile(range(1, n + 1), [.25, .5, .75]) = 1 + (n - 1) q. */
static void test_quartiles_are_found_now_and_then(void **state)
{
    (void)state;
    enum { ALL = 401 };
    float means[ALL * 2];
    for (int i = 0; i < ALL; i++) {
        means[2 * i] = (float)((i * 7) % ALL + 1); /* 1 .. ALL in another order */
        means[2 * i + 1] = -means[2 * i];
    }
    dv_axes axes = make_axes(2);
    dv_axes_learn(&axes, means, 0, ALL);
    assert_int_equal(axes.learned, 0);
    dv_axes_learn(&axes, means, 100, ALL);
    assert_int_equal(axes.learned, 100);
    dv_axes_learn(&axes, means, 199, ALL); /* not twice as many */
    assert_int_equal(axes.learned, 100);
    dv_axes_learn(&axes, means, 200, ALL);
    assert_int_equal(axes.learned, 200);
    dv_axes_learn(&axes, means, ALL, ALL); /* all there are */
    assert_int_equal(axes.learned, ALL);
    for (int q = 0; q < 3; q++) {
        assert_float_equal(axes.quartile[0][q], 1 + 100 * (q + 1), 1e-4);
        assert_float_equal(axes.quartile[1][q], -(1 + 100 * (3 - q)), 1e-4);
    }
    dv_axes_clear(&axes);
}

static void test_axes_reach_what_they_show(void **state)
{
    (void)state;
    assert_float_equal(dv_axes_reach(0, .5f), 4, 0);
    assert_float_equal(dv_axes_reach(-3.6f, .3f), 4, 0);
    assert_float_equal(dv_axes_reach(-3.6f, .5f), 5, 0);
    assert_float_equal(dv_axes_reach(11.5f, 1), 13, 0);
}

/* ---- neighbours ------------------------------------------------------------------ */

enum { CLASSES = 5, LATENT = 2, MOST_TILES = 64 };

/* An explanation with what a list reads; the first `of` classes are among the neighbours. */
static dv_explanation *make_explanation(int64_t count, int of, double temperature)
{
    dv_explanation *made = calloc(1, sizeof(*made));
    made->options.temperature = temperature;
    made->classes = CLASSES;
    made->latent = LATENT;
    made->count = made->kept = count;
    made->center = calloc(LATENT, sizeof(float));
    made->latents = calloc((size_t)count * LATENT, sizeof(float));
    made->soft_labels = calloc((size_t)count * CLASSES, sizeof(float));
    made->rows = CLASSES;
    made->row_class = calloc(CLASSES, sizeof(int));
    for (int k = 0; k < CLASSES; k++)
        made->row_class[k] = k;
    made->neighbor_classes = calloc((size_t)count, sizeof(int));
    made->center[0] = 1;
    made->center[1] = -2;
    for (int64_t i = 0; i < count; i++) {
        int word =
            (int)(of * pow(dv_random_uniform(7, DV_PURPOSE_TEST, (uint64_t)i), 2)); /* the first ones more often */
        double sum = 0, power[CLASSES];
        for (int k = 0; k < CLASSES; k++)
            sum += power[k] = exp((k == word ? 2 + (double)(i % 11) / 4 : .1 * k) / temperature);
        for (int k = 0; k < CLASSES; k++)
            made->soft_labels[i * CLASSES + k] = (float)(power[k] / sum);
        made->neighbor_classes[i] = word;
        made->latents[i * LATENT] = 1 + (float)((i * 37) % count) / (float)count * 3;
        made->latents[i * LATENT + 1] = -2 + 4 * (float)((i * 37) % count) / (float)count;
    }
    return made;
}

static void free_explanation(dv_explanation *made)
{
    free(made->center);
    free(made->latents);
    free(made->soft_labels);
    free(made->row_class);
    free(made->neighbor_classes);
    free(made);
}

/* At temperature 1, whatever temperature the soft labels have: softmax of the same logits. */
static void test_neighbors_keep_their_probabilities(void **state)
{
    (void)state;
    dv_explanation *plain = make_explanation(30, 3, 1), *soft = make_explanation(30, 3, 4);
    for (int64_t i = 0; i < 30; i++) {
        float probabilities[CLASSES];
        dv_neighbor_probabilities(soft, i, probabilities);
        for (int k = 0; k < CLASSES; k++)
            assert_float_equal(probabilities[k], plain->soft_labels[i * CLASSES + k], 1e-5);
    }
    free_explanation(plain);
    free_explanation(soft);
}

static void test_neighbors_are_ordered(void **state)
{
    (void)state;
    enum { COUNT = 200 };
    dv_explanation *explanation = make_explanation(COUNT, 4, 2);
    dv_neighbor_list list = {0};
    for (dv_neighbor_order order = 0; order < DV_NEIGHBOR_ORDERS; order++) {
        bool seen[COUNT] = {false};
        assert_true(dv_neighbor_list_make(&list, explanation, order));
        assert_int_equal(list.count, COUNT);
        for (int64_t i = 0; i < COUNT; i++) {
            assert_false(seen[list.at[i]]);
            seen[list.at[i]] = true;
        }
        for (int64_t i = 1; i < COUNT; i++) {
            if (order == DV_NEIGHBORS_BY_DISTANCE)
                assert_true(list.distance[list.at[i - 1]] <= list.distance[list.at[i]]);
            if (order == DV_NEIGHBORS_BY_CONFIDENCE)
                assert_true(list.confidence[list.at[i - 1]] <= list.confidence[list.at[i]]);
        }
        /* (3 s, 4 s) from the centre: 5 s */
        for (int64_t i = 0; i < COUNT; i++)
            assert_float_equal(list.distance[i], 5.0 * ((i * 37) % COUNT) / COUNT, 1e-4);
    }
    assert_true(dv_neighbor_list_make(&list, explanation, DV_NEIGHBORS_BY_CLASS));
    assert_int_equal(list.groups, 4);
    int64_t first = 0;
    for (int g = 0; g < list.groups; g++) {
        assert_int_equal(list.group[g].first, first);
        assert_true(g == 0 || list.group[g].count <= list.group[g - 1].count);
        for (int64_t i = 0; i < list.group[g].count; i++) {
            assert_int_equal(explanation->neighbor_classes[list.at[first + i]], list.group[g].class_index);
            assert_true(i == 0 || list.at[first + i] > list.at[first + i - 1]); /* as they were drawn */
            assert_int_equal(dv_neighbor_list_group(&list, first + i), g);
        }
        first += list.group[g].count;
    }
    assert_int_equal(first, COUNT);
    dv_neighbor_list_clear(&list);
    free_explanation(explanation);
}

/* The cursor is on the grid; rows hold a piece of one group each, without overlap; groups shown have a row. */
static void check_grid(const dv_neighbor_list *list, int rows, int columns, int64_t cursor)
{
    dv_neighbor_row row[MOST_TILES];
    bool seen = false;
    dv_neighbor_list_lay_out(list, rows, columns, cursor, row);
    for (int i = 0; i < rows; i++) {
        if (row[i].group < 0)
            continue;
        const dv_neighbor_group *group = &list->group[row[i].group];
        assert_in_range(row[i].count, 1, columns);
        assert_true(row[i].first >= group->first && row[i].first + row[i].count <= group->first + group->count);
        assert_true(row[i].begins == (i == 0 || row[i - 1].group != row[i].group));
        for (int j = 0; j < i; j++)
            assert_true(row[j].group < 0 || row[j].first + row[j].count <= row[i].first);
        seen |= cursor >= row[i].first && cursor < row[i].first + row[i].count;
    }
    assert_true(seen);
    int here = dv_neighbor_list_group(list, cursor);
    for (int direction = -1; direction <= 1; direction += 2) {
        int64_t turned = dv_neighbor_list_turn(list, row, rows, cursor, direction);
        assert_true(turned == cursor || direction * (turned - cursor) > 0);
        assert_int_equal(dv_neighbor_list_group(list, turned), here);
        int64_t stepped = dv_neighbor_list_step(list, row, rows, cursor, direction);
        assert_true(stepped >= 0 && stepped < list->count);
        assert_true(stepped == cursor || direction * (stepped - cursor) > 0);
    }
}

static void test_cursor_is_on_the_grid(void **state)
{
    (void)state;
    dv_neighbor_list list = {0};
    for (int of = 1; of <= CLASSES; of++) {
        dv_explanation *explanation = make_explanation(83, of, 2);
        for (dv_neighbor_order order = 0; order < DV_NEIGHBOR_ORDERS; order++) {
            assert_true(dv_neighbor_list_make(&list, explanation, order));
            for (int rows = 1; rows < 8; rows++)
                for (int columns = 1; columns < 14; columns += 3)
                    for (int64_t cursor = 0; cursor < list.count; cursor++)
                        check_grid(&list, rows, columns, cursor);
        }
        free_explanation(explanation);
    }
    dv_neighbor_list_clear(&list);
}

/* Every neighbour is shown on the way from the first page of its group to the last. */
static void test_all_neighbors_can_be_reached(void **state)
{
    (void)state;
    enum { COUNT = 83, ROWS = 4, COLUMNS = 5 };
    dv_explanation *explanation = make_explanation(COUNT, 4, 2);
    dv_neighbor_list list = {0};
    bool seen[COUNT] = {false};
    assert_true(dv_neighbor_list_make(&list, explanation, DV_NEIGHBORS_BY_CLASS));
    for (int g = 0; g < list.groups; g++)
        for (int64_t cursor = list.group[g].first, before = -1; cursor != before;) {
            dv_neighbor_row row[ROWS];
            dv_neighbor_list_lay_out(&list, ROWS, COLUMNS, cursor, row);
            for (int i = 0; i < ROWS; i++)
                for (int k = 0; row[i].group >= 0 && k < row[i].count; k++)
                    seen[row[i].first + k] = true;
            before = cursor;
            cursor = dv_neighbor_list_turn(&list, row, ROWS, cursor, 1);
        }
    for (int i = 0; i < COUNT; i++)
        assert_true(seen[i]);
    dv_neighbor_list_clear(&list);
    free_explanation(explanation);
}

/* What is left of rows goes to the larger groups; small ones keep theirs. */
static void test_large_groups_have_more_rows(void **state)
{
    (void)state;
    dv_neighbor_group group[] = {{.class_index = 2, .first = 0, .count = 90},
                                 {.class_index = 0, .first = 90, .count = 30},
                                 {.class_index = 1, .first = 120, .count = 3}};
    dv_neighbor_list list = {.count = 123, .groups = 3, .group = group};
    dv_neighbor_row row[7];
    dv_neighbor_list_lay_out(&list, 7, 10, 0, row);
    const int expected[] = {0, 0, 0, 0, 1, 1, 2};
    for (int i = 0; i < 7; i++)
        assert_int_equal(row[i].group, expected[i]);
    assert_int_equal(row[3].first, 30);
    assert_int_equal(row[6].count, 3);
    /* No group takes more than it can fill. */
    group[0].count = 15;
    list.groups = 1;
    list.count = 15;
    dv_neighbor_list_lay_out(&list, 7, 10, 14, row);
    assert_int_equal(row[0].first, 0);
    assert_int_equal(row[1].count, 5);
    for (int i = 2; i < 7; i++)
        assert_int_equal(row[i].group, -1);
}

/* ---- films ------------------------------------------------------------------------ */

static void test_films_show_both_ends(void **state)
{
    (void)state;
    float value[41];
    for (int i = 0; i < 41; i++)
        value[i] = (float)i / 40;
    dv_strip strip = {.count = 41, .value = value};
    for (int frames = 2; frames <= 41; frames++) {
        dv_film film = {.strip = &strip, .frames = frames};
        assert_int_equal(dv_film_picture(&film, 0), 0);
        assert_int_equal(dv_film_picture(&film, frames - 1), 40);
        for (int i = 1; i < frames; i++)
            assert_true(dv_film_picture(&film, i) > dv_film_picture(&film, i - 1));
        for (int i = 0; i < frames; i++)
            assert_int_equal(dv_film_nearest(&film, (double)value[dv_film_picture(&film, i)]), i);
        assert_int_equal(dv_film_nearest(&film, -5), 0);
        assert_int_equal(dv_film_nearest(&film, 5), frames - 1);
        dv_pane pane = {.area = {.columns = 79}};
        assert_int_equal(dv_film_frame_at(&pane, &film, -3), 0);
        assert_int_equal(dv_film_frame_at(&pane, &film, 500), frames - 1);
    }
}

/* ---- new centres --------------------------------------------------------------------- */

typedef struct fixture {
    void *folder;
    dv_bundle *bundle;
    dv_model *model;
} fixture;

static int set_up(void **state)
{
    dv_error error;
    fixture *it = calloc(1, sizeof(*it));
    tiny recipe = tiny_defaults();
    dv_explain_options options = dv_explain_defaults();
    *state = it;
    options.neighbors = options.fresh = 64;
    if (!it || scratch_setup(&it->folder) != 0)
        return -1;
    tiny_write(it->folder, &recipe);
    it->bundle = dv_bundle_open(&(dv_bundle_source){.folder = it->folder, .threads = 1}, &error);
    it->model = it->bundle ? dv_model_new(it->bundle, &options, &error) : NULL;
    return it->model ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *it = *state;
    dv_model_free(it->model);
    dv_bundle_close(it->bundle);
    int failure = scratch_teardown(&it->folder);
    free(it);
    return failure;
}

/* From a neighbour: the explanation of the new wish has its centre there. */
static void test_neighbor_becomes_the_center(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    dv_error error;
    float latent[TINY_LATENT] = {0};
    uint64_t before = model->wanted;
    assert_null(dv_model_mean(model));
    dv_model_set_center(model, latent); /* nothing is known yet */
    assert_int_equal(model->wanted, before);

    dv_wish_set_knob(&model->wish, 1, .25f);
    model->explanation = dv_explain(it->bundle, &model->wish.options, NULL, &error);
    assert_non_null(model->explanation);
    memcpy(latent, model->explanation->latents + 5 * TINY_LATENT, sizeof(latent));
    latent[1] = model->explanation->center[1]; /* where it is: its knob stays as it is, to the bit */
    dv_model_set_center(model, latent);
    assert_true(model->wanted > before);
    assert_true(model->wish.offset[1] == .25f);
    dv_explanation *next = dv_explain(it->bundle, &model->wish.options, NULL, &error);
    assert_non_null(next);
    for (int d = 0; d < TINY_LATENT; d++)
        assert_float_equal(next->center[d], latent[d], 1e-4);
    dv_explanation_free(next);

    before = model->wanted;
    dv_model_set_center(model, latent);
    assert_int_equal(model->wanted, before);
}

/* Known from the survey before there is an explanation; the band in the encoder's unit only with one. */
static void test_means_and_bands_are_known_early(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    dv_error error;
    assert_true(dv_encode_range(it->bundle, 0, TINY_COUNT, model->means, &error));
    model->surveyed = 1;
    assert_ptr_equal(dv_model_mean(model), model->means);
    dv_model_go(model, 3);
    assert_null(dv_model_mean(model));
    model->surveyed = TINY_COUNT;
    assert_ptr_equal(dv_model_mean(model), model->means + 3 * TINY_LATENT);
    assert_float_equal(dv_model_band(model, 0), model->wish.options.band, 0);
    model->wish.options.band_scale = DV_BAND_POSTERIOR;
    assert_float_equal(dv_model_band(model, 0), 0, 0);
    dv_wish_set_band(&model->wish, 2, .75);
    model->explanation = dv_explain(it->bundle, &model->wish.options, NULL, &error);
    assert_non_null(model->explanation);
    assert_ptr_equal(dv_model_mean(model), model->explanation->latent_mean);
    for (int d = 0; d < TINY_LATENT; d++)
        assert_float_equal(dv_model_band(model, d), model->explanation->band[d], 1e-6);
}

static dv_explanation *take(fixture *it, bool preview)
{
    dv_error error;
    dv_explanation *made = dv_explain(it->bundle, &it->model->wish.options, NULL, &error);
    assert_non_null(made);
    dv_outcome outcome = {.job = DV_JOB_EXPLAIN, .key = it->model->wanted, .preview = preview, .result = made};
    dv_model_accept(it->model, &outcome);
    return made;
}

/* A full explanation stays beside the preview that follows it, for a while, until the next full one comes. */
static void test_previews_do_not_displace_at_once(void **state)
{
    fixture *it = *state;
    dv_model *model = it->model;
    uint64_t first, number;
    assert_null(dv_model_settled(model, &number));
    assert_int_equal(number, 0);
    const dv_explanation *full = take(it, false);
    assert_ptr_equal(dv_model_settled(model, &first), full);
    assert_int_equal(dv_model_expire(model, 0), -1);

    const dv_explanation *preview = take(it, true);
    assert_ptr_equal(model->explanation, preview);
    assert_ptr_equal(dv_model_settled(model, &number), full);
    assert_int_equal(number, first);
    take(it, true); /* of the next wish: the full one waits on */
    assert_ptr_equal(dv_model_settled(model, NULL), full);
    assert_in_range(dv_model_expire(model, model->settled_until - 1), 1, 1);
    assert_int_equal(dv_model_expire(model, model->settled_until), -1);
    assert_ptr_equal(dv_model_settled(model, &number), model->explanation);
    assert_true(number > first);

    full = take(it, false);
    take(it, true);
    const dv_explanation *next = take(it, false);
    assert_ptr_equal(dv_model_settled(model, NULL), next);

    dv_model_go(model, 4); /* another picture shows what there is of it */
    preview = take(it, true);
    assert_ptr_equal(dv_model_settled(model, NULL), preview);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes_are_ordered_by_influence),
        cmocka_unit_test(test_axes_are_paged),
        cmocka_unit_test(test_quartiles_are_found_now_and_then),
        cmocka_unit_test(test_axes_reach_what_they_show),
        cmocka_unit_test(test_neighbors_keep_their_probabilities),
        cmocka_unit_test(test_neighbors_are_ordered),
        cmocka_unit_test(test_cursor_is_on_the_grid),
        cmocka_unit_test(test_all_neighbors_can_be_reached),
        cmocka_unit_test(test_large_groups_have_more_rows),
        cmocka_unit_test(test_films_show_both_ends),
        cmocka_unit_test_setup_teardown(test_neighbor_becomes_the_center, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_previews_do_not_displace_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_means_and_bands_are_known_early, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

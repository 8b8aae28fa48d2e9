/* Models and pictures with one thing wrong with them each, and what a check says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"
#include "templates.h"

#include "image/image.h"
#include "setup/check.h"

enum { PICTURES = 400 };

/* ---- files ------------------------------------------------------------------------ */

static void put_idx(const char *folder, const char *name, int rank, const int *dims, const uint8_t *bytes, size_t size)
{
    char path[256];
    uint8_t *file = calloc(4 + 4 * (size_t)rank + size, 1);
    file[2] = 8;
    file[3] = (uint8_t)rank;
    for (int d = 0; d < rank; d++) {
        file[4 + 4 * d + 2] = (uint8_t)(dims[d] >> 8);
        file[4 + 4 * d + 3] = (uint8_t)dims[d];
    }
    memcpy(file + 4 + 4 * rank, bytes, size);
    put_file(scratch_path(path, folder, name), file, 4 + 4 * (size_t)rank + size);
    free(file);
}

/* Which label a picture of a template gets. */
typedef int (*relabel)(int class, int picture);

static int as_it_is(int class, int picture)
{
    (void)picture;
    return class;
}

/* "pictures" and "labels". `change` makes another byte of each; NULL: as they are. */
static void put_pictures(const char *folder, relabel label_of, uint8_t (*change)(uint8_t))
{
    size_t size = (size_t)PICTURES * TEMPLATE_PLANE;
    uint8_t *pixels = malloc(size), labels[PICTURES];
    int class[PICTURES];
    template_pictures(PICTURES, 1, pixels, class);
    for (size_t i = 0; change && i < size; i++)
        pixels[i] = change(pixels[i]);
    for (int i = 0; i < PICTURES; i++)
        labels[i] = (uint8_t)label_of(class[i], i);
    put_idx(folder, "pictures", 3, (const int[]){PICTURES, TEMPLATE_SIDE, TEMPLATE_SIDE}, pixels, size);
    put_idx(folder, "labels", 1, (const int[]){PICTURES}, labels, PICTURES);
    free(pixels);
}

/* A folder of PNGs for each class. */
static void put_folders(const char *folder, const char *const *name)
{
    char path[256], part[64];
    dv_error error;
    uint8_t *pixels = malloc((size_t)PICTURES * TEMPLATE_PLANE);
    int class[PICTURES];
    template_pictures(PICTURES, 1, pixels, class);
    assert_int_equal(mkdir(scratch_path(path, folder, "tree"), 0700), 0);
    for (int k = 0; k < TEMPLATE_CLASSES; k++) {
        snprintf(part, sizeof part, "tree/%s", name[k]);
        assert_int_equal(mkdir(scratch_path(path, folder, part), 0700), 0);
    }
    for (int i = 0; i < PICTURES; i++) {
        dv_image *image = dv_image_new(TEMPLATE_SIDE, TEMPLATE_SIDE, 1, &error);
        memcpy(image->pixel, pixels + (size_t)i * TEMPLATE_PLANE, TEMPLATE_PLANE);
        snprintf(part, sizeof part, "tree/%s/%03d.png", name[class[i]], i);
        assert_true(dv_png_write(image, scratch_path(path, folder, part), &error));
        dv_image_free(image);
    }
    free(pixels);
}

static void put_model(const char *folder, dv_graph *graph, const char *const *keys, const char *const *texts, int pairs)
{
    char path[256];
    dv_error error;
    if (!dv_onnx_write(graph, scratch_path(path, folder, "model.onnx"), keys, texts, pairs, &error))
        fail_msg("%s", error.message);
    dv_graph_free(graph);
}

static template_taste taste_of(float mean, float deviation)
{
    template_taste taste = template_plain(1);
    taste.input.mean[0] = mean;
    taste.input.deviation[0] = deviation;
    return taste;
}

static void put_teacher(const char *folder, const template_taste *taste)
{
    put_model(folder, template_teacher(taste), NULL, NULL, 0);
}

/* ---- checks ------------------------------------------------------------------------- */

typedef struct paths {
    char model[256], pictures[256], labels[256], names[256];
} paths;

/* Of the files that are there. */
static dv_bundle_source source_of(const char *folder, paths *at)
{
    dv_bundle_source source = {.teacher = scratch_path(at->model, folder, "model.onnx"), .threads = 1};
    if (access(scratch_path(at->pictures, folder, "pictures"), F_OK) == 0)
        source.images = at->pictures;
    else if (access(scratch_path(at->pictures, folder, "tree"), F_OK) == 0)
        source.images = at->pictures;
    if (access(scratch_path(at->labels, folder, "labels"), F_OK) == 0)
        source.image_labels = at->labels;
    if (access(scratch_path(at->names, folder, "names"), F_OK) == 0)
        source.class_names = at->names;
    return source;
}

static dv_check *check_source(const dv_bundle_source *source)
{
    const dv_check_options options = {.seed = 1};
    dv_error error = {0};
    dv_check *check = dv_check_run(source, &options, NULL, &error);
    if (!check)
        fail_msg("%s", error.message);
    char *json = dv_check_json(check, &error);
    assert_non_null(json);
    assert_true(strncmp(json, check->is_usable ? "{\"usable\":true," : "{\"usable\":false,", 15) == 0);
    free(json);
    return check;
}

static dv_check *check_files(const char *folder)
{
    paths at;
    dv_bundle_source source = source_of(folder, &at);
    return check_source(&source);
}

static const dv_finding *find(const dv_check *check, dv_finding_kind kind, const char *code)
{
    for (int f = 0; f < check->findings; f++)
        if (check->finding[f].kind == kind && strcmp(check->finding[f].code, code) == 0)
            return &check->finding[f];
    return NULL;
}

/* The only problem there is, which says these words. */
static void expect_problem(const dv_check *check, const char *code, const char *words, const char *remedy)
{
    int problems = 0;
    for (int f = 0; f < check->findings; f++)
        problems += check->finding[f].kind == DV_FINDING_PROBLEM;
    const dv_finding *finding = find(check, DV_FINDING_PROBLEM, code);
    if (!finding || problems != 1) {
        for (int f = 0; f < check->findings; f++)
            print_error("%s %s: %s\n", dv_finding_kind_name(check->finding[f].kind), check->finding[f].code,
                        check->finding[f].text);
        fail_msg("'%s' is not the one problem there is", code);
    }
    if (!strstr(finding->text, words))
        fail_msg("'%s' lacks '%s'", finding->text, words);
    char advice[2048];
    snprintf(advice, sizeof advice, "%s %s", finding->remedy ? finding->remedy : "",
             finding->command ? finding->command : "");
    if (remedy && !strstr(advice, remedy))
        fail_msg("'%s' lacks '%s'", advice, remedy);
    assert_false(check->is_usable);
}

/* ---- what fits ------------------------------------------------------------------------ */

static void test_all_is_well(void **state)
{
    template_taste taste = taste_of(0.5f, 0.5f);
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    dv_check *check = check_files(*state);
    assert_true(check->is_usable && check->model.is_teacher && check->labelled == PICTURES);
    assert_non_null(find(check, DV_FINDING_OK, "model"));
    assert_non_null(find(check, DV_FINDING_OK, "preprocessing"));
    assert_non_null(find(check, DV_FINDING_NOTE, "normalisation")); /* nobody said so */
    assert_string_equal(check->best->name, "-1..1 (inception)");
    assert_string_equal(check->usual->name, "0..1");
    assert_int_equal(check->settings, 1);
    assert_string_equal(check->setting[0].key, "preset");
    assert_int_equal(check->model.multiply_adds, TEMPLATE_PLANE * TEMPLATE_CLASSES);
    assert_true(check->model.memory >= (int64_t)((TEMPLATE_PLANE + TEMPLATE_CLASSES) * sizeof(float)));
    dv_check_free(check);
}

static void test_settings(void **state)
{
    template_taste taste = taste_of(0.5f, 0.5f);
    paths at;
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    dv_bundle_source source = source_of(*state, &at);
    source.mean = source.std = "0.5";
    dv_check *check = check_source(&source);
    assert_true(check->is_usable && check->usual == check->best && check->best->is_given);
    assert_null(find(check, DV_FINDING_NOTE, "normalisation"));
    dv_check_free(check);

    source.mean = "0";
    source.std = "1";
    check = check_source(&source);
    expect_problem(check, "normalisation", "with the settings as they are (0..1) only", "-1..1 (inception)");
    dv_check_free(check);

    source.std = "-3";
    check = check_source(&source);
    expect_problem(check, "settings", "std = '-3' must be above zero", NULL);
    dv_check_free(check);
}

/* The model's own word goes before what is the same by another name. */
static void test_metadata(void **state)
{
    static const char *const keys[] = {"mean", "std"}, *const texts[] = {"0.5", "0.5"};
    template_taste taste = taste_of(0.5f, 0.5f);
    put_model(*state, template_teacher(&taste), keys, texts, 2);
    put_pictures(*state, as_it_is, NULL);
    dv_check *check = check_files(*state);
    assert_string_equal(check->best->name, "the model's metadata");
    assert_int_equal(check->settings, 2);
    assert_string_equal(check->setting[0].value, "0.5");
    assert_string_equal(check->setting[1].value, "0.5");
    dv_check_free(check);
}

static void test_without_pictures(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    dv_check *check = check_files(*state);
    assert_true(check->is_usable && !check->data && !check->trials && check->model.multiply_adds > 0);
    dv_check_free(check);
}

static void test_without_labels(void **state)
{
    char path[256];
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    assert_int_equal(remove(scratch_path(path, *state, "labels")), 0);
    dv_check *check = check_files(*state);
    assert_true(check->is_usable && !check->labelled);
    assert_non_null(find(check, DV_FINDING_NOTE, "labels"));
    assert_non_null(find(check, DV_FINDING_OK, "answers"));
    dv_check_free(check);
}

/* ---- labels ------------------------------------------------------------------------------ */

static int permuted(int class, int picture)
{
    static const int to[TEMPLATE_CLASSES] = {2, 0, 4, 1, 3};
    (void)picture;
    return to[class];
}

static void test_permuted(void **state)
{
    static const int class_of[TEMPLATE_CLASSES] = {1, 3, 0, 4, 2}; /* of each label */
    template_taste taste = taste_of(0.5f, 0.5f);
    put_teacher(*state, &taste);
    put_pictures(*state, permuted, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels-permuted", "numbered in different orders", "numpy.array([1, 3, 0, 4, 2])[labels]");
    assert_memory_equal(check->class_of, class_of, sizeof class_of);
    assert_string_equal(check->best->name, "-1..1 (inception)"); /* found all the same */
    dv_check_free(check);
}

static int exchanged(int class, int picture)
{
    (void)picture;
    return class == 1 ? 3 : class == 3 ? 1 : class;
}

static void test_exchanged(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, exchanged, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels-permuted", "labels 1, 3 are mistaken for each other", "[0, 3, 2, 1, 4]");
    assert_non_null(find(check, DV_FINDING_OK, "preprocessing"));
    dv_check_free(check);
}

/* Folders are numbered by name; the teacher's classes are not. */
static void test_named(void **state)
{
    static const char *const names[] = {"pine", "ash", "yew", "my oak", "elm"};
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_folders(*state, names);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels-permuted", "the labels are in alphabetical order, the classes are not",
                   "printf '%s\\n' pine ash yew 'my oak' elm > names.txt");
    for (int k = 0; k < TEMPLATE_CLASSES; k++)
        assert_string_equal(check->names_in_order[k], names[k]);
    dv_check_free(check);

    /* what it advises, mends it */
    tiny_put_text(*state, "names", "pine\nash\nyew\nmy oak\nelm\n");
    check = check_files(*state);
    assert_true(check->is_usable && !check->class_of);
    dv_check_free(check);
}

static void test_numbered(void **state)
{
    static const char *const names[] = {"2", "9", "10", "11", "100"};
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_folders(*state, names);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels-permuted", "the classes in that of the names as numbers",
                   "2 9 10 11 100 > names.txt");
    dv_check_free(check);
}

static int from_one(int class, int picture)
{
    (void)picture;
    return class + 1;
}

static int from_minus_one(int class, int picture)
{
    (void)picture;
    return class ? class - 1 : TEMPLATE_CLASSES; /* the first one's is that of another */
}

static void test_off_by_one(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, from_one, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels-off-by-one", "when one is taken off each label", "count from one");
    dv_check_free(check);
    put_pictures(*state, from_minus_one, NULL);
    check = check_files(*state);
    expect_problem(check, "labels-off-by-one", "when one is added to each label", "background");
    dv_check_free(check);
}

static int beyond(int class, int picture)
{
    return picture % 50 ? class : class + 40;
}

static void test_beyond(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, beyond, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "labels", "labels go from 0 to 40, but the model's 5 classes from 0 to 4", "other pictures");
    dv_check_free(check);
}

static int only_the_first(int class, int picture)
{
    (void)picture;
    return class == 2 ? 2 : 255; /* a label that is no class */
}

/* Pictures of one class tell nothing of others; few pictures tell nothing at all. */
static void test_too_little(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, only_the_first, NULL);
    dv_check *check = check_files(*state);
    assert_non_null(find(check, DV_FINDING_NOTE, "few"));
    assert_int_equal(check->labelled, PICTURES / TEMPLATE_CLASSES);
    expect_problem(check, "labels", "go from 2 to 255", NULL);
    dv_check_free(check);

    paths at;
    put_pictures(*state, as_it_is, NULL);
    dv_bundle_source source = source_of(*state, &at);
    dv_error error;
    check = dv_check_run(&source, &(dv_check_options){.seed = 1, .count = 12}, NULL, &error);
    assert_true(check->is_usable && check->best->told == 12);
    assert_non_null(strstr(find(check, DV_FINDING_NOTE, "few")->text, "12 labelled pictures are too few"));
    dv_check_free(check);
}

static int by_chance(int class, int picture)
{
    (void)class;
    return (int)(TEMPLATE_CLASSES * dv_random_uniform(11, DV_PURPOSE_TEST, (uint64_t)picture));
}

static void test_chance(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, by_chance, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "chance", "by chance it would be", "belong to other pictures");
    assert_true(!check->best && !check->settings);
    dv_check_free(check);
}

static void test_names(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    tiny_put_text(*state, "names", "a\nb\nc\nd\n");
    dv_check *check = check_files(*state);
    expect_problem(check, "class-names", "names 4 classes, but the model puts out 5", "background");
    dv_check_free(check);
    tiny_put_text(*state, "names", "a\n\nb\n");
    check = check_files(*state);
    expect_problem(check, "class-names", "line 2 is blank", NULL);
    dv_check_free(check);
}

/* ---- pictures ------------------------------------------------------------------------------ */

static uint8_t negative(uint8_t byte)
{
    return 255 - byte;
}

static void test_inverted(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, negative);
    dv_check *check = check_files(*state);
    expect_problem(check, "inverted", "light and dark are exchanged", "invert = yes");
    assert_string_equal(check->setting[0].key, "invert");
    dv_check_free(check);

    paths at;
    dv_bundle_source source = source_of(*state, &at);
    source.invert = "yes";
    check = check_source(&source);
    assert_true(check->is_usable);
    dv_check_free(check);
}

static void test_transposed(void **state)
{
    template_taste taste = template_plain(1);
    taste.transposed = true;
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    dv_check *check = check_files(*state);
    expect_problem(check, "transposed", "rows and columns are exchanged", "swapaxes(1, 2)");
    dv_check_free(check);
}

static void test_bad_pictures(void **state)
{
    template_taste taste = template_plain(1);
    put_teacher(*state, &taste);
    tiny_put_text(*state, "pictures", "no pictures at all");
    dv_check *check = check_files(*state);
    expect_problem(check, "pictures", "/pictures", NULL);
    assert_true(check->model.is_teacher);
    dv_check_free(check);
}

/* ---- models --------------------------------------------------------------------------------- */

/* A dense layer of one number, whatever the pictures are. */
static void put_constant(const char *folder, float weight)
{
    const template_taste taste = template_plain(1);
    dv_graph *graph = template_teacher(&taste);
    for (int v = 0; v < graph->value_count; v++) {
        dv_tensor *constant = graph->value[v].constant;
        for (int64_t i = 0; constant && constant->shape.rank == 2 && i < dv_shape_elements(&constant->shape); i++)
            constant->f[i] = weight;
    }
    put_model(folder, graph, NULL, NULL, 0);
}

static void test_dead_models(void **state)
{
    put_pictures(*state, as_it_is, NULL);
    put_constant(*state, 0);
    dv_check *check = check_files(*state);
    expect_problem(check, "constant", "every picture gets the same answer", "weights of zero");
    assert_true(check->is_dead);
    dv_check_free(check);
    put_constant(*state, NAN);
    check = check_files(*state);
    expect_problem(check, "not-finite", "all answers are infinite or not a number", "float32");
    dv_check_free(check);
    put_constant(*state, 1); /* the answers differ, the classes do not */
    check = check_files(*state);
    expect_problem(check, "one-class", "every picture is called class", "not trained");
    dv_check_free(check);
}

/* Log-odds of "bright", "above" and "below" (where it is brighter), or of the first alone; then, unless NULL, a last
 * function. */
static void put_linear(const char *folder, int outputs, const char *last)
{
    dv_error error;
    int x;
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TEMPLATE_SIDE, TEMPLATE_SIDE}, &x);
    float weight[3 * TEMPLATE_PLANE], bias[] = {-30 * 0.35f, 0, 0};
    for (int p = 0; p < TEMPLATE_PLANE; p++) {
        float side = p < TEMPLATE_PLANE / 2 ? 1 : -1;
        const float each[] = {30, 60 * side, -60 * side};
        for (int o = 0; o < outputs; o++)
            weight[p * outputs + o] = each[o] / TEMPLATE_PLANE;
    }
    dv_shape weight_shape = dv_shape_make(2, (const int64_t[]){TEMPLATE_PLANE, outputs});
    dv_shape bias_shape = dv_shape_make(1, (const int64_t[]){outputs});
    const int inputs[] = {tiny_apply(graph, "Flatten", x, NULL),
                          dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &weight_shape, weight, &error),
                          dv_graph_add_constant(graph, NULL, DV_TYPE_FLOAT, &bias_shape, bias, &error)};
    int y = tiny_check(dv_graph_add_node(graph, "Gemm", NULL, 3, inputs, 0, NULL, 1, NULL, &error), &error);
    assert_true(dv_graph_add_output(graph, last ? tiny_apply(graph, last, y, "answer") : y, &error));
    assert_true(dv_graph_sort(graph, &error));
    put_model(folder, graph, NULL, NULL, 0);
}

/* What put_linear says of a picture, from its bytes. */
static void look_at(const uint8_t *pixels, bool *bright, bool *above)
{
    int sum = 0, upper = 0;
    for (int p = 0; p < TEMPLATE_PLANE; p++) {
        sum += pixels[p];
        upper += p < TEMPLATE_PLANE / 2 ? pixels[p] : 0;
    }
    *bright = sum > 0.35 * 255 * TEMPLATE_PLANE;
    *above = 2 * upper > sum;
}

/* Any number of labels a picture, from a table; and one number for two classes. */
static void test_marks(void **state)
{
    char *table = malloc(PICTURES * 8 + 64), *end = table + sprintf(table, "bright,above,below\n");
    uint8_t *pixels = malloc((size_t)PICTURES * TEMPLATE_PLANE), labels[PICTURES];
    int class[PICTURES];
    template_pictures(PICTURES, 1, pixels, class);
    for (int i = 0; i < PICTURES; i++) {
        bool bright, above;
        look_at(pixels + (size_t)i * TEMPLATE_PLANE, &bright, &above);
        end += sprintf(end, "%d,%d,%d\n", bright, above, !above);
        labels[i] = bright;
    }
    put_idx(*state, "pictures", 3, (const int[]){PICTURES, TEMPLATE_SIDE, TEMPLATE_SIDE}, pixels,
            (size_t)PICTURES * TEMPLATE_PLANE);
    tiny_put_text(*state, "labels", table);
    put_linear(*state, 3, "Sigmoid");
    dv_check *check = check_files(*state);
    assert_true(check->is_usable && check->trials->multi_label && check->model.facts.head->multi_label);
    assert_string_equal(check->best->name, "0..1");
    assert_true(check->best->accuracy > 0.99 && check->labelled == PICTURES);
    assert_string_equal(check->class_name[1], "above");
    dv_check_free(check);

    /* one of them, by its name, and then by numbers */
    tiny_put_text(*state, "names", "bright\n");
    put_linear(*state, 1, NULL);
    check = check_files(*state);
    assert_true(check->is_usable && !check->trials->multi_label && check->best->accuracy > 0.99);
    dv_check_free(check);
    put_idx(*state, "labels", 1, (const int[]){PICTURES}, labels, PICTURES);
    check = check_files(*state);
    assert_true(check->is_usable && check->classes == 2 && check->best->accuracy > 0.99);
    assert_string_equal(check->class_name[0], "not bright");
    dv_check_free(check);
    free(table);
    free(pixels);
}

static dv_check *check_model(const char *path)
{
    dv_bundle_source source = {.teacher = path, .threads = 1};
    return check_source(&source);
}

static void test_what_is_missing(void **state)
{
    char path[512];
    (void)state;
    dv_check *check = check_model(source_path(path, "bad", "onnx-external-missing.onnx"));
    expect_problem(check, "external-data", "bad/nowhere.onnx.data, which holds the model's weights, is missing",
                   "cp WHERE-IT-IS/nowhere.onnx.data");
    dv_check_free(check);
    /* what must not be read is told as that, not as missing */
    check = check_model(source_path(path, "bad", "onnx-external-parent.onnx"));
    expect_problem(check, "model", "which is not in the model's folder", NULL);
    dv_check_free(check);
    check = check_model(source_path(path, "bad", "onnx-domain.onnx"));
    expect_problem(check, "operator", "operator com.microsoft.FusedConv: domain not supported; node 'n' calls it",
                   "ONNX Runtime's own");
    dv_check_free(check);
    check = check_model(source_path(path, "bad", "onnx-circle.onnx"));
    expect_problem(check, "model", "circle", NULL);
    dv_check_free(check);
    check = check_model(source_path(path, "onnx", "network.onnx"));
    expect_problem(check, "classifier", "network.onnx", NULL);
    assert_int_equal(check->model.inputs, 1);
    dv_check_free(check);
}

static void test_other_files(void **state)
{
    static const struct {
        const char *content, *words;
    } cases[] = {
        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"},
        {"PK\003\004 and so on", "zip"},
        {"\211HDF\r\n\032\n", "HDF5"},
        {"    TFL3    ", "TensorFlow Lite"},
        {"<!DOCTYPE html>", "web page"},
        {"words", "not an ONNX file"},
    };
    char path[256];
    scratch_path(path, *state, "model.onnx");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_file(path, cases[i].content, strlen(cases[i].content));
        dv_check *check = check_model(path);
        expect_problem(check, "file", cases[i].words, NULL);
        dv_check_free(check);
    }
    assert_int_equal(remove(path), 0);
    dv_check *check = check_model(path);
    expect_problem(check, "file", "cannot be opened", NULL);
    dv_check_free(check);
}

/* ---- bundles ----------------------------------------------------------------------------------- */

static dv_check *check_bundle(const char *folder)
{
    dv_bundle_source source = {.folder = folder, .threads = 1};
    return check_source(&source);
}

static void test_bundle(void **state)
{
    char path[256];
    tiny it = tiny_defaults();
    tiny_write(*state, &it);
    dv_check *check = check_bundle(*state);
    assert_non_null(find(check, DV_FINDING_OK, "bundle"));
    assert_true(check->vae.is_open && check->vae.shown == TINY_COUNT && check->vae.latent == TINY_LATENT);
    assert_true(check->vae.keeps <= TINY_COUNT && check->usual->is_given);
    assert_string_equal(check->class_name[1], "birch");
    dv_check_free(check);

    assert_int_equal(remove(scratch_path(path, *state, "decoder.onnx")), 0);
    check = check_bundle(*state);
    const dv_finding *finding = find(check, DV_FINDING_PROBLEM, "bundle");
    assert_non_null(finding);
    assert_non_null(strstr(finding->text, "decoder.onnx"));
    assert_non_null(check->trials); /* the teacher is looked at all the same */
    assert_false(check->is_usable);
    dv_check_free(check);

    /* told once, not again by opening the bundle */
    tiny_write(*state, &it);
    assert_int_equal(remove(scratch_path(path, *state, "teacher.onnx")), 0);
    check = check_bundle(*state);
    expect_problem(check, "file", "teacher.onnx", NULL);
    dv_check_free(check);

    tiny_put_text(*state, "deepvid.ini", "[teacher]\nmodle = teacher.onnx\n");
    check = check_bundle(*state);
    expect_problem(check, "bundle", "unknown key 'modle'", NULL);
    dv_check_free(check);
    tiny_put_text(*state, "deepvid.ini", "[bundle]\nname = nothing\n");
    check = check_bundle(*state);
    expect_problem(check, "bundle", "[teacher] model is missing", NULL);
    dv_check_free(check);
}

static bool stop(void *context, const char *stage, double fraction)
{
    (void)context;
    (void)stage;
    (void)fraction;
    return false;
}

static void test_stopping(void **state)
{
    template_taste taste = template_plain(1);
    paths at;
    const dv_check_options options = {.seed = 1};
    const dv_progress progress = {.report = stop};
    dv_error error = {0};
    put_teacher(*state, &taste);
    put_pictures(*state, as_it_is, NULL);
    dv_bundle_source source = source_of(*state, &at);
    assert_null(dv_check_run(&source, &options, &progress, &error));
    assert_int_equal(error.code, DV_ERROR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(test_all_is_well),      with_scratch(test_settings),       with_scratch(test_metadata),
        with_scratch(test_without_pictures), with_scratch(test_without_labels), with_scratch(test_permuted),
        with_scratch(test_exchanged),        with_scratch(test_named),          with_scratch(test_numbered),
        with_scratch(test_off_by_one),       with_scratch(test_beyond),         with_scratch(test_chance),
        with_scratch(test_too_little),       with_scratch(test_names),          with_scratch(test_inverted),
        with_scratch(test_transposed),       with_scratch(test_bad_pictures),   with_scratch(test_dead_models),
        with_scratch(test_what_is_missing),  with_scratch(test_other_files),    with_scratch(test_bundle),
        with_scratch(test_stopping),         with_scratch(test_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

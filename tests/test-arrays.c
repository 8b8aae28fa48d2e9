/* Pictures that lie in arrays: NPZ, layouts and ranges of NPY, CIFAR, Quick, Draw!. */
#include "base/error.h"
#include "base/file.h"
#include "data/data.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>
#include "dataset.h"

/* ---- NPZ ---------------------------------------------------------------------------------- */

/* The archives of tests/data/make.py hold the same pictures in different ways. */
enum { STACK = 5, HEIGHT = 4, WIDTH = 6, PLANE = HEIGHT * WIDTH, PICTURE = 3 * PLANE };

static void assert_stack(const dv_dataset *dataset, int64_t count)
{
    assert_int_equal(dataset->count, count);
    assert_int_equal(dataset->channels, 3);
    assert_int_equal(dataset->height, HEIGHT);
    assert_int_equal(dataset->width, WIDTH);
    uint8_t *bytes = all_bytes(dataset);
    for (int i = 0; i < (int)count * PICTURE; i++) {
        int pixel = i % PLANE, channel = i / PLANE % 3, picture = i / PICTURE;
        assert_int_equal(bytes[i], (picture * PICTURE + pixel * 3 + channel) * 7 % 256);
    }
    free(bytes);
}

static void archives_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int count;
        bool labels;
    } cases[] = {
        {"stored.npz", 5, true},          {"packed.npz", 5, true}, {"unnamed.npz", 5, false},
        {"strange.npz:pixels", 5, false}, {"floats.npz", 5, true}, {"wide.npz", 5, false},
        {"stored.npz:x_test", 2, true},   {"packed.npz", 5, true},
    };
    static const int labels[STACK] = {2, 0, 1, 1, 0};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char path[512];
        dv_dataset *dataset = must_open(source_path(path, "data", cases[n].name), NULL);
        assert_string_equal(dataset->format, "NPZ");
        assert_stack(dataset, cases[n].count);
        assert_int_equal(dataset->labels != NULL, cases[n].labels);
        if (dataset->labels) {
            assert_memory_equal(dataset->labels, labels, (size_t)cases[n].count * sizeof *labels);
        }
        dv_dataset_close(dataset);
    }
}

static void labels_come_from_archives(void **state)
{
    (void)state;
    char pictures[512], labels[512];
    source_path(pictures, "data", "unnamed.npz");
    static const char *const names[] = {"stored.npz", "packed.npz:labels", "strange.npz:answers"};
    for (int n = 0; n < 3; n++) {
        dv_dataset *dataset = must_open(pictures, source_path(labels, "data", names[n]));
        assert_int_equal(dataset->labels[0], 2);
        assert_int_equal(dataset->labels[4], 0);
        dv_dataset_close(dataset);
    }
    must_refuse(pictures, source_path(labels, "data", "strange.npz"), "it holds pixels, answers");
    must_refuse(pictures, source_path(labels, "data", "stored.npz:y_test"), "holds 2 labels, but");
    must_refuse(source_path(pictures, "data", "strange.npz:colours"), NULL, "it holds pixels, answers");
}

/* With a limit below the size of the file its parts are read when they are asked for. */
static void large_files_stay_where_they_are(void **state)
{
    (void)state;
    char path[512];
    const dv_dataset_source source = {.images = source_path(path, "data", "stored.npz"), .memory = 64};
    dv_dataset *dataset = dv_dataset_open(&source, NULL);
    assert_stack(dataset, STACK);
    assert_int_equal(dataset->labels[0], 2);
    dv_dataset_close(dataset);
}

static void a_file_may_shrink_while_it_is_open(void **state)
{
    char path[256];
    static const uint8_t pixels[10 * 16];
    assert_true(dv_npy_write(scratch_path(path, *state, "x.npy"), 'u', 1, 3, (int64_t[]){10, 4, 4}, pixels, NULL));
    const dv_dataset_source source = {.images = path, .memory = 64};
    dv_dataset *dataset = dv_dataset_open(&source, NULL);
    assert_int_equal(truncate(path, 128 + 5 * 16), 0);
    uint8_t picture[16];
    dv_error error = {0};
    assert_true(dv_dataset_bytes(dataset, 4, NULL, picture, &error));
    assert_false(dv_dataset_bytes(dataset, 5, NULL, picture, &error));
    assert_non_null(strstr(error.message, "shorter"));
    assert_int_equal(picture[3], 128);
    assert_int_equal(dv_dataset_unreadable(dataset, NULL), 1);
    dv_dataset_close(dataset);
}

/* Cut or changed anywhere, an archive is refused or read, and nothing else happens. */
static void damage_to_archives_is_harmless(void **state)
{
    char path[512], copy[256];
    static const char *const names[] = {"packed.npz", "stored.npz", "wide.npz"};
    scratch_path(copy, *state, "damaged");
    for (int n = 0; n < 3; n++) {
        uint8_t *data;
        size_t size;
        assert_true(dv_file_read(source_path(path, "data", names[n]), 1 << 20, &data, &size, NULL));
        for (size_t i = 0; i < size; i++) {
            unlink(copy); /* writing over it would wait for the disk */
            put_file(copy, data, i);
            assert_null(open_dataset(copy, NULL, NULL));
            data[i] ^= 0x55;
            unlink(copy);
            put_file(copy, data, size);
            dv_dataset_close(open_dataset(copy, NULL, NULL));
            data[i] ^= 0x55;
        }
        free(data);
    }
}

/* ---- layouts ---------------------------------------------------------------------------------- */

static void shapes_tell_layouts(void **state)
{
    static const struct {
        int rank;
        int64_t dim[4];
        int channels, height, width; /* 0: refused */
    } cases[] = {
        {3, {2, 5, 7}, 1, 5, 7},    {4, {2, 5, 7, 3}, 3, 5, 7},  {4, {2, 3, 5, 7}, 3, 5, 7},
        {4, {2, 1, 5, 7}, 1, 5, 7}, {4, {2, 5, 7, 1}, 1, 5, 7},  {2, {2, 784}, 1, 28, 28},
        {2, {2, 3072}, 3, 32, 32},  {3, {2, 1, 784}, 1, 28, 28}, {2, {2, 785}, 0, 0, 0},
        {4, {2, 5, 7, 4}, 0, 0, 0}, {1, {100}, 0, 0, 0},         {3, {0, 5, 7}, 0, 0, 0},
        {3, {2, 0, 7}, 0, 0, 0},    {3, {1, 1, 20000}, 0, 0, 0},
    };
    static uint8_t pixels[20000];
    char path[256];
    scratch_path(path, *state, "x.npy");
    for (int i = 0; i < 20000; i++) {
        pixels[i] = (uint8_t)(i * 31 >> 2);
    }
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_true(dv_npy_write(path, 'u', 1, cases[n].rank, cases[n].dim, pixels, NULL));
        if (!cases[n].channels) {
            must_refuse(path, NULL, "");
            continue;
        }
        dv_dataset *dataset = must_open(path, NULL);
        assert_int_equal(dataset->count, 2);
        assert_int_equal(dataset->channels, cases[n].channels);
        assert_int_equal(dataset->height, cases[n].height);
        assert_int_equal(dataset->width, cases[n].width);
        assert_true(strlen(dataset->note) > 5);
        dv_dataset_close(dataset);
    }
}

/* ---- ranges ------------------------------------------------------------------------------------- */

static void put_floats(const char *path, float a, float b, float c, float d)
{
    assert_true(dv_npy_write(path, 'f', 4, 3, (int64_t[]){1, 2, 2}, (float[]){a, b, c, d}, NULL));
}

static void numbers_tell_their_range(void **state)
{
    static const struct {
        float value[4];
        uint8_t level[4];
        const char *word;
    } cases[] = {
        {{0, 0.2f, 0.5f, 1}, {0, 51, 128, 255}, "0..1"},
        {{0.1f, 0.1f, 0.1f, 1.0005f}, {26, 26, 26, 255}, "0..1"},
        {{-1, -0.5f, 0, 1}, {0, 64, 128, 255}, "-1..1"},
        {{0, 1, 2.6f, 255}, {0, 1, 3, 255}, "0..255"},
        {{0, 257, 32896, 65535}, {0, 1, 128, 255}, "0..65535"},
    };
    char path[256];
    scratch_path(path, *state, "x.npy");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        const float *v = cases[n].value;
        uint8_t level[4];
        put_floats(path, v[0], v[1], v[2], v[3]);
        dv_dataset *dataset = must_open(path, NULL);
        assert_non_null(strstr(dataset->note, cases[n].word));
        assert_true(dv_dataset_bytes(dataset, 0, NULL, level, NULL));
        assert_memory_equal(level, cases[n].level, 4);
        dv_dataset_close(dataset);
    }
    put_floats(path, -2, 0, 1, 2.5f);
    must_refuse(path, NULL, "-2 to 2.5");
    put_floats(path, 0, NAN, 1, 0);
    must_refuse(path, NULL, "not finite");
    put_floats(path, 0, INFINITY, 1, 0);
    must_refuse(path, NULL, "not finite");
}

static void bits_and_integers_are_grey_levels(void **state)
{
    char path[256];
    const int64_t dim[] = {1, 1, 3};
    uint8_t level[3];
    scratch_path(path, *state, "x.npy");
    const struct {
        char kind;
        int size;
        const void *data;
        uint8_t level[3];
    } cases[] = {
        {'b', 1, (const uint8_t[]){0, 1, 1}, {0, 255, 255}},
        {'u', 1, (const uint8_t[]){0, 1, 1}, {0, 255, 255}},
        {'u', 1, (const uint8_t[]){0, 1, 2}, {0, 1, 2}},
        {'u', 1, (const uint8_t[]){0, 0, 0}, {0, 0, 0}},
        {'i', 1, (const int8_t[]){0, 1, 127}, {0, 1, 127}},
        {'i', 8, (const int64_t[]){0, 7, 255}, {0, 7, 255}},
        {'u', 2, (const uint16_t[]){0, 257, 65535}, {0, 1, 255}},
        {'f', 2, (const uint16_t[]){0, 0x3800, 0x3C00}, {0, 128, 255}}, /* 0, 0.5, 1 */
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        assert_true(dv_npy_write(path, cases[n].kind, cases[n].size, 3, dim, cases[n].data, NULL));
        dv_dataset *dataset = must_open(path, NULL);
        assert_true(dv_dataset_bytes(dataset, 0, NULL, level, NULL));
        assert_memory_equal(level, cases[n].level, 3);
        dv_dataset_close(dataset);
    }
    assert_true(dv_npy_write(path, 'i', 4, 3, dim, (int32_t[]){-5, 0, 9}, NULL));
    must_refuse(path, NULL, "-5 to 9");
}

/* ---- CIFAR ---------------------------------------------------------------------------------------- */

enum { CIFAR_PIXELS = 3072 };

/* Records whose pixels are 3 x number of the record + channel; labels as given. */
static void put_cifar(const char *path, int count, int labels, const uint8_t *label)
{
    size_t size = (size_t)labels + CIFAR_PIXELS;
    uint8_t *data = calloc((size_t)count, size);
    for (int i = 0; i < count; i++) {
        uint8_t *record = data + (size_t)i * size;
        memcpy(record, label + i * labels, (size_t)labels);
        for (int p = 0; p < CIFAR_PIXELS; p++) {
            record[labels + p] = (uint8_t)(3 * i + p / 1024);
        }
    }
    put_file(path, data, (size_t)count * size);
    free(data);
}

static void cifar_10_is_read(void **state)
{
    char folder[256], path[256], second[256];
    make_folder(folder, *state, "cifar");
    put_cifar(scratch_path(second, folder, "data_batch_10.bin"), 1, 1, (const uint8_t[]){7});
    put_cifar(scratch_path(path, folder, "data_batch_2.bin"), 2, 1, (const uint8_t[]){9, 0});
    put_text(scratch_path(path, folder, "batches.meta.txt"), "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n");
    put_cifar(scratch_path(path, folder, "test_batch.bin"), 1, 1, (const uint8_t[]){5});
    dv_dataset *dataset = must_open(folder, NULL);
    assert_int_equal(dataset->count, 3);
    assert_memory_equal(dataset->labels, ((int[]){9, 0, 7}), 3 * sizeof(int));
    assert_int_equal(dataset->class_count, 10);
    assert_string_equal(dataset->class_names[9], "j");
    uint8_t *bytes = all_bytes(dataset);
    for (int i = 0; i < 3 * CIFAR_PIXELS; i++) {
        assert_int_equal(bytes[i], (i < 2 * CIFAR_PIXELS ? 3 * (i / CIFAR_PIXELS) : 0) + i % CIFAR_PIXELS / 1024);
    }
    free(bytes);
    dv_dataset_close(dataset);
    dataset = must_open(path, NULL);
    assert_int_equal(dataset->count, 1);
    assert_int_equal(dataset->labels[0], 5);
    assert_string_equal(dataset->class_names[5], "f");
    dv_dataset_close(dataset);
    /* A record short by a byte, a label too large, names too few. */
    assert_int_equal(truncate(second, CIFAR_PIXELS), 0);
    must_refuse(folder, NULL, "data_batch_10.bin");
    must_refuse(second, NULL, "none of the known formats");
    put_cifar(second, 1, 1, (const uint8_t[]){10});
    must_refuse(folder, NULL, "label 10");
    put_cifar(second, 1, 1, (const uint8_t[]){1});
    put_text(scratch_path(path, folder, "batches.meta.txt"), "a\nb\n");
    dataset = must_open(folder, NULL);
    assert_null(dataset->class_names);
    dv_dataset_close(dataset);
}

static void cifar_100_has_fine_labels(void **state)
{
    char folder[256], path[256];
    make_folder(folder, *state, "cifar");
    put_cifar(scratch_path(path, folder, "test.bin"), 1, 2, (const uint8_t[]){1, 2});
    put_cifar(scratch_path(path, folder, "train.bin"), 3, 2, (const uint8_t[]){19, 99, 0, 0, 5, 42});
    dv_dataset *dataset = must_open(folder, NULL);
    assert_memory_equal(dataset->labels, ((int[]){99, 0, 42}), 3 * sizeof(int));
    uint8_t picture[CIFAR_PIXELS];
    assert_true(dv_dataset_bytes(dataset, 2, NULL, picture, NULL));
    assert_true(picture[0] == 6 && picture[1024] == 7 && picture[3071] == 8);
    assert_null(dataset->class_names);
    dv_dataset_close(dataset);
    put_cifar(path, 1, 2, (const uint8_t[]){20, 99});
    must_refuse(path, NULL, "none of the known formats");
}

/* ---- Quick, Draw! ------------------------------------------------------------------------------------ */

static void each_file_of_arrays_is_a_class(void **state)
{
    char folder[256], path[256];
    static uint8_t pixels[3 * 784];
    make_folder(folder, *state, "quickdraw");
    memset(pixels, 200, sizeof pixels);
    assert_true(dv_npy_write(scratch_path(path, folder, "zebra.npy"), 'u', 1, 2, (int64_t[]){3, 784}, pixels, NULL));
    pixels[0] = 7;
    scratch_path(path, folder, "full_numpy_bitmap_The Eiffel Tower.npy");
    assert_true(dv_npy_write(path, 'u', 1, 2, (int64_t[]){1, 784}, pixels, NULL));
    put_text(scratch_path(path, folder, "README"), "not a class");
    put_text(scratch_path(path, folder, ".hidden.npy"), "not a class");
    dv_dataset *dataset = must_open(folder, NULL);
    assert_int_equal(dataset->count, 4);
    assert_int_equal(dataset->height, 28);
    assert_int_equal(dataset->class_count, 2);
    assert_string_equal(dataset->class_names[0], "The Eiffel Tower");
    assert_string_equal(dataset->class_names[1], "zebra");
    assert_memory_equal(dataset->labels, ((int[]){0, 1, 1, 1}), 4 * sizeof(int));
    uint8_t picture[784];
    assert_true(dv_dataset_bytes(dataset, 0, NULL, picture, NULL) && picture[0] == 7);
    assert_true(dv_dataset_bytes(dataset, 1, NULL, picture, NULL) && picture[0] == 200);
    dv_dataset_close(dataset);
    assert_true(dv_npy_write(scratch_path(path, folder, "yak.npy"), 'u', 1, 2, (int64_t[]){3, 729}, pixels, NULL));
    must_refuse(folder, NULL, "all of one size");
    put_text(path, "not an array");
    must_refuse(folder, NULL, "yak.npy");
}

/* ---- labels ------------------------------------------------------------------------------------------ */

static void tables_of_numbers_are_labels(void **state)
{
    char pictures[256], labels[256];
    static const uint8_t pixels[3 * 4];
    const int64_t dim[] = {3, 2, 2};
    assert_true(dv_npy_write(scratch_path(pictures, *state, "x.npy"), 'u', 1, 3, dim, pixels, NULL));
    scratch_path(labels, *state, "y.npy");
    /* A column. */
    assert_true(dv_npy_write(labels, 'u', 1, 2, (int64_t[]){3, 1}, (uint8_t[]){4, 0, 255}, NULL));
    dv_dataset *dataset = must_open(pictures, labels);
    assert_memory_equal(dataset->labels, ((int[]){4, 0, 255}), 3 * sizeof(int));
    dv_dataset_close(dataset);
    /* One of each row. */
    assert_true(dv_npy_write(labels, 'f', 4, 2, (int64_t[]){3, 3}, (float[]){0, 0, 1, 1, 0, 0, 0, 1, 0}, NULL));
    dataset = must_open(pictures, labels);
    assert_null(dataset->marks);
    assert_memory_equal(dataset->labels, ((int[]){2, 0, 1}), 3 * sizeof(int));
    dv_dataset_close(dataset);
    /* Any of each row. */
    assert_true(dv_npy_write(labels, 'i', 1, 2, (int64_t[]){3, 2}, (int8_t[]){1, 1, 0, 0, -1, 1}, NULL));
    dataset = must_open(pictures, labels);
    assert_null(dataset->labels);
    assert_int_equal(dataset->class_count, 2);
    assert_memory_equal(dataset->marks, ((int8_t[]){1, 1, 0, 0, -1, 1}), 6);
    dv_dataset_close(dataset);
    assert_true(dv_npy_write(labels, 'f', 4, 2, (int64_t[]){3, 2}, (float[]){1, 1, 0, 0, 0.5f, 1}, NULL));
    must_refuse(pictures, labels, "0.5");
    assert_true(dv_npy_write(labels, 'f', 4, 2, (int64_t[]){2, 2}, (float[]){1, 1, 0, 0}, NULL));
    must_refuse(pictures, labels, "holds 2 labels, but");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(archives_are_read),
        cmocka_unit_test(labels_come_from_archives),
        cmocka_unit_test(large_files_stay_where_they_are),
        with_scratch(a_file_may_shrink_while_it_is_open),
        with_scratch(damage_to_archives_is_harmless),
        with_scratch(shapes_tell_layouts),
        with_scratch(numbers_tell_their_range),
        with_scratch(bits_and_integers_are_grey_levels),
        with_scratch(cifar_10_is_read),
        with_scratch(cifar_100_has_fine_labels),
        with_scratch(each_file_of_arrays_is_a_class),
        with_scratch(tables_of_numbers_are_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

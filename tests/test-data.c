#include "base/error.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "dataset.h"

/* ---- IDX -------------------------------------------------------------------- */

enum { COUNT = 2, CHANNELS = 3, HEIGHT = 2, WIDTH = 4, PICTURE = CHANNELS * HEIGHT * WIDTH };

/* Header and elements 0, 1, 2, ... of type uint8. */
static void put_idx(const char *path, int rank, const uint32_t *dim)
{
    uint8_t bytes[1024] = {0, 0, 8, (uint8_t)rank};
    size_t count = 1, size = 4;
    for (int i = 0; i < rank; i++) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes[size++] = (uint8_t)(dim[i] >> shift);
        }
        count *= dim[i];
    }
    for (size_t i = 0; i < count; i++) {
        bytes[size++] = (uint8_t)i;
    }
    put_file(path, bytes, size);
}

static void idx_pictures_are_read(void **state)
{
    char path[256];
    scratch_path(path, *state, "pictures");
    put_idx(path, 3, (uint32_t[]){3, 5, 7});
    dv_error error = {0};
    dv_dataset *dataset = open_dataset(path, NULL, &error);
    assert_non_null(dataset);
    assert_int_equal(dataset->count, 3);
    assert_int_equal(dataset->channels, 1);
    assert_int_equal(dataset->height, 5);
    assert_int_equal(dataset->width, 7);
    assert_null(dataset->labels);
    float picture[35];
    assert_true(dv_dataset_picture(dataset, 2, NULL, picture, &error));
    uint8_t *bytes = all_bytes(dataset);
    for (int i = 0; i < 35; i++) {
        assert_int_equal(bytes[70 + i], 70 + i);
        assert_true(picture[i] == (float)(70 + i) / 255);
    }
    free(bytes);
    dv_dataset_close(dataset);

    put_idx(path, 4, (uint32_t[]){COUNT, CHANNELS, HEIGHT, WIDTH});
    dataset = open_dataset(path, NULL, &error);
    assert_non_null(dataset);
    assert_int_equal(dataset->count, COUNT);
    assert_int_equal(dataset->channels, CHANNELS);
    assert_int_equal(dataset->height, HEIGHT);
    assert_int_equal(dataset->width, WIDTH);
    bytes = all_bytes(dataset);
    for (int i = 0; i < COUNT * PICTURE; i++) {
        assert_int_equal(bytes[i], i);
    }
    free(bytes);
    dv_dataset_close(dataset);
    dv_dataset_close(NULL);
}

static void labels_go_with_pictures(void **state)
{
    char pictures[256], labels[256];
    put_idx(scratch_path(pictures, *state, "pictures"), 3, (uint32_t[]){3, 2, 2});
    put_idx(scratch_path(labels, *state, "labels"), 1, (uint32_t[]){3});
    dv_error error = {0};
    dv_dataset *dataset = open_dataset(pictures, labels, &error);
    assert_non_null(dataset);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(dataset->labels[i], i);
    }
    dv_dataset_close(dataset);

    put_idx(labels, 1, (uint32_t[]){4});
    assert_null(open_dataset(pictures, labels, &error));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    assert_non_null(strstr(error.message, labels));
    assert_non_null(strstr(error.message, pictures));
    assert_non_null(strstr(error.message, "4 labels"));
    assert_null(open_dataset(labels, NULL, &error)); /* one for the other */
    assert_non_null(strstr(error.message, "are these the labels?"));
    assert_null(open_dataset(pictures, pictures, &error));
    assert_non_null(strstr(error.message, "are these the pictures?"));
    assert_null(open_dataset(pictures, scratch_path(labels, *state, "missing"), &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    assert_non_null(strstr(error.message, labels));
}

/* Figures by zcat, od and awk, and by NumPy. */
static void fashion_mnist_is_read(void **state)
{
    (void)state;
    static const char folder[] = "/usr/share/datasets/fashion-mnist/";
    char pictures[256], labels[256];
    scratch_path(pictures, folder, "t10k-images-idx3-ubyte.gz");
    scratch_path(labels, folder, "t10k-labels-idx1-ubyte.gz");
    if (access(pictures, R_OK) != 0) {
        print_message("skipped: %s is not there\n", pictures);
        skip();
    }
    dv_dataset *dataset = open_dataset(pictures, labels, NULL);
    assert_non_null(dataset);
    assert_int_equal(dataset->count, 10000);
    assert_int_equal(dataset->height, 28);
    assert_int_equal(dataset->width, 28);
    static const int first[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    assert_memory_equal(dataset->labels, first, sizeof first);
    int of_class[10] = {0};
    for (int64_t i = 0; i < dataset->count; i++) {
        of_class[dataset->labels[i]]++;
    }
    for (int k = 0; k < 10; k++) {
        assert_int_equal(of_class[k], 1000);
    }
    int64_t sum = 0;
    uint8_t *bytes = all_bytes(dataset);
    for (int64_t i = 0; i < dataset->count * 784; i++) {
        sum += bytes[i];
    }
    free(bytes);
    assert_int_equal(sum, 573469082);
    dv_dataset_close(dataset);
}

/* ---- NPY -------------------------------------------------------------------- */

static void read_npy(const char *name, dv_array *array)
{
    char path[512];
    dv_error error = {0};
    if (!dv_npy_read(source_path(path, "data", name), array, &error)) {
        fail_msg("%s", error.message);
    }
}

/* NumPy's own bytes of a C-ordered array follow a header of 128 bytes. */
static void read_bytes(const char *name, uint8_t **data, size_t *size)
{
    char path[512];
    assert_true(dv_file_read(source_path(path, "data", name), 1 << 16, data, size, NULL));
}

static const char *const types[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};
enum { TYPES = sizeof types / sizeof types[0], ELEMENTS = 24 };

static void npy_of_every_type_and_order_is_read(void **state)
{
    (void)state;
    for (int t = 0; t < TYPES; t++) {
        dv_array array, fortran;
        char name[32];
        uint8_t *file;
        size_t file_size;
        snprintf(name, sizeof name, "%s.npy", types[t]);
        read_npy(name, &array);
        read_bytes(name, &file, &file_size);
        assert_int_equal(array.kind, types[t][0]);
        assert_int_equal(array.size, types[t][1] - '0');
        assert_int_equal(array.rank, 3);
        assert_memory_equal(array.dim, ((int64_t[]){2, 3, 4}), 3 * sizeof(int64_t));
        size_t size = ELEMENTS * (size_t)array.size;
        assert_int_equal(file_size, 128 + size);
        assert_memory_equal(array.data, file + 128, size);

        snprintf(name, sizeof name, "%s-fortran.npy", types[t]);
        read_npy(name, &fortran);
        assert_int_equal(fortran.rank, 3);
        assert_memory_equal(fortran.dim, array.dim, sizeof array.dim);
        assert_memory_equal(fortran.data, array.data, size);
        free(file);
        dv_array_clear(&array);
        dv_array_clear(&fortran);
    }
}

static void npy_values_are_in_order(void **state)
{
    (void)state;
    static const char *const floats[] = {"f4.npy", "f4-fortran.npy", "f4-version-2.npy", "f4-version-3.npy"};
    static const char *const integers[] = {"i4.npy", "i4-rank-1.npy", "i4-rank-8-fortran.npy"};
    dv_array array;
    for (int n = 0; n < 4; n++) {
        read_npy(floats[n], &array);
        for (int i = 0; i < ELEMENTS; i++) {
            assert_true(((float *)array.data)[i] == (float)i / 4 - 3);
        }
        dv_array_clear(&array);
        assert_null(array.data);
    }
    for (int n = 0; n < 3; n++) {
        read_npy(integers[n], &array);
        for (int i = 0; i < ELEMENTS; i++) {
            assert_int_equal(((int32_t *)array.data)[i], (i - 12) * 10 * 256 * 256 * 256);
        }
        dv_array_clear(&array);
    }
}

static void npy_is_written_as_numpy_does(void **state)
{
    static const char *const others[] = {"i4-rank-0", "i4-rank-1", "f4-of-nothing"};
    char path[256];
    scratch_path(path, *state, "out.npy");
    for (int n = 0; n < TYPES + 3; n++) {
        char name[32];
        dv_array array;
        uint8_t *expected, *written;
        size_t expected_size, written_size;
        dv_error error = {0};
        snprintf(name, sizeof name, "%s.npy", n < TYPES ? types[n] : others[n - TYPES]);
        read_npy(name, &array);
        read_bytes(name, &expected, &expected_size);
        assert_true(dv_npy_write(path, array.kind, array.size, array.rank, array.dim, array.data, &error));
        assert_true(dv_file_read(path, 1 << 16, &written, &written_size, &error));
        assert_int_equal(written_size, expected_size);
        assert_memory_equal(written, expected, expected_size);
        free(written);
        free(expected);
        dv_array_clear(&array);
    }
    assert_int_equal(scratch_count(*state), 1);
}

/* However long the header gets, the elements stay aligned and come back. */
static void npy_of_any_shape_comes_back(void **state)
{
    char path[256];
    scratch_path(path, *state, "out.npy");
    const int64_t dim[8] = {1, 2, 1000, 1, 1, 1, 1, 1}, empty[3] = {INT64_MAX, 0, 1};
    static const float data[2000] = {1, 2, 3};
    dv_array array;
    for (int rank = 3; rank <= 8; rank++) {
        uint8_t *bytes;
        size_t size;
        assert_true(dv_npy_write(path, 'f', 4, rank, dim, data, NULL));
        assert_true(dv_file_read(path, 1 << 16, &bytes, &size, NULL));
        assert_int_equal(size % 64, sizeof data % 64);
        free(bytes);
        assert_true(dv_npy_read(path, &array, NULL));
        assert_int_equal(array.rank, rank);
        assert_memory_equal(array.dim, dim, (size_t)rank * sizeof *dim);
        assert_memory_equal(array.data, data, sizeof data);
        dv_array_clear(&array);
    }
    assert_true(dv_npy_write(path, 'f', 4, 3, empty, NULL, NULL));
    assert_true(dv_npy_read(path, &array, NULL));
    assert_memory_equal(array.dim, empty, sizeof empty);
    dv_array_clear(&array);
}

static void npy_that_cannot_be_written(void **state)
{
    char path[256];
    dv_error error = {0};
    static const float data[100000];
    assert_false(dv_npy_write(scratch_path(path, *state, "no/x.npy"), 'f', 4, 1, (int64_t[]){3}, data, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
    assert_non_null(strstr(error.message, path));
    assert_false(dv_npy_write(path, 'f', 4, 2, (int64_t[]){INT64_MAX, 3}, data, &error));
    assert_int_equal(error.code, DV_ERROR_ARGUMENT);
    if (access("/dev/full", W_OK) == 0) {
        assert_false(dv_npy_write("/dev/full", 'f', 4, 1, (int64_t[]){100000}, data, &error));
        assert_non_null(strstr(error.message, "/dev/full: "));
        assert_non_null(strstr(error.message, strerror(ENOSPC)));
        assert_false(dv_npy_write("/dev/full", 'f', 4, 1, (int64_t[]){1}, data, &error));
        assert_non_null(strstr(error.message, strerror(ENOSPC)));
    }
}

/* A header that another program wrote: double quotes, any order and space, no trailing comma. */
static void npy_headers_may_differ(void **state)
{
    static const char *const headers[] = {
        "{\"shape\":(3,),\"descr\":\"<i2\",\"fortran_order\":True}",
        "  { 'fortran_order' : False ,\t'shape' :( 3 ) , 'descr': '=i2' , } \n\n",
        "{'descr': '|i2', 'fortran_order': False, 'shape': (3,), }",
    };
    char path[256];
    scratch_path(path, *state, "x.npy");
    for (size_t n = 0; n < sizeof headers / sizeof headers[0]; n++) {
        uint8_t bytes[256] = "\x93NUMPY\x01";
        size_t length = strlen(headers[n]);
        bytes[8] = (uint8_t)length;
        memcpy(bytes + 10, headers[n], length);
        memcpy(bytes + 10 + length, (int16_t[]){-5, 6, 700}, 6);
        put_file(path, bytes, 10 + length + 6);
        dv_array array;
        dv_error error = {0};
        if (!dv_npy_read(path, &array, &error)) {
            fail_msg("%s", error.message);
        }
        assert_int_equal(array.rank, 1);
        assert_int_equal(array.dim[0], 3);
        assert_memory_equal(array.data, ((int16_t[]){-5, 6, 700}), 6);
        dv_array_clear(&array);
    }
}

static void npy_may_hold_pictures_and_labels(void **state)
{
    char pictures[256], labels[256];
    scratch_path(pictures, *state, "pictures.npy");
    scratch_path(labels, *state, "labels.npy");
    uint8_t pixel[COUNT * PICTURE];
    for (int i = 0; i < COUNT * PICTURE; i++) {
        pixel[i] = (uint8_t)i;
    }
    dv_error error = {0};
    const int64_t count = COUNT;
    assert_true(dv_npy_write(pictures, 'u', 1, 4, (int64_t[]){COUNT, HEIGHT, WIDTH, CHANNELS}, pixel, NULL));
    assert_true(dv_npy_write(labels, 'i', 2, 1, &count, (int16_t[]){-1, 300}, NULL));
    dv_dataset *dataset = open_dataset(pictures, labels, &error);
    assert_non_null(dataset);
    assert_int_equal(dataset->count, COUNT);
    assert_int_equal(dataset->channels, CHANNELS);
    assert_int_equal(dataset->height, HEIGHT);
    assert_int_equal(dataset->width, WIDTH);
    assert_int_equal(dataset->labels[0], -1);
    assert_int_equal(dataset->labels[1], 300);
    uint8_t *bytes = all_bytes(dataset);
    for (int n = 0; n < COUNT; n++) {
        for (int c = 0; c < CHANNELS; c++) {
            for (int i = 0; i < HEIGHT * WIDTH; i++) {
                assert_int_equal(bytes[n * PICTURE + c * HEIGHT * WIDTH + i], n * PICTURE + i * CHANNELS + c);
            }
        }
    }
    free(bytes);
    dv_dataset_close(dataset);
    assert_true(dv_npy_write(pictures, 'u', 1, 3, (int64_t[]){COUNT, HEIGHT, PICTURE / HEIGHT}, pixel, NULL));
    dataset = open_dataset(pictures, NULL, &error);
    assert_int_equal(dataset->channels, 1);
    bytes = all_bytes(dataset);
    assert_memory_equal(bytes, pixel, sizeof pixel);
    free(bytes);
    dv_dataset_close(dataset);
}

static void npy_of_the_wrong_kind_is_no_dataset(void **state)
{
    char pictures[256], labels[256], path[512];
    const int64_t count = 2;
    dv_error error = {0};
    put_idx(scratch_path(pictures, *state, "pictures"), 3, (uint32_t[]){2, 2, 2});
    scratch_path(labels, *state, "labels.npy");
    static const char *const no_pictures[] = {"f4.npy", "i1.npy", "i4-rank-1.npy"};
    for (int n = 0; n < 3; n++) {
        assert_null(open_dataset(source_path(path, "data", no_pictures[n]), NULL, &error));
        assert_non_null(strstr(error.message, path));
    }
    assert_true(dv_npy_write(labels, 'i', 4, 1, &count, (int32_t[]){0, -2}, NULL));
    assert_null(open_dataset(pictures, labels, &error));
    assert_non_null(strstr(error.message, "label 1 is -2"));
    assert_true(dv_npy_write(labels, 'i', 8, 1, &count, (int64_t[]){0, DV_MAX_CLASSES}, NULL));
    assert_null(open_dataset(pictures, labels, &error));
    assert_true(dv_npy_write(labels, 'u', 8, 1, &count, (uint64_t[]){0, UINT64_MAX}, NULL));
    assert_null(open_dataset(pictures, labels, &error));
    assert_true(dv_npy_write(labels, 'f', 4, 1, &count, (float[]){0, 1}, NULL));
    assert_null(open_dataset(pictures, labels, &error));
    assert_int_equal(error.code, DV_ERROR_FORMAT);
    /* The largest that are. */
    assert_true(dv_npy_write(labels, 'u', 8, 1, &count, (uint64_t[]){0, DV_MAX_CLASSES - 1}, NULL));
    dv_dataset *dataset = open_dataset(pictures, labels, &error);
    assert_int_equal(dataset->labels[1], DV_MAX_CLASSES - 1);
    dv_dataset_close(dataset);
}

/* ---- bad input -------------------------------------------------------------- */

static void refuse_dataset(const char *path)
{
    dv_error error = {0};
    if (open_dataset(path, NULL, &error)) {
        fail_msg("%s was read", path);
    }
    assert_true(error.code == DV_ERROR_FORMAT || error.code == DV_ERROR_UNSUPPORTED);
    size_t length = strlen(path);
    assert_true(strncmp(error.message, path, length) == 0 && strncmp(error.message + length, ": ", 2) == 0);
    assert_true(strlen(error.message) > length + 10);
}

static void malformed_files_are_refused(void **state)
{
    (void)state;
    char path[512];
    DIR *folder = opendir(source_path(path, "bad", ""));
    assert_non_null(folder);
    int idx = 0, npy = 0, npz = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        bool is_npy = strncmp(entry->d_name, "npy-", 4) == 0, is_idx = strncmp(entry->d_name, "idx-", 4) == 0;
        bool is_npz = strncmp(entry->d_name, "npz-", 4) == 0;
        source_path(path, "bad", entry->d_name);
        if (is_idx || is_npy || is_npz) {
            refuse_dataset(path);
        }
        if (is_npy) {
            dv_array array;
            dv_error error = {0};
            assert_false(dv_npy_read(path, &array, &error));
            assert_non_null(strstr(error.message, path));
        }
        idx += is_idx;
        npy += is_npy;
        npz += is_npz;
    }
    closedir(folder);
    assert_true(idx >= 21);
    assert_true(npy >= 31);
    assert_true(npz >= 25);
}

/* Cut anywhere, a file is refused; changed anywhere, it is refused or read, and nothing else happens. */
static void damage_anywhere_is_harmless(void **state)
{
    char path[256];
    scratch_path(path, *state, "damaged");
    uint8_t *data;
    size_t size;
    read_bytes("f4-fortran.npy", &data, &size);
    for (size_t i = 0; i < size; i++) {
        dv_array array;
        put_file(path, data, i);
        assert_false(dv_npy_read(path, &array, NULL));
        for (int bit = 0; bit < 8; bit++) {
            data[i] ^= (uint8_t)(1 << bit);
            put_file(path, data, size);
            if (dv_npy_read(path, &array, NULL)) {
                dv_array_clear(&array);
            }
            data[i] ^= (uint8_t)(1 << bit);
        }
    }
    free(data);
    put_idx(path, 4, (uint32_t[]){COUNT, CHANNELS, HEIGHT, WIDTH});
    assert_true(dv_file_read(path, 1 << 16, &data, &size, NULL));
    for (size_t i = 0; i < size; i++) {
        put_file(path, data, i);
        assert_null(open_dataset(path, NULL, NULL));
        for (int bit = 0; bit < 8; bit++) {
            data[i] ^= (uint8_t)(1 << bit);
            put_file(path, data, size);
            dv_dataset *dataset = open_dataset(path, NULL, NULL);
            assert_true((dataset != NULL) == (i >= 20)); /* no byte of the header is without meaning */
            dv_dataset_close(dataset);
            data[i] ^= (uint8_t)(1 << bit);
        }
    }
    free(data);
}

/* ---- names of classes -------------------------------------------------------- */

static void names_are_read_line_by_line(void **state)
{
    static const struct {
        const char *text;
        int count;
        const char *names[3];
    } cases[] = {
        {"T-shirt/top\nTrouser\nAnkle boot\n", 3, {"T-shirt/top", "Trouser", "Ankle boot"}},
        {"T-shirt/top\nTrouser", 2, {"T-shirt/top", "Trouser"}},
        {"\xEF\xBB\xBFone\r\n two \t\r\n\r\n \n\n", 2, {"one", "two"}},
        {"T\xc3\xa9l\xc3\xa9\n\x1b[2Jboo\x07!\n\xff\n", 3, {"T\xc3\xa9l\xc3\xa9", "?[2Jboo?!", "?"}},
    };
    char path[256];
    scratch_path(path, *state, "labels.txt");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        char **names;
        int count;
        dv_error error = {0};
        put_file(path, cases[n].text, strlen(cases[n].text));
        assert_true(dv_labels_read(path, &names, &count, &error));
        assert_int_equal(count, cases[n].count);
        for (int i = 0; i < count; i++) {
            assert_string_equal(names[i], cases[n].names[i]);
        }
        free(names);
    }
}

static void names_that_are_none(void **state)
{
    static const struct {
        const char *text;
        size_t size;
        const char *complaint;
    } cases[] = {
        {"", 0, "no labels"},     {"\n \r\n", 4, "no labels"},        {"\xEF\xBB\xBF\n", 4, "no labels"},
        {"\none\n", 5, "line 1"}, {"one\n\n \nfour\n", 12, "line 2"}, {"one\0two\n", 8, "not a text file"},
    };
    char path[256];
    scratch_path(path, *state, "labels.txt");
    char **names;
    int count;
    dv_error error = {0};
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_file(path, cases[n].text, cases[n].size);
        assert_false(dv_labels_read(path, &names, &count, &error));
        assert_int_equal(error.code, DV_ERROR_FORMAT);
        assert_non_null(strstr(error.message, path));
        assert_non_null(strstr(error.message, cases[n].complaint));
    }
    unlink(path);
    assert_false(dv_labels_read(path, &names, &count, &error));
    assert_int_equal(error.code, DV_ERROR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(idx_pictures_are_read),
        with_scratch(labels_go_with_pictures),
        cmocka_unit_test(fashion_mnist_is_read),
        cmocka_unit_test(npy_of_every_type_and_order_is_read),
        cmocka_unit_test(npy_values_are_in_order),
        with_scratch(npy_is_written_as_numpy_does),
        with_scratch(npy_of_any_shape_comes_back),
        with_scratch(npy_that_cannot_be_written),
        with_scratch(npy_headers_may_differ),
        with_scratch(npy_may_hold_pictures_and_labels),
        with_scratch(npy_of_the_wrong_kind_is_no_dataset),
        cmocka_unit_test(malformed_files_are_refused),
        with_scratch(damage_anywhere_is_harmless),
        with_scratch(names_are_read_line_by_line),
        with_scratch(names_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

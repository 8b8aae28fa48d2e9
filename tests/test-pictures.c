/* Pictures that are files: folders and lists of them, the forms they are asked for in, what is kept of them, and those
 * that cannot be read. */
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/team.h"
#include "data/cache.h"
#include "data/data.h"
#include "data/format.h"
#include "image/image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <cmocka.h>
#include "dataset.h"

/* A grey picture whose pixels all have this level. */
static void put_png(const char *folder, const char *name, int width, int height, uint8_t level)
{
    char path[256];
    dv_image *image = dv_image_new(width, height, 1, NULL);
    dv_image_fill(image, level, level, level);
    assert_true(dv_png_write(image, scratch_path(path, folder, name), NULL));
    dv_image_free(image);
}

static uint8_t level_of(const dv_dataset *dataset, int64_t index)
{
    dv_picture_form form = {.channels = 1, .height = 1, .width = 1, .crop = 0};
    uint8_t level;
    assert_true(dv_dataset_bytes(dataset, index, &form, &level, NULL));
    return level;
}

static void assert_name(const dv_dataset *dataset, int64_t index, const char *expected)
{
    char name[64];
    dv_dataset_file(dataset, index, name, sizeof name);
    assert_string_equal(name, expected);
}

/* ---- folders ------------------------------------------------------------------------------- */

/* Classes in the order of their bytes, as torchvision's ImageFolder has them. */
static void folders_are_classes(void **state)
{
    char root[256], below[256], path[256];
    make_folder(root, *state, "root");
    make_folder(below, root, "b");
    put_png(below, "2.png", 3, 2, 20);
    put_png(below, "10.PNG", 3, 2, 10);
    put_png(below, ".hidden.png", 3, 2, 99);
    put_text(scratch_path(path, below, "notes.txt"), "no picture");
    put_png(make_folder(path, below, "deep"), "1.png", 3, 2, 30);
    put_png(make_folder(below, root, "B"), "x.png", 3, 2, 40);
    make_folder(below, root, "a");
    put_png(make_folder(below, root, "\xc3\xa9"), "y.png", 3, 2, 50);
    put_png(make_folder(below, root, ".git"), "z.png", 3, 2, 99);
    put_png(make_folder(below, root, "__MACOSX"), "z.png", 3, 2, 99);
    put_png(root, "loose.png", 3, 2, 99);
    dv_dataset *dataset = must_open(root, NULL);
    assert_string_equal(dataset->format, "folder of pictures");
    static const char *const names[] = {"B", "a", "b", "\xc3\xa9"};
    static const int labels[] = {0, 2, 2, 2, 3};
    static const uint8_t levels[] = {40, 10, 20, 30, 50};
    assert_int_equal(dataset->class_count, 4); /* one of them without pictures: it still counts */
    for (int k = 0; k < 4; k++) {
        assert_string_equal(dataset->class_names[k], names[k]);
    }
    assert_int_equal(dataset->count, 5);
    assert_memory_equal(dataset->labels, labels, sizeof labels);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(level_of(dataset, i), levels[i]);
    }
    assert_name(dataset, 3, "b/deep/1.png");
    assert_true(dataset->channels == 1 && dataset->height == 2 && dataset->width == 3 && !dataset->mixed);
    assert_non_null(strstr(dataset->note, "1 pictures beside the sub-folders"));
    assert_non_null(strstr(dataset->note, "1 files that are neither"));
    dv_dataset_close(dataset);
}

static void a_flat_folder_has_no_classes(void **state)
{
    char root[256];
    make_folder(root, *state, "root");
    put_png(root, "b.png", 4, 4, 2);
    put_png(root, "a.png", 4, 4, 1);
    dv_dataset *dataset = must_open(root, NULL);
    assert_int_equal(dataset->count, 2);
    assert_null(dataset->labels);
    assert_null(dataset->class_names);
    assert_int_equal(level_of(dataset, 0), 1);
    dv_dataset_close(dataset);
}

static void links_in_circles_end(void **state)
{
    char root[256], below[256], path[256];
    make_folder(root, *state, "root");
    put_png(make_folder(below, root, "a"), "1.png", 4, 4, 7);
    assert_int_equal(symlink("..", scratch_path(path, below, "up")), 0);
    assert_int_equal(symlink(".", scratch_path(path, below, "here")), 0);
    assert_int_equal(symlink("nowhere", scratch_path(path, below, "gone")), 0);
    assert_int_equal(symlink("nowhere.png", scratch_path(path, below, "2.png")), 0);
    assert_int_equal(symlink("a", scratch_path(path, root, "same")), 0);
    dv_dataset *dataset = must_open(root, NULL);
    assert_int_equal(dataset->class_count, 2); /* a link to a folder is a folder */
    /* From either class "up" leads to the root, from there to the other class, and no further. */
    int64_t readable = 0;
    for (int64_t i = 0; i < dataset->count; i++) {
        dv_picture_form form = {.channels = 1, .height = 4, .width = 4, .crop = 1};
        uint8_t picture[16];
        readable += dv_dataset_bytes(dataset, i, &form, picture, NULL);
    }
    assert_true(readable >= 2 && readable < 20);
    assert_int_equal(dv_dataset_unreadable(dataset, NULL), dataset->count - readable);
    dv_dataset_close(dataset);
}

static void folders_without_pictures(void **state)
{
    char root[256], below[256], path[256];
    must_refuse(make_folder(root, *state, "root"), NULL, "holds no pictures");
    put_text(scratch_path(path, root, "t10k-images.gz"), "x");
    must_refuse(root, NULL, "t10k-images.gz");
    make_folder(below, root, "train");
    must_refuse(root, NULL, "the parts of a dataset");
    make_folder(below, root, "Test");
    must_refuse(root, NULL, "name one: Test");
    make_folder(below, root, "cat");
    must_refuse(root, NULL, "holds no pictures");
    must_refuse(scratch_path(path, root, "nothing"), NULL, "cannot be opened");
}

/* ---- one picture, lists --------------------------------------------------------------------------- */

static void one_picture_is_a_dataset(void **state)
{
    char path[512], scratch[256];
    dv_dataset *dataset = must_open(source_path(path, "jpeg", "turned-6.jpg"), NULL);
    assert_int_equal(dataset->count, 1);
    assert_true(dataset->channels == 1 && dataset->height == 11 && dataset->width == 7);
    dv_dataset_close(dataset);
    must_refuse(source_path(path, "bad", "jpeg-cut-in-header.jpg"), NULL, "damaged");
    /* Damaged behind the header: found when it is asked for, and then an error, since it is the only one. */
    dataset = must_open(source_path(path, "bad", "jpeg-cut-in-pixels.jpg"), NULL);
    dv_error error = {0};
    float *pictures = malloc(sizeof(float) * 24 * 24 * 3);
    assert_false(dv_dataset_pictures(dataset, 0, 1, NULL, NULL, pictures, &error));
    assert_non_null(strstr(error.message, "jpeg-cut-in-pixels.jpg"));
    free(pictures);
    dv_dataset_close(dataset);
    put_file(scratch_path(scratch, *state, "gif"), "GIF89a\1\0\1\0\0\0\0", 13);
    must_refuse(scratch, NULL, "none of the known formats");
}

static void lists_name_pictures(void **state)
{
    static const struct {
        const char *text;
        int count, label; /* label of the last; -9: no labels at all */
    } cases[] = {
        {"p/a.png\np/b.png\n", 2, -9},
        {"p/a.png,3\np/b.png,5\n", 2, 5},
        {"p/a.png\t3\np/b.png\t\n", 2, -1},
        {"p/a.png 3\np/b.png 5\np/a b.png 6\n", 3, 6},
        {"path,label\r\np/a.png,dog\r\n\"p/a b.png\",cat\r\n", 2, 0},
        {"p/gone.png\np/b.png\n", 0, -9},
    };
    char list[256], folder[256];
    make_folder(folder, *state, "p");
    put_png(folder, "a.png", 2, 2, 11);
    put_png(folder, "b.png", 2, 2, 22);
    put_png(folder, "a b.png", 2, 2, 22);
    scratch_path(list, *state, "list.txt");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(list, cases[n].text);
        if (!cases[n].count) {
            must_refuse(list, NULL, "no file 'p/gone.png'");
            continue;
        }
        dv_dataset *dataset = must_open(list, NULL);
        assert_int_equal(dataset->count, cases[n].count);
        assert_int_equal(level_of(dataset, 0), 11);
        assert_int_equal(level_of(dataset, cases[n].count - 1), 22);
        assert_int_equal(dataset->labels ? dataset->labels[cases[n].count - 1] : -9, cases[n].label);
        dv_dataset_close(dataset);
    }
    /* One column may be marks of several labels. */
    put_text(list, "image,red,round\np/a.png,1,0\np/b.png,1,1\n");
    dv_dataset *dataset = must_open(list, NULL);
    assert_memory_equal(dataset->marks, ((int8_t[]){1, 0, 1, 1}), 4);
    assert_string_equal(dataset->class_names[1], "round");
    dv_dataset_close(dataset);
}

/* ---- forms ------------------------------------------------------------------------------------------ */

static void forms_are_scaled_cropped_and_converted(void **state)
{
    char path[256];
    /* 4 x 2: left half 0, right half 200. */
    dv_image *image = dv_image_new(4, 2, 1, NULL);
    memcpy(image->pixel, ((uint8_t[]){0, 0, 200, 200, 0, 0, 200, 200}), 8);
    assert_true(dv_png_write(image, scratch_path(path, *state, "x.png"), NULL));
    dv_image_free(image);
    dv_dataset *dataset = must_open(path, NULL);
    uint8_t bytes[16];
    dv_picture_form form = {.channels = 1, .height = 2, .width = 2, .crop = 1};
    assert_true(dv_dataset_bytes(dataset, 0, &form, bytes, NULL));
    assert_memory_equal(bytes, ((uint8_t[]){0, 200, 0, 200}), 4); /* the middle */
    form.crop = 0;
    assert_true(dv_dataset_bytes(dataset, 0, &form, bytes, NULL));
    assert_memory_equal(bytes, ((uint8_t[]){29, 171, 29, 171}), 4); /* squeezed: 1/7, 6/7 of 200, rounded */
    form = (dv_picture_form){.channels = 3, .height = 2, .width = 2, .crop = 1};
    assert_true(dv_dataset_bytes(dataset, 0, &form, bytes, NULL));
    assert_memory_equal(bytes, ((uint8_t[]){0, 200, 0, 200, 0, 200, 0, 200, 0, 200, 0, 200}), 12);
    float floats[8];
    assert_true(dv_dataset_picture(dataset, 0, NULL, floats, NULL));
    assert_true(floats[0] == 0 && floats[3] == 200 / 255.0f && floats[4] == 0);
    dv_dataset_close(dataset);
}

/* A form of the native size is exact; colour becomes grey as Pillow's convert("L") has it. */
static void jpeg_comes_as_it_is(void **state)
{
    (void)state;
    char path[512];
    dv_dataset *dataset = must_open(source_path(path, "jpeg", "rgb-0.jpg"), NULL);
    uint8_t grey[19 * 17], *bytes = all_bytes(dataset);
    dv_picture_form form = dv_dataset_native(dataset);
    dv_image *image = dv_image_read(path, NULL);
    form.channels = 1;
    assert_true(dv_dataset_bytes(dataset, 0, &form, grey, NULL));
    for (int i = 0; i < 19 * 17; i++) {
        const uint8_t *rgb = image->pixel + 3 * i;
        for (int c = 0; c < 3; c++) {
            assert_int_equal(bytes[c * 19 * 17 + i], rgb[c]);
        }
        assert_int_equal(grey[i], (19595 * rgb[0] + 38470 * rgb[1] + 7471 * rgb[2] + 32768) >> 16);
    }
    dv_image_free(image);
    free(bytes);
    dv_dataset_close(dataset);
}

static void pictures_of_mixed_sizes_come_in_one_form(void **state)
{
    char root[256];
    make_folder(root, *state, "root");
    put_png(root, "a.png", 6, 4, 50);
    put_png(root, "b.png", 30, 50, 60);
    put_png(root, "c.png", 6, 4, 70);
    dv_dataset *dataset = must_open(root, NULL);
    assert_true(dataset->mixed && dataset->height == 4 && dataset->width == 6);
    uint8_t *bytes = all_bytes(dataset);
    for (int i = 0; i < 3 * 24; i++) {
        assert_int_equal(bytes[i], 50 + 10 * (i / 24));
    }
    free(bytes);
    dv_dataset_close(dataset);
}

/* ---- the unreadable ------------------------------------------------------------------------------------ */

static void unreadable_pictures_are_skipped_and_counted(void **state)
{
    enum { MANY = 300 };
    char root[256], path[256];
    make_folder(root, *state, "root");
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d.png", i);
        put_png(root, name, 3, 3, (uint8_t)(i % 200));
    }
    put_text(scratch_path(path, root, "007.png"), "not a picture");
    assert_int_equal(truncate(scratch_path(path, root, "123.png"), 50), 0);
    dv_dataset *dataset = must_open(root, NULL);
    dv_team *team = dv_team_new(3, NULL);
    float *pictures = malloc(sizeof(float) * MANY * 9);
    dv_error error = {0};
    assert_int_equal(dv_dataset_unreadable(dataset, &error), 0);
    assert_int_equal(error.code, DV_OK);
    for (int again = 0; again < 2; again++) {
        assert_true(dv_dataset_pictures(dataset, 0, MANY, NULL, team, pictures, &error));
        for (int i = 0; i < MANY; i++) {
            uint8_t level = i == 7 || i == 123 ? 128 : (uint8_t)(i % 200);
            assert_true(pictures[9 * i] == (float)level / 255 && pictures[9 * i + 8] == (float)level / 255);
        }
        assert_int_equal(dv_dataset_unreadable(dataset, &error), 2);
    }
    assert_non_null(strstr(error.message, "2 of 300 pictures cannot be read"));
    assert_non_null(strstr(error.message, "007.png"));
    assert_true(dv_dataset_is_unreadable(dataset, 7) && !dv_dataset_is_unreadable(dataset, 8));
    const int64_t index[] = {299, 7, 0};
    assert_true(dv_dataset_pick(dataset, index, 3, NULL, team, pictures, &error));
    assert_true(pictures[0] == 99 / 255.0f && pictures[9] == 128 / 255.0f && pictures[18] == 0);
    assert_false(dv_dataset_picture(dataset, 7, NULL, pictures, &error));
    assert_non_null(strstr(error.message, "neither a PNG nor a JPEG"));
    free(pictures);
    dv_team_free(team);
    dv_dataset_close(dataset);
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d.png", i);
        put_text(scratch_path(path, root, name), "not a picture");
    }
    error = (dv_error){0};
    assert_null(open_dataset(root, NULL, &error));
    assert_non_null(strstr(error.message, "none of the first"));
    assert_non_null(strstr(error.message, "000.png"));
}

/* ---- what is kept ---------------------------------------------------------------------------------------- */

static void the_cache_keeps_to_its_limit(void **state)
{
    (void)state;
    enum { LIMIT = 100000, SIZE = 1000 };
    dv_cache *cache = dv_cache_new(LIMIT, NULL);
    uint8_t bytes[SIZE], back[SIZE];
    for (int i = 0; i < 5000; i++) {
        memset(bytes, i % 251, sizeof bytes);
        dv_cache_put(cache, i % 3, i, bytes, sizeof bytes);
        assert_true(dv_cache_used(cache) <= LIMIT);
        assert_true(dv_cache_get(cache, i % 3, i, back, sizeof back));
        assert_memory_equal(back, bytes, sizeof bytes);
        if (i) {
            assert_true(dv_cache_get(cache, 0, 0, back, sizeof back)); /* asked for again and again: never forgotten */
        }
    }
    int kept = 0;
    for (int i = 1; i < 5000; i++) {
        bool there = dv_cache_get(cache, i % 3, i, back, sizeof back);
        assert_true(!there || (back[0] == i % 251 && i > 4800)); /* the last ones */
        kept += there;
        assert_false(dv_cache_get(cache, (i + 1) % 3, i, back, sizeof back));
    }
    assert_true(kept > 70);
    dv_cache_put(cache, 0, 9999, bytes, LIMIT); /* too large for it: never looked at */
    assert_true(dv_cache_get(cache, 0, 0, back, sizeof back));
    dv_cache_free(cache);
    cache = dv_cache_new(10, NULL);
    dv_cache_put(cache, 0, 0, bytes, 1);
    assert_false(dv_cache_get(cache, 0, 0, back, 1));
    dv_cache_free(cache);
    dv_cache_free(NULL);
}

/* Whatever is kept, and whoever asks first, the pictures are the same. */
static void threads_and_limits_change_nothing(void **state)
{
    enum { MANY = 200, SIDE = 40 };
    char root[256];
    make_folder(root, *state, "root");
    for (int i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "%03d.png", i);
        put_png(root, name, 20 + i % 7, 30, (uint8_t)i);
    }
    const size_t size = sizeof(float) * MANY * SIDE * SIDE;
    float *first = malloc(size), *then = malloc(size);
    dv_picture_form form = {.channels = 1, .height = SIDE, .width = SIDE, .crop = 0.9, .filter = DV_FILTER_BICUBIC};
    for (int run = 0; run < 4; run++) {
        const dv_dataset_source source = {.images = root, .memory = run % 2 ? 70000 : 0};
        dv_team *team = run ? dv_team_new(run, NULL) : NULL;
        dv_dataset *dataset = dv_dataset_open(&source, NULL);
        for (int pass = 0; pass < 2; pass++) {
            assert_true(dv_dataset_pictures(dataset, 0, MANY, &form, team, then, NULL));
            if (run || pass) {
                assert_memory_equal(then, first, size);
            }
            memcpy(first, then, size);
        }
        dv_dataset_close(dataset);
        dv_team_free(team);
    }
    free(first);
    free(then);
}

/* ---- telling datasets apart ------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *path, bool all)
{
    dv_dataset *dataset = must_open(path, NULL);
    uint64_t hash = dv_dataset_hash(dataset, all, DV_HASH_START);
    dv_dataset_close(dataset);
    return hash;
}

static void checksums_tell_datasets_apart(void **state)
{
    char root[256], path[256];
    make_folder(root, *state, "root");
    put_png(root, "a.png", 4, 4, 1);
    put_png(root, "b.png", 4, 4, 2);
    uint64_t some = hash_of(root, false), all = hash_of(root, true);
    assert_true(hash_of(root, false) == some && hash_of(root, true) == all);
    /* Touched: the same pictures, as far as can be told without reading all. */
    struct timespec times[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    assert_int_equal(utimensat(AT_FDCWD, scratch_path(path, root, "b.png"), times, 0), 0);
    assert_true(hash_of(root, false) == some && hash_of(root, true) != all);
    put_png(root, "b.png", 4, 4, 3);
    assert_true(hash_of(root, false) != some);
    put_png(root, "b.png", 4, 4, 2);
    assert_true(hash_of(root, false) == some);
    put_png(root, "c.png", 4, 4, 2);
    assert_true(hash_of(root, false) != some);
    /* Arrays: the pixels alone, wherever they lie. */
    static uint8_t pixels[2 * 4];
    dv_dataset *dataset = dv_dataset_from_bytes(2, 1, 2, 2, pixels, NULL, NULL);
    scratch_path(path, *state, "x.npy");
    assert_true(dv_npy_write(path, 'u', 1, 3, (int64_t[]){2, 2, 2}, pixels, NULL));
    assert_true(dv_dataset_hash(dataset, true, DV_HASH_START) == hash_of(path, true));
    assert_true(dv_hash(DV_HASH_START, pixels, sizeof pixels) == hash_of(path, true));
    dv_dataset_close(dataset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(folders_are_classes),
        with_scratch(a_flat_folder_has_no_classes),
        with_scratch(links_in_circles_end),
        with_scratch(folders_without_pictures),
        with_scratch(one_picture_is_a_dataset),
        with_scratch(lists_name_pictures),
        with_scratch(forms_are_scaled_cropped_and_converted),
        cmocka_unit_test(jpeg_comes_as_it_is),
        with_scratch(pictures_of_mixed_sizes_come_in_one_form),
        with_scratch(unreadable_pictures_are_skipped_and_counted),
        cmocka_unit_test(the_cache_keeps_to_its_limit),
        with_scratch(threads_and_limits_change_nothing),
        with_scratch(checksums_tell_datasets_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

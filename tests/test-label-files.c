/* Labels from text, CSV, JSON and CelebA's table, and whose they are. */
#include "base/error.h"
#include "data/data.h"
#include "image/image.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>
#include <cmocka.h>
#include "dataset.h"

/* ---- in the order of the pictures --------------------------------------------------------------- */

enum { COUNT = 4 };

static const char *put_pictures(char path[256], const char *folder)
{
    static const uint8_t pixels[COUNT * 4];
    assert_true(dv_npy_write(scratch_path(path, folder, "x.npy"), 'u', 1, 3, (int64_t[]){COUNT, 2, 2}, pixels, NULL));
    return path;
}

static void labels_stand_in_order(void **state)
{
    static const struct {
        const char *text;
        int label[COUNT];
        const char *names; /* with commas; NULL: nobody named them */
    } cases[] = {
        {"3\n0\n-1\n12\n", {3, 0, -1, 12}, NULL},
        {"\xEF\xBB\xBF"
         "3\r\n0\r\n1\r\n1\r\n\r\n",
         {3, 0, 1, 1},
         NULL},
        {"label\n3\n0\n1\n1", {3, 0, 1, 1}, NULL},
        {"whatever it is\n3\n0\n1\n1", {3, 0, 1, 1}, NULL},
        {"dog\ncat\nT-shirt/top\ncat\n", {2, 1, 0, 1}, "T-shirt/top,cat,dog"},
        {"class\ndog\ncat\n7\ncat\n", {2, 1, 0, 1}, "7,cat,dog"},
        {"id,label\n0,dog\n1,cat\n2,\n3,cat\n", {1, 0, -1, 0}, "cat,dog"},
        {"x;y;label\n1;2;0\n1;2;1\n1;2;1\n9;9;5\n", {0, 1, 1, 5}, NULL},
        {"0\tdog\n1\t\"big\tcat\"\n2\tdog\n3\tdog\n", {1, 0, 1, 1}, "big?cat,dog"},
        {"[3, 0, null, 1]", {3, 0, -1, 1}, NULL},
        {" [\"b\", \"a\", \"b\", null]\n", {1, 0, 1, -1}, "a,b"},
        {"[\"3\", 0, 1, 1]", {3, 0, 1, 1}, NULL},
        {"[[0,1],[1,0],[0,1],[false,true]]", {1, 0, 1, 1}, NULL},
    };
    char pictures[256], labels[256], names[256];
    put_pictures(pictures, *state);
    scratch_path(labels, *state, "labels");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(labels, cases[n].text);
        dv_dataset *dataset = must_open(pictures, labels);
        assert_memory_equal(dataset->labels, cases[n].label, sizeof cases[n].label);
        assert_int_equal(dataset->class_names != NULL, cases[n].names != NULL);
        *names = 0;
        for (int k = 0; dataset->class_names && k < dataset->class_count; k++) {
            strcat(strcat(names, k ? "," : ""), dataset->class_names[k]);
        }
        assert_string_equal(names, cases[n].names ? cases[n].names : "");
        dv_dataset_close(dataset);
    }
}

static void labels_that_are_none(void **state)
{
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"1\n2\n3\n", "holds 3 labels, but"},
        {"1\n2\n3\n4\n5\n", "holds 5 labels, but"},
        {"1\n\n3\n4\n", "line 2 is blank"},
        {"1\n-2\n3\n4\n", "label 1 is -2"},
        {"1\n99999999999\n3\n4\n", "label 1 is 99999999999"},
        {"\n \n", "is empty"},
        {"label\n", "nothing but a header"},
        {"a,b\n1,2\n3\n4,5\n", "line 3 has 1 fields"},
        {"a,b\n1,2\n3,4,5\n4,5\n", "line 3 has 3 fields"},
        {"a,b,c\n1,5,2\n3,4,5\n4,5,6\n3,4,5\n", "which holds the labels?"},
        {"filename\na.png\nb.png\nc.png\nd.png\n", "holds no labels"},
        {"[1, 2, 3]", "holds 3 labels, but"},
        {"[1, 2, 3, 4", "is no JSON"},
        {"[1, 2, 3, {}]", "label 3"},
        {"[1, 2, 3, 1.5]", "label 3"},
        {"[1, 2, 3, 99999999999999999999]", "is no JSON"},
        {"[]", "holds no labels"},
        {"{\"a\": 1, \"a\": 2}", "is no JSON"},
        {"[[1, 0], [1], [0, 0], [1, 1]]", "another length"},
        {"[[1, 0], [1, 2], [0, 0], [1, 1]]", "neither 0, 1 nor -1"},
        {"[[1, 0], 7, [0, 0], [1, 1]]", "label 1 is not a list"},
        {"[[\"a\"], [\"b\", 3], [], []]", "is not a name"},
    };
    char pictures[256], labels[256];
    put_pictures(pictures, *state);
    scratch_path(labels, *state, "labels");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(labels, cases[n].text);
        must_refuse(pictures, labels, cases[n].word);
    }
    put_file(labels, "1\n\0\n3\n4\n", 8);
    must_refuse(pictures, labels, "");
}

static void pictures_may_have_several_labels(void **state)
{
    static const struct {
        const char *text, *names;
        int8_t mark[COUNT * 3];
    } cases[] = {
        {"[[1,0,1],[0,0,0],[-1,1,1],[1,1,1]]", NULL, {1, 0, 1, 0, 0, 0, -1, 1, 1, 1, 1, 1}},
        {"[[\"sea\",\"red\"],[],[\"sky\"],[\"sea\"]]", "red,sea,sky", {1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0}},
        {"red,sea,sky\n1,1,0\n0,0,0\n0,,1\n0,1,-1\n", "red,sea,sky", {1, 1, 0, 0, 0, 0, 0, -1, 1, 0, 1, -1}},
        {"id,red,sea,sky\n0,1,1,-1\n1,-1,-1,-1\n2,-1,-1,1\n3,-1,1,-1\n",
         "red,sea,sky",
         {1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0}},
    };
    char pictures[256], labels[256], names[256];
    put_pictures(pictures, *state);
    scratch_path(labels, *state, "labels");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(labels, cases[n].text);
        dv_dataset *dataset = must_open(pictures, labels);
        assert_null(dataset->labels);
        assert_int_equal(dataset->class_count, 3);
        assert_memory_equal(dataset->marks, cases[n].mark, sizeof cases[n].mark);
        *names = 0;
        for (int k = 0; dataset->class_names && k < 3; k++) {
            strcat(strcat(names, k ? "," : ""), dataset->class_names[k]);
        }
        assert_string_equal(names, cases[n].names ? cases[n].names : "");
        dv_dataset_close(dataset);
    }
}

/* ---- by the names of the pictures ------------------------------------------------------------------ */

static void put_png(const char *folder, const char *name)
{
    char path[256];
    dv_image *image = dv_image_new(2, 2, 1, NULL);
    assert_true(dv_png_write(image, scratch_path(path, folder, name), NULL));
    dv_image_free(image);
}

static const char *put_folder(char folder[256], const char *scratch)
{
    char below[256];
    make_folder(folder, scratch, "pictures");
    put_png(make_folder(below, folder, "a"), "1.png");
    put_png(below, "2.png");
    put_png(make_folder(below, folder, "b"), "3.png");
    return folder;
}

static void labels_find_their_pictures(void **state)
{
    static const struct {
        const char *text;
        int label[3];
    } cases[] = {
        {"filename,label\nb/3.png,30\na/1.png,10\na/2.png,20\nc/9.png,5\n", {10, 20, 30}},
        {"3.png,30\n1.png,10\n", {10, -1, 30}},
        {"id,class\n3,30\n2,20\n1,10\n", {10, 20, 30}},
        {"./a/1.png\t10\n./b/3.png\t30\n", {10, -1, 30}},
        {"label,path\n7,images/2.png\n8,images/1.png\n", {8, 7, -1}},
        {"{\"3.png\": 30, \"1.png\": 10, \"2.png\": null}", {10, -1, 30}},
        {"1\n2\n3\n", {1, 2, 3}},
    };
    char folder[256], labels[256];
    put_folder(folder, *state);
    scratch_path(labels, *state, "labels");
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(labels, cases[n].text);
        dv_dataset *dataset = must_open(folder, labels);
        assert_memory_equal(dataset->labels, cases[n].label, sizeof cases[n].label);
        assert_null(dataset->class_names); /* those of the folder are not those of the numbers */
        dv_dataset_close(dataset);
    }
    put_text(labels, "7.png,30\n8.png,10\n");
    must_refuse(folder, labels, "names none of the pictures; it begins with '7.png'");
    put_text(labels, "1.png,30\n1.png,10\n");
    must_refuse(folder, labels, "'1.png' twice");
    put_text(labels, "1\n2\n");
    must_refuse(folder, labels, "holds 2 labels, but");
    char below[256];
    put_png(scratch_path(below, folder, "b"), "1.png");
    put_text(labels, "1.png,30\n2.png,10\n");
    must_refuse(folder, labels, "may be one of several");
    assert_int_equal(truncate(scratch_path(below, folder, "b/1.png"), 0), 0);
    must_refuse(folder, folder, "is a folder of pictures: pictures, but no file of labels");
}

static void attributes_of_celeba_are_read(void **state)
{
    char folder[256], table[256];
    put_folder(folder, *state);
    scratch_path(table, *state, "list_attr_celeba.txt");
    put_text(table, "4\nBald Eyeglasses  Young \n3.png -1  1 -1\n1.png  1 -1  1\r\n9.png 1 1 1\n2.png -1 -1 -1\n");
    dv_dataset *dataset = must_open(folder, table);
    assert_int_equal(dataset->class_count, 3);
    assert_string_equal(dataset->class_names[1], "Eyeglasses");
    assert_memory_equal(dataset->marks, ((int8_t[]){1, 0, 1, 0, 0, 0, 0, 1, 0}), 9);
    dv_dataset_close(dataset);
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"2\nA B\n1.png 1 1\n", "promises 2 pictures, but lists 1"},
        {"1\nA B\n1.png 1 1\n2.png 1 1\n", "lists more than the 1"},
        {"2\nA B\n1.png 1 1\n2.png 1\n", "line 4"},
        {"2\nA B\n1.png 1 1\n2.png 1 1 1\n", "line 4"},
        {"2\nA B\n1.png 1 1\n2.png 1 0\n", "line 4"},
        {"9999999999\nA B\n1.png 1 1\n", "impossible number"},
        {"-3\nA B\n1.png 1 1\n", "impossible number"},
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        put_text(table, cases[n].text);
        must_refuse(folder, table, cases[n].word);
    }
}

/* ---- the order of classes ----------------------------------------------------------------------------- */

static void classes_are_put_in_another_order(void **state)
{
    char pictures[256], labels[256];
    put_pictures(pictures, *state);
    put_text(scratch_path(labels, *state, "labels"), "dog\ncat\nant\n\n");
    put_text(labels, "name,label\n0,dog\n1,cat\n2,\n3,ant\n");
    static const char *const names[] = {"cat", "cow", "dog", "ant"}, *const others[] = {"cat", "dog", "bee"},
                             *const twice[] = {"cat", "dog", "ant", "cat"};
    dv_dataset *dataset = must_open(pictures, labels);
    assert_memory_equal(dataset->labels, ((int[]){2, 1, -1, 0}), 4 * sizeof(int));
    dv_error error = {0};
    assert_false(dv_dataset_match_classes(dataset, others, 3, &error));
    assert_false(dv_dataset_match_classes(dataset, twice, 4, &error));
    assert_int_equal(error.code, DV_OK);
    assert_int_equal(dataset->class_count, 3);
    assert_true(dv_dataset_match_classes(dataset, names, 4, &error));
    assert_memory_equal(dataset->labels, ((int[]){2, 0, -1, 3}), 4 * sizeof(int));
    assert_int_equal(dataset->class_count, 4);
    assert_string_equal(dataset->class_names[1], "cow");
    dv_dataset_close(dataset);
    put_text(labels, "[[\"dog\"], [\"cat\", \"ant\"], [], []]");
    dataset = must_open(pictures, labels);
    assert_true(dv_dataset_match_classes(dataset, names, 4, &error));
    assert_memory_equal(dataset->marks, ((int8_t[]){0, -1, 1, 0, 1, -1, 0, 1}), 8);
    dv_dataset_close(dataset);
    put_text(labels, "1\n2\n3\n0\n");
    dataset = must_open(pictures, labels);
    assert_false(dv_dataset_match_classes(dataset, names, 4, &error)); /* numbers stay numbers */
    assert_memory_equal(dataset->labels, ((int[]){1, 2, 3, 0}), 4 * sizeof(int));
    dv_dataset_close(dataset);
}

/* ---- names of classes -------------------------------------------------------------------------------- */

static void names_of_classes_may_be_json(void **state)
{
    static const char *const texts[] = {
        "[\"tench\", \"goldfish\"]",
        "{\"1\": [\"n01443537\", \"goldfish\"], \"0\": [\"n01440764\", \"tench\"]}",
        "{\"0\": \"tench\", \"1\": \"goldfish\"}",
        "{\"goldfish\": 1, \"tench\": 0}",
        "{\"hidden_size\": 7, \"id2label\": {\"0\": \"tench\", \"1\": \"goldfish\"}}",
        "tench\ngoldfish\n",
    };
    static const struct {
        const char *text, *word;
    } none[] = {
        {"[]", "holds 0 names"},
        {"[\"a\", 3]", "class 1 is not a name"},
        {"{\"a\": \"b\"}", "neither a class number"},
        {"{\"a\": 0, \"b\": 2}", "do not go from 0 to 1"},
        {"{\"0\": \"a\", \"2\": \"b\"}", "do not go from 0 to 1"},
        {"{\"a\": 0, \"b\": 0}", "do not go from 0 to 1"},
        {"[\"a\"", "is no JSON"},
    };
    char path[256], **names;
    int count;
    dv_error error = {0};
    scratch_path(path, *state, "names.json");
    for (size_t n = 0; n < sizeof none / sizeof none[0]; n++) {
        put_text(path, none[n].text);
        assert_false(dv_labels_read(path, &names, &count, &error));
        if (!strstr(error.message, none[n].word) || !strstr(error.message, path)) {
            fail_msg("'%s' lacks '%s'", error.message, none[n].word);
        }
    }
    scratch_path(path, *state, "names");
    for (size_t n = 0; n < sizeof texts / sizeof texts[0]; n++) {
        put_text(path, texts[n]);
        assert_true(dv_labels_read(path, &names, &count, &error));
        assert_int_equal(count, 2);
        assert_string_equal(names[0], "tench");
        assert_string_equal(names[1], "goldfish");
        free(names);
    }
    put_text(path, "[unknown]\n[known\n"); /* text all the same */
    assert_true(dv_labels_read(path, &names, &count, &error));
    assert_string_equal(names[1], "[known");
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_scratch(labels_stand_in_order),
        with_scratch(labels_that_are_none),
        with_scratch(pictures_may_have_several_labels),
        with_scratch(labels_find_their_pictures),
        with_scratch(attributes_of_celeba_are_read),
        with_scratch(classes_are_put_in_another_order),
        with_scratch(names_of_classes_may_be_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Several labels a picture, and very many classes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "scratch.h"
#include "tiny.h"

#include "latent.h"

#include "data/data.h"
#include "vid/fidelity.h"
#include "vid/json.h"
#include "vid/neighbors.h"
#include "vid/report.h"
#include "vid/shortlist.h"
#include "vid/student.h"

#include <jansson.h>

/* ---- students of several labels ---------------------------------------------------- */

enum { COUNT = 60, PIXELS = 5, LABELS = 4 };

typedef struct fixture {
    float pictures[COUNT * PIXELS], logits[COUNT * LABELS], soft[COUNT * LABELS];
    double weight[COUNT];
    float weights[LABELS * PIXELS], bias[LABELS];
    dv_explain_options options;
    dv_student student;
} fixture;

static void make_fixture(fixture *it)
{
    it->options = dv_explain_defaults();
    for (int i = 0; i < COUNT * PIXELS; i++)
        it->pictures[i] = (float)dv_random_uniform(1, DV_PURPOSE_TEST, i);
    for (int i = 0; i < COUNT * LABELS; i++)
        it->logits[i] = (float)(6 * dv_random_uniform(2, DV_PURPOSE_TEST, i) - 3);
    for (int i = 0; i < COUNT; i++)
        it->weight[i] = 0.5 + dv_random_uniform(3, DV_PURPOSE_TEST, i);
}

/* Distils from the labels first .. first + count - 1. */
static void distil(fixture *it, int count, bool multi_label)
{
    dv_error error;
    dv_sigmoid(it->logits, COUNT * count, it->options.temperature, it->soft);
    it->student = (dv_student){.weights = it->weights, .bias = it->bias};
    const dv_lesson lesson = {.count = COUNT,
                              .pixels = PIXELS,
                              .classes = count,
                              .multi_label = multi_label,
                              .pictures = it->pictures,
                              .logits = it->logits,
                              .soft_labels = it->soft,
                              .weight = it->weight,
                              .options = &it->options};
    if (!dv_student_distil(&lesson, &it->student, &error))
        fail_msg("%s", error.message);
}

/* Label by label: each of four fitted at once is what it is fitted alone, as the difference of two classes (0, logit)
 * whose centred targets are its half with either sign. */
static void test_ridge_label_by_label(void **state)
{
    static fixture all, alone;
    (void)state;
    make_fixture(&all);
    distil(&all, LABELS, true);
    for (int k = 0; k < LABELS; k++) {
        make_fixture(&alone);
        for (int i = 0; i < COUNT; i++) {
            alone.logits[2 * i] = 0;
            alone.logits[2 * i + 1] = all.logits[i * LABELS + k];
        }
        distil(&alone, 2, false);
        for (int p = 0; p < PIXELS; p++)
            assert_float_equal(all.weights[k * PIXELS + p], alone.weights[PIXELS + p] - alone.weights[p], 1e-4);
        assert_float_equal(all.bias[k], alone.bias[1] - alone.bias[0], 1e-4);
    }
}

/* Trained students minimise the cross-entropy of yes and no: black pictures leave the bias, the logit of the mean. */
static void test_trained_students(void **state)
{
    static fixture it;
    (void)state;
    for (dv_student_method method = DV_STUDENT_ADAM; method <= DV_STUDENT_GD; method++) {
        make_fixture(&it);
        memset(it.pictures, 0, sizeof it.pictures);
        it.options.method = method;
        it.options.epochs = 800;
        it.options.batch = COUNT;
        it.options.learning_rate = method == DV_STUDENT_ADAM ? 0.05 : 0;
        distil(&it, LABELS, true);
        double entropy = 0;
        for (int k = 0; k < LABELS; k++) {
            double mean = 0;
            for (int i = 0; i < COUNT; i++)
                mean += it.soft[i * LABELS + k] / COUNT;
            assert_float_equal(1 / (1 + exp(-it.bias[k])), mean, 1e-3);
            entropy -= (mean * log(mean) + (1 - mean) * log(1 - mean)) / LABELS;
        }
        assert_float_equal(it.student.loss_curve[it.student.loss_count - 1], entropy, 1e-4);
        free(it.student.loss_curve);
    }
}

/* ---- fidelity --------------------------------------------------------------------------- */

/* Two neighbours, two labels, by hand. */
static void test_fidelity(void **state)
{
    const float teacher[] = {2, -4, -2, -4}, student[] = {0.5f, 0, -1, -2}, picture[] = {3, -1}, other[] = {-3, 1};
    const int row_class[] = {0, 1}, words[] = {0, 0};
    dv_evidence evidence = {.count = 2,
                            .classes = 2,
                            .rows = 2,
                            .names = 2,
                            .row_class = row_class,
                            .multi_label = true,
                            .teacher = teacher,
                            .words = words,
                            .student = student,
                            .temperature = 2,
                            .picture = picture,
                            .reconstruction = picture,
                            .student_picture = picture,
                            .around_reconstruction = true};
    dv_fidelity fidelity;
    dv_error error;
    double kl = 0, sharp = 0;
    (void)state;
    for (int i = 0; i < 4; i++)
        for (int sharpen = 0; sharpen < 2; sharpen++) {
            double q = 1 / (1 + exp(-teacher[i] / (sharpen ? 1 : 2))),
                   p = 1 / (1 + exp(-student[i] * (sharpen ? 2 : 1)));
            *(sharpen ? &sharp : &kl) += (q * log(q / p) + (1 - q) * log((1 - q) / (1 - p))) / 4;
        }
    assert_true(dv_fidelity_measure(&evidence, &fidelity, &error));
    assert_true(fabs(fidelity.kl - kl) < 1e-9 && fabs(fidelity.kl_at_1 - sharp) < 1e-9);
    assert_true(fidelity.agreement == 0.75); /* 0 counts as yes */
    assert_true(fidelity.keeps_label == 0.5);
    assert_true(fabs(fidelity.entropy - log(2) / 2) < 1e-12); /* the first label is given to half, the second to none */
    /* Targets 1, -2, -1, -2: deviations 1, 0, -1, 0; missed by 0.5, -2, 0, 0. */
    assert_true(fabs(fidelity.r2 - (1 - (0.25 + 4) / 2)) < 1e-9);
    assert_int_equal(fidelity.verdict, DV_VERDICT_DO_NOT_TRUST);
    assert_non_null(strstr(fidelity.reasons[0], "75 % of the labels"));
    assert_non_null(strstr(fidelity.reasons[1], "50 % of the neighbours keep the picture's likeliest label"));

    evidence.student = teacher;
    evidence.temperature = 1;
    evidence.reconstruction = evidence.student_picture = other;
    assert_true(dv_fidelity_measure(&evidence, &fidelity, &error));
    assert_true(fidelity.kl < 1e-12 && fidelity.agreement == 1 && fabs(fidelity.r2 - 1) < 1e-12);
    assert_non_null(strstr(fidelity.reasons[0], "reconstruction has 2 of 2 labels otherwise"));
    assert_non_null(strstr(fidelity.reasons[1], "differ on 2 of 2 labels"));
}

static void test_scores(void **state)
{
    const float probabilities[] = {0.9f, 0.4f, 0.2f};
    const int8_t marks[] = {1, 1, -1};
    (void)state;
    dv_scores scores = dv_scores_of_labels(probabilities, 3, marks);
    assert_int_equal(scores.prediction, 0);
    assert_int_equal(scores.runner_up, 1);
    assert_float_equal(scores.confidence, 0.9, 1e-6);
    assert_float_equal(scores.margin, 0.2, 1e-6);
    assert_float_equal(scores.loss, -(log(0.9) + log(0.4)) / 2, 1e-6);
    double entropy = 0;
    for (int k = 0; k < 3; k++)
        entropy -= (probabilities[k] * log(probabilities[k]) + (1 - probabilities[k]) * log(1 - probabilities[k])) / 3;
    assert_float_equal(scores.entropy, entropy, 1e-6);
    assert_int_equal(dv_count_wrong_labels(probabilities, 3, marks), 1);
    assert_true(isnan(dv_scores_of_labels(probabilities, 3, NULL).loss));
}

/* ---- a teacher of several labels ------------------------------------------------------------ */

/* tiny.h's teacher with sigmoids at its end, and marks for the pictures: CSV of a column a label. */
static void write_labels(const char *folder)
{
    tiny it = tiny_defaults();
    dv_error error;
    int x;
    char table[2048] = "ash,birch,cedar,douglas\n";
    tiny_write(folder, &it);
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, TINY_PIXELS, 20, 0.1, 100, NULL), NULL);
    x = tiny_dense(graph, x, 20, TINY_CLASSES, 1.5, 200, "logits");
    dv_graph_add_output(graph, tiny_apply(graph, "Sigmoid", x, "labels"), &error);
    tiny_save(graph, folder, "teacher.onnx");
    for (int i = 0; i < TINY_COUNT; i++)
        snprintf(table + strlen(table), sizeof table - strlen(table), "%d,%d,%d,%d\n", i % 2, i / 2 % 2, i / 4 % 2,
                 i / 8 % 2);
    tiny_put_text(folder, "marks.csv", table);
}

static void test_label_teacher(void **state)
{
    float probabilities[TINY_CLASSES], logits[TINY_CLASSES];
    dv_error error;
    write_labels(*state);
    dv_bundle *bundle = open_bundle(*state, 1);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_true(facts->multi_label);
    /* Labels of one a picture are marks of which only one is known. */
    assert_null(facts->labels);
    assert_int_equal(facts->marks[5 * TINY_CLASSES + 1], 1);
    assert_int_equal(facts->marks[5 * TINY_CLASSES + 2], -1);
    assert_true(dv_classify_range(bundle, 3, 1, probabilities, &error));
    assert_true(dv_teacher_run_files(bundle, 3, 1, logits, NULL, &error));
    for (int k = 0; k < TINY_CLASSES; k++)
        assert_float_equal(probabilities[k], 1 / (1 + exp(-logits[k])), 1e-6);

    dv_explain_options wish = wish_for(3);
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    if (!explanation)
        fail_msg("%s", error.message);
    assert_true(explanation->multi_label && explanation->rows == TINY_CLASSES);
    assert_int_equal(explanation->label, -1);
    assert_int_equal(explanation->teacher_class, dv_largest(probabilities, TINY_CLASSES));
    for (int k = 0; k < TINY_CLASSES; k++) {
        double sum = explanation->bias[k];
        for (int p = 0; p < TINY_PIXELS; p++)
            sum += (double)explanation->weights[k * TINY_PIXELS + p] * explanation->picture[p];
        assert_float_equal(explanation->student_probabilities[k], 1 / (1 + exp(-sum)), 1e-5);
        assert_float_equal(explanation->teacher_soft_label[k], 1 / (1 + exp(-logits[k] / 2)), 1e-6);
    }
    assert_true(explanation->fidelity.kl > 0 && explanation->fidelity.kl < 0.05);
    assert_true(explanation->fidelity.agreement > 0.9 && explanation->fidelity.r2 > 0.9);
    char *text = dv_json_explanation(explanation, NULL, facts, false, &error);
    json_t *json = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "labels")), "multi");
    json_t *marks = json_object_get(json_object_get(json, "instance"), "marks");
    assert_true(json_is_true(json_array_get(marks, 3)) && json_is_null(json_array_get(marks, 0)));
    json_decref(json);
    free(text);
    dv_explanation_free(explanation);

    dv_lambda_point points[3] = {{0}};
    assert_true(dv_lambda_path(bundle, &wish, points, 3, NULL, &error));
    wish.ridge = points[2].lambda;
    explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_true(explanation->fidelity.kl == points[2].kl && explanation->fidelity.agreement == points[2].agreement);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* Accuracy label by label, against marks from a table. */
static void test_label_accuracy(void **state)
{
    dv_error error;
    char path[256];
    write_labels(*state);
    dv_bundle_source source = {.folder = *state, .image_labels = scratch_path(path, *state, "marks.csv")};
    dv_bundle *bundle = dv_bundle_open(&source, &error);
    if (!bundle)
        fail_msg("%s", error.message);
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    assert_int_equal(facts->marks[5 * TINY_CLASSES], 1);
    assert_int_equal(facts->marks[5 * TINY_CLASSES + 1], 0);
    dv_classification *all = dv_classify(bundle, NULL, &error);
    int right = 0;
    assert_true(all && all->multi_label);
    for (int k = 0; k < TINY_CLASSES; k++) {
        dv_label_tally tally = {0};
        for (int i = 0; i < TINY_COUNT; i++) {
            bool holds = i >> k & 1, given = all->probabilities[i * TINY_CLASSES + k] >= 0.5f;
            tally.known++;
            tally.holds += holds;
            tally.given += given;
            tally.right += holds == given;
        }
        right += (int)tally.right;
        assert_memory_equal(&tally, &all->labels[k], sizeof tally);
        for (int other = 0; other < TINY_CLASSES; other++) {
            int count = 0;
            for (int i = 0; i < TINY_COUNT; i++)
                count += (i >> k & 1) && all->probabilities[i * TINY_CLASSES + other] >= 0.5f &&
                         (other == k || !(i >> other & 1));
            assert_int_equal(all->confusion[k * TINY_CLASSES + other], count);
        }
    }
    assert_float_equal(all->accuracy, right / (double)(TINY_COUNT * TINY_CLASSES), 1e-12);
    dv_classification_free(all);
    dv_bundle_close(bundle);
}

/* ---- very many classes ------------------------------------------------------------------------ */

enum { MANY = 1000 };

static void write_many(const char *folder, const char *last, int classes)
{
    tiny it = tiny_defaults();
    dv_error error;
    int x;
    tiny_write(folder, &it);
    dv_graph *graph = tiny_graph(4, (const int64_t[]){-1, 1, TINY_SIDE, TINY_SIDE}, &x);
    x = tiny_apply(graph, "Flatten", x, NULL);
    x = tiny_apply(graph, "Tanh", tiny_dense(graph, x, TINY_PIXELS, 20, 0.1, 100, NULL), NULL);
    x = tiny_dense(graph, x, 20, classes, 1.5, 200, "logits");
    dv_graph_add_output(graph, last ? tiny_apply(graph, last, x, NULL) : x, &error);
    tiny_save(graph, folder, "teacher.onnx");
    tiny_put_text(folder, "deepvid.ini",
                  "[teacher]\nmodel = teacher.onnx\n[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n"
                  "[data]\nimages = images\nlabels = labels\n");
}

/* Which classes there are rows for, by the definition. */
static void check_rows(const dv_explanation *explanation, dv_bundle *bundle)
{
    static double share[MANY];
    static float probabilities[MANY];
    int rows = explanation->rows;
    double least = INFINITY;
    memset(share, 0, sizeof share);
    for (int64_t i = 0; i < explanation->count; i++) {
        dv_softmax(bundle->neighbors->logits + i * MANY, MANY, 1, probabilities);
        for (int k = 0; k < MANY; k++)
            share[k] += probabilities[k] / (double)explanation->count;
    }
    assert_int_equal(rows, DV_MOST_ROWS);
    assert_int_equal(explanation->row_class[rows - 1], -1);
    const int always[] = {explanation->teacher_class, explanation->label, explanation->center_class,
                          explanation->fidelity.reconstruction_label};
    for (int i = 0; i < 4; i++)
        share[always[i]] = 2;
    for (int row = 0; row + 1 < rows; row++) {
        least = fmin(least, share[explanation->row_class[row]]);
        assert_true(row == 0 || explanation->row_class[row] > explanation->row_class[row - 1]);
    }
    for (int k = 0; k < MANY; k++) {
        int row = dv_explanation_row(explanation, k);
        bool named = explanation->row_class[row] == k;
        assert_true(named || row == rows - 1);
        assert_true(named || share[k] <= least * (1 + 1e-9));
    }
    /* The rest is the sum of the probabilities that have no row, tempered as one. */
    for (int i = 0; i < 3; i++) {
        const float *soft = explanation->soft_labels + i * rows;
        double powers[DV_MOST_ROWS] = {0}, sum = 0;
        dv_softmax(bundle->neighbors->logits + i * MANY, MANY, 1, probabilities);
        for (int k = 0; k < MANY; k++)
            powers[dv_explanation_row(explanation, k)] += probabilities[k];
        for (int row = 0; row < rows; row++)
            sum += powers[row] = sqrt(powers[row]); /* T = 2 */
        for (int row = 0; row < rows; row++)
            assert_float_equal(soft[row], powers[row] / sum, 1e-5);
    }
}

static void test_many_classes(void **state)
{
    dv_explain_options wish = wish_for(2);
    dv_explanation *made[3];
    dv_error error;
    write_many(*state, NULL, MANY);
    for (int threads = 1; threads <= 3; threads++) {
        dv_bundle *bundle = open_bundle(*state, threads);
        dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
        if (!explanation)
            fail_msg("%s", error.message);
        made[threads - 1] = explanation;
        if (threads == 1) {
            check_rows(explanation, bundle);
            assert_true(dv_explanation_row(explanation, explanation->student_class) < DV_MOST_ROWS - 1);
            int agreeing = 0;
            for (int64_t i = 0; i < bundle->fresh->count; i++) {
                float logits[DV_MOST_ROWS];
                dv_student_logits(NULL, explanation->weights, explanation->bias, TINY_PIXELS, DV_MOST_ROWS,
                                  bundle->fresh->pictures + i * TINY_PIXELS, 1, logits);
                agreeing += explanation->row_class[dv_largest(logits, DV_MOST_ROWS - 1)] ==
                            dv_largest(bundle->fresh->logits + i * MANY, MANY);
            }
            assert_float_equal(explanation->fidelity.agreement, agreeing / (double)bundle->fresh->count, 1e-12);
            /* An explanation of another picture between leaves no trace. */
            wish.index = 5;
            dv_explanation_free(dv_explain(bundle, &wish, NULL, &error));
            wish.index = 2;
            dv_explanation *again = dv_explain(bundle, &wish, NULL, &error);
            assert_memory_equal(again->weights, explanation->weights, DV_MOST_ROWS * TINY_PIXELS * sizeof(float));
            dv_explanation_free(again);
            dv_lambda_point points[3] = {{0}};
            assert_true(dv_lambda_path(bundle, &wish, points, 3, NULL, &error));
            assert_true(points[1].kl == explanation->fidelity.kl);
        }
        dv_bundle_close(bundle);
    }
    for (int i = 1; i < 3; i++) {
        assert_memory_equal(made[0]->row_class, made[i]->row_class, DV_MOST_ROWS * sizeof(int));
        assert_memory_equal(made[0]->weights, made[i]->weights, DV_MOST_ROWS * TINY_PIXELS * sizeof(float));
        assert_memory_equal(made[0]->soft_labels, made[i]->soft_labels, 300 * DV_MOST_ROWS * sizeof(float));
        assert_memory_equal(&made[0]->fidelity, &made[i]->fidelity, sizeof made[0]->fidelity);
    }
    for (int i = 0; i < 3; i++)
        dv_explanation_free(made[i]);
}

/* Of many classes, too, two steps are one: the second has the classes of the first. */
static void test_many_classes_in_two_steps(void **state)
{
    dv_explain_options wish = wish_for(2), other = wish_for(3);
    dv_error error;
    dv_fidelity fidelity;
    write_many(*state, "Softmax", MANY);
    dv_bundle *bundle = open_bundle(*state, 2);
    dv_explanation *maps = dv_explain_maps(bundle, &wish, NULL, &error);
    dv_explanation_free(dv_explain(bundle, &other, NULL, &error));
    assert_true(maps && dv_explain_measure(bundle, maps, &fidelity, NULL, &error));
    dv_explanation *whole = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(whole);
    assert_memory_equal(maps->row_class, whole->row_class, sizeof(int) * (size_t)whole->rows);
    assert_memory_equal(&fidelity, &whole->fidelity, sizeof fidelity);
    dv_explanation_free(maps);
    dv_explanation_free(whole);
    dv_bundle_close(bundle);
}

/* Files and JSON have a row for each class that is told apart, and say which. */
static void test_many_classes_in_a_report(void **state)
{
    dv_explain_options wish = wish_for(2);
    dv_error error;
    dv_array array;
    char folder[256], path[300];
    write_many(*state, "Softmax", MANY);
    dv_bundle *bundle = open_bundle(*state, 2);
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    dv_report *report = dv_report_open(scratch_path(folder, *state, "report"), &error);
    assert_true(report && dv_report_write(report, explanation, NULL, dv_bundle_get_facts(bundle), &error) &&
                dv_report_commit(report, &error));
    snprintf(path, sizeof path, "%s/weights.npy", folder);
    assert_true(dv_npy_read(path, &array, &error));
    assert_int_equal(array.dim[0], DV_MOST_ROWS);
    dv_array_clear(&array);
    snprintf(path, sizeof path, "%s/soft_labels.npy", folder);
    assert_true(dv_npy_read(path, &array, &error));
    assert_int_equal(array.dim[1], DV_MOST_ROWS);
    dv_array_clear(&array);
    snprintf(path, sizeof path, "%s/explanation.json", folder);
    json_t *json = json_load_file(path, 0, NULL), *student = json_object_get(json, "student");
    assert_int_equal(json_array_size(json_object_get(json_object_get(json, "teacher"), "probabilities")), MANY);
    assert_int_equal(json_array_size(json_object_get(student, "probabilities")), DV_MOST_ROWS);
    json_t *classes = json_object_get(student, "classes");
    assert_int_equal(json_integer_value(json_array_get(classes, 4)), explanation->row_class[4]);
    assert_true(json_is_null(json_array_get(classes, DV_MOST_ROWS - 1)));
    json_decref(json);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

/* Of many labels the likeliest have a row each, and there is no rest. */
static void test_many_labels(void **state)
{
    dv_explain_options wish = wish_for(2);
    dv_error error;
    int rest = 0;
    write_many(*state, "Sigmoid", 100);
    dv_bundle *bundle = open_bundle(*state, 2);
    dv_explanation *explanation = dv_explain(bundle, &wish, NULL, &error);
    assert_non_null(explanation);
    assert_int_equal(explanation->rows, DV_MOST_LABELS);
    for (int row = 0; row < explanation->rows; row++)
        assert_true(explanation->row_class[row] >= 0);
    for (int k = 0; k < 100; k++)
        rest += dv_explanation_row(explanation, k) < 0;
    assert_int_equal(rest, 100 - DV_MOST_LABELS);
    dv_explanation_free(explanation);
    dv_bundle_close(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ridge_label_by_label),
        cmocka_unit_test(test_trained_students),
        cmocka_unit_test(test_fidelity),
        cmocka_unit_test(test_scores),
        with_scratch(test_label_teacher),
        with_scratch(test_label_accuracy),
        with_scratch(test_many_classes),
        with_scratch(test_many_classes_in_a_report),
        with_scratch(test_many_classes_in_two_steps),
        with_scratch(test_many_labels),
    };
    return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}

/* Tables of an evaluation. */
#include "cmd/eval_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* A number in `width` columns; a dash where there is none. */
static void print_number(int width, int digits, double value)
{
    if (isfinite(value))
        printf(" %*.*f", width, digits, value);
    else
        printf(" %*s", width, "-");
}

static void print_mean(int width, int digits, const dv_statistics *statistics)
{
    print_number(width, digits, statistics->count ? statistics->mean : NAN);
}

static int name_width(const dv_eval *eval)
{
    int width = 3;
    for (int row = 0; row < eval->wish.rows; row++) {
        int length = (int)strlen(eval->wish.row[row].name);
        width = length > width ? length : width;
    }
    return width;
}

/* ---- explainers ------------------------------------------------------------------- */

static void print_difference(const dv_eval *eval, int row, int against)
{
    dv_statistics difference = dv_eval_difference(eval, row, against, DV_MEASURE_SCORE);
    double reach = dv_statistics_reach(&difference);
    char text[64] = "-";
    if (row != against && isfinite(reach))
        snprintf(text, sizeof text, "%+.3f [%+.3f, %+.3f]", difference.mean, difference.mean - reach,
                 difference.mean + reach);
    printf("  %-24s", text);
}

static void print_row(const dv_eval *eval, int row, int against, int width)
{
    int64_t problems;
    const char *problem = dv_eval_problem(eval, row, &problems);
    dv_statistics score = dv_eval_mean(eval, row, DV_MEASURE_SCORE), time = dv_eval_time(eval, row);
    printf("%-*s", width, eval->wish.row[row].name);
    if (problems == eval->done) {
        printf("  no map: %s\n", problem);
        return;
    }
    print_mean(6, 3, &score);
    print_number(6, 3, dv_statistics_error(&score));
    print_difference(eval, row, against);
    for (int measure = DV_MEASURE_DELETION_BLACK; measure <= DV_MEASURE_INSERTION_BLURRED; measure++) {
        dv_statistics mean = dv_eval_mean(eval, row, (dv_measure)measure);
        print_mean(6, 3, &mean);
    }
    dv_statistics calls = dv_eval_mean(eval, row, DV_MEASURE_CALLS);
    print_mean(7, 0, &calls);
    print_mean(8, 1, &time);
    putchar('\n');
    if (problem)
        printf("%*s  no map of %lld picture%s: %s\n", width, "", (long long)problems, problems == 1 ? "" : "s",
               problem);
}

static void print_rows(const dv_eval *eval, int against, int width)
{
    char heading[96];
    snprintf(heading, sizeof heading, "less %.40s [95 %%]", eval->wish.row[against].name);
    printf("%-*s %6s %6s  %-24s %13s %13s\n", width, "", "", "", "", "deletion", "insertion");
    printf("%-*s %6s %6s  %-24s %6s %6s %6s %6s %7s %8s\n", width, "row", "score", "+-", heading, "black", "blur",
           "black", "blur", "calls", "ms");
    for (int row = 0; row < eval->wish.rows; row++)
        print_row(eval, row, against, width);
}

/* ---- maps and students --------------------------------------------------------------- */

/* Columns of the second table; those of students are empty for others. */
static const struct {
    const char *name;
    dv_measure measure;
    int width, digits;
} columns[] = {{"mu", DV_MEASURE_MU, 6, 3},
               {"Gini", DV_MEASURE_GINI, 6, 3},
               {"shuffled", DV_MEASURE_SHUFFLED, 9, 3},
               {"noise", DV_MEASURE_SENSITIVITY, 7, 3},
               {"KL", DV_MEASURE_KL, 8, 4},
               {"at T=1", DV_MEASURE_KL_AT_1, 8, 4},
               {"agreement", DV_MEASURE_AGREEMENT, 10, 3},
               {"R2", DV_MEASURE_R2, 7, 3},
               {"real", DV_MEASURE_REAL, 7, 3},
               {"steady", DV_MEASURE_STEADINESS, 7, 3},
               {"right", DV_MEASURE_RIGHT, 7, 3}};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static void print_more(const dv_eval *eval, int width)
{
    printf("\n%-*s", width, "row");
    for (int i = 0; i < COLUMNS; i++)
        printf(" %*s", columns[i].width, columns[i].name);
    putchar('\n');
    for (int row = 0; row < eval->wish.rows; row++) {
        printf("%-*s", width, eval->wish.row[row].name);
        for (int i = 0; i < COLUMNS; i++) {
            dv_statistics mean = dv_eval_mean(eval, row, columns[i].measure);
            print_mean(columns[i].width, columns[i].digits, &mean);
        }
        puts(dv_eval_ignores_teacher(eval, row) ? "  fails: it ignores the teacher" : "");
    }
}

/* ---- verdicts ------------------------------------------------------------------------ */

static bool is_first_of_student(const dv_eval *eval, int row)
{
    const dv_eval_row *it = &eval->wish.row[row];
    for (int before = 0; before < row; before++) {
        const dv_eval_row *other = &eval->wish.row[before];
        if (other->is_student && other->method == it->method && other->neighborhood == it->neighborhood)
            return false;
    }
    return it->is_student;
}

static void print_area(const dv_eval *eval, int row, const char *name, dv_measure measure)
{
    double area;
    dv_error error;
    if (dv_eval_auc(eval, row, measure, &area, &error) && isfinite(area))
        printf(", %s %.3f", name, area);
}

static void print_verdicts(const dv_eval *eval, int row)
{
    const dv_eval_row *facts = &eval->wish.row[row];
    const dv_calibration it = dv_eval_worth(eval, row);
    printf("\nverdicts on students by %s, %s neighbours", dv_student_method_name(facts->method),
           dv_neighborhood_name(facts->neighborhood));
    print_area(eval, row, "area under the curve: distrust", DV_MEASURE_DISTRUST);
    print_area(eval, row, "label kept", DV_MEASURE_KEEPS);
    print_area(eval, row, "agreement", DV_MEASURE_AGREEMENT);
    print_area(eval, row, "entropy", DV_MEASURE_ENTROPY);
    printf("\n%-12s %9s %9s %6s %6s\n", "verdict", "distrust", "pictures", "real", "bad");
    for (int verdict = 0; verdict < DV_VERDICTS; verdict++) {
        const dv_worth *worth = &it.worth[verdict];
        printf("%-12s %9.3f %9lld", dv_verdict_name((dv_verdict)verdict), it.from[verdict], (long long)worth->pictures);
        print_number(6, 3, worth->pictures ? worth->real : NAN);
        print_number(6, 3, (double)worth->bad / (double)worth->pictures);
        putchar('\n');
    }
    printf("%-12s precision", "not good");
    print_number(5, 3, dv_calibration_precision(&it));
    printf(", recall");
    print_number(5, 3, dv_calibration_recall(&it));
    putchar('\n');
}

void dv_eval_print(const dv_eval *eval, int against)
{
    int width = name_width(eval);
    printf("%s: %lld picture%s, %lld misclassified, seed %llu\n", dv_bundle_get_facts(eval->bundle)->name,
           (long long)eval->done, eval->done == 1 ? "" : "s", (long long)eval->misclassified,
           (unsigned long long)eval->wish.seed);
    for (int i = 0; i < eval->notes; i++)
        printf("%s\n", eval->note[i]);
    putchar('\n');
    print_rows(eval, against, width);
    print_more(eval, width);
    for (int row = 0; row < eval->wish.rows; row++)
        if (is_first_of_student(eval, row))
            print_verdicts(eval, row);
    puts(
        "\nscore: area under the probability while pixels are put in, less while they are taken out, the strongest\n"
        "first, mean of both baselines; the higher the better. +-: standard error. Differences are of the same\n"
        "pictures. mu: how the map's sums over random fifths of the picture go with what the probability loses\n"
        "without them. Gini: near 1 where few pixels hold the map. shuffled: how like it is to the map of a teacher\n"
        "without what it learnt (--shuffle). noise: the largest change by noise within 0.02 of the picture, as a part\n"
        "of the map (--noise). The rest is of students: on fresh neighbours, on the nearest real pictures, by other\n"
        "seeds, at the picture itself. KL is told at the temperature that students learn at, and at 1. Bad is a\n"
        "student that agrees with the teacher on less than 0.8 of the nearest real pictures; distrust: from\n"
        "there on is the verdict given.");
    if (eval->chosen_by)
        printf("Thresholds were chosen by %lld pictures; what verdicts are worth was measured on the others.\n",
               (long long)eval->chosen_by);
}

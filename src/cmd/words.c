/* Columns of words about files. */
#include "cmd/words.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dv_words_text(const char *text)
{
    char *copy = strdup(text);
    if (!copy)
        return;
    dv_text_clean(copy);
    fputs(copy, stdout);
    free(copy);
}

void dv_words_label(const char *label)
{
    printf("  %-14s", label);
}

void dv_words_line(const char *label, const char *text)
{
    dv_words_label(label);
    dv_words_text(text);
    putchar('\n');
}

int dv_words_separator(int column, int width)
{
    enum { WIDEST = 62 };
    if (!column)
        return width;
    bool fits = column + 2 + width <= WIDEST;
    fputs(fits ? ", " : ",\n", stdout);
    if (!fits)
        dv_words_label("");
    return fits ? column + 2 + width : width;
}

void dv_words_number(int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    for (int k = 0; k < length; k++) {
        putchar(digits[k]);
        int left = length - 1 - k;
        if (left && left % 3 == 0 && digits[k] != '-')
            putchar(',');
    }
}

void dv_words_operators(const dv_onnx_survey *survey)
{
    int column = 0;
    dv_words_label("operators");
    for (int i = 0; i < survey->operator_count; i++) {
        const dv_onnx_operator *op = &survey->item[i];
        char count[24];
        int length = snprintf(count, sizeof count, " %lld", (long long)op->count);
        column = dv_words_separator(column, (int)strlen(op->name) + length);
        dv_words_text(op->name);
        fputs(count, stdout);
    }
    putchar('\n');
}

void dv_words_origin(const dv_onnx_survey *survey)
{
    dv_words_label("made by");
    dv_words_text(*survey->producer ? survey->producer : "an unnamed program");
    fputs(*survey->producer_version ? " " : "", stdout);
    dv_words_text(survey->producer_version);
    printf(", opset %lld, IR version %lld\n", (long long)survey->opset, (long long)survey->ir_version);
}

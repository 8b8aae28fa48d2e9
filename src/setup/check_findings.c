/* Findings and the words they are told in. */
#include "setup/check_parts.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 1024 };

const char *dv_finding_kind_name(dv_finding_kind kind)
{
    static const char *const names[] = {"ok", "note", "problem"};
    return names[kind];
}

static const char *keep_text(dv_check *check, const char *format, va_list arguments)
{
    char text[TEXT];
    vsnprintf(text, sizeof text, format, arguments);
    dv_text_clean(text);
    const char *kept = dv_arena_text(check->arena, text, NULL);
    return kept ? kept : "";
}

const char *dv_check_text(dv_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = keep_text(check, format, arguments);
    va_end(arguments);
    return text;
}

void dv_check_find(dv_check *check, dv_finding_kind kind, const char *code, const char *format, ...)
{
    va_list arguments;
    if (check->findings == DV_MAX_FINDINGS)
        return;
    va_start(arguments, format);
    check->finding[check->findings++] =
        (dv_finding){.kind = kind, .code = code, .text = keep_text(check, format, arguments)};
    va_end(arguments);
}

/* Several findings of a kind with the same remedy have it behind the last one. */
void dv_check_remedy(dv_check *check, const char *format, ...)
{
    va_list arguments;
    dv_finding *last = &check->finding[check->findings - 1], *before = check->findings > 1 ? last - 1 : NULL;
    va_start(arguments, format);
    last->remedy = keep_text(check, format, arguments);
    va_end(arguments);
    if (before && before->remedy && strcmp(before->code, last->code) == 0 && strcmp(before->remedy, last->remedy) == 0)
        before->remedy = NULL;
}

void dv_check_command(dv_check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    check->finding[check->findings - 1].command = keep_text(check, format, arguments);
    va_end(arguments);
}

const char *dv_check_number(dv_check *check, int64_t number)
{
    char digits[24], text[32];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number), used = 0;
    for (int k = 0; k < length; k++) {
        text[used++] = digits[k];
        int left = length - 1 - k;
        if (left && left % 3 == 0 && digits[k] != '-')
            text[used++] = ',';
    }
    text[used] = 0;
    return dv_check_text(check, "%s", text);
}

const char *dv_check_class(dv_check *check, int class)
{
    return check->class_name[class] ? dv_check_text(check, "class %d (%s)", class, check->class_name[class])
                                    : dv_check_text(check, "class %d", class);
}

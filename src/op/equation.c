#include "op/equation.h"

#include "op/call.h"

#include "base/error.h"

#include <inttypes.h>
#include <string.h>

/* A term as it is written: letters, and where the ellipsis stands among them (-1: nowhere). */
typedef struct written {
    int letters;
    int letter[DV_MAX_RANK];
    int ellipsis;
} written;

/* a..z, A..Z -> 0..51, by their code as it orders the result when that is left out; -1 for others. */
static int letter_of(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : -1;
}

/* Reads up to `end`. */
static bool read_term(const char **text, const char *end, written *w, dv_error *error)
{
    *w = (written){.ellipsis = -1};
    for (; *text < end && **text != ','; (*text)++) {
        const int letter = letter_of(**text);
        if (**text == ' ')
            continue;
        if (end - *text >= 3 && strncmp(*text, "...", 3) == 0 && w->ellipsis < 0) {
            w->ellipsis = w->letters;
            *text += 2;
        } else if (letter >= 0 && w->letters < DV_MAX_RANK) {
            w->letter[w->letters++] = letter;
        } else {
            return dv_error_set(error, DV_ERROR_FORMAT, "the equation has '%c' where a letter should be", **text);
        }
    }
    return true;
}

/* The letters of a term and the labels of its ellipsis, which stands for `more` dimensions. */
static bool set_labels(const written *w, int more, dv_term *term, dv_error *error)
{
    term->rank = w->letters + more;
    if (more < 0 || term->rank > DV_MAX_RANK || (more > 0 && w->ellipsis < 0))
        return dv_error_set(error, DV_ERROR_FORMAT, "the equation names %d dimensions where there are %d", w->letters,
                            w->letters + more);
    for (int i = 0, at = 0; i <= w->letters; i++) {
        if (i == w->ellipsis || (i == 0 && w->ellipsis < 0))
            for (int k = 0; k < more; k++)
                term->label[at++] = DV_LETTERS + more - 1 - k;
        if (i < w->letters)
            term->label[at++] = w->letter[i];
    }
    return true;
}

/* Sizes of one may be of any other size. */
static bool join_sizes(dv_equation *e, const dv_term *term, const dv_shape *shape, int operand, dv_error *error)
{
    for (int i = 0; i < term->rank; i++) {
        int64_t *size = &e->size[term->label[i]];
        if (*size > 1 && shape->dim[i] > 1 && *size != shape->dim[i])
            return dv_error_set(error, DV_ERROR_FORMAT,
                                "dimension %d of input %d has %" PRId64 " elements where others have %" PRId64, i,
                                operand, shape->dim[i], *size);
        if (*size < 0 || *size == 1)
            *size = shape->dim[i];
    }
    return true;
}

static void set_strides(dv_term *term, const dv_shape *shape)
{
    int64_t step = 1;
    for (int i = term->rank - 1; i >= 0; i--) {
        term->stride[term->label[i]] += shape->dim[i] == 1 ? 0 : step;
        step *= shape->dim[i];
    }
}

/* Without "->" the result has the dimensions of the ellipsis, and then the letters that occur once, in order. */
static bool imply_result(dv_equation *e, int more, dv_error *error)
{
    e->result.rank = 0;
    for (int k = more - 1; k >= 0; k--)
        e->result.label[e->result.rank++] = DV_LETTERS + k;
    for (int letter = 0; letter < DV_LETTERS; letter++) {
        int times = 0;
        for (int o = 0; o < e->operands; o++)
            for (int i = 0; i < e->operand[o].rank; i++)
                times += e->operand[o].label[i] == letter;
        if (times == 1 && e->result.rank == DV_MAX_RANK)
            return dv_error_set(error, DV_ERROR_UNSUPPORTED, "a result of more than %d dimensions is not supported",
                                DV_MAX_RANK);
        if (times == 1)
            e->result.label[e->result.rank++] = letter;
    }
    return true;
}

static bool check_result(const dv_equation *e, dv_error *error)
{
    for (int i = 0; i < e->result.rank; i++) {
        bool repeated = false;
        for (int j = 0; j < i; j++)
            repeated = repeated || e->result.label[j] == e->result.label[i];
        if (repeated || e->size[e->result.label[i]] < 0)
            return dv_error_set(error, DV_ERROR_FORMAT, "the result of the equation has a letter %s",
                                repeated ? "twice" : "that no input has");
    }
    return true;
}

static void order_labels(dv_equation *e)
{
    for (int i = 0; i < e->result.rank; i++)
        e->order[e->labels++] = e->result.label[i];
    for (int label = 0; label < DV_LABELS; label++)
        if (e->size[label] >= 0 && !dv_term_has(&e->result, label))
            e->order[e->labels++] = label;
}

static bool read_operands(const dv_call *call, const char *text, const char *end, dv_equation *e, int *most,
                          dv_error *error)
{
    for (e->operands = 0; text <= end; text++, e->operands++) {
        const int o = e->operands;
        written w;
        if (o == call->input_count || o == DV_MOST_OPERANDS || !dv_call_input(call, o))
            return dv_error_set(error, DV_ERROR_FORMAT, "the equation has more operands than there are inputs");
        if (!read_term(&text, end, &w, error))
            return false;
        const dv_shape *shape = &call->input[o]->shape;
        const int more = shape->rank - w.letters;
        if (!set_labels(&w, more, &e->operand[o], error) || !join_sizes(e, &e->operand[o], shape, o, error))
            return false;
        *most = more > *most ? more : *most;
    }
    if (e->operands < call->input_count)
        return dv_error_set(error, DV_ERROR_FORMAT, "the equation has %d operands for %d inputs", e->operands,
                            call->input_count);
    return true;
}

bool dv_equation_read(const dv_call *call, dv_equation *e, dv_error *error)
{
    const char *text = dv_attribute_text(call->attributes, "equation", NULL), *arrow;
    int more = 0; /* dimensions of the longest ellipsis */
    *e = (dv_equation){0};
    for (int label = 0; label < DV_LABELS; label++)
        e->size[label] = -1;
    if (!text)
        return dv_error_set(error, DV_ERROR_FORMAT, "attribute equation is missing");
    arrow = strstr(text, "->");
    if (!read_operands(call, text, arrow ? arrow : text + strlen(text), e, &more, error))
        return false;
    if (arrow) {
        written w;
        const char *result = arrow + 2, *end = result + strlen(result);
        if (!read_term(&result, end, &w, error))
            return false;
        if (result < end)
            return dv_error_set(error, DV_ERROR_FORMAT, "the equation has more than one result");
        if (!set_labels(&w, w.ellipsis < 0 ? 0 : more, &e->result, error))
            return false;
    } else if (!imply_result(e, more, error)) {
        return false;
    }
    if (!check_result(e, error))
        return false;
    e->shape.rank = e->result.rank;
    for (int i = 0; i < e->result.rank; i++)
        e->shape.dim[i] = e->size[e->result.label[i]];
    for (int o = 0; o < e->operands; o++)
        set_strides(&e->operand[o], &call->input[o]->shape);
    set_strides(&e->result, &e->shape);
    order_labels(e);
    return true;
}

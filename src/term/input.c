#include "term/input.h"
#include "term/utf8.h"

#include <math.h>
#include <string.h>

enum {
    ESCAPE = 0x1b,
    ESCAPE_MS = 50,          /* after this an ESC is the key */
    PATIENT_ESCAPE_MS = 300, /* the same while answers of the terminal are under way */
    UNFINISHED_MS = 1000,    /* after this a sequence will never be finished */
    LONGEST_CONTROL = 128,
};

/* What scanners return: how many bytes the token has, 0 for "more is needed", or minus the number of bytes that are
 * no token at all. */
typedef long scanned;

size_t dv_input_append(dv_input *input, const void *data, size_t size, double now)
{
    size_t room = sizeof input->data - input->size;
    size_t taken = size < room ? size : room;
    if (input->size == 0) {
        input->since = now;
    }
    memcpy(input->data + input->size, data, taken);
    input->size += taken;
    input->alone |= input->size == 1 && input->data[0] == ESCAPE;
    return taken;
}

static void drop(dv_input *input, size_t count, double now)
{
    input->size -= count;
    memmove(input->data, input->data + count, input->size);
    input->since = now;
    input->alone = false;
}

static scanned scan_character(const unsigned char *data, size_t size, dv_token *token)
{
    token->kind = DV_TOKEN_CHARACTER;
    return dv_utf8_decode(data, size, &token->character);
}

/* An ESC and a character that no sequence begins with: Alt and the character if they came together, else the Escape
 * key and, next time, the character. */
static scanned scan_alt(const dv_input *input, dv_token *token)
{
    bool letter = input->data[1] > ' ' && input->data[1] != 0x7f;
    scanned length = letter && !input->alone ? scan_character(input->data + 1, input->size - 1, token) : -1;
    if (length == 0) {
        return 0;
    }
    token->kind = DV_TOKEN_CHARACTER;
    token->alt = length > 0;
    token->character = length > 0 ? token->character : ESCAPE;
    return length > 0 ? 1 + length : 1;
}

/* Parameters of a control sequence: digits and separators, already known to be in 0x30..0x3f. */
static void read_parameters(const unsigned char *data, size_t size, dv_token *token)
{
    if (size > 0 && data[0] >= '<') {
        token->marker = (char)data[0];
        data++;
        size--;
    }
    token->count = size > 0 ? 1 : 0;
    for (size_t i = 0; i < size && token->count <= DV_MAX_PARAMETERS; i++) {
        int *parameter = &token->parameter[token->count - 1];
        if (data[i] >= '0' && data[i] <= '9') {
            int value = *parameter < 0 ? 0 : *parameter;
            *parameter = value > 99999 ? value : value * 10 + data[i] - '0';
        } else {
            token->count++;
        }
    }
    token->count = token->count > DV_MAX_PARAMETERS ? DV_MAX_PARAMETERS : token->count;
}

/* CSI M and three bytes, each 32 more than its value: what a terminal sends that knows of the mouse, but not of
 * mode 1006. */
static scanned scan_old_mouse(const unsigned char *data, size_t size, dv_token *token)
{
    enum { HEAD = 3, VALUES = 3, BIAS = 32 };
    for (size_t i = 0; i < VALUES; i++) {
        if (HEAD + i >= size) {
            return 0;
        }
        if (data[HEAD + i] < BIAS) {
            return -(scanned)(HEAD + i);
        }
        token->parameter[i] = data[HEAD + i] - BIAS;
    }
    token->kind = DV_TOKEN_CONTROL;
    token->marker = token->final = 'M';
    token->count = VALUES;
    return HEAD + VALUES;
}

static scanned scan_control(const unsigned char *data, size_t size, dv_token *token)
{
    size_t at = 2;
    if (at < size && data[at] == '[') { /* the Linux console: CSI [ A is F1 */
        if (at + 1 >= size) {
            return 0;
        }
        *token = (dv_token){.kind = DV_TOKEN_CONTROL, .marker = '[', .final = (char)data[at + 1]};
        return 4;
    }
    while (at < size && data[at] >= 0x30 && data[at] <= 0x3f) {
        at++;
    }
    read_parameters(data + 2, at - 2, token);
    while (at < size && data[at] >= 0x20 && data[at] <= 0x2f) {
        token->intermediate = (char)data[at++];
    }
    if (at > LONGEST_CONTROL) {
        return -(scanned)at;
    }
    if (at >= size) {
        return 0;
    }
    if (data[at] < 0x40 || data[at] > 0x7e) {
        return -(scanned)at;
    }
    if (at == 2 && data[at] == 'M') {
        return scan_old_mouse(data, size, token);
    }
    token->kind = DV_TOKEN_CONTROL;
    token->final = (char)data[at];
    return (scanned)at + 1;
}

/* Up to ST (ESC \) or BEL. A control character inside means that it was no such string; among answers it may be one all
 * the same: mlterm 3.9 has been seen to send bytes that it never set. */
static scanned scan_string(const unsigned char *data, size_t size, bool patient, dv_token *token)
{
    for (size_t at = 2; at < size; at++) {
        bool bell = data[at] == 7;
        bool ended = bell || (data[at] == ESCAPE && at + 1 < size && data[at + 1] == '\\');
        if (ended) {
            size_t length = at - 2 < DV_TOKEN_TEXT - 1 ? at - 2 : DV_TOKEN_TEXT - 1;
            memcpy(token->text, data + 2, length);
            token->kind = DV_TOKEN_STRING;
            token->final = (char)data[1];
            return (scanned)at + (bell ? 1 : 2);
        }
        if (data[at] == ESCAPE && at + 1 >= size) {
            return 0;
        }
        if (data[at] == ESCAPE || (data[at] < 0x20 && !patient)) {
            return -(scanned)at;
        }
    }
    return 0;
}

static scanned scan(const dv_input *input, dv_token *token)
{
    const unsigned char *data = input->data;
    size_t size = input->size;
    if (data[0] != ESCAPE) {
        return scan_character(data, size, token);
    }
    if (size == 1) {
        return 0;
    }
    switch (data[1]) {
    case '[':
        return scan_control(data, size, token);
    case 'O':
        if (size > 2) {
            token->kind = DV_TOKEN_SHIFT;
            token->final = (char)data[2];
        }
        return size > 2 ? 3 : 0;
    case 'P':
    case ']':
    case '_':
    case '^':
    case 'X':
        return scan_string(data, size, input->patient, token);
    default:
        return scan_alt(input, token);
    }
}

double dv_input_deadline(const dv_input *input)
{
    if (input->size == 0) {
        return INFINITY;
    }
    bool lone = input->size == 1 && input->data[0] == ESCAPE;
    return input->since + (!lone ? UNFINISHED_MS : input->patient ? PATIENT_ESCAPE_MS : ESCAPE_MS);
}

dv_token_kind dv_input_next(dv_input *input, double now, dv_token *token)
{
    while (input->size > 0) {
        *token = (dv_token){.kind = DV_TOKEN_NONE};
        for (int i = 0; i < DV_MAX_PARAMETERS; i++) {
            token->parameter[i] = -1;
        }
        scanned length = scan(input, token);
        if (length > 0) {
            drop(input, (size_t)length, now);
            return token->kind;
        }
        if (length < 0) {
            drop(input, (size_t)-length, now);
            continue;
        }
        bool full = input->size == sizeof input->data;
        if (now < dv_input_deadline(input) && !full) {
            break;
        }
        if (input->size == 1 && input->data[0] == ESCAPE) {
            drop(input, 1, now);
            token->kind = DV_TOKEN_CHARACTER;
            token->character = ESCAPE;
            return token->kind;
        }
        drop(input, input->size, now); /* an unfinished token is always all that is left */
    }
    token->kind = DV_TOKEN_NONE;
    return DV_TOKEN_NONE;
}

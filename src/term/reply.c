#include "term/reply.h"
#include "term/kitty.h"

#include <string.h>

enum { CELL_MIN = 2, CELL_MAX = 256, SYNCHRONIZED_OUTPUT = 2026, SIXEL_ATTRIBUTE = 4 };

/* CSI ? class ; attribute ; ... c */
static void learn_attributes(dv_capabilities *capabilities, const dv_token *token)
{
    capabilities->answered = true;
    capabilities->sixel = false;
    for (int i = 1; i < token->count; i++) { /* the first is the class: a VT132 is a 4 */
        capabilities->sixel |= token->parameter[i] == SIXEL_ATTRIBUTE;
    }
}

/* CSI ? mode ; state $ y; state 1 set, 2 reset, 3 set for ever; 0 and 4 mean that it can't be used. */
static void learn_mode(dv_capabilities *capabilities, const dv_token *token)
{
    if (token->parameter[0] == SYNCHRONIZED_OUTPUT) {
        capabilities->synchronized = token->parameter[1] >= 1 && token->parameter[1] <= 3;
    }
}

/* CSI ? item ; status ; value ... S; status 0 is success. tmux answers with an error, mlterm with the wrong item. */
static void learn_graphics(dv_capabilities *capabilities, const dv_token *token)
{
    if (token->parameter[1] != 0) {
        return;
    }
    if (token->parameter[0] == 1 && token->parameter[2] >= 2) {
        capabilities->registers = token->parameter[2];
    } else if (token->parameter[0] == 2 && token->parameter[2] > 0 && token->parameter[3] > 0) {
        capabilities->limit_width = token->parameter[2];
        capabilities->limit_height = token->parameter[3];
    }
}

/* CSI what ; height ; width t */
static void learn_window(dv_capabilities *capabilities, const dv_token *token)
{
    int height = token->parameter[1], width = token->parameter[2];
    if (height <= 0 || width <= 0) {
        return;
    }
    switch (token->parameter[0]) {
    case 4:
        capabilities->text_height = height;
        capabilities->text_width = width;
        break;
    case 6:
        capabilities->cell_height = height;
        capabilities->cell_width = width;
        break;
    case 8:
        capabilities->text_rows = height;
        capabilities->text_columns = width;
        break;
    default:
        break;
    }
}

/* CSI row ; column R */
static void learn_cursor(dv_capabilities *capabilities, const dv_token *token)
{
    (void)token;
    capabilities->cursor_reports++;
}

static void learn_nothing(dv_capabilities *capabilities, const dv_token *token)
{
    (void)capabilities;
    (void)token;
}

static const struct {
    char marker, intermediate, final;
    int parameters; /* at least */
    void (*learn)(dv_capabilities *, const dv_token *);
} replies[] = {
    {'?', 0, 'c', 1, learn_attributes}, {'>', 0, 'c', 0, learn_nothing}, {'=', 0, 'c', 0, learn_nothing},
    {'?', '$', 'y', 2, learn_mode},     {0, '$', 'y', 2, learn_nothing}, {'?', 0, 'S', 2, learn_graphics},
    {0, 0, 't', 3, learn_window},       {0, 0, 'R', 2, learn_cursor},    {'?', 0, 'R', 2, learn_nothing},
    {0, 0, 'n', 1, learn_nothing},      {'?', 0, 'n', 1, learn_nothing}, {'?', 0, 'u', 0, learn_nothing},
    {0, 0, 'I', 0, learn_nothing},      {0, 0, 'O', 0, learn_nothing},
};

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* DCS 1 $ r parameters m: the colours in use. Some write the parameters with colons, some of these with one more for a
 * colour space. */
static bool remembers_color(const char *text)
{
    return begins(text, "1$r") && (strstr(text, ":1:2:3") || strstr(text, ";1;2;3"));
}

/* DCS 1 + r name: a capability of terminfo that there is; the name is hexadecimal. */
static bool has_color_capability(const char *text)
{
    return begins(text, "1+r524742") || begins(text, "1+r5463"); /* RGB, Tc */
}

static void learn_string(dv_capabilities *capabilities, const dv_token *token)
{
    if (token->final == 'P') {
        capabilities->tmux |= begins(token->text, ">|tmux");
        capabilities->true_color |= remembers_color(token->text) || has_color_capability(token->text);
    } else if (token->final == '_') {
        capabilities->kitty |= dv_kitty_agrees(token->text);
    }
}

bool dv_reply_learn(dv_capabilities *capabilities, const dv_token *token)
{
    if (token->kind == DV_TOKEN_STRING) {
        learn_string(capabilities, token);
        return true;
    }
    for (size_t i = 0; token->kind == DV_TOKEN_CONTROL && i < sizeof replies / sizeof *replies; i++) {
        if (token->marker == replies[i].marker && token->intermediate == replies[i].intermediate &&
            token->final == replies[i].final && token->count >= replies[i].parameters) {
            replies[i].learn(capabilities, token);
            return true;
        }
    }
    return false;
}

static bool plausible(int width, int height)
{
    return width >= CELL_MIN && width <= CELL_MAX && height >= CELL_MIN && height <= CELL_MAX;
}

bool dv_reply_cell(const dv_capabilities *capabilities, const struct winsize *window, int *width, int *height)
{
    *width = capabilities->cell_width;
    *height = capabilities->cell_height;
    if (plausible(*width, *height)) {
        return true;
    }
    /* Rounded down: some terminals count their border in. */
    *width = window->ws_col ? window->ws_xpixel / window->ws_col : 0;
    *height = window->ws_row ? window->ws_ypixel / window->ws_row : 0;
    if (plausible(*width, *height)) {
        return true;
    }
    int rows = capabilities->text_rows ? capabilities->text_rows : window->ws_row;
    int columns = capabilities->text_columns ? capabilities->text_columns : window->ws_col;
    *width = columns ? capabilities->text_width / columns : 0;
    *height = rows ? capabilities->text_height / rows : 0;
    return plausible(*width, *height);
}

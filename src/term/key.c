#include "term/key.h"
#include "term/screen.h"

/* xterm, VT220, the Linux console, rxvt and their many heirs; cursor keys in normal and application mode. */
static const struct {
    dv_token_kind kind;
    char marker, final;
    int number; /* first parameter, 0: any */
    int key;
} keys[] = {
    {DV_TOKEN_CONTROL, 0, 'A', 0, DV_KEY_UP},
    {DV_TOKEN_CONTROL, 0, 'B', 0, DV_KEY_DOWN},
    {DV_TOKEN_CONTROL, 0, 'C', 0, DV_KEY_RIGHT},
    {DV_TOKEN_CONTROL, 0, 'D', 0, DV_KEY_LEFT},
    {DV_TOKEN_CONTROL, 0, 'H', 0, DV_KEY_HOME},
    {DV_TOKEN_CONTROL, 0, 'F', 0, DV_KEY_END},
    {DV_TOKEN_CONTROL, 0, 'Z', 0, DV_KEY_BACK_TAB},
    {DV_TOKEN_CONTROL, 0, 'P', 0, DV_KEY_F1},
    {DV_TOKEN_CONTROL, 0, 'Q', 0, DV_KEY_F1 + 1},
    {DV_TOKEN_CONTROL, 0, 'R', 0, DV_KEY_F1 + 2},
    {DV_TOKEN_CONTROL, 0, 'S', 0, DV_KEY_F1 + 3},
    {DV_TOKEN_CONTROL, 0, '~', 1, DV_KEY_HOME},
    {DV_TOKEN_CONTROL, 0, '~', 2, DV_KEY_INSERT},
    {DV_TOKEN_CONTROL, 0, '~', 3, DV_KEY_DELETE},
    {DV_TOKEN_CONTROL, 0, '~', 4, DV_KEY_END},
    {DV_TOKEN_CONTROL, 0, '~', 5, DV_KEY_PAGE_UP},
    {DV_TOKEN_CONTROL, 0, '~', 6, DV_KEY_PAGE_DOWN},
    {DV_TOKEN_CONTROL, 0, '~', 7, DV_KEY_HOME},
    {DV_TOKEN_CONTROL, 0, '~', 8, DV_KEY_END},
    {DV_TOKEN_CONTROL, 0, '~', 11, DV_KEY_F1},
    {DV_TOKEN_CONTROL, 0, '~', 12, DV_KEY_F1 + 1},
    {DV_TOKEN_CONTROL, 0, '~', 13, DV_KEY_F1 + 2},
    {DV_TOKEN_CONTROL, 0, '~', 14, DV_KEY_F1 + 3},
    {DV_TOKEN_CONTROL, 0, '~', 15, DV_KEY_F1 + 4},
    {DV_TOKEN_CONTROL, 0, '~', 17, DV_KEY_F1 + 5},
    {DV_TOKEN_CONTROL, 0, '~', 18, DV_KEY_F1 + 6},
    {DV_TOKEN_CONTROL, 0, '~', 19, DV_KEY_F1 + 7},
    {DV_TOKEN_CONTROL, 0, '~', 20, DV_KEY_F1 + 8},
    {DV_TOKEN_CONTROL, 0, '~', 21, DV_KEY_F1 + 9},
    {DV_TOKEN_CONTROL, '[', 'A', 0, DV_KEY_F1},
    {DV_TOKEN_CONTROL, '[', 'B', 0, DV_KEY_F1 + 1},
    {DV_TOKEN_CONTROL, '[', 'C', 0, DV_KEY_F1 + 2},
    {DV_TOKEN_CONTROL, '[', 'D', 0, DV_KEY_F1 + 3},
    {DV_TOKEN_CONTROL, '[', 'E', 0, DV_KEY_F1 + 4},
    {DV_TOKEN_CONTROL, 0, 'a', 0, DV_KEY_SHIFT_UP},
    {DV_TOKEN_CONTROL, 0, 'b', 0, DV_KEY_SHIFT_DOWN},
    {DV_TOKEN_CONTROL, 0, 'c', 0, DV_KEY_SHIFT_RIGHT},
    {DV_TOKEN_CONTROL, 0, 'd', 0, DV_KEY_SHIFT_LEFT},
    {DV_TOKEN_SHIFT, 0, 'A', 0, DV_KEY_UP},
    {DV_TOKEN_SHIFT, 0, 'B', 0, DV_KEY_DOWN},
    {DV_TOKEN_SHIFT, 0, 'C', 0, DV_KEY_RIGHT},
    {DV_TOKEN_SHIFT, 0, 'D', 0, DV_KEY_LEFT},
    {DV_TOKEN_SHIFT, 0, 'H', 0, DV_KEY_HOME},
    {DV_TOKEN_SHIFT, 0, 'F', 0, DV_KEY_END},
    {DV_TOKEN_SHIFT, 0, 'P', 0, DV_KEY_F1},
    {DV_TOKEN_SHIFT, 0, 'Q', 0, DV_KEY_F1 + 1},
    {DV_TOKEN_SHIFT, 0, 'R', 0, DV_KEY_F1 + 2},
    {DV_TOKEN_SHIFT, 0, 'S', 0, DV_KEY_F1 + 3},
    {DV_TOKEN_SHIFT, 0, 'M', 0, DV_KEY_ENTER},
    {DV_TOKEN_SHIFT, 0, 'a', 0, DV_KEY_CONTROL_UP},
    {DV_TOKEN_SHIFT, 0, 'b', 0, DV_KEY_CONTROL_DOWN},
    {DV_TOKEN_SHIFT, 0, 'c', 0, DV_KEY_CONTROL_RIGHT},
    {DV_TOKEN_SHIFT, 0, 'd', 0, DV_KEY_CONTROL_LEFT},
};

/* xterm: the second parameter of such a key is 1 plus these. */
enum { SHIFT = 1, CONTROL = 4 };

static const struct {
    int key, modifiers, modified;
} modified_keys[] = {
    {DV_KEY_UP, SHIFT, DV_KEY_SHIFT_UP},         {DV_KEY_DOWN, SHIFT, DV_KEY_SHIFT_DOWN},
    {DV_KEY_LEFT, SHIFT, DV_KEY_SHIFT_LEFT},     {DV_KEY_RIGHT, SHIFT, DV_KEY_SHIFT_RIGHT},
    {DV_KEY_UP, CONTROL, DV_KEY_CONTROL_UP},     {DV_KEY_DOWN, CONTROL, DV_KEY_CONTROL_DOWN},
    {DV_KEY_LEFT, CONTROL, DV_KEY_CONTROL_LEFT}, {DV_KEY_RIGHT, CONTROL, DV_KEY_CONTROL_RIGHT},
};

/* Modifiers that make no other key of it are ignored. */
static int modified(int key, int modifiers)
{
    for (size_t i = 0; i < sizeof modified_keys / sizeof *modified_keys; i++) {
        if (modified_keys[i].key == key && (modifiers & modified_keys[i].modifiers)) {
            return modified_keys[i].modified;
        }
    }
    return key;
}

static int key_of_character(uint32_t character)
{
    switch (character) {
    case '\r':
        return DV_KEY_ENTER;
    case '\b':
        return DV_KEY_BACKSPACE;
    default:
        return (int)character;
    }
}

int dv_key_of(const dv_token *token)
{
    if (token->kind == DV_TOKEN_CHARACTER) {
        return key_of_character(token->character) | (token->alt ? DV_KEY_ALT : 0);
    }
    if (token->intermediate) {
        return -1;
    }
    int modifiers = token->parameter[1] > 1 ? token->parameter[1] - 1 : 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].kind == token->kind && keys[i].final == token->final && keys[i].marker == token->marker &&
            (keys[i].number == 0 || keys[i].number == token->parameter[0])) {
            return modified(keys[i].key, modifiers);
        }
    }
    return -1;
}

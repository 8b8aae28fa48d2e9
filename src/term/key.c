#include "term/key.h"
#include "term/screen.h"

/* xterm, VT220, the Linux console, rxvt and their many heirs; cursor keys in normal and application mode. */
static const struct {
    dv_token_kind kind;
    char marker, final;
    int number; /* first parameter, 0: any */
    int key;
} keys[] = {
    {DV_TOKEN_CONTROL, 0, 'A', 0, DV_KEY_UP},         {DV_TOKEN_CONTROL, 0, 'B', 0, DV_KEY_DOWN},
    {DV_TOKEN_CONTROL, 0, 'C', 0, DV_KEY_RIGHT},      {DV_TOKEN_CONTROL, 0, 'D', 0, DV_KEY_LEFT},
    {DV_TOKEN_CONTROL, 0, 'H', 0, DV_KEY_HOME},       {DV_TOKEN_CONTROL, 0, 'F', 0, DV_KEY_END},
    {DV_TOKEN_CONTROL, 0, 'Z', 0, DV_KEY_BACK_TAB},   {DV_TOKEN_CONTROL, 0, 'P', 0, DV_KEY_F1},
    {DV_TOKEN_CONTROL, 0, '~', 1, DV_KEY_HOME},       {DV_TOKEN_CONTROL, 0, '~', 3, DV_KEY_DELETE},
    {DV_TOKEN_CONTROL, 0, '~', 4, DV_KEY_END},        {DV_TOKEN_CONTROL, 0, '~', 5, DV_KEY_PAGE_UP},
    {DV_TOKEN_CONTROL, 0, '~', 6, DV_KEY_PAGE_DOWN},  {DV_TOKEN_CONTROL, 0, '~', 7, DV_KEY_HOME},
    {DV_TOKEN_CONTROL, 0, '~', 8, DV_KEY_END},        {DV_TOKEN_CONTROL, 0, '~', 11, DV_KEY_F1},
    {DV_TOKEN_CONTROL, '[', 'A', 0, DV_KEY_F1},       {DV_TOKEN_CONTROL, 0, 'c', 0, DV_KEY_SHIFT_RIGHT},
    {DV_TOKEN_CONTROL, 0, 'd', 0, DV_KEY_SHIFT_LEFT}, {DV_TOKEN_SHIFT, 0, 'A', 0, DV_KEY_UP},
    {DV_TOKEN_SHIFT, 0, 'B', 0, DV_KEY_DOWN},         {DV_TOKEN_SHIFT, 0, 'C', 0, DV_KEY_RIGHT},
    {DV_TOKEN_SHIFT, 0, 'D', 0, DV_KEY_LEFT},         {DV_TOKEN_SHIFT, 0, 'H', 0, DV_KEY_HOME},
    {DV_TOKEN_SHIFT, 0, 'F', 0, DV_KEY_END},          {DV_TOKEN_SHIFT, 0, 'P', 0, DV_KEY_F1},
    {DV_TOKEN_SHIFT, 0, 'M', 0, DV_KEY_ENTER},
};

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
        return key_of_character(token->character);
    }
    if (token->intermediate) {
        return -1;
    }
    /* xterm: the second parameter is 1 plus shift 1, alt 2, control 4. */
    bool shift = token->parameter[1] > 1 && ((token->parameter[1] - 1) & 1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].kind == token->kind && keys[i].final == token->final && keys[i].marker == token->marker &&
            (keys[i].number == 0 || keys[i].number == token->parameter[0])) {
            return keys[i].key == DV_KEY_LEFT && shift    ? DV_KEY_SHIFT_LEFT
                   : keys[i].key == DV_KEY_RIGHT && shift ? DV_KEY_SHIFT_RIGHT
                                                          : keys[i].key;
        }
    }
    return -1;
}

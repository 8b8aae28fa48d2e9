/* The line editor of the questions. Text is UTF-8; the cursor stands between characters. */
#include "tui/prompt.h"
#include "term/screen.h"
#include "tui/actions.h"

#include <stdio.h>
#include <string.h>

void dv_prompt_open(dv_prompt *prompt, const dv_prompt_kind *kind, const char *text)
{
    prompt->kind = kind;
    snprintf(prompt->text, sizeof(prompt->text), "%s", text);
    prompt->cursor = strlen(prompt->text);
    prompt->recalled = 0;
    prompt->hint[0] = '\0';
}

/* ---- editing ----------------------------------------------------------------------- */

static bool is_inside(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static size_t before(const dv_prompt *prompt, size_t at)
{
    if (at > 0)
        at--;
    while (at > 0 && is_inside(prompt->text[at]))
        at--;
    return at;
}

static size_t behind(const dv_prompt *prompt, size_t at)
{
    if (prompt->text[at])
        at++;
    while (is_inside(prompt->text[at]))
        at++;
    return at;
}

static void delete (dv_prompt *prompt, size_t first, size_t end)
{
    memmove(prompt->text + first, prompt->text + end, strlen(prompt->text + end) + 1);
    prompt->cursor = first;
}

static size_t encode(int character, char bytes[4])
{
    if (character < 0x80) {
        bytes[0] = (char)character;
        return 1;
    }
    size_t size = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; character >>= 6)
        bytes[i] = (char)(0x80 | (character & 0x3f));
    bytes[0] = (char)(lead[size] | character);
    return size;
}

static void insert(dv_prompt *prompt, int character)
{
    char bytes[4];
    size_t size = encode(character, bytes), length = strlen(prompt->text);
    if (length + size >= sizeof(prompt->text))
        return;
    char *at = prompt->text + prompt->cursor;
    memmove(at + size, at, length - prompt->cursor + 1);
    memcpy(at, bytes, size);
    prompt->cursor += size;
}

static size_t word_before(const dv_prompt *prompt)
{
    size_t at = prompt->cursor;
    while (at > 0 && prompt->text[at - 1] == ' ')
        at--;
    while (at > 0 && prompt->text[at - 1] != ' ')
        at--;
    return at;
}

/* ---- older answers ------------------------------------------------------------------ */

static void remember(dv_prompt *prompt)
{
    if (!prompt->text[0] || (prompt->history_count > 0 && strcmp(prompt->history[0], prompt->text) == 0))
        return;
    if (prompt->history_count < DV_PROMPT_HISTORY)
        prompt->history_count++;
    memmove(prompt->history[1], prompt->history[0], (size_t)(prompt->history_count - 1) * sizeof(prompt->history[0]));
    memcpy(prompt->history[0], prompt->text, sizeof(prompt->text));
}

static void recall(dv_prompt *prompt, int step)
{
    int wanted = prompt->recalled + step;
    if (wanted < 0 || wanted > prompt->history_count)
        return;
    if (prompt->recalled == 0)
        memcpy(prompt->draft, prompt->text, sizeof(prompt->draft));
    memcpy(prompt->text, wanted > 0 ? prompt->history[wanted - 1] : prompt->draft, sizeof(prompt->text));
    prompt->recalled = wanted;
    prompt->cursor = strlen(prompt->text);
}

/* ---- completion --------------------------------------------------------------------- */

static size_t common(const char *a, const char *b)
{
    size_t length = 0;
    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* Completes as far as all candidates go together; lists them when they part there. */
static void complete(struct dv_control *control, dv_prompt *prompt)
{
    const char *candidate[DV_PROMPT_CANDIDATES];
    int count =
        prompt->kind->complete ? prompt->kind->complete(control, prompt->text, candidate, DV_PROMPT_CANDIDATES) : 0;
    prompt->hint[0] = '\0';
    if (count == 0)
        return;
    size_t length = strlen(candidate[0]), typed = strlen(prompt->text), used = 0;
    for (int i = 1; i < count; i++) {
        size_t shared = common(candidate[0], candidate[i]);
        length = shared < length ? shared : length;
    }
    while (length > 0 && is_inside(candidate[0][length]))
        length--;
    if (length >= sizeof(prompt->text))
        return;
    bool grown = length > typed;
    if (length >= typed) { /* less when they part in what was typed, since case does not matter */
        snprintf(prompt->text, sizeof(prompt->text), "%.*s", (int)length, candidate[0]);
        prompt->cursor = length;
    }
    if (count == 1)
        insert(prompt, ' ');
    for (int i = 0; count > 1 && !grown && i < count && used < sizeof(prompt->hint); i++)
        used += (size_t)snprintf(prompt->hint + used, sizeof(prompt->hint) - used, "  %s", candidate[i]);
}

/* ---- keys ------------------------------------------------------------------------------- */

static void accept(struct dv_control *control, dv_prompt *prompt)
{
    const dv_prompt_kind *kind = prompt->kind;
    char text[DV_PROMPT_SIZE];
    size_t end = strlen(prompt->text);
    while (end > 0 && prompt->text[end - 1] == ' ') /* as completion leaves one */
        prompt->text[--end] = '\0';
    remember(prompt);
    memcpy(text, prompt->text, sizeof(text));
    prompt->kind = NULL;
    kind->accept(control, text);
}

void dv_prompt_key(struct dv_control *control, dv_prompt *prompt, int key)
{
    size_t end = strlen(prompt->text);
    if (key != DV_KEY_TAB)
        prompt->hint[0] = '\0';
    switch (key) {
    case DV_KEY_ENTER:
        accept(control, prompt);
        return;
    case DV_KEY_ESCAPE:
    case DV_CONTROL('C'):
        prompt->kind = NULL;
        return;
    case DV_KEY_BACKSPACE:
        if (end == 0)
            prompt->kind = NULL;
        else
            delete (prompt, before(prompt, prompt->cursor), prompt->cursor);
        return;
    case DV_KEY_DELETE:
        delete (prompt, prompt->cursor, behind(prompt, prompt->cursor));
        return;
    case DV_CONTROL('W'):
        delete (prompt, word_before(prompt), prompt->cursor);
        return;
    case DV_CONTROL('U'):
        delete (prompt, 0, prompt->cursor);
        return;
    case DV_CONTROL('K'):
        delete (prompt, prompt->cursor, end);
        return;
    case DV_KEY_LEFT:
    case DV_CONTROL('B'):
        prompt->cursor = before(prompt, prompt->cursor);
        return;
    case DV_KEY_RIGHT:
    case DV_CONTROL('F'):
        prompt->cursor = behind(prompt, prompt->cursor);
        return;
    case DV_KEY_HOME:
    case DV_CONTROL('A'):
        prompt->cursor = 0;
        return;
    case DV_KEY_END:
    case DV_CONTROL('E'):
        prompt->cursor = end;
        return;
    case DV_KEY_UP:
    case DV_CONTROL('P'):
        recall(prompt, 1);
        return;
    case DV_KEY_DOWN:
    case DV_CONTROL('N'):
        recall(prompt, -1);
        return;
    case DV_KEY_TAB:
        complete(control, prompt);
        return;
    default:
        if (key >= ' ' && key < DV_KEY_UP && key != DV_KEY_BACKSPACE)
            insert(prompt, key);
    }
}

/* The table of actions read: by key, by name, as a page of the manual. */
#include "tui/actions.h"

#include <assert.h>

static const dv_action_row rows[DV_ACTION_COUNT] = {
#define DV_ACTION_ROW(action, group_, keys_, hint_, help_)                                                             \
    [DV_ACTION_##action] = {.group = DV_GROUP_##group_, .keys = keys_, .hint = hint_, .help = help_},
    DV_ACTIONS(DV_ACTION_ROW)
#undef DV_ACTION_ROW
};

static const char *const group_names[DV_GROUP_COUNT] = {
    [DV_GROUP_PICTURES] = "Pictures",
    [DV_GROUP_LATENT] = "Latent dimensions",
    [DV_GROUP_NEIGHBORHOOD] = "Neighbourhood",
    [DV_GROUP_STUDENT] = "Student",
    [DV_GROUP_PROGRAM] = "Program",
};

static const struct {
    int key;
    const char *name;
} named_keys[] = {
    {' ', "Space"},
    {DV_KEY_ESCAPE, "Escape"},
    {DV_KEY_ENTER, "Enter"},
    {DV_KEY_TAB, "Tab"},
    {DV_KEY_BACKSPACE, "Backspace"},
    {DV_KEY_UP, "Up"},
    {DV_KEY_DOWN, "Down"},
    {DV_KEY_LEFT, "Left"},
    {DV_KEY_RIGHT, "Right"},
    {DV_KEY_PAGE_UP, "PgUp"},
    {DV_KEY_PAGE_DOWN, "PgDn"},
    {DV_KEY_HOME, "Home"},
    {DV_KEY_END, "End"},
    {DV_KEY_SHIFT_LEFT, "Shift-Left"},
    {DV_KEY_SHIFT_RIGHT, "Shift-Right"},
    {DV_KEY_BACK_TAB, "Shift-Tab"},
    {DV_KEY_DELETE, "Delete"},
    {DV_KEY_F1, "F1"},
};

const dv_action_row *dv_action_get(dv_action action)
{
    assert(action >= 0 && action < DV_ACTION_COUNT);
    return &rows[action];
}

dv_action dv_action_of_key(int key)
{
    for (int action = 0; key && action < DV_ACTION_COUNT; action++)
        for (int i = 0; i < DV_ACTION_KEYS; i++)
            if (rows[action].keys[i] == key)
                return action;
    return DV_ACTION_NONE;
}

const char *dv_action_group_name(dv_action_group group)
{
    assert(group >= 0 && group < DV_GROUP_COUNT);
    return group_names[group];
}

void dv_key_name(int key, char name[DV_KEY_NAME_SIZE])
{
    for (size_t i = 0; i < sizeof(named_keys) / sizeof(*named_keys); i++)
        if (named_keys[i].key == key) {
            snprintf(name, DV_KEY_NAME_SIZE, "%s", named_keys[i].name);
            return;
        }
    if (key > 0 && key < ' ')
        snprintf(name, DV_KEY_NAME_SIZE, "Ctrl-%c", key + '@');
    else {
        assert(key > ' ' && key < 127 && key != '\\');
        snprintf(name, DV_KEY_NAME_SIZE, "%c", key);
    }
}

void dv_action_keys_name(dv_action action, char name[DV_KEYS_NAME_SIZE])
{
    size_t used = 0;
    name[0] = '\0';
    for (int told = action; told < DV_ACTION_COUNT && (told == (int)action || !rows[told].help[0]); told++)
        for (int i = 0; i < DV_ACTION_KEYS && rows[told].keys[i]; i++) {
            char key[DV_KEY_NAME_SIZE];
            dv_key_name(rows[told].keys[i], key);
            const char *between = i > 0 ? " " : told > (int)action ? ", " : "";
            used += (size_t)snprintf(name + used, DV_KEYS_NAME_SIZE - used, "%s%s", between, key);
            assert(used < DV_KEYS_NAME_SIZE);
        }
}

/* mdoc takes a lone delimiter for punctuation and a leading dot for a request: \& in front makes it a word. */
static void print_mdoc_keys(FILE *stream, const dv_action_row *row, bool is_first)
{
    for (int i = 0; i < DV_ACTION_KEYS && row->keys[i]; i++) {
        char name[DV_KEY_NAME_SIZE];
        dv_key_name(row->keys[i], name);
        fprintf(stream, "%sIc \\&%s", is_first && i == 0 ? ".It " : " , ", name);
    }
}

void dv_actions_print_mdoc(FILE *stream)
{
    for (int group = 0; group < DV_GROUP_COUNT; group++) {
        fprintf(stream, ".Ss %s\n.Bl -tag -width Ds -compact\n", group_names[group]);
        const char *help = NULL;
        for (int action = 0; action < DV_ACTION_COUNT; action++) {
            if ((int)rows[action].group != group)
                continue;
            if (help && rows[action].help[0])
                fprintf(stream, "\n%s\n", help);
            print_mdoc_keys(stream, &rows[action], rows[action].help[0]);
            if (rows[action].help[0])
                help = rows[action].help;
        }
        fprintf(stream, "\n%s\n.El\n", help);
    }
}

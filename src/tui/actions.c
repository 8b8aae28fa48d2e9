/* The tables of actions read: by key, by name, as a page of the manual. */
#include "tui/actions.h"

#include <assert.h>
#include <string.h>

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
    {DV_KEY_INSERT, "Insert"},
    {DV_KEY_SHIFT_UP, "Shift-Up"},
    {DV_KEY_SHIFT_DOWN, "Shift-Down"},
    {DV_KEY_CONTROL_UP, "Ctrl-Up"},
    {DV_KEY_CONTROL_DOWN, "Ctrl-Down"},
    {DV_KEY_CONTROL_LEFT, "Ctrl-Left"},
    {DV_KEY_CONTROL_RIGHT, "Ctrl-Right"},
};

void dv_context_add(dv_context *context, const dv_action_set *set)
{
    assert(context->count < DV_MAX_SETS);
    if (set)
        context->set[context->count++] = set;
}

static bool is_bound(const dv_action *action, int key)
{
    for (int i = 0; i < DV_ACTION_KEYS; i++)
        if (action->keys[i] == key)
            return true;
    return false;
}

static const dv_action *find_key(const dv_action_set *set, int key)
{
    for (int i = 0; key && i < set->count; i++)
        if (is_bound(&set->action[i], key))
            return &set->action[i];
    return NULL;
}

const dv_action *dv_context_find_key(const dv_context *context, int key)
{
    const dv_action *found = NULL;
    for (int i = 0; !found && i < context->count; i++)
        found = find_key(context->set[i], key);
    return found;
}

const dv_action *dv_context_find_name(const dv_context *context, const char *name)
{
    for (int i = 0; i < context->count; i++)
        for (int row = 0; row < context->set[i]->count; row++)
            if (strcmp(context->set[i]->action[row].name, name) == 0)
                return &context->set[i]->action[row];
    return NULL;
}

bool dv_context_hides(const dv_context *context, const dv_action_set *set, int key)
{
    for (int i = 0; i < context->count && context->set[i] != set; i++)
        if (find_key(context->set[i], key))
            return true;
    return false;
}

void dv_context_add_global(dv_context *context)
{
    dv_context_add(context, &dv_actions_pictures);
    dv_context_add(context, &dv_actions_neighborhood);
    dv_context_add(context, &dv_actions_student);
    dv_context_add(context, &dv_actions_kept);
    dv_context_add(context, &dv_actions_program);
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

void dv_action_keys_name(const dv_action_set *set, int action, char name[DV_KEYS_NAME_SIZE])
{
    size_t used = 0;
    name[0] = '\0';
    for (int told = action; told < set->count && (told == action || !set->action[told].help[0]); told++) {
        const int *keys = set->action[told].keys;
        for (int i = 0; i < DV_ACTION_KEYS && keys[i]; i++) {
            char key[DV_KEY_NAME_SIZE];
            dv_key_name(keys[i], key);
            const char *between = i > 0 ? " " : used > 0 ? ", " : "";
            used += (size_t)snprintf(name + used, DV_KEYS_NAME_SIZE - used, "%s%s", between, key);
            assert(used < DV_KEYS_NAME_SIZE);
        }
    }
}

/* ---- the manual ----------------------------------------------------------------- */

/* mdoc takes a lone delimiter for punctuation and a leading dot for a request: \& in front makes it a word. */
static void print_keys(FILE *stream, const dv_action *row, const char *before)
{
    for (int i = 0; i < DV_ACTION_KEYS && row->keys[i]; i++) {
        char name[DV_KEY_NAME_SIZE];
        dv_key_name(row->keys[i], name);
        fprintf(stream, "%sIc \\&%s", i == 0 ? before : " , ", name);
    }
}

static void print_commands(FILE *stream, const dv_action *row, int count)
{
    for (int i = 0; i < count; i++) {
        fprintf(stream, "%s Ic :%s", i > 0 ? " ," : "", row[i].name);
        if (row[i].argument)
            fprintf(stream, " Ar %s", row[i].argument);
    }
    fprintf(stream, "\n");
}

/* The keys, or where there are none the commands, of a row and of those that are told with it. */
static void print_row(FILE *stream, const dv_action *row, int count)
{
    const char *before = " ";
    fprintf(stream, ".It");
    for (int i = 0; i < count; i++) {
        print_keys(stream, &row[i], before);
        if (row[i].keys[0])
            before = " , ";
    }
    bool has_keys = strcmp(before, " ") != 0;
    if (!has_keys)
        print_commands(stream, row, count);
    fprintf(stream, "%s%s\n", has_keys ? "\n" : "", row->help);
    if (has_keys) {
        fprintf(stream, ".Pq");
        print_commands(stream, row, count);
    }
}

void dv_actions_print_mdoc(FILE *stream, const dv_context *context)
{
    for (int i = 0; i < context->count; i++) {
        const dv_action_set *set = context->set[i];
        fprintf(stream, ".Ss %s\n.Bl -tag -width Ds -compact\n", set->title);
        for (int action = 0, count; action < set->count; action += count) {
            for (count = 1; action + count < set->count && !set->action[action + count].help[0];)
                count++;
            print_row(stream, &set->action[action], count);
        }
        fprintf(stream, ".El\n");
    }
}

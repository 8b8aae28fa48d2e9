/* Scopes. */
#include "onnx/scope.h"
#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

/* ---- the table ------------------------------------------------------------------------- */

/* The entry of a name, or the unused one where it belongs. */
static dv_scope_entry *find_place(dv_scope_entry *entry, int room, const char *name)
{
    uint64_t at = dv_hash_text(DV_HASH_START, name);
    for (;; at++) {
        dv_scope_entry *it = &entry[at & (uint64_t)(room - 1)];
        if (!it->name || strcmp(it->name, name) == 0)
            return it;
    }
}

static bool grow(dv_scope *scope, dv_error *error)
{
    if (2 * (scope->count + 1) <= scope->room)
        return true;
    int room = scope->room ? 2 * scope->room : 32;
    dv_scope_entry *wider = dv_arena_alloc(scope->arena, (size_t)room, sizeof *wider, error);
    if (!wider)
        return false;
    for (int k = 0; k < scope->room; k++)
        if (scope->entry[k].name)
            *find_place(wider, room, scope->entry[k].name) = scope->entry[k];
    scope->entry = wider;
    scope->room = room;
    return true;
}

bool dv_scope_bind(dv_scope *scope, const char *name, int value, dv_error *error)
{
    if (!grow(scope, error))
        return false;
    dv_scope_entry *it = find_place(scope->entry, scope->room, name);
    scope->count += !it->name;
    *it = (dv_scope_entry){name, value};
    return true;
}

bool dv_scope_own(dv_scope *scope, const char *name, dv_error *error)
{
    return dv_scope_has(scope, name) || dv_scope_bind(scope, name, DV_SCOPE_UNMADE, error);
}

bool dv_scope_has(const dv_scope *scope, const char *name)
{
    return scope->room && find_place(scope->entry, scope->room, name)->name;
}

/* ---- values ------------------------------------------------------------------------------ */

/* Longer paths are cut: names of functions within functions add up. */
enum { LONGEST_PATH = 256 };

const char *dv_scope_path(const dv_scope *scope, const char *name, dv_error *error)
{
    if (!scope->prefix)
        return dv_arena_text(scope->arena, name, error);
    char path[LONGEST_PATH];
    snprintf(path, sizeof path, "%s%s", scope->prefix, name);
    return dv_arena_text(scope->arena, path, error);
}

/* A value of the graph whose name is the path, or begins with it if that one is taken. */
static int make_value(const dv_scope *scope, const char *name, dv_error *error)
{
    const char *path = dv_scope_path(scope, name, error);
    if (!path || dv_graph_find(scope->graph, path) < 0)
        return path ? dv_graph_refer(scope->graph, path, error) : -1;
    size_t size = strlen(path) + 16;
    char *other = dv_arena_alloc(scope->arena, size, 1, error);
    for (int number = scope->graph->value_count; other; number++) {
        snprintf(other, size, "%s_%d", path, number);
        if (dv_graph_find(scope->graph, other) < 0)
            return dv_graph_refer(scope->graph, other, error);
    }
    return -1;
}

/* The scope that says what a name stands for; a name that nobody knows belongs to the outermost one. */
static dv_scope *find_scope(dv_scope *scope, const char *name)
{
    while (scope->outer && !dv_scope_has(scope, name))
        scope = scope->outer;
    return scope;
}

bool dv_scope_value(dv_scope *scope, const char *name, int *value, dv_error *error)
{
    *value = -1;
    if (!name || !*name)
        return true;
    dv_scope *it = find_scope(scope, name);
    if (!it->prefix) {
        *value = dv_graph_refer(it->graph, name, error);
        return *value >= 0;
    }
    if (!dv_scope_own(it, name, error))
        return false;
    dv_scope_entry *entry = find_place(it->entry, it->room, name);
    if (entry->value == DV_SCOPE_UNMADE && (entry->value = make_value(it, name, error)) < 0)
        return false;
    *value = entry->value;
    return true;
}

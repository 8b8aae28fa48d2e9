#include "base/xdg.h"

#include "base/error.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *variable, *below_home;
} places[] = {
    [DV_XDG_CONFIG] = {"XDG_CONFIG_HOME", ".config"},
    [DV_XDG_STATE] = {"XDG_STATE_HOME", ".local/state"},
    [DV_XDG_CACHE] = {"XDG_CACHE_HOME", ".cache"},
};

/* The value of a variable that holds an absolute path, else NULL. */
static const char *absolute(const char *variable)
{
    const char *value = getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

/* Makes the folder that `path` lies in. */
static bool create_parent(char *path, dv_error *error)
{
    char *slash = strrchr(path, '/');
    *slash = 0;
    bool ok = dv_folder_create_private(path, error);
    *slash = '/';
    return ok;
}

char *dv_xdg_path(dv_xdg kind, const char *name, bool create, dv_error *error)
{
    const char *folder = absolute(places[kind].variable), *home = absolute("HOME");
    char *path;
    if (!folder && !home) {
        dv_error_set(error, DV_ERROR_FILE, "neither $%s nor $HOME names a folder for %s", places[kind].variable, name);
        return NULL;
    }
    int length = folder ? asprintf(&path, "%s/deepvid/%s", folder, name)
                        : asprintf(&path, "%s/%s/deepvid/%s", home, places[kind].below_home, name);
    if (length < 0) {
        dv_error_set(error, DV_ERROR_MEMORY, "%s: out of memory", name);
        return NULL;
    }
    if (!create || create_parent(path, error))
        return path;
    free(path);
    return NULL;
}

#include "op/family.h"

#include "base/error.h"

#include <string.h>

#define ROWS(NAME) dv_family_##NAME,
static const dv_operator *const families[] = {DV_FAMILIES(ROWS)};

const dv_operator *dv_operator_at(int index)
{
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        for (const dv_operator *row = families[f]; row->name; row++)
            if (index-- == 0)
                return row;
    return NULL;
}

const dv_operator *dv_operator_find(const char *name, int opset, dv_error *error)
{
    bool known = false;
    for (size_t f = 0; f < sizeof families / sizeof families[0]; f++)
        for (const dv_operator *row = families[f]; row->name; row++) {
            if (strcmp(row->name, name) != 0)
                continue;
            if (row->since <= opset && (row->until == 0 || opset <= row->until))
                return row;
            known = true;
        }
    if (known)
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "operator %s is not supported at opset %d", name, opset);
    else
        dv_error_set(error, DV_ERROR_UNSUPPORTED, "operator %s is not supported", name);
    return NULL;
}

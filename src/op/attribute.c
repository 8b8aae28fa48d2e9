#include "op/op.h"

#include <string.h>

const dv_attribute *dv_attribute_find(const dv_attributes *attributes, const char *name, dv_attribute_kind kind)
{
    for (int i = 0; i < attributes->count; i++)
        if (attributes->item[i].kind == kind && strcmp(attributes->item[i].name, name) == 0)
            return &attributes->item[i];
    return NULL;
}

int64_t dv_attribute_int(const dv_attributes *attributes, const char *name, int64_t otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_INT);
    return found ? found->i : otherwise;
}

float dv_attribute_float(const dv_attributes *attributes, const char *name, float otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_FLOAT);
    return found ? found->f : otherwise;
}

const char *dv_attribute_text(const dv_attributes *attributes, const char *name, const char *otherwise)
{
    const dv_attribute *found = dv_attribute_find(attributes, name, DV_ATTRIBUTE_TEXT);
    return found ? found->text : otherwise;
}

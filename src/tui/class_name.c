/* Names of classes in questions and commands. */
#include "tui/class_name.h"
#include "tui/control.h"

#include <string.h>
#include <strings.h>

int dv_class_find(const dv_bundle_facts *facts, const char *text)
{
    for (int k = 0; k < facts->classes; k++)
        if (strcasecmp(facts->class_names[k], text) == 0)
            return k;
    for (int k = 0; k < facts->classes; k++)
        if (strncasecmp(facts->class_names[k], text, strlen(text)) == 0)
            return k;
    for (int k = 0; k < facts->classes; k++)
        if (strcasestr(facts->class_names[k], text))
            return k;
    return -1;
}

int dv_class_complete(struct dv_control *control, const char *text, const char **candidate, int room)
{
    const dv_bundle_facts *facts = control->model->facts;
    int count = 0;
    for (int k = 0; k < facts->classes && count < room; k++)
        if (strncasecmp(facts->class_names[k], text, strlen(text)) == 0)
            candidate[count++] = facts->class_names[k];
    return count;
}

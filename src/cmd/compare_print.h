/* Two teachers compared, in words. */
#ifndef DV_CMD_COMPARE_PRINT_H
#define DV_CMD_COMPARE_PRINT_H

#include "study/compare.h"

/* On standard output: who is right how often, the most frequent changes, and the `most` pictures that changed most. */
void dv_comparison_print(const dv_comparison *comparison, const dv_bundle_facts *first, const dv_bundle_facts *second,
                         int64_t most);
/* What both say to one picture, and how alike their maps are. */
void dv_contrast_print(const dv_contrast *contrast, const dv_bundle_facts *first, const dv_bundle_facts *second);

#endif

#include "vid/regions.h"

#include <stdio.h>
#include <string.h>

static const double least_share = 0.005; /* smaller ones would be told as 0.00 */

int dv_regions_tell(const dv_attribution *map, int sign, char text[DV_REGIONS_SIZE])
{
    dv_map_region region[DV_MAP_REGIONS];
    int count = 0, used = 0;
    dv_attribution_regions(map, region);
    text[0] = '\0';
    for (int i = 0; i < DV_REGIONS_NAMED; i++) {
        const dv_map_region *at = &region[sign > 0 ? i : DV_MAP_REGIONS - 1 - i];
        if (at->share * sign > least_share)
            used += snprintf(text + used, DV_REGIONS_SIZE - (size_t)used, "%s%s %+.2f", count++ ? ", " : "", at->name,
                             at->share);
    }
    return count;
}

int dv_regions_tell_plane(const float *map, int height, int width, int sign, char text[DV_REGIONS_SIZE])
{
    const dv_attribution plane = {.channels = 1, .height = height, .width = width, .map = (float *)map};
    return dv_regions_tell(&plane, sign, text);
}

const char *dv_regions_fit(char *text, int columns)
{
    for (char *comma; (int)strlen(text) > columns && (comma = strrchr(text, ','));)
        *comma = '\0';
    return text;
}

/* What deepvid info tells of pictures and arrays. */
#ifndef DV_CMD_INFO_H
#define DV_CMD_INFO_H

#include "deepvid.h"

bool dv_info_picture(const char *path, bool json, dv_error *error);
bool dv_info_array(const char *path, bool json, dv_error *error);
/* Folders, archives and lists of pictures. */
bool dv_info_dataset(const char *path, bool json, dv_error *error);

#endif

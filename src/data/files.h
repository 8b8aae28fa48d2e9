/* Pictures that are a file each, decoded when they are asked for. */
#ifndef DV_DATA_FILES_H
#define DV_DATA_FILES_H

#include "data/format.h"

typedef struct dv_files dv_files;

/* `folder` is what the names are relative to. */
dv_files *dv_files_new(const char *folder, dv_error *error);
void dv_files_free(dv_files *files);
bool dv_files_add(dv_files *files, const char *name, dv_error *error);
int64_t dv_files_count(const dv_files *files);

/* Gives the dataset the files, which belong to it when this returns true. A few of them are looked at for their size;
 * an error if none of the first hundred can be read. */
bool dv_files_attach(dv_files *files, dv_dataset *dataset, dv_error *error);

/* True for names that end as those of pictures do. */
bool dv_files_is_picture(const char *name);

#endif

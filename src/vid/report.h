/* The report of an explanation: a folder of files that appear together or not at all. */
#ifndef DV_VID_REPORT_H
#define DV_VID_REPORT_H

#include "deepvid.h"

/* Files are written into a temporary folder. Where there was no `folder`, commit gives it that name: the report is
 * there at once, or not at all. Where there was one, commit moves each file into it. */
typedef struct dv_report dv_report;
dv_report *dv_report_open(const char *folder, dv_error *error);
/* Where to write a further file of that name; freed by the caller. NULL without memory. */
char *dv_report_path(const dv_report *report, const char *name, dv_error *error);
/* explanation.json (without times: the same wish makes the same bytes), weights.npy, bias.npy, neighbors.npy,
 * latents.npy, soft_labels.npy; a map and perhaps superpixels for each of `others` (NULL: none). */
bool dv_report_write(const dv_report *report, const dv_explanation *explanation, const dv_attributions *others,
                     const dv_bundle_facts *facts, dv_error *error);
/* Makes an error about that file name the folder that was asked for, not the temporary one. Returns false. */
bool dv_report_blame(const dv_report *report, const char *name, dv_error *error);
/* Ends the report either way; after an error nothing of it is left. */
bool dv_report_commit(dv_report *report, dv_error *error);
/* Ends the report and removes all of it, made folders too; NULL is allowed. */
void dv_report_discard(dv_report *report);

#endif

/* What deepvid.ini and the overrides of the caller say, before any of it is opened. */
#ifndef DV_VID_BUNDLE_SETTINGS_H
#define DV_VID_BUNDLE_SETTINGS_H

#include "base/memory.h"
#include "vid/verdict.h"

/* Texts live in the arena; paths can be opened as they are. NULL: not said. */
typedef struct dv_bundle_settings {
    const char *name;
    const char *teacher, *teacher_output, *output_name, *layout, *class_names;
    const char *preset, *mean, *std, *scale, *order, *invert, *crop, *filter;
    const char *encoder, *decoder, *vae, *vae_layout, *vae_output;
    const char *images, *image_labels, *memory;
    const char *neighborhood;
    const char *thresholds, *judged, *judged_bad, *judged_real, *judged_anchor;
} dv_bundle_settings;

/* Reads `folder`/deepvid.ini, if there is a folder, and lays the source's overrides over it. Unknown sections and keys,
 * a key given twice and a missing one are errors that name file and line. */
bool dv_bundle_settings_read(dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                             dv_error *error);
/* The same, whatever may be missing: for those who look at parts. */
bool dv_bundle_settings_gather(dv_bundle_settings *settings, const dv_bundle_source *source, dv_arena *arena,
                               dv_error *error);

/* Writes what the source says, but for its folder, as the ini of a bundle with that name (NULL: none). Paths are
 * written as they are. An error for a text that a line of an ini cannot hold. */
bool dv_bundle_settings_write(const char *path, const char *name, const dv_bundle_source *source, dv_error *error);

/* Whether anything but the memory to use stands for what the ini says. */
bool dv_bundle_source_overrides(const dv_bundle_source *source);
/* What the settings say of verdicts; the usual thresholds where they say nothing. An error where it cannot be. */
bool dv_bundle_settings_judge(const dv_bundle_settings *settings, dv_calibration *calibration, dv_error *error);
/* Writes it into `folder`/deepvid.ini, whose other lines stay; and whether that could be done. */
bool dv_bundle_settings_keep(const char *folder, const dv_calibration *calibration, dv_error *error);
bool dv_bundle_settings_check_keep(const char *folder, dv_error *error);

#endif

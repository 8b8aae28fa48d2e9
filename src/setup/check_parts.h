/* The parts of a check, in their order. For the files check*.c only. */
#ifndef DV_SETUP_CHECK_PARTS_H
#define DV_SETUP_CHECK_PARTS_H

#include "vid/bundle_settings.h"
#include "setup/check.h"

/* One more finding. Those beyond DV_MAX_FINDINGS are lost. */
void dv_check_find(dv_check *check, dv_finding_kind kind, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What to do about the last finding. */
void dv_check_remedy(dv_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What does it, to be pasted. */
void dv_check_command(dv_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A text in the arena, cleaned; "" without memory. */
const char *dv_check_text(dv_check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "12,345" */
const char *dv_check_number(dv_check *check, int64_t number);
/* "class 3", "class 3 (cat)" */
const char *dv_check_class(dv_check *check, int class);

/* Reads the model: what it is made of, what is missing. */
bool dv_check_read_model(dv_check *check, const char *path, dv_error *error);
/* What another network lacks. */
void dv_check_survey(dv_check *check, const char *path);
/* Takes it for a classifier of the pictures. */
bool dv_check_inspect(dv_check *check, const dv_inspect_wish *wish, dv_error *error);
/* What a run of it costs, once it is ready to run. */
void dv_check_weigh(dv_check *check);

/* Opens the pictures; their labels are numbers of classes after dv_check_name_classes. */
void dv_check_open_pictures(dv_check *check, const dv_bundle_settings *settings);
/* From the file of class names; NULL: none. */
void dv_check_read_names(dv_check *check, const char *path);
bool dv_check_name_classes(dv_check *check, const char *path, dv_error *error);
/* Labels that are no classes, and such. */
void dv_check_labels(dv_check *check);

/* What the trials tell. */
bool dv_check_judge(dv_check *check, dv_error *error);
/* Labels that go by other numbers than the classes: true where that was found, and told. */
bool dv_check_judge_labels(dv_check *check, bool *is_found, dv_error *error);

/* What a bundle has beside teacher and pictures. */
bool dv_check_bundle(dv_check *check, const dv_bundle_source *source, const dv_bundle_settings *settings,
                     const dv_check_options *options, const dv_progress *progress, dv_error *error);

#endif

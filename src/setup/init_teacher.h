/* What is known of a teacher before there is a bundle. For init.c only. */
#ifndef DV_SETUP_INIT_TEACHER_H
#define DV_SETUP_INIT_TEACHER_H

#include "base/team.h"
#include "data/data.h"
#include "vid/inspect.h"

typedef struct dv_init_teacher {
    dv_picture_form form; /* of the pictures that it takes */
    const char
        *class_names; /* one a line, where its own file tells them; NULL: they are told elsewhere, or by nobody */
    dv_notes notes;   /* what was found out */
} dv_init_teacher;

/* Reads the source's teacher. What its metadata say of mean and standard deviation, or trying of the preprocessing,
 * goes into the source, in the arena's texts, unless the source says something. Labels of the data are brought to the
 * order of the teacher's classes. */
bool dv_init_look_at_teacher(dv_init_teacher *teacher, dv_bundle_source *source, dv_dataset *data, dv_team *team,
                             dv_arena *arena, const dv_progress *progress, dv_error *error);

#endif

/* Opening the parts of a bundle, the auto-encoder before the teacher, when its pictures are open. For bundle*.c here,
 * guide.c, and check*.c and init*.c of setup only. */
#ifndef DV_VID_BUNDLE_PARTS_H
#define DV_VID_BUNDLE_PARTS_H

#include "vid/bundle.h"
#include "vid/bundle_settings.h"

/* Where the pictures come from, by the settings. */
bool dv_bundle_name_pictures(const dv_bundle_settings *settings, dv_dataset_source *source, dv_error *error);

/* Each checks what it opens against what is there already. False and an error that names the file. */
bool dv_bundle_open_vae(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error);
bool dv_bundle_open_teacher(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error);

/* The settings' teacher, ready to run on floats, and what is known of it. `data`: the pictures that it is for. NULL and
 * an error that names the file. */
dv_graph *dv_bundle_read_teacher(const dv_bundle_settings *settings, const dv_dataset *data, dv_teacher_facts *facts,
                                 dv_error *error);

/* The parts of opening the teacher that a second one has, too: its network, and how pictures come to it. */
bool dv_bundle_open_teacher_graph(dv_bundle *bundle, const dv_bundle_settings *settings, dv_error *error);
bool dv_bundle_set_teacher_sizes(dv_bundle *bundle, const dv_bundle_settings *settings, dv_notes *notes,
                                 dv_error *error);

/* Copies of the paths that networks are named by, into the bundle's arena. */
bool dv_bundle_keep_paths(dv_bundle *bundle, dv_bundle_settings *settings, dv_error *error);

/* What pictures tell before a network is looked at; how many names its classes have is for the caller to add. */
dv_inspect_wish dv_bundle_wish(const dv_dataset *data);
/* Takes the notes over, each with its file's name before it. */
void dv_bundle_note(dv_bundle *bundle, const char *path, const dv_notes *notes);
/* Puts them into the facts, when all are there. */
bool dv_bundle_list_notes(dv_bundle *bundle, dv_error *error);

#endif

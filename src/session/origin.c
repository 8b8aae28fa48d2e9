/* The bundle a session is about. */
#include "session/origin.h"
#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "config.h"
#include "vid/fingerprint.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What a bundle may be made of, by the names of the command line's options. */
static const struct part {
    const char *name;
    size_t field; /* of dv_bundle_source */
    bool is_path;
} parts[] = {
#define PART(name, field, is_path)                                                                                     \
    {                                                                                                                  \
        name, offsetof(dv_bundle_source, field), is_path                                                               \
    }
    PART("bundle", folder, true),
    PART("teacher", teacher, true),
    PART("teacher-output", teacher_output, false),
    PART("output-name", output_name, false),
    PART("layout", layout, false),
    PART("preset", preset, false),
    PART("mean", mean, false),
    PART("std", std, false),
    PART("scale", scale, false),
    PART("order", order, false),
    PART("invert", invert, false),
    PART("crop", crop, false),
    PART("filter", filter, false),
    PART("class-names", class_names, true),
    PART("encoder", encoder, true),
    PART("decoder", decoder, true),
    PART("vae", vae, true),
    PART("vae-layout", vae_layout, false),
    PART("vae-output", vae_output, false),
    PART("images", images, true),
    PART("image-labels", image_labels, true),
#undef PART
};

enum { PARTS = sizeof(parts) / sizeof(*parts) };

static const char **text_of(dv_bundle_source *source, const struct part *part)
{
    return (const char **)((char *)source + part->field);
}

static const char *text_in(const dv_bundle_source *source, const struct part *part)
{
    return *(const char *const *)((const char *)source + part->field);
}

static bool take_text(dv_bundle_source *source, const struct part *part, const char *text, dv_error *error)
{
    char *copy = part->is_path ? dv_path_real(text) : strdup(text);
    if (!copy)
        return dv_error_set(error, DV_ERROR_FILE, "%s: %s", text, strerror(errno));
    *text_of(source, part) = copy;
    if (!strchr(copy, '\n'))
        return true;
    return dv_error_set(error, DV_ERROR_UNSUPPORTED, "%s: a name with a line's end in it cannot be written down", copy);
}

bool dv_origin_init(dv_origin *origin, const dv_bundle_source *source, const dv_bundle *bundle, dv_error *error)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    *origin = (dv_origin){0};
    bool fine = dv_bundle_fingerprint(bundle, &origin->fingerprint, error);
    for (const struct part *part = parts; fine && part < parts + PARTS; part++)
        if (text_in(source, part))
            fine = take_text(&origin->source, part, text_in(source, part), error);
    if (!fine)
        dv_origin_clear(origin);
    else
        snprintf(origin->shape, sizeof(origin->shape),
                 "%d classes, %d latent dimensions, %dx%dx%d, %" PRId64 " pictures", facts->classes, facts->latent,
                 facts->channels, facts->height, facts->width, facts->count);
    return fine;
}

void dv_origin_clear(dv_origin *origin)
{
    for (const struct part *part = parts; part < parts + PARTS; part++)
        free((char *)text_in(&origin->source, part));
    *origin = (dv_origin){0};
}

void dv_origin_lay_over(dv_bundle_source *source, const dv_bundle_source *over)
{
    for (const struct part *part = parts; part < parts + PARTS; part++)
        if (text_in(over, part))
            *text_of(source, part) = text_in(over, part);
}

void dv_origin_key(const dv_origin *origin, char key[DV_ORIGIN_KEY_SIZE])
{
    uint64_t hash = DV_HASH_START;
    for (const struct part *part = parts; part < parts + PARTS; part++) {
        const char *text = text_in(&origin->source, part);
        hash = dv_hash_text(hash, text ? text : "");
    }
    const char *path = origin->source.folder ? origin->source.folder : origin->source.teacher;
    const char *slash = path ? strrchr(path, '/') : NULL;
    snprintf(key, DV_ORIGIN_KEY_SIZE, "%.40s-%016" PRIx64, slash && slash[1] ? slash + 1 : "bundle", hash);
    for (char *c = key; *c; c++)
        if (!isalnum((unsigned char)*c) && *c != '.' && *c != '_')
            *c = '-';
    if (*key == '.')
        *key = '-';
}

/* ---- as lines ----------------------------------------------------------------- */

void dv_origin_write(FILE *stream, const dv_origin *origin)
{
    fprintf(stream, "program deepvid %s\n", PACKAGE_VERSION);
    for (const struct part *part = parts; part < parts + PARTS; part++)
        if (text_in(&origin->source, part))
            fprintf(stream, "%s %s\n", part->name, text_in(&origin->source, part));
    fprintf(stream, "holds %s\n", origin->shape);
    fprintf(stream, "fingerprint %016" PRIx64 "\n\n", origin->fingerprint);
}

/* What comes behind "word ", NULL if the line begins otherwise. */
static const char *behind(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 && line[length] == ' ' ? line + length + 1 : NULL;
}

static bool read_part(dv_origin *origin, const char *line)
{
    for (const struct part *part = parts; part < parts + PARTS; part++) {
        const char *text = behind(line, part->name);
        if (!text)
            continue;
        if (!*text || text_in(&origin->source, part))
            return false;
        return (*text_of(&origin->source, part) = strdup(text)) != NULL;
    }
    const char *shape = behind(line, "holds"), *fingerprint = behind(line, "fingerprint");
    if (fingerprint)
        return dv_hash_read(fingerprint, &origin->fingerprint);
    if (!shape)
        return behind(line, "program");
    if (strlen(shape) >= sizeof(origin->shape))
        return false;
    memcpy(origin->shape, shape, strlen(shape) + 1);
    return true;
}

bool dv_origin_read(dv_origin *origin, dv_record *record, dv_error *error)
{
    const char *line;
    bool fine = true;
    *origin = (dv_origin){0};
    while (fine && (line = dv_record_line(record)) && *line)
        fine = read_part(origin, line);
    if (fine && line)
        return true;
    if (fine)
        dv_error_set(error, DV_ERROR_FORMAT, "it ends before it tells which bundle it is about");
    else
        dv_error_set(error, DV_ERROR_FORMAT, "it should tell of a bundle, not '%s'", line);
    dv_origin_clear(origin);
    return dv_record_blame(record, error);
}

bool dv_origin_check(const dv_origin *written, const dv_origin *bundle, bool exactly, dv_error *error)
{
    if (written->shape[0] && strcmp(written->shape, bundle->shape) != 0)
        return dv_error_set(error, DV_ERROR_FORMAT, "it is about another bundle, of %s, not %s", written->shape,
                            bundle->shape);
    if (exactly && written->fingerprint && written->fingerprint != bundle->fingerprint)
        return dv_error_set(error, DV_ERROR_FORMAT,
                            "it is about another bundle: the networks or the data are not those it was written with");
    return true;
}

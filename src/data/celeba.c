/* CelebA's table of attributes, list_attr_celeba.txt: how many pictures, the names of the attributes, then for each
 * picture its file's name and 1 or -1 for each attribute (Liu et al. 2015,
 * http://mmlab.ie.cuhk.edu.hk/projects/CelebA.html).
 */
#include "data/format.h"
#include "base/error.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static const char space[] = " \t\r";

/* The next word of a line, ended by zero; NULL at its end. */
static char *take_word(char **next)
{
    char *word = *next + strspn(*next, space);
    if (!*word) {
        return NULL;
    }
    char *end = word + strcspn(word, space);
    *next = end + (*end != 0);
    *end = 0;
    return word;
}

static char *take_line(char **next)
{
    char *line = *next;
    if (!line || !*line) {
        return NULL;
    }
    char *end = strchr(line, '\n');
    *next = end ? end + 1 : NULL;
    if (end) {
        *end = 0;
    }
    return line;
}

static int count_words(const char *line)
{
    int count = 0;
    for (line += strspn(line, space); *line; line += strspn(line, space)) {
        line += strcspn(line, space);
        count++;
    }
    return count;
}

static bool is_mark(const char *word)
{
    return strcmp(word, "1") == 0 || strcmp(word, "-1") == 0;
}

/* The first three lines: a number alone, at least two names, a name and so many marks. */
static bool looks_right(char *text)
{
    char *next = text, *lines[3];
    int64_t count;
    for (int i = 0; i < 3; i++) {
        if (!(lines[i] = take_line(&next))) {
            return false;
        }
    }
    int names = count_words(lines[1]);
    char *number = take_word(&lines[0]);
    if (!number || take_word(&lines[0]) || !dv_number_read_whole(number, &count) || names < 2 ||
        count_words(lines[2]) != names + 1) {
        return false;
    }
    take_word(&lines[2]);
    for (char *word; (word = take_word(&lines[2]));) {
        if (!is_mark(word)) {
            return false;
        }
    }
    return true;
}

static bool probe(const dv_place *place)
{
    if (place->folder || memchr(place->head.data, 0, place->head.size)) {
        return false;
    }
    char *text = strndup((const char *)place->head.data, place->head.size);
    bool right = text && looks_right(text);
    free(text);
    return right;
}

static bool read_names(dv_label_list *labels, char *line, dv_error *error)
{
    labels->mark_count = count_words(line);
    if (labels->mark_count > DV_MAX_CLASSES) {
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "names %d attributes; %d can be told apart",
                            labels->mark_count, DV_MAX_CLASSES);
    }
    labels->mark_name = dv_arena_alloc(labels->arena, (size_t)labels->mark_count, sizeof *labels->mark_name, error);
    for (int k = 0; labels->mark_name && k < labels->mark_count; k++) {
        labels->mark_name[k] = take_word(&line);
    }
    return labels->mark_name != NULL;
}

static bool read_row(dv_label_list *labels, int64_t row, char *line, dv_error *error)
{
    labels->key[row] = line ? take_word(&line) : NULL;
    if (!labels->key[row]) {
        return dv_error_set(error, DV_ERROR_FORMAT, "promises %lld pictures, but lists %lld", (long long)labels->count,
                            (long long)row);
    }
    for (int k = 0; k < labels->mark_count; k++) {
        const char *word = take_word(&line);
        if (!word || !is_mark(word)) {
            return dv_error_set(error, DV_ERROR_FORMAT, "line %lld: 1 or -1 is needed for each of %d attributes",
                                (long long)row + 3, labels->mark_count);
        }
        labels->marks[row * labels->mark_count + k] = word[0] == '1';
    }
    return !take_word(&line) || dv_error_set(error, DV_ERROR_FORMAT, "line %lld has more than %d attributes",
                                             (long long)row + 3, labels->mark_count);
}

static bool parse(char *next, dv_label_list *labels, dv_error *error)
{
    size_t length = strlen(next);
    char *line = take_line(&next), *names = take_line(&next);
    if (!line || !names || !dv_number_read_whole(take_word(&line), &labels->count) || labels->count < 1 ||
        (uint64_t)labels->count > length / 2) {
        return dv_error_set(error, DV_ERROR_FORMAT, "the first line tells an impossible number of pictures");
    }
    if (!read_names(labels, names, error) || (uint64_t)labels->mark_count > length / (uint64_t)labels->count) {
        return labels->mark_name && dv_error_set(error, DV_ERROR_FORMAT, "is cut short");
    }
    size_t count = (size_t)labels->count;
    labels->key = dv_arena_alloc(labels->arena, count, sizeof *labels->key, error);
    labels->marks = dv_arena_alloc(labels->arena, count * (size_t)labels->mark_count, 1, error);
    bool good = labels->key && labels->marks;
    for (int64_t row = 0; good && row < labels->count; row++) {
        good = read_row(labels, row, take_line(&next), error);
    }
    if (good && (line = take_line(&next)) && take_word(&line)) {
        good = dv_error_set(error, DV_ERROR_FORMAT, "lists more than the %lld pictures it promises",
                            (long long)labels->count);
    }
    return good;
}

static bool read_labels(dv_place *place, dv_label_list *labels, dv_error *error)
{
    dv_bytes bytes;
    uint8_t *owned;
    if (!dv_place_bytes(place, &bytes, &owned, error)) {
        return false;
    }
    char *text = memchr(bytes.data, 0, bytes.size)
                     ? NULL
                     : dv_arena_text_n(labels->arena, (const char *)bytes.data, bytes.size, error);
    bool good = text ? parse(text, labels, error) : dv_error_set(error, DV_ERROR_FORMAT, "is not a text file");
    free(owned);
    return good;
}

const dv_format dv_format_celeba = {.name = "CelebA's attributes", .probe = probe, .read_labels = read_labels};

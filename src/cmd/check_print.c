/* A check in words, for a terminal or a file. Every finding is one line that begins with what kind it is; on a terminal
 * it is broken at blanks. */
#include "cmd/check_print.h"

#include "cmd/words.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { INDENT = 9, WIDEST = 100, USUAL = 80, NARROWEST = 40, SHOWN_LABELS = 20, SHOWN_TRIALS = 12 };
enum { LEAST_NAMES = 14, WIDEST_NAMES = 40 };

/* ---- the terminal ----------------------------------------------------------------- */

static bool is_colored(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* Columns to break lines at; 0: nowhere. */
static int line_width(void)
{
    struct winsize size;
    if (!isatty(STDOUT_FILENO))
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < NARROWEST)
        return USUAL;
    return size.ws_col > WIDEST ? WIDEST : size.ws_col;
}

static void begin_style(const char *style)
{
    if (is_colored())
        printf("\033[%sm", style);
}

static void end_style(void)
{
    if (is_colored())
        fputs("\033[m", stdout);
}

/* Characters of a text: bytes that do not go on with one. */
static int count_characters(const char *text, size_t bytes)
{
    int count = 0;
    for (size_t i = 0; i < bytes; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

/* A text that begins at column INDENT. */
static void print_wrapped(const char *text)
{
    int width = line_width(), column = INDENT;
    while (*text) {
        size_t blanks = strspn(text, " "), bytes = blanks + strcspn(text + blanks, " ");
        int length = count_characters(text, bytes);
        if (width && column + length > width && column > INDENT) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
            text += blanks;
            bytes -= blanks;
            length -= (int)blanks;
        }
        printf("%.*s", (int)bytes, text);
        column += length;
        text += bytes;
    }
    putchar('\n');
}

/* ---- the model ---------------------------------------------------------------------- */

static void print_value(const char *label, const dv_check_value *value)
{
    char shape[128];
    dv_words_label(label);
    dv_words_text(value->name);
    printf(", %s %s\n", dv_type_name(value->type),
           value->has_shape ? dv_shape_text(&value->shape, shape, sizeof shape) : "of unknown shape");
}

static void print_size(int64_t bytes, const char *what)
{
    dv_words_label("memory");
    if (bytes < 1000000)
        printf("%.0f kB %s\n", (double)bytes / 1e3, what);
    else
        printf("%.1f MB %s\n", (double)bytes / 1e6, what);
}

static void print_teacher(const dv_check_model *model)
{
    char text[128];
    dv_words_line("takes", dv_network_input_text(&model->facts.input, text, sizeof text));
    dv_words_label("puts out");
    printf("%d classes, %s", model->facts.classes, model->facts.head->meaning);
    if (model->outputs > 1) {
        fputs(", output ", stdout);
        dv_words_text(model->output_name);
    }
    putchar('\n');
}

static void print_model(const dv_check_model *model)
{
    dv_words_text(model->path);
    puts(!model->survey ? ": no network" : model->is_teacher ? ": a classifier of pictures" : ": a network");
    if (!model->survey)
        return;
    dv_words_origin(model->survey);
    for (int i = 0; i < model->inputs; i++)
        print_value(i ? "" : "input", &model->input[i]);
    for (int o = 0; o < model->outputs; o++)
        print_value(o ? "" : "output", &model->output[o]);
    if (model->is_teacher)
        print_teacher(model);
    dv_words_operators(model->survey);
    dv_words_label("parameters");
    dv_words_number(model->survey->parameters);
    putchar('\n');
    if (model->multiply_adds >= 0) {
        dv_words_label("multiply-adds");
        dv_words_number(model->multiply_adds);
        puts(" a picture");
    }
    if (model->memory >= 0)
        print_size(model->memory, "a picture while it runs");
}

/* ---- pictures ------------------------------------------------------------------------- */

static void print_names(const dv_check *check)
{
    enum { BEFORE = 5 }; /* columns of the number before them */
    const dv_dataset *data = check->data;
    if (!data->class_names)
        return;
    dv_words_label("classes");
    printf("%d: ", data->class_count);
    for (int k = 0, column = 0; k < data->class_count; k++) {
        if (k == SHOWN_LABELS) {
            fputs(" and more", stdout);
            break;
        }
        column = dv_words_separator(k ? column : 0, (int)strlen(data->class_names[k])) + (k ? 0 : BEFORE);
        dv_words_text(data->class_names[k]);
    }
    putchar('\n');
}

static void print_pictures(const dv_check *check)
{
    const dv_dataset *data = check->data;
    putchar('\n');
    dv_words_text(check->images);
    puts(": pictures");
    dv_words_line("format", data->format);
    dv_words_label("size");
    printf("%d x %d x %d%s\n", data->channels, data->height, data->width,
           data->mixed ? " the first; they are of several sizes" : "");
    dv_words_label("count");
    dv_words_number(data->count);
    fputs(", ", stdout);
    dv_words_number(check->labelled);
    puts(" with a label");
    if (*data->note)
        dv_words_line("taken for", data->note);
    print_names(check);
}

static void print_vae(const dv_check_vae *vae)
{
    puts("\nauto-encoder");
    dv_words_label("explains");
    printf("%d x %d x %d, by %d latent dimensions\n", vae->channels, vae->height, vae->width, vae->latent);
    if (!vae->shown)
        return;
    dv_words_label("keeps");
    printf("the teacher's word on %lld of %lld pictures", (long long)vae->keeps, (long long)vae->shown);
    if (isfinite(vae->kept)) {
        putchar('\n');
        dv_words_label("");
        printf("%.0f %% of what differs between pictures", 100 * vae->kept);
    }
    putchar('\n');
}

/* ---- what was tried ---------------------------------------------------------------------- */

static bool is_shown(const dv_check *check, int t)
{
    return t < SHOWN_TRIALS || &check->trials->trial[t] == check->usual;
}

/* Of the names that are shown. */
static int name_width(const dv_check *check)
{
    int width = LEAST_NAMES;
    for (int t = 0; t < check->trials->trials; t++) {
        int length = (int)strlen(check->trials->trial[t].name);
        width = is_shown(check, t) && length > width ? length : width;
    }
    return width;
}

static void print_trial(const dv_check *check, const dv_trial *trial, int width)
{
    bool is_best = trial == check->best;
    if (is_best)
        begin_style("1");
    printf("%c %-*s", is_best ? '>' : ' ', width, trial->name);
    printf("%7.1f %%", 100 * trial->accuracy);
    if (check->trials->is_consistent)
        printf("%10.1f %%", 100 * (trial->match.matched > trial->accuracy ? trial->match.matched : trial->accuracy));
    printf("%10lld%s", (long long)trial->told, trial == check->usual ? "  *" : "");
    if (is_best)
        end_style();
    putchar('\n');
}

static void print_trials(const dv_check *check)
{
    const dv_trials *trials = check->trials;
    int width = name_width(check), left = 0;
    if (!trials->trial[0].told || check->is_dead)
        return;
    printf("\n%-*s    right%s  pictures\n", width + 2, "preprocessing", trials->is_consistent ? "  relabelled" : "");
    for (int t = 0; t < trials->trials; t++)
        if (is_shown(check, t))
            print_trial(check, &trials->trial[t], width);
        else
            left++;
    if (left)
        printf("  and %d more\n", left);
    if (check->usual)
        puts(check->usual->is_given ? "  * as it is set" : "  * without settings");
}

/* Labels that go with another class. */
static void print_mapping(const dv_check *check)
{
    int shown = 0, width = LEAST_NAMES;
    for (int l = 0; l < check->classes; l++) {
        int length = check->label_name[l] ? (int)strlen(check->label_name[l]) : 0;
        width = length > width && length <= WIDEST_NAMES ? length : width;
    }
    printf("\n  %-*s  goes with class\n", width + 5, "label");
    for (int l = 0; l < check->classes; l++) {
        if (check->class_of[l] < 0 || check->class_of[l] == l)
            continue;
        if (shown++ == SHOWN_LABELS) {
            puts("  and more: --json has them all");
            break;
        }
        printf("  %-5d%-*s  %d\n", l, width, check->label_name[l] ? check->label_name[l] : "", check->class_of[l]);
    }
}

/* ---- findings -------------------------------------------------------------------------------- */

static void print_finding(const dv_finding *finding)
{
    static const char *const styles[] = {"32", "33", "1;31"};
    begin_style(styles[finding->kind]);
    fputs(dv_finding_kind_name(finding->kind), stdout);
    end_style();
    printf("%*s", INDENT - (int)strlen(dv_finding_kind_name(finding->kind)), "");
    print_wrapped(finding->text);
    if (finding->remedy) {
        printf("%*s", INDENT, "");
        print_wrapped(finding->remedy);
    }
    if (finding->command)
        printf("%*s%s\n", INDENT + 2, "", finding->command);
}

static void print_settings(const dv_check *check)
{
    fputs("\nIn ", stdout);
    if (check->folder) {
        dv_words_text(check->folder);
        putchar('/');
    }
    puts("deepvid.ini:\n\n  [teacher]");
    for (int s = 0; s < check->settings; s++)
        printf("  %s = %s\n", check->setting[s].key, check->setting[s].value);
    fputs("\nor as flags:\n\n ", stdout);
    for (int s = 0; s < check->settings; s++)
        printf(" --%s %s", check->setting[s].key, check->setting[s].value);
    putchar('\n');
}

void dv_check_print(const dv_check *check)
{
    if (check->model.path)
        print_model(&check->model);
    if (check->data)
        print_pictures(check);
    if (check->vae.is_open)
        print_vae(&check->vae);
    if (check->trials)
        print_trials(check);
    if (check->class_of)
        print_mapping(check);
    if (check->findings)
        putchar('\n');
    for (int f = 0; f < check->findings; f++)
        print_finding(&check->finding[f]);
    if (check->settings && !(check->usual && check->usual == check->best))
        print_settings(check);
}

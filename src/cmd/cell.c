/* deepvid cell: why pictures of one class are taken for another. */
#include "base/error.h"
#include "base/memory.h"
#include "base/number.h"
#include "cmd/command.h"
#include "figure/pages.h"
#include "study/cell_words.h"
#include "vid/limits.h"
#include "vid/regions.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { DIMENSIONS = 5, EXAMPLES = 6, NAME_SIZE = 256 };

/* What the command line asks for. */
struct request {
    dv_bundle_source source;
    dv_cell_wish wish;
    const char *cell, *pictures, *folder;
    int64_t threads, seed;
    int neighborhood; /* -1: the bundle's */
    bool json;
    int64_t *index; /* of the pictures, owned */
};

static int parse(const dv_command *command, int argc, char **argv, struct request *request, int *first)
{
    dv_explain_options *options = &request->wish.explain;
    const dv_option table[] = {
        DV_TEXT_OPTION("cell", "TRUE,SAID", &request->cell,
                       "the true class and what the teacher says instead, by name or number"),
        DV_TEXT_OPTION("pictures", "I,I-J,...", &request->pictures,
                       "explain these pictures instead of those in the cell, for the same two classes"),
        {.name = "out",
         .letter = 'o',
         .kind = DV_OPTION_TEXT,
         .argument = "DIR",
         .target = &request->folder,
         .help = "folder for cell.png, one picture that shows all, and cell.json, all numbers"},
        DV_FLAG_OPTION("json", &request->json, "print one JSON object"),
        DV_NEIGHBORS_OPTION(options->neighbors, "that the student of each picture learns from (1000)"),
        DV_BAND_OPTION(options->band, "standard deviation of the neighbours (0.5)"),
        DV_NEIGHBORHOOD_OPTION(request->neighborhood, "what neighbours are made of (the bundle's, or vae)"),
        DV_SEED_OPTION(request->seed, "of all that is drawn (1)"),
        DV_THREADS_OPTION(request->threads),
        DV_BUNDLE_OPTIONS(request->source),
        {0},
    };
    return dv_options_parse(command, table, argc, argv, first);
}

/* ---- which cell ------------------------------------------------------------------ */

/* By its name in any case of letters, or by its number; -1: there is none. */
static int find_class(const dv_bundle_facts *facts, const char *text, size_t length)
{
    char name[NAME_SIZE];
    int64_t number;
    if (length >= sizeof name)
        return -1;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    for (int k = 0; k < facts->classes; k++)
        if (strcasecmp(facts->class_names[k], name) == 0)
            return k;
    return dv_number_read_whole(name, &number) && number >= 0 && number < facts->classes ? (int)number : -1;
}

/* Names may hold commas themselves: the one is meant that has a class on either side. */
static bool read_cell(const char *text, const dv_bundle_facts *facts, dv_cell_wish *wish, dv_error *error)
{
    const char *comma = strchr(text, ',');
    if (!comma)
        return dv_error_set(error, DV_ERROR_ARGUMENT, "'%s' is no cell; it takes two classes, as in --cell 6,0", text);
    for (const char *at = comma; at; at = strchr(at + 1, ',')) {
        wish->truth = find_class(facts, text, (size_t)(at - text));
        wish->said = find_class(facts, at + 1, strlen(at + 1));
        if (wish->truth >= 0 && wish->said >= 0)
            return true;
    }
    bool first = find_class(facts, text, (size_t)(comma - text)) < 0;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "there is no class '%.*s'; deepvid info names the %d that there are",
                        first ? (int)(comma - text) : (int)strlen(comma + 1), first ? text : comma + 1, facts->classes);
}

/* ---- which pictures --------------------------------------------------------------- */

/* One item of the list, "7" or "10-20". */
static bool read_range(const char *item, int64_t *first, int64_t *last)
{
    char *dash = strchr(item, '-');
    if (dash)
        *dash = '\0';
    return dv_number_read_whole(item, first) && *first >= 0 &&
           (dash ? dv_number_read_whole(dash + 1, last) && *last >= *first : (*last = *first, true));
}

/* Fills request->index unless it is NULL; the number of pictures, -1 and an error where an item is none. */
static int64_t read_pictures(const char *text, int64_t most, int64_t *index, dv_error *error)
{
    int64_t count = 0, first, last;
    for (const char *at = text, *next; at; at = next) {
        const char *comma = strchr(at, ',');
        char item[64];
        next = comma ? comma + 1 : NULL;
        snprintf(item, sizeof item, "%.*s", (int)strcspn(at, ","), at);
        if (!read_range(item, &first, &last)) {
            dv_error_set(error, DV_ERROR_ARGUMENT, "'%.*s' is no picture and no range like 10-20",
                         (int)strcspn(at, ","), at);
            return -1;
        }
        if (last >= most) {
            dv_error_set(error, DV_ERROR_ARGUMENT, "there is no picture %" PRId64 "; they go from 0 to %" PRId64, last,
                         most - 1);
            return -1;
        }
        for (int64_t i = first; index && i <= last; i++)
            index[count + i - first] = i;
        count += last - first + 1;
    }
    return count;
}

static bool choose_pictures(struct request *request, const dv_bundle_facts *facts, dv_error *error)
{
    if (!request->pictures)
        return true;
    int64_t count = read_pictures(request->pictures, facts->count, NULL, error);
    if (count < 0 || !(request->index = dv_alloc((size_t)count, sizeof *request->index, error)))
        return false;
    read_pictures(request->pictures, facts->count, request->index, error);
    request->wish.count = count;
    request->wish.index = request->index;
    return true;
}

/* ---- words ------------------------------------------------------------------------------ */

static void print_regions(const dv_cell_findings *cell, const dv_bundle_facts *facts)
{
    for (int sign = 1; sign >= -1; sign -= 2) {
        char regions[DV_REGIONS_SIZE];
        dv_regions_tell_plane(cell->map, cell->height, cell->width, sign, regions);
        printf("%-12s%s  (speaks for %s)\n", sign > 0 ? "for it" : "against it", regions,
               facts->class_names[sign > 0 ? cell->said : cell->truth]);
    }
}

static void print_dimensions(const dv_cell_findings *cell)
{
    printf("latent      ");
    for (int i = 0; i < cell->latent && i < DIMENSIONS; i++) {
        int d = cell->order[i];
        printf("%sz%d %+.2f", i ? ", " : "", d, (double)(cell->right > 0 ? cell->effect : cell->slope)[d]);
    }
    printf("  (log-odds%s)\n", cell->right > 0 ? " by what sets the pictures apart from right ones" : " by step");
}

static void print_prototypes(const dv_cell_findings *cell)
{
    for (int g = 0; g < cell->prototypes; g++) {
        const dv_cell_prototype *prototype = &cell->prototype[g];
        printf("%-12s%d of %d: %" PRId64 " pictures, as", g ? "" : "prototype", g + 1, cell->prototypes,
               prototype->count);
        for (int i = 0; i < prototype->exemplars && i < EXAMPLES; i++)
            printf(" %" PRId64, prototype->exemplar[i]);
        putchar('\n');
        if (prototype->counter[0] < 0)
            continue;
        printf("%12s  rightly named next to them:", "");
        for (int i = 0; i < prototype->exemplars && i < EXAMPLES && prototype->counter[i] >= 0; i++)
            printf(" %" PRId64, prototype->counter[i]);
        putchar('\n');
    }
}

static bool print_words(const dv_cell_findings *cell, const dv_bundle_facts *facts, dv_error *error)
{
    printf("cell        %s called %s: %" PRId64 " picture%s%s\n", facts->class_names[cell->truth],
           facts->class_names[cell->said], cell->count, cell->count == 1 ? "" : "s",
           cell->selected ? " (a selection)" : "");
    if (cell->count < cell->asked)
        printf("left out    %" PRId64 " whose students do not tell both classes from the rest\n",
               cell->asked - cell->count);
    printf("right       %" PRId64 " pictures of %s are called so\n", cell->right, facts->class_names[cell->truth]);
    print_regions(cell, facts);
    print_dimensions(cell);
    print_prototypes(cell);
    printf("students    agree with the teacher in %.1f %% of fresh neighbours, KL %.4f; %" PRId64
           " are not to be trusted\n",
           100 * cell->agreement, cell->kl, cell->distrusted);
    return dv_command_finish_output(error);
}

/* ---- the command -------------------------------------------------------------------------- */

static dv_cell_findings *explain(const struct request *request, dv_bundle *bundle, dv_error *error)
{
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_cell_study *study = dv_cell_study_new(bundle, &request->wish, error);
    dv_cell_findings *cell = study ? dv_cell_study_run(study, &progress, error) : NULL;
    dv_cell_study_free(study);
    return cell;
}

static int answer(struct request *request, dv_bundle *bundle)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_error error;
    bool ok = read_cell(request->cell, facts, &request->wish, &error) && choose_pictures(request, facts, &error);
    request->wish.explain.neighborhood =
        request->neighborhood >= 0 ? (dv_neighborhood)request->neighborhood : facts->neighborhood;
    dv_cell_findings *cell = ok ? explain(request, bundle, &error) : NULL;
    ok = cell &&
         (!request->folder || dv_figure_page_report(request->folder, "cell", dv_figure_page_cell(bundle, cell, &error),
                                                    dv_json_cell(cell, facts, &error), &error)) &&
         (request->json ? dv_command_print_json(dv_json_cell(cell, facts, &error), &error)
                        : print_words(cell, facts, &error));
    dv_cell_findings_free(cell);
    free(request->index);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct request request = {.wish = dv_cell_defaults(0, 0), .seed = 1, .neighborhood = -1};
    int first;
    int status = parse(command, argc, argv, &request, &first);
    if (status >= 0)
        return status;
    if (!request.cell)
        return dv_command_usage(command, "which cell? --cell TRUE,SAID is missing");
    request.wish.explain.seed = (uint64_t)request.seed;
    request.source.threads = (int)request.threads;
    dv_bundle *bundle = dv_command_open_bundle(command, argc - first, argv + first, &request.source, &status);
    if (!bundle)
        return status;
    status = answer(&request, bundle);
    dv_command_close_bundle(bundle, status == DV_EXIT_DONE);
    return status;
}

const dv_command dv_command_cell = {
    .name = "cell",
    .arguments = "BUNDLE",
    .summary = "Explain why pictures of one class are taken for another.",
    .examples = "  deepvid cell models/fashion-mnist --cell Shirt,Coat --out report\n"
                "  deepvid cell models/fashion-mnist --cell 6,0 --neighbors 300 --json\n"
                "  deepvid cell models/fashion-mnist --cell Shirt,Coat --pictures 4,40,100-199\n",
    .run = run,
};

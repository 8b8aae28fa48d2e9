/* deepvid explain: one decision explained, as words, JSON and a folder of files. */
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "cmd/command.h"
#include "cmd/explainers.h"
#include "cmd/make.h"
#include "figure/figure.h"
#include "vid/json.h"
#include "vid/limits.h"
#include "vid/mask.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the command line asks for. */
struct request {
    dv_bundle_source source;
    dv_explain_options options;
    dv_explainers_wish explainers;
    int64_t index, threads, seed, cells, epochs, batch;
    int method, sampling, neighborhood, band_scale, unrealistic;
    const char *bands;
    dv_texts offsets;
    const char *folder;
    bool json, random_start;
};

static int parse(const dv_command *command, int argc, char **argv, struct request *request, int *first)
{
    dv_explain_options *options = &request->options;
    const dv_option table[] = {
        DV_COUNT_OPTION("index", "I", 0, 1e15, &request->index, "the picture to explain, counted from 0"),
        DV_NEIGHBORS_OPTION(options->neighbors, "neighbours to distil from (1000)"),
        DV_NUMBER_OPTION("until", "C", DV_MIN_UNTIL, DV_MAX_UNTIL, &options->until,
                         "distil from as few neighbours as it takes for the map of another seed to be like this one, "
                         "by a cosine of C; --neighbors is then the most (16384)"),
        DV_COUNT_OPTION("fresh", "N", 1, DV_MAX_NEIGHBORS, &options->fresh,
                        "further neighbours to measure fidelity on (1000)"),
        DV_BAND_OPTION(options->band, "standard deviation of the neighbours, see --band-scale (0.5)"),
        DV_TEXT_OPTION("bands", "B,...", &request->bands,
                       "one band for each latent dimension, instead of --band; 0 keeps a dimension still"),
        DV_CHOICE_OPTION(
            "band-scale", "prior|posterior", &request->band_scale,
            "unit of the bands: the prior's standard deviation, 1, or the encoder's in each dimension (prior)"),
        DV_TEXTS_OPTION("latent", "D=V", &request->offsets,
                        "move the centre by V along latent dimension D, counted from 0; may be given again"),
        DV_NUMBER_OPTION("temperature", "T", DV_MIN_TEMPERATURE, DV_MAX_TEMPERATURE, &options->temperature,
                         "softens the teacher's probabilities (2); it only scales a ridge student"),
        DV_NUMBER_OPTION("ridge", "L", DV_MIN_RIDGE, DV_MAX_RIDGE, &options->ridge,
                         "lambda, added to the mean Gram matrix (by rule: a part of its largest eigenvalue)"),
        DV_CHOICE_OPTION("student", "ridge|adam|sgd|gd", &request->method, "how the student is made (ridge)"),
        DV_COUNT_OPTION("epochs", "N", 1, DV_MAX_EPOCHS, &request->epochs, "of adam, sgd and gd (50)"),
        DV_COUNT_OPTION("batch", "N", 1, DV_MAX_BATCH, &request->batch, "neighbours in one step of adam and sgd (32)"),
        DV_NUMBER_OPTION("rate", "R", DV_MIN_RATE, DV_MAX_RATE, &options->learning_rate,
                         "learning rate of adam (0.001), sgd and gd (from the pictures' norms)"),
        DV_FLAG_OPTION("random-start", &request->random_start,
                       "start adam, sgd and gd from random weights (from zero)"),
        DV_CHOICE_OPTION("sampling", "sobol|normal", &request->sampling,
                         "how neighbours are drawn: scrambled Sobol points or independently (sobol)"),
        DV_NEIGHBORHOOD_OPTION(
            request->neighborhood,
            "decoded neighbours, these with the picture's residual added, both and masked copies, decoded ones and "
            "masked copies; auto: decoded ones, but mixed where the teacher gives the reconstruction another name than "
            "the picture (the bundle's, or vae)"),
        DV_NUMBER_OPTION(
            "anchor", "S", 0, DV_MAX_ANCHOR, &options->anchor,
            "the picture's own share of the weight of all that the student learns from; 0: it has none (0.1)"),
        DV_NUMBER_OPTION("masked", "S", DV_MIN_MASKED, DV_MAX_MASKED, &options->masked,
                         "share of masked copies among neighbours that have them, and for --explainer evidence (0.3 of "
                         "mixed, 0.9 of masked ones)"),
        DV_COUNT_OPTION("cells", "N", 1, DV_MOST_CELLS, &request->cells, "of a mask, down and across (7)"),
        DV_NUMBER_OPTION("keep", "P", DV_MIN_KEEP, DV_MAX_KEEP, &options->keep,
                         "chance of a mask's cell to show the picture (0.5)"),
        DV_CHOICE_OPTION("unrealistic", "ignore|mark|drop", &request->unrealistic,
                         "neighbours that look like nothing decoded of the data: not looked for, counted and marked, "
                         "or left out of what the student learns from and is measured on (mark)"),
        DV_SEED_OPTION(request->seed, "of all random numbers (1)"),
        DV_EXPLAINER_OPTIONS(request->explainers),
        DV_THREADS_OPTION(request->threads),
        DV_FLAG_OPTION("json", &request->json, "print one JSON object"),
        DV_TEXT_OPTION("out", "DIR", &request->folder,
                       "write overview.png, explanation.json and the arrays as NPY files there"),
        DV_BUNDLE_OPTIONS(request->source),
        {0},
    };
    return dv_options_parse(command, table, argc, argv, first);
}

/* ---- latent numbers --------------------------------------------------------- */

/* The bands as numbers; -1, or the exit status after saying what is wrong. */
static int read_bands(const dv_command *command, const char *text, int latent, float *band)
{
    const char *at = text;
    for (int d = 0; d < latent; d++) {
        char *end;
        band[d] = strtof(at, &end);
        if (end == at || *end != (d + 1 < latent ? ',' : '\0'))
            return dv_command_usage(command, "--bands takes %d numbers with commas between them, not '%s'", latent,
                                    text);
        at = end + 1;
    }
    return -1;
}

static int read_offsets(const dv_command *command, const dv_texts *texts, int latent, float *offset)
{
    for (int i = 0; i < texts->count; i++) {
        char *sign, *end = NULL;
        errno = 0;
        long dimension = strtol(texts->text[i], &sign, 10);
        float value = *sign == '=' ? strtof(sign + 1, &end) : 0;
        if (sign == texts->text[i] || !end || end == sign + 1 || *end || errno || dimension < 0 || dimension >= latent)
            return dv_command_usage(command, "--latent takes D=V with D from 0 to %d, not '%s'", latent - 1,
                                    texts->text[i]);
        offset[dimension] += value;
    }
    return -1;
}

/* ---- words ------------------------------------------------------------------ */

enum { SHOWN = 3 };

/* Numbers of which the largest are to be named. */
struct shares {
    const float *value;
    int count;
    const int *class_index; /* of each, -1: the rest; NULL: 0, 1, 2, ... */
    int first;              /* the class that is named first, -1: the one with the largest */
};

static int class_of(const struct shares *shares, int i)
{
    return shares->class_index ? shares->class_index[i] : i;
}

/* The largest that is not among the first `count` of `shown`. */
static int next_share(const struct shares *shares, const int *shown, int count)
{
    int best = -1;
    for (int k = 0; k < shares->count; k++) {
        bool used = false;
        for (int i = 0; i < count; i++)
            used |= shown[i] == k;
        if (count == 0 && shares->first >= 0 && class_of(shares, k) == shares->first)
            return k;
        if (!used && (best < 0 || shares->value[k] > shares->value[best]))
            best = k;
    }
    return best;
}

/* The classes with the largest shares, those of next to nothing left out: "Coat 61 %, Shirt 35 %". */
static void print_classes(const dv_bundle_facts *facts, const struct shares *shares)
{
    int shown[SHOWN], count = 0;
    while (count < SHOWN && count < shares->count) {
        int best = next_share(shares, shown, count), class = class_of(shares, best);
        if (count > 0 && shares->value[best] < 0.005f)
            break;
        shown[count++] = best;
        printf("%s%s %.0f %%", count > 1 ? ", " : "", class < 0 ? "all the rest" : facts->class_names[class],
               100 * shares->value[best]);
    }
    putchar('\n');
}

/* What the marks of a picture say: "smiling, young". */
static void print_marks(const dv_bundle_facts *facts, int64_t index)
{
    const int8_t *mark = facts->marks + index * facts->classes;
    int count = 0;
    for (int k = 0; k < facts->classes; k++)
        if (mark[k] == 1)
            printf("%s%s", count++ ? ", " : ", labelled ", facts->class_names[k]);
}

/* What is seen in one size and called something else in the other must not go unnoticed. */
static void print_sizes(const dv_explanation *explanation, const dv_bundle_facts *facts)
{
    if (facts->same_size)
        return;
    printf("sizes       the teacher takes %d x %d x %d, what is explained has %d x %d x %d\n", facts->teacher_channels,
           facts->teacher_height, facts->teacher_width, facts->channels, facts->height, facts->width);
    if (explanation->picture_class != explanation->teacher_class)
        printf("            IN THAT SIZE THE TEACHER SAYS %s, NOT %s\n", facts->class_names[explanation->picture_class],
               facts->class_names[explanation->teacher_class]);
}

static bool print_neighbors(const dv_explanation *explanation, const dv_bundle_facts *facts, dv_error *error)
{
    const dv_explain_options *options = &explanation->options;
    char realism[DV_REASON_SIZE];
    float *share = dv_alloc(facts->classes, sizeof *share, error);
    if (!share)
        return false;
    for (int64_t i = 0; i < explanation->count; i++)
        share[explanation->neighbor_classes[i]] += 1.0f / explanation->count;
    printf("neighbours  %lld, %s, %s, seed %llu: ", (long long)explanation->count,
           dv_neighborhood_name(options->neighborhood), dv_sampling_name(options->sampling),
           (unsigned long long)options->seed);
    print_classes(facts, &(struct shares){.value = share, .count = facts->classes, .first = -1});
    if (*dv_explanation_why(explanation))
        printf("            %s, since %s\n", dv_neighborhood_name(options->neighborhood),
               dv_explanation_why(explanation));
    dv_realism_tell(&explanation->fidelity.realism, options->unrealistic, realism);
    if (*realism)
        printf("            %s\n", realism);
    free(share);
    return true;
}

static void print_answers(const dv_explanation *explanation, const dv_bundle_facts *facts)
{
    struct shares shares = {
        .value = explanation->teacher_probabilities, .count = facts->classes, .first = explanation->teacher_class};
    printf("\nteacher     ");
    print_classes(facts, &shares);
    shares = (struct shares){.value = explanation->teacher_soft_label,
                             .count = explanation->rows,
                             .class_index = explanation->row_class,
                             .first = explanation->teacher_class};
    if (explanation->options.temperature != 1) {
        printf("softened    ");
        print_classes(facts, &shares);
    }
    shares.value = explanation->student_probabilities;
    shares.first = explanation->student_class;
    printf("student     ");
    print_classes(facts, &shares);
}

static bool print_words(const dv_explanation *explanation, const dv_attributions *others, const dv_bundle_facts *facts,
                        dv_error *error)
{
    const dv_fidelity *fidelity = &explanation->fidelity;
    const dv_timing *timing = &explanation->timing;
    char worth[DV_REASON_SIZE];
    printf("%s, picture %lld%s%s", facts->name, (long long)explanation->options.index,
           explanation->label < 0 ? "" : ", labelled ",
           explanation->label < 0 ? "" : facts->class_names[explanation->label]);
    if (facts->marks)
        print_marks(facts, explanation->options.index);
    print_answers(explanation, facts);
    print_sizes(explanation, facts);
    if (!print_neighbors(explanation, facts, error))
        return false;
    printf("distilled   by %s at temperature %g", dv_student_method_name(explanation->options.method),
           explanation->options.temperature);
    if (explanation->options.method == DV_STUDENT_RIDGE)
        printf(", lambda %.3g", explanation->lambda);
    else
        printf(", cross-entropy %.4f after %d epochs", explanation->loss_curve[explanation->loss_count - 1],
               explanation->loss_count);
    putchar('\n');
    if (!dv_explainers_print_own(explanation, error))
        return false;
    printf("fidelity    KL %.4f (%.4f at temperature 1), agreement %.1f %%", fidelity->kl, fidelity->kl_at_1,
           100 * fidelity->agreement);
    if (isfinite(fidelity->r2))
        printf(", R2 %.3f", fidelity->r2);
    printf(" on %lld fresh neighbours; %.0f %% keep the label\n", (long long)fidelity->fresh,
           100 * fidelity->keeps_label);
    if (isfinite(fidelity->steadiness))
        printf("steadiness  %.3f, the cosine to be expected between this map and that of another seed\n",
               fidelity->steadiness);
    printf("verdict     %s\n", dv_verdict_name(fidelity->verdict));
    for (int i = 0; i < fidelity->reason_count; i++)
        printf("            %s\n", fidelity->reasons[i]);
    dv_worth_tell(&fidelity->worth, worth);
    if (*worth)
        printf("            %s\n", worth);
    printf("time        %.0f ms: encode %.0f, decode %.0f, teacher %.0f, distil %.0f\n", timing->total, timing->encode,
           timing->decode, timing->teacher, timing->distill);
    dv_explainers_print(others, facts->class_names);
    return dv_command_finish_output(error);
}

/* ---- the command ------------------------------------------------------------ */

/* Where nobody says more: as many as make maps of nearly all pictures steady. */
enum { MOST_UNTIL_STEADY = 16384 };

static void settle_options(struct request *request)
{
    dv_explain_options *options = &request->options;
    options->index = request->index;
    if (options->neighbors == 0)
        options->neighbors = options->until > 0 && request->method == DV_STUDENT_RIDGE
                                 ? MOST_UNTIL_STEADY
                                 : dv_explain_defaults().neighbors;
    options->seed = (uint64_t)request->seed;
    options->cells = (int)request->cells;
    options->epochs = (int)request->epochs;
    options->batch = (int)request->batch;
    options->method = request->method;
    options->sampling = request->sampling;
    options->band_scale = request->band_scale;
    options->unrealistic = request->unrealistic;
    options->random_start = request->random_start;
    options->keep_all = request->folder != NULL;
    request->source.threads = (int)request->threads;
}

static int explain(const struct request *request, dv_bundle *bundle)
{
    const dv_bundle_facts *facts = dv_bundle_get_facts(bundle);
    dv_progress_line line = {0};
    dv_progress progress = dv_command_progress(&line);
    dv_error error;
    dv_explanation *explanation = dv_explain(bundle, &request->options, &progress, &error);
    const dv_attribution_options how = dv_explainers_options(&request->explainers);
    dv_attributions made = {0}, *others = request->explainers.count ? &made : NULL;
    bool ok = explanation && dv_attributions_make(bundle, request->explainers.count, request->explainers.index,
                                                  &request->options, explanation, &how, &progress, &made, &error);
    ok = ok && (!request->folder || dv_figure_report(request->folder, explanation, others, facts, &error));
    if (ok)
        ok = request->json
                 ? dv_command_print_json(dv_json_explanation(explanation, others, facts, true, &error), &error)
                 : print_words(explanation, &made, facts, &error);
    dv_attributions_clear(&made);
    dv_explanation_free(explanation);
    return ok ? DV_EXIT_DONE : dv_command_fail(&error);
}

static int explain_with_knobs(const dv_command *command, struct request *request, dv_bundle *bundle)
{
    int latent = dv_bundle_get_facts(bundle)->latent, status = -1;
    dv_error error;
    float *bands = dv_alloc(latent, sizeof *bands, &error), *offset = dv_alloc(latent, sizeof *offset, &error);
    if (!bands || !offset)
        status = dv_command_fail(&error);
    if (status < 0 && request->bands)
        status = read_bands(command, request->bands, latent, bands);
    if (status < 0)
        status = read_offsets(command, &request->offsets, latent, offset);
    request->options.bands = request->bands ? bands : NULL;
    request->options.offset = request->offsets.count ? offset : NULL;
    if (status < 0)
        status = explain(request, bundle);
    free(offset);
    free(bands);
    return status;
}

static int run(const dv_command *command, int argc, char **argv)
{
    struct request request = {
        .options = dv_explain_defaults(),
        .index = -1,
        .neighborhood = -1,
    };
    int first;
    dv_error error;
    request.options.neighbors = 0;
    request.seed = (int64_t)request.options.seed;
    request.cells = request.options.cells;
    request.epochs = request.options.epochs;
    request.batch = request.options.batch;
    request.unrealistic = request.options.unrealistic;
    int status = parse(command, argc, argv, &request, &first);
    if (status >= 0)
        return status;
    if ((status = dv_make_take_arguments(command, argc, argv, first, &request.source)) >= 0)
        return status;
    if ((status = dv_explainers_find(command, &request.explainers)) >= 0)
        return status;
    if (request.index < 0)
        return dv_command_usage(command, "which picture is to be explained? --index is missing");
    settle_options(&request);
    char *made_folder;
    const dv_made made = dv_make_complete(&request.source, &made_folder, &error);
    dv_bundle *bundle = made == DV_MADE ? dv_bundle_open(&request.source, &error) : NULL;
    if (bundle) {
        request.options.neighborhood = request.neighborhood >= 0 ? (dv_neighborhood)request.neighborhood
                                                                 : dv_bundle_get_facts(bundle)->neighborhood;
        status = explain_with_knobs(command, &request, bundle);
        dv_command_close_bundle(bundle, status == DV_EXIT_DONE);
    } else
        status = made == DV_MADE_STOPPED ? DV_EXIT_FAILED : dv_command_fail(&error);
    free(made_folder);
    return status;
}

const dv_command dv_command_explain = {
    .name = "explain",
    .arguments = "BUNDLE | MODEL.onnx PICTURES",
    .summary = "Explain the teacher's decision on one picture by a linear student.",
    .examples = "  deepvid explain models/fashion-mnist --index 12 --out report\n"
                "  deepvid explain models/fashion-mnist --index 12 --latent 3=1.5 --band 0.25 --json\n"
                "  deepvid explain models/fashion-mnist --index 12 --explainer lime,rise --out report\n",
    .words = "Explainers",
    .word = dv_explainers_word,
    .run = run,
};

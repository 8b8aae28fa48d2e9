/* What the trials tell: which preprocessing fits, and what is wrong if none does. */
#include "setup/check_parts.h"

#include "data/form.h"

#include <math.h>

/* Kappa, the accuracy beyond chance, from which on a model is at all good for these pictures, and good. */
static const double some = 0.2, good = 0.5;
/* Standard errors by which another preprocessing has to be better. */
static const double clearly = 4;
static const double certain = 0.9999; /* a confidence */
enum { ENOUGH = 20 };                 /* pictures */

/* ---- answers that are none ---------------------------------------------------------- */

static bool are_one_class(const dv_trial *trial)
{
    for (int64_t i = 1; i < trial->shown; i++)
        if (trial->answer[i] != trial->answer[0])
            return false;
    return trial->shown > 1;
}

/* Whether it is so in every way that was tried. */
static bool is_always(const dv_trials *trials, bool (*is)(const dv_trial *))
{
    for (int t = 0; t < trials->trials; t++)
        if (!is(&trials->trial[t]))
            return false;
    return true;
}

static bool is_strange(const dv_trial *trial)
{
    return trial->strange == trial->shown;
}

static bool is_constant(const dv_trial *trial)
{
    return !trial->varies;
}

/* Enough pictures, and of several classes: otherwise figures say little. */
static bool tell(const dv_trials *trials)
{
    const dv_trial *first = &trials->trial[0];
    bool differ = trials->multi_label;
    int label = -1;
    for (int64_t i = 0; i < first->shown; i++) {
        differ |= label >= 0 && trials->label[i] >= 0 && trials->label[i] != label;
        label = trials->label[i] >= 0 ? trials->label[i] : label;
    }
    return differ && first->told >= ENOUGH;
}

/* True where the answers make no sense in any way of showing pictures, which is told. */
static bool find_dead(dv_check *check)
{
    const dv_trials *trials = check->trials;
    const dv_trial *first = &trials->trial[0];
    if (trials->count < 2)
        return false;
    if (is_always(trials, is_strange)) {
        dv_check_find(check, DV_FINDING_PROBLEM, "not-finite", "all answers are infinite or not a number");
        dv_check_remedy(check, "the weights hold such numbers, or overflowed as float16: export the model as float32 "
                               "and look at its output there");
        return true;
    }
    if (is_always(trials, is_constant)) {
        dv_check_find(check, DV_FINDING_PROBLEM, "constant", "every picture gets the same answer, to six digits");
        dv_check_remedy(check,
                        "the output does not depend on the pictures: the wrong output, weights of zero, or a model "
                        "that was exported before it was trained");
        return true;
    }
    if (is_always(trials, are_one_class) && tell(trials)) {
        dv_check_find(check, DV_FINDING_PROBLEM, "one-class", "every picture is called %s, however it is shown",
                      dv_check_class(check, first->answer[0] < 0 ? 0 : first->answer[0]));
        dv_check_remedy(check, "the model was not trained, or on other pictures");
        return true;
    }
    return false;
}

static void find_strange(dv_check *check, const dv_trial *trial)
{
    if (!trial->strange)
        return;
    dv_check_find(check, DV_FINDING_PROBLEM, "not-finite", "%s of %s answers are infinite or not a number",
                  dv_check_number(check, trial->strange), dv_check_number(check, trial->shown));
    dv_check_remedy(check, "the model overflows on some pictures: export it as float32");
}

/* Of pictures without labels: nothing but that it answers. */
static void find_answers(dv_check *check)
{
    const dv_trial *first = &check->trials->trial[0];
    if (first->strange)
        return;
    if (first->shown > 1 && are_one_class(first))
        dv_check_find(check, DV_FINDING_NOTE, "answers", "%s pictures were shown as %s: all are called %s",
                      dv_check_number(check, first->shown), first->name, dv_check_class(check, first->answer[0]));
    else
        dv_check_find(check, DV_FINDING_OK, "answers",
                      "%s pictures were shown as %s: the answers differ, and are finite",
                      dv_check_number(check, first->shown), first->name);
}

/* ---- one preprocessing and others ------------------------------------------------------ */

static const char *percent(dv_check *check, double share)
{
    return dv_check_text(check, "%.1f %%", 100 * share);
}

static double kappa_of(const dv_check *check, const dv_trial *trial)
{
    return check->trials->multi_label ? 2 * trial->accuracy - 1 : dv_label_kappa(trial->accuracy, trial->match.chance);
}

static const dv_trial *find_usual(const dv_trials *trials)
{
    for (int t = 0; t < trials->trials; t++)
        if (trials->trial[t].is_usual)
            return &trials->trial[t];
    return NULL;
}

/* No network tells such two from each other. */
static bool are_alike(const dv_trial *a, const dv_trial *b)
{
    const dv_network_input *x = &a->input, *y = &b->input;
    bool alike = x->scale == y->scale && x->layout == y->layout && x->reversed == y->reversed &&
                 a->transposed == b->transposed && dv_form_equal(&a->form, &b->form);
    for (int c = 0; alike && c < x->channels; c++)
        alike = fabsf(x->mean[c] - y->mean[c]) < 0.02f &&
                fabsf(x->deviation[c] - y->deviation[c]) < 0.05f * fabsf(x->deviation[c]);
    return alike;
}

static bool is_rival(const dv_trial *best, const dv_trial *other)
{
    return other != best && other->shown == best->shown && !are_alike(best, other) && dv_trial_lead(best, other) < 2;
}

static void find_rivals(dv_check *check)
{
    const dv_trials *trials = check->trials;
    const char *names = "";
    int count = 0, named = 0;
    for (int t = 0; t < trials->trials; t++)
        count += is_rival(check->best, &trials->trial[t]);
    for (int t = 0; t < trials->trials; t++)
        if (is_rival(check->best, &trials->trial[t])) {
            const char *between = !named ? "" : named == count - 1 ? " or " : "; ";
            names = dv_check_text(check, "%s%s%s", names, between, trials->trial[t].name);
            named++;
        }
    if (count && check->best->match.accuracy < 1)
        dv_check_find(check, DV_FINDING_NOTE, "rivals", "%s may be as good: %s pictures do not tell", names,
                      dv_check_number(check, check->best->told));
}

/* The settings in force against the best there are. */
static void find_better(dv_check *check)
{
    const dv_trial *usual = check->usual, *best = check->best;
    if (!usual || usual == best || dv_trial_lead(best, usual) < clearly)
        return;
    bool is_given = usual->is_given;
    dv_check_find(check, is_given ? DV_FINDING_PROBLEM : DV_FINDING_NOTE, "normalisation",
                  is_given ? "with the settings as they are (%s) only %s are right"
                           : "without settings pictures are shown as %s, and only %s are right",
                  usual->name, percent(check, usual->accuracy));
    dv_check_remedy(check, "use the settings below, of %s", best->name);
}

static void find_turned(dv_check *check)
{
    const dv_trial *best = check->best;
    if (best->transposed) {
        dv_check_find(check, DV_FINDING_PROBLEM, "transposed",
                      "rows and columns are exchanged: the pictures lie on their "
                      "side, mirrored, as those of EMNIST do");
        dv_check_remedy(check, "transpose the pictures in their file: in Python, images.swapaxes(1, 2)");
    }
    if (best->inverted && !(check->usual && check->usual->inverted)) {
        dv_check_find(check, DV_FINDING_PROBLEM, "inverted",
                      "light and dark are exchanged: the model was trained on pictures that are the other way round");
        dv_check_remedy(check, "invert = yes shows them as 1 - picture");
    }
    if (best->input.reversed && !(check->usual && check->usual->input.reversed))
        dv_check_find(check, DV_FINDING_NOTE, "order", "channels go in as blue, green, red");
}

static void judge_best(dv_check *check)
{
    const dv_trial *best = check->best;
    const char *marks = check->trials->multi_label ? "the labels of " : "";
    bool is_relabelled = check->class_of != NULL;
    double kappa = is_relabelled ? dv_label_kappa(best->match.matched, best->match.chance) : kappa_of(check, best);
    if (kappa >= good)
        dv_check_find(check, DV_FINDING_OK, "preprocessing", "preprocessing: %s fits, %s of %s%s are right", best->name,
                      percent(check, best->accuracy), marks, dv_check_number(check, best->told));
    else
        dv_check_find(check, DV_FINDING_NOTE, "accuracy", "%s fits best, but no more than %s of %s%s are right",
                      best->name, percent(check, best->accuracy), marks, dv_check_number(check, best->told));
    find_turned(check);
    find_better(check);
    find_rivals(check);
    if (best->confidence > certain && best->accuracy < 0.95)
        dv_check_find(check, DV_FINDING_NOTE, "confidence",
                      "half of the answers have a probability of %.5f or more, but "
                      "only %s are right: a temperature above the usual 2 shows more",
                      best->confidence, percent(check, best->accuracy));
}

static void find_chance(dv_check *check)
{
    const dv_trials *trials = check->trials;
    const dv_trial *best = &trials->trial[0];
    for (int t = 1; t < trials->trials && trials->trial[t].shown == trials->trial[0].shown; t++)
        best = trials->trial[t].accuracy > best->accuracy ? &trials->trial[t] : best;
    dv_check_find(check, DV_FINDING_PROBLEM, "chance",
                  "no way of showing the pictures gives more than %s right; by chance it would be %s",
                  percent(check, best->accuracy), percent(check, best->match.chance));
    dv_check_remedy(check,
                    "the labels belong to other pictures, the model was trained on other pictures or not at all, or "
                    "it wants a preprocessing that is not among these");
}

static void find_few(dv_check *check)
{
    const dv_trial *first = &check->trials->trial[0];
    bool are_few = first->told < ENOUGH;
    check->best = first;
    check->settings = dv_trial_settings(check->trials, first, check->setting);
    dv_check_find(
        check, DV_FINDING_NOTE, "few", "%s fares best, but %s", first->name,
        are_few ? dv_check_text(check, "%s labelled pictures are too few to tell", dv_check_number(check, first->told))
                : "pictures of one class alone do not tell");
}

bool dv_check_judge(dv_check *check, dv_error *error)
{
    const dv_trials *trials = check->trials;
    const dv_trial *first = &trials->trial[0];
    bool is_relabelled = false;
    check->usual = find_usual(trials);
    if (trials->is_stopped)
        dv_check_find(check, DV_FINDING_NOTE, "stopped",
                      "stopped before all pictures were shown: the figures are rough");
    else if (trials->is_small && first->told)
        dv_check_find(check, DV_FINDING_NOTE, "sample",
                      "%s of %s pictures with a label were shown, since the model is large: --count N shows more",
                      dv_check_number(check, trials->count), dv_check_number(check, check->labelled));
    check->is_dead = find_dead(check);
    if (check->is_dead)
        return true;
    find_strange(check, first);
    if (!first->told) {
        find_answers(check);
        return true;
    }
    if (!tell(trials)) {
        find_few(check);
        return true;
    }
    if (!trials->multi_label && !dv_check_judge_labels(check, &is_relabelled, error))
        return false;
    if (!is_relabelled && (trials->is_consistent || kappa_of(check, first) < some)) {
        find_chance(check);
        return true;
    }
    check->best = first;
    check->settings = dv_trial_settings(trials, first, check->setting);
    if (!is_relabelled || !trials->is_consistent)
        judge_best(check);
    else
        find_turned(check);
    return true;
}

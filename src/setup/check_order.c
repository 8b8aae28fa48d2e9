/* Labels whose numbers are not those of the teacher's classes. */
#include "setup/check_parts.h"

#include "base/number.h"

#include <math.h>
#include <string.h>

/* How much better another order has to be: in accuracy, and in standard errors. */
static const double gain = 0.02, clearly = 5;
/* Kappa of such an order. */
static const double some = 0.2;
enum { SHOWN_NAMES = 40 };

/* ---- names in another order ---------------------------------------------------------- */

static bool is_ascending(const char *const *name, int count, int (*compare)(const char *, const char *))
{
    for (int k = 1; k < count; k++)
        if (!name[k - 1] || !name[k] || compare(name[k - 1], name[k]) > 0)
            return false;
    return count > 1;
}

static int compare_numbers(const char *a, const char *b)
{
    double x, y;
    if (!dv_number_read(a, &x) || !dv_number_read(b, &y))
        return 1;
    return (x > y) - (x < y);
}

/* The labels' names, each where its class is: what the list of class names should have been. */
static bool order_names(dv_check *check, dv_error *error)
{
    const char **name = dv_arena_alloc(check->arena, (size_t)check->classes, sizeof *name, error);
    if (!name)
        return false;
    bool any = false;
    for (int l = 0; l < check->classes; l++)
        if (check->class_of[l] >= 0 && check->label_name[l]) {
            name[check->class_of[l]] = check->label_name[l];
            any = true;
        }
    check->names_in_order = any ? name : NULL;
    return true;
}

/* In single quotes for a shell. */
static const char *quote(dv_check *check, const char *name)
{
    if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,-+")] || !*name)
        return dv_check_text(check, strchr(name, '\'') ? "\"%s\"" : "'%s'", name);
    return name;
}

/* Labels that are numbers in their file have to become others. */
static void tell_numbers(dv_check *check)
{
    const char *list = "";
    for (int l = 0; l < check->classes && l < SHOWN_NAMES; l++)
        list = dv_check_text(check, "%s%s%d", list, l ? ", " : "", check->class_of[l] < 0 ? l : check->class_of[l]);
    dv_check_remedy(check, "give the labels the numbers of the classes, in Python:");
    if (check->classes <= SHOWN_NAMES)
        dv_check_command(check, "labels = numpy.array([%s])[labels]", list);
    else
        dv_check_command(check, "labels = numpy.array(check['class_of_label'])[labels]   # from --json");
}

/* Labels that have names find their classes by these. */
static void tell_names(dv_check *check)
{
    const char *const *name = check->names_in_order;
    const char *list = "";
    if (!check->data->class_names) {
        tell_numbers(check);
        return;
    }
    for (int k = 0; k < check->classes; k++)
        list = dv_check_text(check, "%s %s", list, name[k] ? quote(check, name[k]) : "'?'");
    if (check->classes <= SHOWN_NAMES && strlen(list) < 700) {
        dv_check_remedy(check, "give the names in the order of the classes, and then --class-names names.txt:");
        dv_check_command(check, "printf '%%s\\n'%s > names.txt", list);
    } else {
        dv_check_remedy(check, "give the names of the classes in the order in which the model was trained on them, by "
                               "--class-names FILE; --json has the list");
    }
}

/* Why the orders differ, where the names show it. */
static const char *reason(const dv_check *check)
{
    int count = check->classes;
    const char *const *labels = check->label_name, *const *classes = check->names_in_order;
    if (!classes)
        return "";
    if (is_ascending(classes, count, compare_numbers) && is_ascending(labels, count, strcmp))
        return ": the labels are in the order of the names as text, the classes in that of the names as numbers";
    if (is_ascending(labels, count, strcmp))
        return ": the labels are in alphabetical order, the classes are not";
    if (is_ascending(classes, count, strcmp))
        return ": the classes are in alphabetical order, the labels are not";
    return "";
}

/* ---- judging ------------------------------------------------------------------------------ */

static int count_moved(const dv_check *check)
{
    int moved = 0;
    for (int l = 0; l < check->classes; l++)
        moved += check->class_of[l] >= 0 && check->class_of[l] != l;
    return moved;
}

/* Labels beyond the classes are told already: then this is why. */
static void find_or_replace(dv_check *check, const char *text)
{
    for (int f = 0; f < check->findings; f++)
        if (strcmp(check->finding[f].code, "labels") == 0)
            check->finding[f--] = check->finding[--check->findings];
    dv_check_find(check, DV_FINDING_PROBLEM, "labels-off-by-one", "%s", text);
}

static bool find_shift(dv_check *check, const dv_label_match *match)
{
    int up = match->shifted[1] > match->shifted[0];
    double shifted = match->shifted[up];
    if (shifted < match->matched - 0.05 || shifted < match->accuracy + 0.05)
        return false;
    find_or_replace(check, dv_check_text(check,
                                         "labels are off by one: %.1f %% are right as they are, %.1f %% when one is "
                                         "%s each label",
                                         100 * match->accuracy, 100 * shifted, up ? "added to" : "taken off"));
    if (up)
        dv_check_remedy(check, "class 0 of the model is the background, or the labels should count from one: %s",
                        check->data->class_names ? "give a list of class names whose first line is 'background'"
                                                 : "add one to each label");
    else
        dv_check_remedy(check, "the labels count from one, the classes from zero: take one off each label");
    return true;
}

static bool fit_all(dv_check *check, const dv_trial *trial, dv_error *error)
{
    dv_label_match match = {.class_of = dv_arena_alloc(check->arena, (size_t)check->classes, sizeof(int), error)};
    check->class_of = match.class_of;
    return match.class_of &&
           dv_labels_match(check->trials->label, trial->answer, trial->shown, check->classes, &match, error);
}

/* "0 (airplane), 3 (cat)" of the labels that go with another class. */
static const char *list_moved(dv_check *check)
{
    const char *list = "";
    for (int l = 0; l < check->classes; l++)
        if (check->class_of[l] >= 0 && check->class_of[l] != l) {
            const char *name = check->label_name[l];
            list = dv_check_text(check, "%s%s%d%s%s%s", list, *list ? ", " : "", l, name ? " (" : "", name ? name : "",
                                 name ? ")" : "");
        }
    return list;
}

static void find_permuted(dv_check *check, const dv_label_match *match)
{
    enum { FEW = 4 };
    bool is_few = count_moved(check) <= FEW && count_moved(check) < check->classes;
    if (is_few)
        dv_check_find(
            check, DV_FINDING_PROBLEM, "labels-permuted",
            "labels %s are mistaken for each other: %.1f %% are right as they are, %.1f %% when each is taken "
            "for the class that goes with it",
            list_moved(check), 100 * match->accuracy, 100 * match->matched);
    else
        dv_check_find(
            check, DV_FINDING_PROBLEM, "labels-permuted",
            "labels and classes are numbered in different orders: %.1f %% are right as they are, %.1f %% when "
            "each label is taken for the class that goes with it%s",
            100 * match->accuracy, 100 * match->matched, reason(check));
    tell_names(check);
}

bool dv_check_judge_labels(dv_check *check, bool *is_found, dv_error *error)
{
    const dv_trial *trial = &check->trials->trial[0];
    const dv_label_match *match = &trial->match;
    bool is_matched = match->lead > clearly && match->matched > match->accuracy + gain &&
                      dv_label_kappa(match->matched, match->chance) > some;
    bool is_shifted = dv_label_kappa(fmax(match->shifted[0], match->shifted[1]), match->chance) > some;
    *is_found = is_shifted && find_shift(check, match);
    if (*is_found || !is_matched)
        return true;
    *is_found = true;
    if (!fit_all(check, trial, error) || !order_names(check, error))
        return false;
    find_permuted(check, match);
    return true;
}

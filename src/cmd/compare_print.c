/* Two teachers compared, in words. */
#include "cmd/compare_print.h"

#include "cmd/words.h"

#include <math.h>
#include <stdio.h>

/* ---- all pictures ----------------------------------------------------------------- */

enum { CHANGES = 10 /* of words, that are listed */ };

/* A change of words that is listed already must not be listed again. */
typedef struct change {
    int64_t count;
    int from, to;
} change;

static bool comes_before(change a, change b)
{
    if (a.count != b.count)
        return a.count > b.count;
    return a.from != b.from ? a.from < b.from : a.to < b.to;
}

/* The most frequent change that comes behind `last`; count 0: there is none. */
static change next_change(const dv_comparison *comparison, change last)
{
    change best = {0};
    for (int from = 0; from < comparison->classes; from++)
        for (int to = 0; to < comparison->classes; to++) {
            change it = {comparison->changes[(int64_t)from * comparison->classes + to], from, to};
            if (from != to && it.count > 0 && comes_before(last, it) && (best.count == 0 || comes_before(it, best)))
                best = it;
        }
    return best;
}

static void print_changes(const dv_comparison *comparison, const dv_bundle_facts *facts)
{
    change at = {.count = INT64_MAX};
    int64_t left = comparison->changed;
    printf("\npictures  first's word -> second's word\n");
    for (int i = 0; i < CHANGES && left > 0; i++) {
        at = next_change(comparison, at);
        printf("%8lld  %s -> %s\n", (long long)at.count, facts->class_names[at.from], facts->class_names[at.to]);
        left -= at.count;
    }
    if (left > 0)
        printf("%8lld  other changes; --json tells all\n", (long long)left);
}

static void print_right(const dv_comparison *comparison, const dv_bundle_facts *first)
{
    const int64_t *right = comparison->right;
    const char *what = first->multi_label ? "known marks" : "labelled pictures";
    if (comparison->labelled == 0) {
        printf("nothing is known of their labels, so neither can be called right\n");
        return;
    }
    printf("accuracy  %.2f %% first, %.2f %% second, of %lld %s\n", 100 * comparison->accuracy[0],
           100 * comparison->accuracy[1],
           (long long)(right[DV_RIGHT_BOTH] + right[DV_RIGHT_FIRST] + right[DV_RIGHT_SECOND] + right[DV_RIGHT_NEITHER]),
           what);
    printf("right     both %lld, only first %lld, only second %lld, neither %lld\n", (long long)right[DV_RIGHT_BOTH],
           (long long)right[DV_RIGHT_FIRST], (long long)right[DV_RIGHT_SECOND], (long long)right[DV_RIGHT_NEITHER]);
    if (isfinite(comparison->p_value))
        printf("chance    %.2g that teachers that are equally good differ as much (McNemar's exact test)\n",
               comparison->p_value);
}

static void print_pictures(const dv_comparison *comparison, const dv_bundle_facts *facts, int64_t most)
{
    int64_t count = comparison->changed < most ? comparison->changed : most;
    if (count == 0)
        return;
    printf("\n   index    bits  first's word -> second's word\n");
    for (int64_t i = 0; i < count; i++) {
        int64_t at = comparison->order[i];
        printf("%8lld  %6.3f  %s -> %s", (long long)at, comparison->divergence[at],
               facts->class_names[comparison->word[0][at]], facts->class_names[comparison->word[1][at]]);
        if (facts->labels && facts->labels[at] >= 0)
            printf(", labelled %s", facts->class_names[facts->labels[at]]);
        putchar('\n');
    }
    if (count < comparison->changed)
        printf("... and %lld more; --most lists them\n", (long long)(comparison->changed - count));
}

void dv_comparison_print(const dv_comparison *comparison, const dv_bundle_facts *first, const dv_bundle_facts *second,
                         int64_t most)
{
    printf("%s: %lld pictures\nfirst     ", first->name, (long long)comparison->compared);
    dv_words_text(first->teacher);
    printf("\nsecond    ");
    dv_words_text(second->teacher);
    putchar('\n');
    print_right(comparison, first);
    printf("changed   %lld pictures have another word, %.2f %%\n", (long long)comparison->changed,
           comparison->compared ? 100.0 * (double)comparison->changed / (double)comparison->compared : 0.0);
    if (comparison->changed == 0)
        return;
    print_changes(comparison, first);
    print_pictures(comparison, first, most);
}

/* ---- one picture ------------------------------------------------------------------ */

static void print_side(const char *which, const dv_explanation *explanation, const dv_bundle_facts *facts)
{
    const dv_fidelity *fidelity = &explanation->fidelity;
    int word = explanation->teacher_class;
    printf("%-10s", which);
    dv_words_text(facts->teacher);
    printf(" says %s, %.1f %%", facts->class_names[word], 100 * (double)explanation->teacher_probabilities[word]);
    printf("\n          student: KL %.4f, agreement %.1f %%", fidelity->kl, 100 * fidelity->agreement);
    if (isfinite(fidelity->steadiness))
        printf(", %.3f the cosine to another seed", fidelity->steadiness);
    printf(", %s\n", dv_verdict_name(fidelity->verdict));
}

static void print_pair(const dv_map_pair *pair, const dv_bundle_facts *facts)
{
    const int rival[] = {pair->map[0]->against, pair->map[1]->against};
    printf("%-21s of %s", pair->explainer->name, facts->class_names[pair->class_index]);
    if (rival[0] >= 0)
        printf(" against %s", facts->class_names[rival[0]]);
    if (rival[1] >= 0 && rival[1] != rival[0])
        printf(" (second teacher: against %s)", facts->class_names[rival[1]]);
    printf(": ");
    for (int side = 0; side < 2; side++)
        if (!pair->map[side]->map) {
            printf("no map of the %s teacher: %s\n", side ? "second" : "first", pair->map[side]->problem);
            return;
        }
    if (isfinite(pair->cosine))
        printf("cosine %.3f between the maps\n", pair->cosine);
    else
        printf("a map is zero everywhere\n");
}

void dv_contrast_print(const dv_contrast *contrast, const dv_bundle_facts *first, const dv_bundle_facts *second)
{
    const dv_explanation *explanation = contrast->explanation[0];
    printf("%s, picture %lld%s%s: what they say is %.3f bits apart\n", first->name,
           (long long)explanation->options.index, explanation->label < 0 ? "" : ", labelled ",
           explanation->label < 0 ? "" : first->class_names[explanation->label], contrast->divergence);
    print_side("first", explanation, first);
    print_side("second", contrast->explanation[1], second);
    printf("\nmaps of the same %lld neighbours, seed %llu\n", (long long)explanation->count,
           (unsigned long long)explanation->options.seed);
    for (int i = 0; i < contrast->count; i++)
        print_pair(&contrast->pair[i], first);
}

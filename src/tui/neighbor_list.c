#include "tui/neighbor_list.h"
#include "base/memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

const char *dv_neighbor_order_name(dv_neighbor_order order)
{
    static const char *const names[DV_NEIGHBOR_ORDERS] = {"by class", "nearest first", "least sure first"};
    return names[order];
}

/* ---- making ---------------------------------------------------------------------- */

void dv_neighbor_probabilities(const dv_explanation *explanation, int64_t neighbor, float *probabilities)
{
    const float *soft = explanation->soft_labels + neighbor * explanation->rows;
    double temperature = explanation->options.temperature, sum = 0;
    for (int row = 0; row < explanation->rows; row++) {
        double yes = pow((double)soft[row], temperature);
        probabilities[row] =
            (float)(explanation->multi_label ? yes / (yes + pow(1 - (double)soft[row], temperature)) : yes);
        sum += (double)probabilities[row];
    }
    for (int row = 0; row < explanation->rows && !explanation->multi_label; row++)
        probabilities[row] = (float)((double)probabilities[row] / sum);
}

static float distance_of(const dv_explanation *explanation, int64_t neighbor)
{
    const float *latent = explanation->latents + neighbor * explanation->latent;
    double sum = 0;
    for (int d = 0; d < explanation->latent; d++)
        sum += pow((double)latent[d] - (double)explanation->center[d], 2);
    return (float)sqrt(sum);
}

static void measure(dv_neighbor_list *list, const dv_explanation *explanation, float *probabilities)
{
    for (int64_t i = 0; i < list->count; i++) {
        dv_neighbor_probabilities(explanation, i, probabilities);
        list->distance[i] = distance_of(explanation, i);
        int row = dv_explanation_row(explanation, explanation->neighbor_classes[i]);
        list->confidence[i] = row < 0 ? 0 : probabilities[row];
    }
}

static int compare_groups(const void *a, const void *b)
{
    const dv_neighbor_group *left = a, *right = b;
    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return left->class_index - right->class_index;
}

/* Counts into `group` by class, puts the groups in order, then the neighbours into them. */
static void group_by_class(dv_neighbor_list *list, const dv_explanation *explanation)
{
    dv_neighbor_group *group = list->group;
    for (int k = 0; k < explanation->classes; k++)
        group[k] = (dv_neighbor_group){.class_index = k};
    for (int64_t i = 0; i < list->count; i++)
        group[explanation->neighbor_classes[i]].count++;
    qsort(group, (size_t)explanation->classes, sizeof(*group), compare_groups);
    int64_t first = 0;
    for (list->groups = 0; list->groups < explanation->classes && group[list->groups].count > 0; list->groups++) {
        dv_neighbor_group *next = &group[list->groups];
        int64_t place = next->first = first;
        for (int64_t i = 0; i < list->count; i++)
            if (explanation->neighbor_classes[i] == next->class_index)
                list->at[place++] = i;
        first += next->count;
    }
}

static int compare_values(const void *a, const void *b, void *context)
{
    const float *value = context;
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    if (value[left] < value[right] || value[left] > value[right])
        return value[left] < value[right] ? -1 : 1;
    return (left > right) - (left < right);
}

bool dv_neighbor_list_make(dv_neighbor_list *list, const dv_explanation *explanation, dv_neighbor_order order)
{
    size_t count = (size_t)explanation->kept, classes = (size_t)explanation->classes;
    dv_neighbor_list_clear(list);
    float *probabilities = dv_alloc((size_t)explanation->rows, sizeof(*probabilities), NULL);
    *list = (dv_neighbor_list){.order = order,
                               .at = dv_alloc(count, sizeof(*list->at), NULL),
                               .distance = dv_alloc(count, sizeof(*list->distance), NULL),
                               .confidence = dv_alloc(count, sizeof(*list->confidence), NULL),
                               .group = dv_alloc(classes, sizeof(*list->group), NULL)};
    if (!probabilities || !list->at || !list->distance || !list->confidence || !list->group) {
        free(probabilities);
        dv_neighbor_list_clear(list);
        return false;
    }
    list->count = explanation->kept;
    measure(list, explanation, probabilities);
    free(probabilities);
    if (order == DV_NEIGHBORS_BY_CLASS) {
        group_by_class(list, explanation);
        return true;
    }
    for (int64_t i = 0; i < list->count; i++)
        list->at[i] = i;
    qsort_r(list->at, count, sizeof(*list->at), compare_values,
            order == DV_NEIGHBORS_BY_DISTANCE ? list->distance : list->confidence);
    list->groups = 1;
    list->group[0] = (dv_neighbor_group){.class_index = -1, .count = list->count};
    return true;
}

void dv_neighbor_list_clear(dv_neighbor_list *list)
{
    free(list->at);
    free(list->distance);
    free(list->confidence);
    free(list->group);
    *list = (dv_neighbor_list){0};
}

/* ---- on a grid ----------------------------------------------------------------------- */

int dv_neighbor_list_group(const dv_neighbor_list *list, int64_t place)
{
    int group = 0;
    while (group + 1 < list->groups && list->group[group + 1].first <= place)
        group++;
    return group;
}

/* How many of `rows` rows each of `count` groups gets, from one on; the next row goes to the group that has most
 * neighbours for each of its rows and can fill one more. `row` counts them at the front of its entries. */
static void share_rows(const dv_neighbor_group *group, int count, int rows, int columns, dv_neighbor_row *row)
{
    for (int g = 0; g < count; g++)
        row[g].count = 1;
    for (int left = rows - count; left > 0; left--) {
        int best = -1;
        for (int g = 0; g < count; g++)
            if (group[g].count > (int64_t)row[g].count * columns &&
                (best < 0 || group[g].count * row[best].count > group[best].count * row[g].count))
                best = g;
        if (best < 0)
            return;
        row[best].count++;
    }
}

void dv_neighbor_list_lay_out(const dv_neighbor_list *list, int rows, int columns, int64_t cursor, dv_neighbor_row *row)
{
    assert(rows > 0 && columns > 0);
    for (int i = 0; i < rows; i++)
        row[i] = (dv_neighbor_row){.group = -1};
    if (list->groups == 0)
        return;
    int of_cursor = dv_neighbor_list_group(list, cursor), first = of_cursor / rows * rows;
    int shown = list->groups - first < rows ? list->groups - first : rows, used = 0;
    share_rows(list->group + first, shown, rows, columns, row);
    for (int g = 0; g < shown; g++)
        used += row[g].count;
    /* From the last group back, since the numbers of rows stand where the rows will. */
    for (int g = shown - 1; g >= 0; g--) {
        const dv_neighbor_group *group = &list->group[first + g];
        int high = row[g].count;
        int64_t page = (int64_t)high * columns;
        int64_t begin = first + g == of_cursor ? (cursor - group->first) / page * page : 0;
        used -= high;
        for (int i = 0; i < high; i++) {
            int64_t offset = begin + (int64_t)i * columns, left = group->count - offset;
            row[used + i] = (dv_neighbor_row){.group = left > 0 ? first + g : -1,
                                              .begins = i == 0,
                                              .first = group->first + offset,
                                              .count = left < 0         ? 0
                                                       : left < columns ? (int)left
                                                                        : columns};
        }
    }
}

int64_t dv_neighbor_list_step(const dv_neighbor_list *list, const dv_neighbor_row *row, int rows, int64_t cursor,
                              int direction)
{
    for (int i = 0; i < rows; i++) {
        if (row[i].group < 0 || cursor < row[i].first || cursor >= row[i].first + row[i].count)
            continue;
        int64_t column = cursor - row[i].first;
        int next = i + direction;
        if (next >= 0 && next < rows && row[next].group >= 0)
            return row[next].first + (column < row[next].count ? column : row[next].count - 1);
        int64_t beyond = direction > 0 ? row[i].first + row[i].count : row[i].first - 1;
        return beyond < 0 || beyond >= list->count ? cursor : beyond;
    }
    return cursor;
}

int64_t dv_neighbor_list_turn(const dv_neighbor_list *list, const dv_neighbor_row *row, int rows, int64_t cursor,
                              int direction)
{
    if (list->groups == 0)
        return cursor;
    int of_cursor = dv_neighbor_list_group(list, cursor);
    const dv_neighbor_group *group = &list->group[of_cursor];
    int64_t first = cursor, last = cursor;
    for (int i = 0; i < rows; i++)
        if (row[i].group == of_cursor) {
            first = row[i].first < first ? row[i].first : first;
            last = row[i].first + row[i].count - 1 > last ? row[i].first + row[i].count - 1 : last;
        }
    int64_t next = direction > 0 ? last + 1 : first - 1;
    return next < group->first || next >= group->first + group->count ? cursor : next;
}

/* Where the pictures are in what a network takes or puts out: layout, channels, size. */
#include "vid/inspect.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    USUAL_SIDE = 224,  /* of networks that take any size */
    SMALL_SIDE = 128,  /* pictures up to this are taken to be those that such a network was trained on */
    SAMPLES = 2,       /* that a network with a free batch is looked at with */
    MAX_SIDE = 1 << 14 /* of a picture */
};

void dv_notes_add(dv_notes *notes, const char *format, ...)
{
    va_list arguments;
    if (notes->count == DV_MAX_NOTES)
        return;
    va_start(arguments, format);
    char *text = notes->text[notes->count++];
    vsnprintf(text, DV_NOTE_SIZE, format, arguments);
    va_end(arguments);
    dv_text_clean(text);
}

const char *dv_layout_name(dv_layout layout)
{
    return layout == DV_LAYOUT_NCHW ? "NCHW" : "NHWC";
}

const char *dv_network_input_text(const dv_network_input *input, char *text, size_t size)
{
    snprintf(text, size, "%s%s %s pictures of %d x %d x %d", input->flat ? "flattened " : "",
             dv_layout_name(input->layout), dv_type_name(input->type), input->channels, input->height, input->width);
    return text;
}

/* ---- one shape ------------------------------------------------------------------- */

static bool may_be_channels(int64_t size)
{
    return size == 1 || size == 3;
}

static bool fits(const dv_network_input *input, int64_t numbers)
{
    return numbers == (int64_t)input->channels * input->height * input->width;
}

/* The side of a square of so many pixels, 0 if there is none. */
static int side_of(int64_t pixels)
{
    for (int side = 1; side <= MAX_SIDE && (int64_t)side * side <= pixels; side++)
        if ((int64_t)side * side == pixels)
            return side;
    return 0;
}

/* Pixels in a row: pictures as the data have them, else square ones. */
static bool place_row(int64_t numbers, const dv_inspect_wish *wish, dv_network_input *input)
{
    const int channels[] = {wish->channels, 1, 3};
    input->flat = true;
    for (int i = 0; i < 3; i++) {
        input->channels = channels[i];
        input->height = wish->height;
        input->width = wish->width;
        if (numbers > 0 && fits(input, numbers))
            return true;
    }
    for (int i = 1; i < 3; i++) {
        input->channels = channels[i];
        input->height = input->width = numbers % channels[i] == 0 ? side_of(numbers / channels[i]) : 0;
        if (numbers > 0 && fits(input, numbers))
            return true;
    }
    return false;
}

/* Which of the three dimensions of a sample is the channels'. */
static dv_layout layout_of(const int64_t dim[3], const dv_inspect_wish *wish, dv_notes *notes)
{
    bool first = may_be_channels(dim[0]), last = may_be_channels(dim[2]);
    if (wish->layout)
        return strcasecmp(wish->layout, "nhwc") == 0 ? DV_LAYOUT_NHWC : DV_LAYOUT_NCHW;
    if (first != last)
        return last ? DV_LAYOUT_NHWC : DV_LAYOUT_NCHW;
    if (dim[0] > 0 && dim[2] < 0)
        return DV_LAYOUT_NHWC;
    if (first || dim[0] < 0)
        dv_notes_add(notes, "the layout cannot be told from the shape: NCHW is taken; layout = nhwc says otherwise");
    return DV_LAYOUT_NCHW;
}

/* Sizes of -1 stay so. False where it is no picture. */
static bool place_sample(const dv_shape *sample, const dv_inspect_wish *wish, dv_network_input *input, dv_notes *notes)
{
    const int64_t *dim = sample->dim;
    for (int d = 0; d < sample->rank; d++)
        if (dim[d] == 0 || (dim[d] > MAX_SIDE && sample->rank > 1))
            return false;
    input->layout = wish->layout && strcasecmp(wish->layout, "nhwc") == 0 ? DV_LAYOUT_NHWC : DV_LAYOUT_NCHW;
    if (sample->rank == 1)
        return place_row(dim[0], wish, input);
    if (sample->rank == 2) {
        input->channels = 1;
        input->height = (int)dim[0];
        input->width = (int)dim[1];
        return true;
    }
    if (sample->rank != 3)
        return false;
    input->layout = layout_of(dim, wish, notes);
    bool last = input->layout == DV_LAYOUT_NHWC;
    input->channels = (int)dim[last ? 2 : 0];
    input->height = (int)dim[last ? 0 : 1];
    input->width = (int)dim[last ? 1 : 2];
    return input->channels < 0 || may_be_channels(input->channels);
}

static bool check_layout(const dv_inspect_wish *wish, dv_error *error)
{
    if (!wish->layout || strcasecmp(wish->layout, "nchw") == 0 || strcasecmp(wish->layout, "nhwc") == 0)
        return true;
    return dv_error_set(error, DV_ERROR_ARGUMENT, "a layout is nchw or nhwc, not '%s'", wish->layout);
}

static void set_range(dv_network_input *input, dv_type type)
{
    input->type = type;
    input->scale = dv_type_is_float(type) ? 1 : 255;
    for (int c = 0; c < DV_MAX_CHANNELS; c++)
        input->deviation[c] = 1;
}

bool dv_inspect_sample(const dv_shape *sample, const dv_inspect_wish *wish, dv_network_input *input, dv_notes *notes,
                       dv_error *error)
{
    char text[128];
    *input = (dv_network_input){0};
    if (!check_layout(wish, error))
        return false;
    set_range(input, DV_TYPE_FLOAT);
    if (place_sample(sample, wish, input, notes) && input->channels > 0 && input->height > 0 && input->width > 0)
        return true;
    return dv_error_set(error, DV_ERROR_FORMAT, "samples of shape %s are no pictures of 1 or 3 channels",
                        dv_shape_text(sample, text, sizeof text));
}

/* ---- free dimensions --------------------------------------------------------------- */

/* What may be tried for dimensions that the graph leaves open, the likeliest first. */
typedef struct guess {
    int channels, height, width;
} guess;

static int list_guesses(const dv_inspect_wish *wish, const dv_network_input *input, guess out[4])
{
    bool small = !wish->mixed && wish->height > 0 && wish->height <= SMALL_SIDE && wish->width <= SMALL_SIDE;
    bool free_side = input->height < 0 || input->width < 0;
    int count = 0, channels = wish->channels == 1 ? 1 : 3;
    for (int c = 0; c < (input->channels < 0 ? 2 : 1); c++) {
        if (small || !free_side)
            out[count++] = (guess){c ? 4 - channels : channels, wish->height, wish->width};
        if (free_side)
            out[count++] = (guess){c ? 4 - channels : channels, USUAL_SIDE, USUAL_SIDE};
    }
    return count;
}

static void apply_guess(const guess *it, dv_network_input *input)
{
    input->channels = input->channels < 0 ? it->channels : input->channels;
    input->height = input->height < 0 ? it->height : input->height;
    input->width = input->width < 0 ? it->width : input->width;
}

/* The declared shape, or one of four free dimensions. */
static dv_shape declared_shape(const dv_value *value)
{
    static const int64_t any[] = {-1, -1, -1, -1};
    return value->has_shape ? value->shape : dv_shape_make(4, any);
}

/* Fills in what a picture decides; the batch stays. */
static void bind_shape(const dv_network_input *input, dv_shape *shape)
{
    bool last = input->layout == DV_LAYOUT_NHWC;
    if (input->flat) {
        shape->dim[1] = (int64_t)input->channels * input->height * input->width;
    } else if (shape->rank == 3) {
        shape->dim[1] = input->height;
        shape->dim[2] = input->width;
    } else {
        shape->dim[last ? 3 : 1] = input->channels;
        shape->dim[last ? 1 : 2] = input->height;
        shape->dim[last ? 2 : 3] = input->width;
    }
}

static bool is_bound(const dv_shape *shape)
{
    for (int d = 1; d < shape->rank; d++)
        if (shape->dim[d] < 0)
            return false;
    return true;
}

static dv_plan *plan_samples(const dv_graph *graph, dv_shape shape, dv_error *error)
{
    if (shape.dim[0] < 0)
        shape.dim[0] = SAMPLES;
    return dv_plan_new(graph, &(dv_plan_options){.input_shape = &shape}, error);
}

/* A network may take any batch by its declaration, and still only one picture at a time. */
static dv_plan *plan_either(const dv_graph *graph, const dv_shape *shape, dv_error *error)
{
    dv_error lost;
    dv_plan *plan = plan_samples(graph, *shape, error);
    if (plan || shape->dim[0] >= 0)
        return plan;
    dv_shape one = *shape;
    one.dim[0] = 1;
    return plan_samples(graph, one, &lost);
}

static bool fill_free(const dv_graph *graph, const dv_inspect_wish *wish, dv_network_input *input, dv_shape *shape,
                      dv_plan **plan, dv_notes *notes, dv_error *error)
{
    dv_error first, other;
    const dv_network_input open = *input;
    const dv_shape declared = *shape;
    guess guesses[4];
    int count = list_guesses(wish, input, guesses);
    for (int i = 0; i < count; i++) {
        *input = open;
        *shape = declared;
        apply_guess(&guesses[i], input);
        bind_shape(input, shape);
        if ((*plan = plan_either(graph, shape, i == 0 ? &first : &other)))
            break;
    }
    if (!*plan) {
        if (error)
            *error = first;
        return false;
    }
    if (open.height < 0 || open.width < 0)
        dv_notes_add(notes, "height and width are free: %d x %d is taken", input->height, input->width);
    if (open.channels < 0)
        dv_notes_add(notes, "the number of channels is free: %d is taken", input->channels);
    return true;
}

/* ---- the whole ------------------------------------------------------------------------ */

static bool refuse(const dv_value *value, const dv_shape *shape, dv_error *error)
{
    char text[128];
    return dv_error_set(error, DV_ERROR_UNSUPPORTED,
                        "input '%s' of shape %s takes no batch of pictures of 1 or 3 channels", value->name,
                        dv_shape_text(shape, text, sizeof text));
}

bool dv_inspect_input(const dv_graph *graph, const dv_inspect_wish *wish, dv_network_input *input, dv_shape *shape,
                      dv_plan **plan, dv_notes *notes, dv_error *error)
{
    *input = (dv_network_input){0};
    *plan = NULL;
    if (!check_layout(wish, error))
        return false;
    if (graph->input_count != 1 || graph->output_count < 1)
        return dv_error_set(error, DV_ERROR_UNSUPPORTED, "has %d inputs and %d outputs; one input is wanted",
                            graph->input_count, graph->output_count);
    const dv_value *value = &graph->value[graph->input[0]];
    *shape = declared_shape(value);
    dv_shape sample = dv_shape_make(shape->rank > 0 ? shape->rank - 1 : 0, shape->dim + 1);
    set_range(input, value->type == DV_TYPE_NONE ? DV_TYPE_FLOAT : value->type);
    if (sample.rank == 1 && sample.dim[0] < 0)
        sample.dim[0] = (int64_t)wish->channels * wish->height * wish->width;
    /* A batch of three is no likely one, but a picture without a batch is. */
    bool no_batch = shape->rank == 3 && shape->dim[0] == 3;
    if (shape->rank < 2 || shape->dim[0] == 0 || no_batch || !place_sample(&sample, wish, input, notes))
        return refuse(value, shape, error);
    if (!is_bound(shape) && !input->flat)
        return fill_free(graph, wish, input, shape, plan, notes, error);
    bind_shape(input, shape);
    return (*plan = plan_either(graph, shape, error)) != NULL;
}

bool dv_inspect_bind(dv_graph *graph, const dv_shape *shape, dv_error *error)
{
    int old = graph->input[0];
    dv_value *value = &graph->value[old];
    value->has_shape = true;
    value->shape = *shape;
    if (value->type == DV_TYPE_NONE)
        value->type = DV_TYPE_FLOAT;
    if (dv_type_is_float(value->type))
        return true;
    /* Floats come in, and are made what the graph takes. */
    const dv_attribute to = {.name = "to", .kind = DV_ATTRIBUTE_INT, .i = value->type};
    const char *name = value->name;
    graph->input_count = 0;
    value->defined = false;
    int new = dv_graph_add_input(graph, NULL, DV_TYPE_FLOAT, shape, error);
    return new >= 0 && dv_graph_add_node(graph, "Cast", NULL, 1, &new, 1, &to, 1, &name, error) >= 0 &&
           dv_graph_sort(graph, error);
}

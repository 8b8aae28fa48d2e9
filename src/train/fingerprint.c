#include "train/fingerprint.h"

#include "base/hash.h"
#include "train/optimizer.h"

static uint64_t hash_attributes(uint64_t hash, const dv_attributes *attributes)
{
    for (int i = 0; i < attributes->count; i++) {
        const dv_attribute *item = &attributes->item[i];
        hash = dv_hash_text(hash, item->name);
        hash = dv_hash(hash, &item->kind, sizeof item->kind);
        switch (item->kind) {
        case DV_ATTRIBUTE_FLOAT:
            hash = dv_hash(hash, &item->f, sizeof item->f);
            break;
        case DV_ATTRIBUTE_INT:
            hash = dv_hash(hash, &item->i, sizeof item->i);
            break;
        case DV_ATTRIBUTE_TEXT:
            hash = dv_hash_text(hash, item->text);
            break;
        case DV_ATTRIBUTE_FLOATS:
            hash = dv_hash(hash, item->floats, (size_t)item->count * sizeof *item->floats);
            break;
        case DV_ATTRIBUTE_INTS:
            hash = dv_hash(hash, item->ints, (size_t)item->count * sizeof *item->ints);
            break;
        case DV_ATTRIBUTE_TENSOR:
            hash = dv_hash(hash, item->tensor->shape.dim, (size_t)item->tensor->shape.rank * sizeof(int64_t));
            hash = dv_hash(hash, item->tensor->data,
                           (size_t)dv_shape_elements(&item->tensor->shape) * dv_type_stored_size(item->tensor->type));
            break;
        }
    }
    return hash;
}

/* Of the network with the values it starts from. */
static uint64_t hash_graph(uint64_t hash, const dv_graph *graph)
{
    for (int n = 0; n < graph->node_count; n++) {
        const dv_node *node = &graph->node[n];
        hash = dv_hash_text(hash, node->op->name);
        hash = hash_attributes(hash, &node->attributes);
        hash = dv_hash(hash, node->input, (size_t)node->input_count * sizeof *node->input);
        hash = dv_hash(hash, node->output, (size_t)node->output_count * sizeof *node->output);
    }
    for (int v = 0; v < graph->value_count; v++) {
        const dv_tensor *constant = graph->value[v].constant;
        if (!constant)
            continue;
        hash = dv_hash(hash, &v, sizeof v);
        hash = dv_hash(hash, constant->shape.dim, (size_t)constant->shape.rank * sizeof(int64_t));
        hash = dv_hash(hash, constant->data,
                       (size_t)dv_shape_elements(&constant->shape) * dv_type_stored_size(constant->type));
    }
    return hash;
}

uint64_t dv_training_fingerprint(const dv_graph *graph, const dv_objective *objective,
                                 const dv_training_options *options)
{
    uint64_t hash = dv_hash_text(DV_HASH_START, dv_optimizer_name(options->optimizer));
    const int64_t whole[] = {options->epochs, options->batch, options->micro_batch, objective->count};
    const double real[] = {options->learning_rate, options->weight_decay, options->momentum};
    hash = dv_hash(hash, whole, sizeof whole);
    hash = dv_hash(hash, real, sizeof real);
    hash = dv_hash(hash, &options->seed, sizeof options->seed);
    hash = dv_hash(hash, &objective->fingerprint, sizeof objective->fingerprint);
    return hash_graph(hash, graph);
}

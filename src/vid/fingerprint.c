/* What tells one bundle from another. */
#include "vid/fingerprint.h"

#include "base/hash.h"
#include "vid/bundle.h"
#include "vid/teacher.h"

/* What the teacher is shown and how its answer is read. */
static uint64_t hash_input(const dv_teacher_facts *head, const dv_picture_form *form, uint64_t hash)
{
    const dv_network_input *input = &head->input;
    const int numbers[] = {input->layout, input->reversed, input->channels, input->height,
                           input->width,  form->filter,    head->value};
    const double reals[] = {input->scale, form->crop};
    hash = dv_hash_text(hash, head->head->name);
    hash = dv_hash(hash, numbers, sizeof numbers);
    hash = dv_hash(hash, reals, sizeof reals);
    hash = dv_hash(hash, input->mean, (size_t)input->channels * sizeof *input->mean);
    return dv_hash(hash, input->deviation, (size_t)input->channels * sizeof *input->deviation);
}

bool dv_bundle_fingerprint(const dv_bundle *bundle, uint64_t *fingerprint, dv_error *error)
{
    const dv_bundle_facts *facts = &bundle->facts;
    const int64_t sizes[] = {facts->classes, facts->latent, facts->channels, facts->height, facts->width, facts->count};
    uint64_t hash = dv_hash(DV_HASH_START, sizes, sizeof sizes);
    if (!dv_file_hash(bundle->teacher.path, &hash, error) || !dv_file_hash(bundle->encoder.path, &hash, error) ||
        !dv_file_hash(bundle->decoder.path, &hash, error))
        return false;
    hash = hash_input(&bundle->head, &bundle->teacher_form, hash);
    hash = dv_hash_text(hash, dv_decoder_range_name(bundle->range));
    hash = dv_hash_text(hash, dv_layout_name(bundle->decoded.layout));
    for (int k = 0; k < facts->classes; k++)
        hash = dv_hash_text(hash, facts->class_names[k]);
    if (facts->marks)
        hash = dv_hash(hash, facts->marks, (size_t)facts->count * (size_t)facts->classes);
    if (facts->labels)
        hash = dv_hash(hash, facts->labels, (size_t)facts->count * sizeof *facts->labels);
    *fingerprint = dv_dataset_hash(bundle->dataset, false, hash);
    return true;
}

uint64_t dv_bundle_second_fingerprint(const dv_bundle *second)
{
    return hash_input(&second->head, &second->teacher_form, second->file_hash);
}

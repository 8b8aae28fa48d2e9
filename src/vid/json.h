/* Results as JSON: the contracts that other programs rely on. Numbers have a point whatever the locale, NaN and
 * infinity are null, keys come in a fixed order. Each returns one object as text, freed by free(), or NULL. */
#ifndef DV_VID_JSON_H
#define DV_VID_JSON_H

#include "data/data.h"
#include "onnx/onnx.h"

/* With "attributions" where `others` is not NULL. `timing` puts in how long it took, the one thing that differs when
 * the same is asked for again. */
char *dv_json_explanation(const dv_explanation *explanation, const dv_attributions *others,
                          const dv_bundle_facts *facts, bool timing, dv_error *error);
char *dv_json_classification(const dv_classification *classification, const dv_bundle_facts *facts, dv_error *error);

/* What is told of one network: {"file","producer","ir_version","opset","parameters","operators":[{"name","count",
 * "missing"}],"metadata":{},"runs","problem","inputs":[{"name","type","shape"}],"outputs","multiply_adds"}. Free
 * dimensions of shapes are null, and so are the last three where the network cannot be read. */
typedef struct dv_network_facts {
    const char *file;
    const dv_onnx_survey *survey;
    const dv_graph *graph; /* NULL: cannot be read */
    const char *problem;   /* why not, or why it cannot be run; NULL: it can */
    int64_t multiply_adds; /* of one sample; negative: unknown */
} dv_network_facts;
char *dv_json_network(const dv_network_facts *network, dv_error *error);

/* What is told of an array or a picture: {"file","format","type","shape"}; a picture's shape is height, width,
 * channels. */
char *dv_json_array(const char *file, const char *format, const char *type, const dv_shape *shape, dv_error *error);

/* What is told of pictures: {"file","format","count","picture":[C,H,W],"mixed","labelled","labels","classes","note"}.
 */
char *dv_json_dataset(const char *path, const dv_dataset *data, int64_t labelled, dv_error *error);

/* What is told of a bundle: {"name","classes":[...],"latent","picture":[C,H,W],"count","labelled","negative_elbo",
 * "teacher":{network},"encoder":{network},"decoder":{network}}. */
char *dv_json_bundle(const dv_bundle_facts *facts, double negative_elbo, const dv_network_facts *teacher,
                     const dv_network_facts *encoder, const dv_network_facts *decoder, dv_error *error);

#endif

/* The file as the schema sees it. */
#include "onnx/model.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "onnx/skim.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* No protobuf message is longer. */
static const size_t file_limit = (size_t)1 << 31;

static bool is_too_long(const char *path, dv_error *error)
{
    struct stat status;
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode) || (uintmax_t)status.st_size <= file_limit)
        return false;
    dv_error_set(error, DV_ERROR_UNSUPPORTED,
                 "%s: %.1f GiB are more than one ONNX file can hold (2 GiB): save the model with its weights beside it "
                 "(external_data=True)",
                 path, (double)status.st_size / (1 << 30));
    return true;
}

/* Memory that the parser has asked for in all: of tiny fields it makes forty times the size of the file. */
typedef struct spending {
    size_t bytes, limit;
} spending;

static void *spend(void *context, size_t size)
{
    spending *it = context;
    it->bytes = size < SIZE_MAX - it->bytes ? it->bytes + size : SIZE_MAX;
    return it->bytes <= it->limit ? malloc(size) : NULL;
}

static void give_back(void *context, void *block)
{
    (void)context;
    free(block);
}

/* What comes back may be freed as if the parser's own allocator had been used: that is malloc's, too. */
static Onnx__ModelProto *parse(const char *path, const uint8_t *data, size_t size, dv_error *error)
{
    spending spent = {.limit = dv_memory_allowed()};
    ProtobufCAllocator allocator = {.alloc = spend, .free = give_back, .allocator_data = &spent};
    Onnx__ModelProto *model = onnx__model_proto__unpack(&allocator, size, data);
    if (!model && spent.bytes > spent.limit) {
        dv_memory_refuse((double)spent.bytes, spent.limit, error);
        dv_error_prefix(error, "%s", path);
    } else if (!model) {
        dv_error_set(error, DV_ERROR_FORMAT, "%s: not an ONNX file, or damaged", path);
    }
    return model;
}

/* The message that a file holds, freed by the caller. */
static bool read_message(const char *path, uint8_t **data, size_t *size, dv_error *error)
{
    if (is_too_long(path, error))
        return false;
    switch (dv_model_skim(path, data, size)) {
    case DV_SKIM_DONE:
        return true;
    case DV_SKIM_DAMAGED:
        return dv_error_set(error, DV_ERROR_FORMAT, "%s: not an ONNX file, or damaged", path);
    case DV_SKIM_NOT:
        break;
    }
    return dv_file_read(path, file_limit, data, size, error);
}

Onnx__ModelProto *dv_model_load(const char *path, dv_error *error)
{
    uint8_t *data;
    size_t size;
    if (!read_message(path, &data, &size, error))
        return NULL;
    Onnx__ModelProto *model = parse(path, data, size, error);
    free(data);
    if (!model)
        return NULL;
    if (!model->graph) {
        dv_error_set(error, DV_ERROR_FORMAT,
                     size ? "%s: not an ONNX file: it holds no graph" : "%s: is empty; fetch the file again", path);
        onnx__model_proto__free_unpacked(model, NULL);
        return NULL;
    }
    return model;
}

bool dv_model_is_default_domain(const char *domain)
{
    return !domain || !*domain || strcmp(domain, "ai.onnx") == 0;
}

bool dv_model_opset(const Onnx__ModelProto *model, int64_t *opset, dv_error *error)
{
    bool found = false;
    *opset = 1;
    for (size_t i = 0; i < model->n_opset_import; i++) {
        if (!dv_model_is_default_domain(model->opset_import[i]->domain))
            continue;
        int64_t version = model->opset_import[i]->version;
        if (found && version != *opset)
            return dv_error_set(error, DV_ERROR_FORMAT, "the model asks for both opset %lld and opset %lld",
                                (long long)*opset, (long long)version);
        *opset = version;
        found = true;
    }
    return true;
}

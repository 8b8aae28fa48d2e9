/* TensorProto: elements in the message, or in "data.bin" beside the model. */
#include "fuzz.h"

#include "onnx/tensor.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *model;
    if (!model) {
        fuzz_file("data.bin", "0123456789abcdef0123456789abcdef", 32);
        model = fuzz_file("model.onnx", "", 0);
    }
    Onnx__TensorProto *proto = onnx__tensor_proto__unpack(NULL, size, data);
    if (!proto)
        return 0;
    dv_error error = {0};
    dv_external external;
    dv_tensor tensor = {0};
    dv_external_init(&external, model);
    if (!dv_proto_tensor_check(proto, &external, &tensor.type, &tensor.shape, &error)) {
        fuzz_check_refusal(&error, "");
    } else {
        dv_arena *arena = dv_arena_new(&error);
        dv_tensor *made = arena ? dv_tensor_new(arena, tensor.type, &tensor.shape, &error) : NULL;
        fuzz_require(made);
        if (!dv_proto_tensor_decode(proto, &external, made, &error))
            fuzz_check_refusal(&error, "");
        dv_arena_free(arena);
    }
    dv_external_clear(&external);
    onnx__tensor_proto__free_unpacked(proto, NULL);
    return 0;
}

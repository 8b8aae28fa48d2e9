"""Networks to be timed: networks.py FOLDER NAME... writes FOLDER/NAME.onnx, with random weights of a fixed seed.

small          24 MFLOP on 1 x 28 x 28: convolutions of 32 and 64 channels, a pool, dense layers of 128 and 10; by
               python3-onnx alone
NAME_SIDE      torchvision's classifier of that name for 3 x SIDE x SIDE, as resnet18_64; batch normalisation does
               something, and nothing vanishes or explodes
"""

import os
import sys
import warnings


def write_small(path):
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random, weights = np.random.default_rng(0), []

    def weight(name, *shape):
        """He's deviation, so that activations keep their size."""
        values = random.standard_normal(shape) * (2 / np.prod(shape[1:])) ** 0.5
        weights.append(numpy_helper.from_array(values.astype(np.float32), name + ".weight"))
        weights.append(numpy_helper.from_array(np.zeros(shape[0], np.float32), name + ".bias"))
        return [name + ".weight", name + ".bias"]

    nodes = [
        helper.make_node("Conv", ["x", *weight("a", 32, 1, 3, 3)], ["a"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Conv", ["b", *weight("c", 64, 32, 3, 3)], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("Gemm", ["f", *weight("g", 128, 9216)], ["g"], transB=1),
        helper.make_node("Relu", ["g"], ["h"]),
        helper.make_node("Gemm", ["h", *weight("i", 10, 128)], ["y"], transB=1),
    ]
    graph = helper.make_graph(
        nodes, "small", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 10])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7), path)


def make_classifier(name):
    """In PyTorch."""
    import torch
    import torchvision

    torch.manual_seed(0)
    extra = {"aux_logits": False, "init_weights": True} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(weights=None, **extra).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.1)
            torch.nn.init.normal_(module.running_mean, 0, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    if name == "vit_b_16":  # its head is zero before training
        torch.nn.init.normal_(model.heads.head.weight, 0, 0.02)
    return model


def export(model, side, path, opset=13, free=True):
    """For pictures of `side` x `side`, any number of them or one."""
    import torch

    axes = {"x": {0: "n"}, "y": {0: "n"}} if free else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, torch.randn(1, 3, side, side), path, opset_version=opset, input_names=["x"],
                          output_names=["y"], dynamic_axes=axes)


def write(folder, name):
    path = os.path.join(folder, name + ".onnx")
    if name == "small":
        write_small(path + ".tmp")
    else:
        classifier, side = name.rsplit("_", 1)
        export(make_classifier(classifier), int(side), path + ".tmp")
    os.replace(path + ".tmp", path)


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for wanted in sys.argv[2:]:
        write(sys.argv[1], wanted)

#!/usr/bin/env python3
"""Makes the ONNX files of this folder with python3-onnx, and the malformed ones in ../bad."""
import os

import numpy as np
from onnx import AttributeProto, StringStringEntryProto, TensorProto, helper, numpy_helper

HERE = os.path.dirname(os.path.abspath(__file__))
BAD = os.path.join(HERE, "..", "bad")


def value(name, shape=("batch", 2), kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def graph(nodes, initializers=(), inputs=None, outputs=None, infos=()):
    return helper.make_graph(nodes, "tiny", [value("x")] if inputs is None else inputs,
                             [value("y")] if outputs is None else outputs, list(initializers), value_info=list(infos))


def model(body, opset=13, ir=7):
    opsets = [helper.make_opsetid("", opset)] if opset else []
    made = helper.make_model(body, opset_imports=opsets, producer_name="make.py", producer_version="1")
    if not opset:
        del made.opset_import[:]
    made.ir_version = ir
    return made


def write(folder, name, made):
    with open(os.path.join(folder, name + ".onnx"), "wb") as file:
        file.write(made if isinstance(made, bytes) else made.SerializeToString())


def field(number, content):
    """A field of a protobuf message that holds bytes."""
    size, length = len(content), b""
    while True:
        length += bytes([size & 127 | (128 if size > 127 else 0)])
        size >>= 7
        if not size:
            return bytes([number << 3 | 2]) + length + content


# ---- good ones ------------------------------------------------------------------

FLOATS = {"float": TensorProto.FLOAT, "double": TensorProto.DOUBLE, "float16": TensorProto.FLOAT16,
          "bfloat16": TensorProto.BFLOAT16}
SIGNED = {"int8": TensorProto.INT8, "int16": TensorProto.INT16, "int32": TensorProto.INT32, "int64": TensorProto.INT64}
UNSIGNED = {"uint8": TensorProto.UINT8, "uint16": TensorProto.UINT16, "uint32": TensorProto.UINT32,
            "uint64": TensorProto.UINT64}
NUMBERS = [1.5, -2.0, 0.5, 100.0]


def bfloat16_bits(numbers):
    return (np.array(numbers, np.float32).view(np.uint32) >> 16).astype(np.uint16)


def typed_and_raw(name, kind):
    """The same four numbers twice: in the field of their type, and as raw bytes."""
    if name in FLOATS:
        numbers = NUMBERS
    elif name in SIGNED:
        numbers = [-3, 0, 1, 100]
    elif name in UNSIGNED:
        numbers = [np.iinfo(name).max, 0, 1, 100]
    else:
        numbers = [True, False, True, True]
    typed = TensorProto(name=name + "_typed", data_type=kind, dims=[2, 2])
    raw = TensorProto(name=name + "_raw", data_type=kind, dims=[2, 2])
    if name == "bfloat16":
        bits = bfloat16_bits(numbers)
        typed.int32_data.extend(int(b) for b in bits)
        raw.raw_data = bits.tobytes()
        return typed, raw
    array = np.array(numbers, dtype="float32" if name == "float" else name)
    raw.raw_data = array.tobytes()
    field = {"float": typed.float_data, "double": typed.double_data, "int64": typed.int64_data,
             "uint32": typed.uint64_data, "uint64": typed.uint64_data}.get(name, typed.int32_data)
    field.extend(array.view(np.uint16).tolist() if name == "float16" else array.tolist())
    return typed, raw


def make_types():
    tensors = []
    for kinds in (FLOATS, SIGNED, UNSIGNED, {"bool": TensorProto.BOOL}):
        for name, kind in kinds.items():
            tensors.extend(typed_and_raw(name, kind))
    outputs = [value(t.name, [2, 2], t.data_type) for t in tensors]
    write(HERE, "types", model(graph([], tensors, [], outputs)))


def make_old():
    """IR version 3: initializers are inputs too; nodes without names, an attribute without a type."""
    w = numpy_helper.from_array(np.array([[1, 2], [3, 4]], np.float32), "w")
    b = numpy_helper.from_array(np.array([10, 20], np.float32), "b")
    node = helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1)
    node.attribute[0].ClearField("type")
    inputs = [value("x"), value("w", [2, 2]), value("b", [2])]
    write(HERE, "old", model(graph([node, helper.make_node("Relu", ["h"], ["y"])], [w, b], inputs), opset=7, ir=3))


def make_network():
    """Nodes out of order, an input left out, attributes of every kind, metadata, declared values."""
    constant = helper.make_node("Constant", [], ["two"], "two", value=numpy_helper.from_array(np.float32([2])))
    nodes = [
        helper.make_node("Clip", ["scaled", "", "limit"], ["y"], "clip"),
        helper.make_node("Mul", ["h", "two"], ["scaled"], "scale"),
        constant,
        helper.make_node("Transpose", ["x"], ["t"], "turn", perm=[1, 0]),
        helper.make_node("Transpose", ["t"], ["u"], "back", perm=[1, 0]),
        helper.make_node("LeakyRelu", ["u"], ["h"], "leak", alpha=0.5),
    ]
    limit = numpy_helper.from_array(np.array(5, np.float32), "limit")
    made = model(graph(nodes, [limit], infos=[value("h")]))
    made.metadata_props.append(StringStringEntryProto(key="mean", value="0.5"))
    write(HERE, "network", made)


def make_integers():
    """y = x + x in int8, which wraps; v = u in uint64."""
    nodes = [helper.make_node("Add", ["x", "x"], ["y"]), helper.make_node("Identity", ["u"], ["v"])]
    kinds = {"x": TensorProto.INT8, "y": TensorProto.INT8, "u": TensorProto.UINT64, "v": TensorProto.UINT64}
    body = graph(nodes, [], [value(name, ["n"], kinds[name]) for name in "xu"],
                 [value(name, ["n"], kinds[name]) for name in "yv"])
    write(HERE, "integers", model(body, opset=14))


def make_misdeclared():
    """An output of two numbers that the file declares as seven integers."""
    write(HERE, "misdeclared", model(graph([relu()], outputs=[value("y", ("batch", 7), TensorProto.INT64)])))


def external(name, kind, dims, **entries):
    """A tensor whose elements lie in a file."""
    tensor = TensorProto(name=name, data_type=kind, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, text in entries.items():
        tensor.external_data.add(key=key, value=str(text))
    return tensor


def make_external():
    """y = x * w + b + c + d: w float32 in the middle of a file, b float16 behind it, c the whole of a file below (no
    offset, no length), d in an attribute."""
    w, b = np.float32([2, 3]), np.float16([0.5, 0.25])
    with open(os.path.join(HERE, "external.bin"), "wb") as file:
        file.write(b"\xff" * 8 + w.tobytes() + b.tobytes())
    os.makedirs(os.path.join(HERE, "below"), exist_ok=True)
    with open(os.path.join(HERE, "below", "c.bin"), "wb") as file:
        file.write(np.float32([10, 20]).tobytes())
    tensors = [external("w", TensorProto.FLOAT, [2], location="external.bin", offset=8, length=8, checksum="unread"),
               external("b", TensorProto.FLOAT16, [2], location="external.bin", offset=16, length=4),
               external("c", TensorProto.FLOAT, [2], location="below/c.bin")]
    d = external("", TensorProto.FLOAT, [2], location="external.bin", offset=8, length=8)
    nodes = [helper.make_node("Mul", ["x", "w"], ["p"]), helper.make_node("Add", ["p", "c"], ["q"]),
             helper.make_node("Constant", [], ["d"], value=d), helper.make_node("Add", ["q", "d"], ["y"])]
    write(HERE, "external", model(graph(nodes, tensors, outputs=[value("y"), value("b", [2], TensorProto.FLOAT16)])))


def boolean(name, truth):
    return numpy_helper.from_array(np.array(truth), name)


def reference(node, attribute, parameter, kind):
    """node.attribute is what the function's caller gives as parameter."""
    node.attribute.append(AttributeProto(name=attribute, ref_attr_name=parameter, type=kind))
    return node


def function(name, inputs, outputs, nodes, attributes=(), defaults=(), opset=13, domain="own"):
    made = helper.make_function(domain, name, inputs, outputs, nodes, [helper.make_opsetid("", opset)], attributes)
    for default in defaults:  # FunctionProto.attribute_proto, which older versions of python3-onnx do not know
        made.MergeFromString(field(11, default.SerializeToString()))
    return made


def with_functions(nodes, functions, initializers=(), inputs=None, outputs=None):
    made = model(graph(nodes, initializers, inputs, outputs), ir=8)
    made.opset_import.append(helper.make_opsetid("own", 1))
    made.functions.extend(functions)
    return made


def call(name, inputs, outputs, node=None, **attributes):
    return helper.make_node(name, inputs, outputs, node, domain="own", **attributes)


def make_functions():
    """y = leaky(leaky(x, .5) - 1, .25) and z = x + x: a function that calls another with what it is given, with a
    default, at an opset of its own (where Clip has attributes), with an input that is left out, an input that is an
    output, and names that the model has too."""
    kind = AttributeProto.FLOAT
    leaky = function("leaky", ["a"], ["b"], [
        reference(helper.make_node("LeakyRelu", ["a"], ["h"], "n"), "alpha", "slope", kind),
        helper.make_node("Identity", ["h"], ["b"])], ["slope"])
    twice = function("twice", ["a", "shift", "none"], ["y", "a", "same"], [
        reference(call("leaky", ["a"], ["h"], "first"), "slope", "outer", kind),
        helper.make_node("Sub", ["h", "shift"], ["k"], "n"),
        reference(call("leaky", ["k"], ["m"], "second"), "slope", "inner", kind),
        reference(helper.make_node("Clip", ["m"], ["y"]), "max", "most", kind),
        helper.make_node("Identity", ["y"], ["same"])],
        ["outer"], [helper.make_attribute("inner", 0.25), helper.make_attribute("most", 100.0)], opset=10)
    nodes = [call("twice", ["x", "one"], ["y", "copy", ""], "call", outer=0.5),
             helper.make_node("Add", ["x", "copy"], ["z"], "n"),
             helper.make_node("Relu", ["x"], ["call/h"], "clash")]
    one = numpy_helper.from_array(np.float32([1]), "one")
    write(HERE, "functions", with_functions(nodes, [twice, leaky], [one],
                                            outputs=[value("y"), value("z"), value("call/h")]))


def branch(nodes, outputs, initializers=()):
    return helper.make_graph(nodes, "branch", [], [value(name) for name in outputs], list(initializers))


def choose(condition, outputs, then, otherwise, name="choose"):
    return helper.make_node("If", [condition], outputs, name, then_branch=then, else_branch=otherwise)


def make_branches():
    """y = 2 * (x + 1), z = w: branches that see outer names, hide one, hold constants and another If, and give a
    constant and something from outside; the branch that is not taken calls nobody knows what."""
    mystery = branch([helper.make_node("Mystery", ["x"], ["a"]), helper.make_node("Mystery", ["x"], ["b"])], ["a", "b"])
    two = numpy_helper.from_array(np.float32([2]), "h")
    inner = choose("no", ["deep"], branch([helper.make_node("Mystery", ["x"], ["q"])], ["q"]),
                   branch([helper.make_node("Mul", ["h", "local"], ["q"], "n")], ["q"]), "inner")
    outer = branch([helper.make_node("Add", ["x", "one"], ["local"], "n"), inner,
                    helper.make_node("Identity", ["deep"], ["a"])], ["a", "w"], [two])
    same = helper.make_node("Identity", ["yes"], ["known"])
    nodes = [same, helper.make_node("Relu", ["x"], ["h"]), choose("known", ["y", "z"], outer, mystery)]
    w = numpy_helper.from_array(np.float32([7, 8]), "w")
    one = numpy_helper.from_array(np.float32([1]), "one")
    write(HERE, "branches", model(graph(nodes, [boolean("yes", True), boolean("no", False), w, one],
                                        outputs=[value("y"), value("z", [2]), value("h")])))


def make_fixed():
    """y = relu(x) flattened, for two samples and for one."""
    for name, batch in (("fixed", 2), ("single", 1)):
        shape = numpy_helper.from_array(np.int64([batch, -1]), "shape")
        nodes = [helper.make_node("Relu", ["x"], ["h"]), helper.make_node("Reshape", ["h", "shape"], ["y"])]
        write(HERE, name, model(graph(nodes, [shape], [value("x", [batch, 2, 2])], [value("y", [batch, 4])])))


def compare_size(dimension, number):
    """A condition on one of x's sizes."""
    shape = [helper.make_node("Shape", ["x"], ["sizes"]), helper.make_node("Gather", ["sizes", "which"], ["size"]),
             helper.make_node("Equal", ["size", "number"], ["c"])]
    tensors = [numpy_helper.from_array(np.int64(dimension), "which"), numpy_helper.from_array(np.int64(number), "number")]
    return shape, tensors


def make_sizes():
    """y = -x: the second size is 2 for any batch."""
    nodes, tensors = compare_size(1, 2)
    then, otherwise = (branch([helper.make_node(op, ["x"], ["b"])], ["b"]) for op in ("Neg", "Abs"))
    write(HERE, "sizes", model(graph(nodes + [choose("c", ["y"], then, otherwise)], tensors)))


# ---- bad ones ---------------------------------------------------------------------

def relu(source="x", target="y", **attributes):
    return helper.make_node("Relu", [source], [target], "n", **attributes)


def initializer(**fields):
    return TensorProto(**{"name": "w", "data_type": TensorProto.FLOAT, "dims": [2], **fields})


def with_initializer(tensor):
    return model(graph([helper.make_node("Add", ["x", "w"], ["y"], "n")], [tensor]))


def nested(depth):
    """A graph in an attribute in a graph, and so on; by hand, as python's own parser has a limit."""
    body = b""
    for _ in range(depth):
        body = field(1, field(5, field(6, body)))
    head = model(graph([])).SerializeToString()
    return head + field(7, field(1, field(4, b"Relu") + field(5, field(1, b"body") + b"\xa0\x01\x05" + field(6, body))))


def make_bad_external():
    with open(os.path.join(BAD, "onnx-external.bin"), "wb") as file:
        file.write(np.float32([1, 2, 3]).tobytes())

    def complain(name, **entries):
        write(BAD, "onnx-external-" + name, with_initializer(external("w", TensorProto.FLOAT, [2], **entries)))
    complain("missing", location="nowhere.onnx.data", offset=0, length=8)
    complain("no-location", offset=0, length=8)
    complain("absolute", location="/etc/passwd", offset=0, length=8)
    complain("parent", location="../../../../../../../../etc/passwd", offset=0, length=8)
    complain("parent-inside", location="below/../../bad/onnx-external.bin", offset=0, length=8)
    complain("folder", location=".", offset=0, length=8)
    complain("past-end", location="onnx-external.bin", offset=8, length=8)
    complain("offset-past-end", location="onnx-external.bin", offset=13)
    complain("offset-overflow", location="onnx-external.bin", offset=(1 << 63) - 1, length=(1 << 63) - 1)
    complain("offset-negative", location="onnx-external.bin", offset=-4, length=8)
    complain("offset-no-number", location="onnx-external.bin", offset="4 bytes", length=8)
    complain("odd-bytes", location="onnx-external.bin", offset=0, length=7)
    complain("one-missing", location="onnx-external.bin", offset=0, length=4)
    complain("one-too-many", location="onnx-external.bin")


def make_bad():
    good = model(graph([relu()])).SerializeToString()
    write(BAD, "onnx-empty", b"")
    write(BAD, "onnx-text", b"This is no model.\n")
    write(BAD, "onnx-cut", good[:-7])
    write(BAD, "onnx-no-graph", b"\x08\x07")
    young = helper.make_node("HardSwish", ["x"], ["y"], name="n")
    write(BAD, "onnx-opset-25", model(graph([relu()]), 25))
    write(BAD, "onnx-hardswish-of-opset-13", model(graph([young]), 13))
    write(BAD, "onnx-without-opset", model(graph([young]), 0))
    write(BAD, "onnx-circle", model(graph([helper.make_node("Add", ["x", "y"], ["a"], "n"), relu("a")])))
    write(BAD, "onnx-undefined-input", model(graph([relu("z")])))
    write(BAD, "onnx-undefined-output", model(graph([relu("x", "z")])))
    write(BAD, "onnx-no-output", model(graph([relu()], outputs=[])))
    write(BAD, "onnx-two-producers", model(graph([relu(), relu()])))
    write(BAD, "onnx-input-twice", model(graph([relu()], inputs=[value("x"), value("x")])))
    write(BAD, "onnx-unknown-operator", model(graph([helper.make_node("Mystery", ["x"], ["y"], "n")])))
    write(BAD, "onnx-operator-without-name", model(graph([helper.make_node("", ["x"], ["y"], "n")])))
    write(BAD, "onnx-domain", model(graph([helper.make_node("FusedConv", ["x"], ["y"], "n", domain="com.microsoft")])))
    write(BAD, "onnx-300-inputs", model(graph([helper.make_node("Concat", ["x"] * 300, ["y"], "n", axis=0)])))
    write(BAD, "onnx-300-outputs", model(graph([helper.make_node("Relu", ["x"], [f"y{i}" for i in range(300)], "n")])))
    write(BAD, "onnx-shapes-apart", model(graph([helper.make_node("Add", ["x", "w"], ["y"], "n")],
                                                [numpy_helper.from_array(np.float32([1, 2, 3]), "w")])))
    write(BAD, "onnx-too-many-inputs", model(graph([helper.make_node("Relu", ["x", "x"], ["y"], "n")])))
    write(BAD, "onnx-input-left-out", model(graph([helper.make_node("Add", ["x", ""], ["y"], "n")])))
    write(BAD, "onnx-escapes", model(graph([helper.make_node("Mystery", ["x"], ["y"], "\x1b[31mred\x07")])))
    write(BAD, "onnx-subgraph", model(graph([relu(body=graph([relu()]))])))
    write(BAD, "onnx-nested-graphs", nested(5000))
    write(BAD, "onnx-attribute-texts", model(graph([relu(words=["a", "b"])])))
    odd = model(graph([relu(shape=2)])).SerializeToString().replace(b"\xa0\x01\x02", b"\xa0\x01\x63")
    write(BAD, "onnx-attribute-type-99", odd)
    node = relu(value=2)
    node.attribute[0].type = AttributeProto.TENSOR
    write(BAD, "onnx-attribute-no-tensor", model(graph([node])))
    node = helper.make_node("MaxPool", ["x"], ["y"], "n", kernel_shape=[2, 2], strides=2.0)
    write(BAD, "onnx-attribute-kind", model(graph([node])))

    def complain(name, kind):
        write(BAD, name, model(graph([relu()], inputs=[value("x", kind=kind)])))
    complain("onnx-input-complex", TensorProto.COMPLEX64)
    complain("onnx-input-text", TensorProto.STRING)
    complain("onnx-input-type-77", 77)
    write(BAD, "onnx-input-rank-9", model(graph([relu()], inputs=[value("x", [1] * 9)])))
    sequence = helper.make_tensor_sequence_value_info("x", TensorProto.FLOAT, [2])
    write(BAD, "onnx-input-sequence", model(graph([relu()], inputs=[sequence])))

    two = np.float32([1, 2]).tobytes()
    write(BAD, "onnx-initializer-text", with_initializer(initializer(data_type=TensorProto.STRING)))
    write(BAD, "onnx-initializer-type-0", with_initializer(initializer(data_type=0, raw_data=two)))
    write(BAD, "onnx-initializer-without-name", with_initializer(initializer(name="", raw_data=two)))
    write(BAD, "onnx-initializer-one-missing", with_initializer(initializer(dims=[3], raw_data=two)))
    write(BAD, "onnx-initializer-odd-bytes", with_initializer(initializer(raw_data=two[:-1])))
    write(BAD, "onnx-initializer-wrong-field", with_initializer(initializer(int64_data=[1, 2])))
    write(BAD, "onnx-initializer-negative", with_initializer(initializer(dims=[-2], raw_data=two)))
    write(BAD, "onnx-initializer-overflow", with_initializer(initializer(dims=[1 << 40, 1 << 40], raw_data=two)))
    write(BAD, "onnx-initializer-huge", with_initializer(initializer(dims=[1 << 39])))
    write(BAD, "onnx-initializer-rank-9", with_initializer(initializer(dims=[1] * 8 + [2], raw_data=two)))
    make_bad_external()
    twice = with_initializer(initializer(raw_data=two))
    twice.graph.initializer.append(initializer(raw_data=two))
    write(BAD, "onnx-initializer-twice", twice)
    computed = with_initializer(initializer(raw_data=two))
    computed.graph.node.append(relu("x", "w"))
    write(BAD, "onnx-initializer-computed", computed)
    sparse = model(graph([relu()]))
    sparse.graph.sparse_initializer.add().dims.append(2)
    write(BAD, "onnx-initializer-sparse", sparse)
    make_bad_functions()
    make_bad_branches()
    twice = model(graph([relu()]))
    twice.opset_import.append(helper.make_opsetid("ai.onnx", 12))
    write(BAD, "onnx-opset-twice", twice)
    write(BAD, "onnx-needs-itself", model(graph([relu("y", "y")])))


def make_bad_functions():
    def complain(name, *functions):
        write(BAD, "onnx-function-" + name, with_functions([call("f", ["x"], ["y"], "n")], functions))
    complain("missing")
    complain("itself", function("f", ["a"], ["b"], [call("f", ["a"], ["b"], "inner")]))
    complain("circle", function("f", ["a"], ["b"], [call("g", ["a"], ["b"], "inner")]),
             function("g", ["a"], ["b"], [call("f", ["a"], ["b"], "inner")]))
    complain("twice", function("f", ["a"], ["b"], [relu("a", "b")]), function("f", ["a"], ["b"], [relu("a", "b")]))
    complain("inputs", function("f", [], ["b"], [relu("a", "b")]))
    complain("input-twice", function("f", ["a", "a"], ["b"], [relu("a", "b")]))
    complain("output-undefined", function("f", ["a"], ["b"], [relu("a", "c")]))
    complain("opset-99", function("f", ["a"], ["b"], [relu("a", "b")], opset=99))
    complain("unknown-operator", function("f", ["a"], ["b"], [helper.make_node("Mystery", ["a"], ["b"], "inner")]))
    complain("sees-outside", function("f", ["a"], ["b"], [helper.make_node("Add", ["a", "x"], ["b"], "inner")]))
    chain = [function(f"f{k}" if k else "f", ["a"], ["b"], [call(f"f{k + 1}", ["a"], ["b"], "c")]) for k in range(99)]
    complain("deep", *chain, function("f99", ["a"], ["b"], [relu("a", "b")]))
    bomb = [function(f"f{k}" if k else "f", ["a"], ["b"], [call(f"f{k + 1}", ["a"], ["h"]),
                                                          call(f"f{k + 1}", ["h"], ["b"])]) for k in range(40)]
    complain("bomb", *bomb, function("f40", ["a"], ["a"], []))


def make_bad_branches():
    def complain(name, condition, then, otherwise, inputs=None, initializers=()):
        write(BAD, "onnx-if-" + name, model(graph([choose(condition, ["y"], then, otherwise)], initializers, inputs)))
    yes, good = boolean("yes", True), branch([relu("x", "b")], ["b"])
    complain("unknown", "c", good, good, [value("x"), value("c", [], TensorProto.BOOL)])
    nodes, tensors = compare_size(0, 1)
    write(BAD, "onnx-if-batch", model(graph(nodes + [choose("c", ["y"], good, good)], tensors)))
    complain("float", "yes", good, good, None, [numpy_helper.from_array(np.float32(1), "yes")])
    complain("two-conditions", "yes", good, good, None, [boolean("yes", [True, False])])
    complain("no-branch", "yes", 1, good, None, [yes])
    complain("outputs", "yes", branch([relu("x", "b"), relu("x", "c")], ["b", "c"]), good, None, [yes])
    complain("undefined", "yes", branch([relu("x", "b")], ["c"]), good, None, [yes])
    complain("unknown-operator", "yes", branch([helper.make_node("Mystery", ["x"], ["b"], "inner")], ["b"]), good, None,
             [yes])
    complain("twice", "yes", branch([relu("x", "b"), relu("x", "b")], ["b"]), good, None, [yes])
    deep = good
    for _ in range(70):
        deep = branch([choose("yes", ["b"], deep, good)], ["b"])
    complain("deep", "yes", deep, good, None, [yes])
    body = helper.make_graph([], "body", [], [])
    write(BAD, "onnx-loop", model(graph([helper.make_node("Loop", ["", "", "x"], ["y"], "n", body=body)])))
    cut = model(graph([choose("yes", ["y"], good, good)], [yes]))
    cut_graph = cut.graph.node[0].attribute[0].g.SerializeToString()
    text = cut.SerializeToString().replace(cut_graph, b"\xff" * len(cut_graph))
    write(BAD, "onnx-if-damaged", text)


def make_bombs():
    """Results far larger than any memory, of constants, of the input, and grown step by step."""
    def sizes(*numbers):
        return numpy_helper.from_array(np.int64(numbers), "sizes")

    def bomb(name, nodes, *tensors, opset=13):
        write(BAD, "onnx-bomb-" + name, model(graph(nodes, tensors, [value("x", [1, 2])], [value("y", None)]), opset))
    to = helper.make_node("Add", ["x", "big"], ["y"], "n")
    bomb("expand", [helper.make_node("Expand", ["x", "sizes"], ["y"], "n")], sizes(1 << 30, 256, 2))
    bomb("tile", [helper.make_node("Tile", ["x", "sizes"], ["y"], "n")], sizes(1 << 31, 1 << 8))
    bomb("tile-overflow", [helper.make_node("Tile", ["x", "sizes"], ["y"], "n")], sizes(1 << 62, 1 << 62))
    bomb("constant", [helper.make_node("ConstantOfShape", ["sizes"], ["big"], "n"), to], sizes(1 << 38, 2))
    bomb("constant-negative", [helper.make_node("ConstantOfShape", ["sizes"], ["big"], "n"), to], sizes(-5, 2))
    bounds = [numpy_helper.from_array(np.int64(k), name) for k, name in ((0, "from"), (1 << 60, "to"), (1, "step"))]
    bomb("range", [helper.make_node("Range", ["from", "to", "step"], ["big"], "n"),
                   helper.make_node("Size", ["big"], ["y"])], *bounds)
    scales = numpy_helper.from_array(np.float32([1e6, 1e6]), "scales")
    bomb("resize", [helper.make_node("Resize", ["x", "", "scales"], ["y"], "n", mode="nearest")], scales)
    bomb("pad", [helper.make_node("Pad", ["x", "sizes"], ["y"], "n")], sizes(1 << 40, 0, 1 << 40, 1 << 20))
    bomb("reshape", [helper.make_node("Reshape", ["x", "sizes"], ["y"], "n")], sizes(1 << 40, 1 << 40))
    bomb("one-hot", [helper.make_node("Cast", ["x"], ["i"], to=TensorProto.INT64),
                     helper.make_node("OneHot", ["i", "depth", "values"], ["y"], "n")],
         numpy_helper.from_array(np.int64(1 << 39), "depth"), numpy_helper.from_array(np.float32([0, 1]), "values"))
    nodes = [helper.make_node("Concat", [f"v{k}"] * 200, [f"v{k + 1}"], f"n{k}", axis=0) for k in range(6)]
    nodes.insert(0, helper.make_node("Identity", ["x"], ["v0"]))
    bomb("concat", nodes + [helper.make_node("Identity", ["v6"], ["y"])])
    kernel = numpy_helper.from_array(np.ones([1, 1, 1, 1], np.float32), "kernel")
    picture = helper.make_node("Unsqueeze", ["x", "axes"], ["p"])
    axes = numpy_helper.from_array(np.int64([0, 1]), "axes")
    bomb("conv", [picture, helper.make_node("Conv", ["p", "kernel"], ["y"], "n", pads=[1 << 20] * 4)], kernel, axes)


make_types()
make_old()
make_network()
make_integers()
make_misdeclared()
make_external()
make_fixed()
make_functions()
make_branches()
make_sizes()
make_bad()
make_bombs()

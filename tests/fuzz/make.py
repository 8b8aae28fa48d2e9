#!/usr/bin/python3
"""Writes the files that fuzzing starts from, where tests/ has none of their kind. Files beside them that it does not
write were found by fuzzing and are kept so that what they showed does not come back."""
import gzip
import io
import os
import struct
import zipfile

import numpy
from onnx import TensorProto, helper, numpy_helper

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def put(target, name, data):
    folder = os.path.join(here, target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


# ---- pictures and labels --------------------------------------------------------------------


def idx(dims, data):
    return bytes([0, 0, 8, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + bytes(data)


put("idx", "grey", idx([3, 2, 4], range(24)))
put("idx", "colour", idx([2, 3, 2, 2], range(24)))
put("idx", "labels", idx([3], [1, 0, 2]))
put("idx", "packed", gzip.compress(idx([3, 2, 4], range(24)), mtime=0))

put("cifar", "ten", bytes([7]) + bytes(i * 7 % 251 for i in range(3072)))
put("cifar", "hundred", bytes([19, 99]) + bytes(i * 3 % 251 for i in range(3072)))


def npy(array):
    stream = io.BytesIO()
    numpy.save(stream, array)
    return stream.getvalue()


def npz(compression, **arrays):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, array in arrays.items():
            archive.writestr(zipfile.ZipInfo(name + ".npy"), npy(array), compression)
    return stream.getvalue()


pictures = numpy.arange(24, dtype="u1").reshape(3, 2, 4)
put("npy", "grey.npy", npy(pictures))
put("npy", "floats-nchw.npy", npy(numpy.linspace(-1, 1, 36, dtype="f4").reshape(3, 3, 2, 2)))
put("npy", "fortran-nhwc.npy", npy(numpy.asfortranarray(numpy.arange(36, dtype="u2").reshape(3, 2, 2, 3))))
put("npy", "quickdraw.npy", npy(numpy.arange(2 * 784, dtype="u1").reshape(2, 784) % 7))
put("npy", "marks.npy", npy(numpy.array([[1, 0], [1, 1], [0, 0]], "i8")))
put("npy", "labels.npy", npy(numpy.array([2, 0, 1], "i4")))
put("npz", "stored.npz", npz(zipfile.ZIP_STORED, images=pictures, labels=numpy.array([1, 0, 2])))
put("npz", "packed.npz", npz(zipfile.ZIP_DEFLATED, x=pictures, y=numpy.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]])))

put("labels", "numbers", "2\n0\n1\n")
put("labels", "names", "cat\ndog\ncat\n")
put("labels", "keys.csv", 'file,label\r\nb.png,dog\r\n"a.png","cat, black"\r\nc.png,cat\r\n')
put("labels", "marks.csv", "image;red;round\na.png;1;0\nb.png;-1;1\nc.png;0;0\n")
put("labels", "tabs", "a.png\t3\nc.png\t0\nb.png\t-1\n\n")
put("json", "numbers", "[2, 0, 1]")
put("json", "names", '["cat", "d\\u00f6g", null]')
put("json", "keys", '{"a.png": "cat", "c.png": "dog", "b.png": 3}')
put("json", "rows", "[[1, 0], [0, -1], [true, false]]")
put("json", "sets", '{"a.png": ["red", "round"], "b.png": [], "c.png": ["red"]}')
put("celeba", "three", "3\nYoung Male \na.png  1 -1\nb.png -1 -1\nc.png  1  1\n")
put("list", "names", "a.png\nb.png\nc.png\n")
put("list", "labelled", "a.png 0\nbroken.png 1\nc.png 1\n")
put("list", "columns.csv", "path,class\na.png,cat\nc.png,dog\nnowhere.png,dog\n")
put("list", "marks.csv", "path,red,round\na.png,1,0\nc.png,0,1\n")


def exif(order, orientation, entries=1):
    entry = struct.pack(order + "HHIHH", 0x112, 3, 1, orientation, 0)
    other = struct.pack(order + "HHII", 0x100, 4, 1, 9)
    return {"<": b"II", ">": b"MM"}[order] + struct.pack(order + "HIH", 42, 8, entries) + other * (entries - 1) + entry


put("exif", "little", exif("<", 6))
put("exif", "big", exif(">", 3, 3))
put("exif", "count-beyond-the-end", exif("<", 8)[:8] + b"\xff\xff" + exif("<", 8)[10:])

# ---- settings and sessions ------------------------------------------------------------------

models = "[vae]\nencoder = encoder.onnx\ndecoder = decoder.onnx\n[data]\nimages = images\nlabels = labels\n"
put("bundle", "usual", "[bundle]\nname = Trees ; of four kinds\n\n[teacher]\nmodel = teacher.onnx\nmean = 0.5\n"
    "std=0.25\nlabels = names\n" + models)
put("bundle", "all-keys", "[teacher]\nmodel = teacher.onnx\noutput = logits\noutput_name = 0\nlayout = nchw\n"
    "preset = imagenet\nscale = 255\norder = bgr\ninvert = yes\ncrop = 0.875\nfilter = bicubic\nlabels = names\n" + models)
put("bundle", "vae-layout", "[teacher]\nmodel = teacher.onnx\noutput = sigmoid\n" +
    models.replace("[data]", "layout = nchw\noutput = unit\n[data]"))
put("settings", "usual", "; mine\n[screen]\ngraphics = sixel\nmouse = on\nslow=off\n[start]\nstudent = adam\nlambda = 0.01\n"
    "neighbors = 500\nband = .25\nseed = 12\nstart = random\n")
put("settings", "wrong", "[screen]\ngraphics = paint\n[start]\nneighbors = 1\nbad\n[end]\nx = 1\n")
lines = ("index 3\nset student adam\nset lambda 0.25\nset band 0.3\nband 0 0.7\nband 1 0\nknob 2 -1.5\n"
         "bookmark first one\nmark 7\nindex 2\nview vae\npane knobs\ngraphics half\nmouse on\n")
origin = "program 0.1.0\nbundle /models/small\nholds 2 classes\nfingerprint 0000000000000007\n\n"
put("script", "usual", lines + "# nothing\n\nforget first one\nset seed 4\nmark none\n")
put("session", "usual", "deepvid session 1\n" + origin + lines + "end\n")
put("session", "no-end", "deepvid session 1\n" + origin + lines)
put("session", "newer", "deepvid session 9\n" + origin + lines + "end\n")
put("log", "usual", "deepvid log 1\n" + origin + lines + "export out/first\nknob 0 1\nexport ../second\n")
put("log", "cut", "deepvid log 1\n" + origin + lines + "knob 0 0.")
put("checkpoint", "usual", struct.pack("<8sIIQqqd5f", b"DVTRAIN\n", 1, 0x01020304, 7, 3, 128, 1.5, 1, 2, 3, 4, 5))
put("checkpoint", "of-another-run", struct.pack("<8sIIQqqd5f", b"DVTRAIN\n", 1, 0x01020304, 8, 0, 0, 0, 1, 2, 3, 4, 5))
put("projection", "of-zeros", b"dvplane\0" + struct.pack("<IIIIdQQQqQ", 1, 0, 0, 0, 0, 0, 7, 8, 3, 0) + bytes(24))

# ---- the terminal -----------------------------------------------------------------------------

put("terminal", "keys", b"\x0e" + "aé\t\r\x7f\x1b".encode() + b"\x1b[A\x1bOP\x1b[1;5C\x1b[15~\x1b[[A\x1bx\x1b[3~\x1b[b\x1bOd")
put("terminal", "answers", b"\x21" + b"\x1b[?62;4;22c\x1b[>1;10;0c\x1bP>|tmux 3.3a\x1b\\\x1b[?2026;2$y\x1b[?1;0;256S"
    b"\x1b[?2;0;800;600S\x1b[6;20;10t\x1b[4;480;640t\x1b[8;24;80t\x1b[12;40R\x1b_Gi=31;OK\x1b\\\x1bP1$r48:2:1:2:3m\x1b\\"
    b"\x1bP1+r524742=38\x1b\\\x1b]11;rgb:0/0/0\x07")
put("terminal", "mouse", b"\x04" + b"\x1b[<0;10;5M\x1b[<32;11;5M\x1b[<0;11;5m\x1b[<64;3;3M\x1b[M !!\x1b[<128;1;1M")
put("terminal", "unfinished", b"\x3e" + b"\x1b[1;\x1bP>|xterm\xc3\x1b")
put("prompt", "usual", b"ind\t 3\rband 0 .5\r\x1b[A\x1b[D\x1b[D\x08x\x7f\x1b[3~\x01y\x05\x17\x15set seed 4\r\x10\x10\x0e")
put("prompt", "completion", b"b\t\t\tm\tark \x06\x02\x0b\rx\xc3\xa9\xe2\x82\xac\x7f\x1b\rview vae\r")

# ---- networks -------------------------------------------------------------------------------------

array = numpy.arange(-3, 3).reshape(2, 3)
for kind in "float32 float64 float16 int64 int32 uint8 int8 bool uint64".split():
    put("tensor", kind, numpy_helper.from_array(array.astype(kind), "w").SerializeToString())
put("tensor", "float-data", helper.make_tensor("w", TensorProto.FLOAT, [2, 3], array.astype("f4").flatten())
    .SerializeToString())
put("tensor", "bfloat16", helper.make_tensor("w", TensorProto.BFLOAT16, [2, 3], array.astype("f4").flatten())
    .SerializeToString())


def beside(location, dims=(2, 3), **more):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in dict(location=location, **more).items():
        tensor.external_data.add(key=key, value=str(value))
    return tensor


put("tensor", "beside", beside("data.bin", offset=4, length=24).SerializeToString())
put("tensor", "beside-to-the-end", beside("data.bin", (8,)).SerializeToString())
put("tensor", "beside-outside", beside("../../etc/passwd", offset=0, length=24).SerializeToString())


def model(nodes, initializers, outputs=("y",), shape=("N", 1, 4, 4), functions=(), opset=17, sparse=False):
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(o, TensorProto.FLOAT, None) for o in outputs], initializers)
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid("own", 1)] * bool(functions)
    return helper.make_model(graph, opset_imports=imports, functions=functions, ir_version=8).SerializeToString()


def constant(name, value):
    return numpy_helper.from_array(numpy.array(value), name)


weight = numpy.linspace(-1, 1, 18, dtype="f4").reshape(2, 1, 3, 3)
node = helper.make_node
put("onnx", "classifier", model(
    [node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]), node("Relu", ["c"], ["r"]),
     node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]), node("Flatten", ["p"], ["f"]),
     node("Gemm", ["f", "d"], ["g"]), node("Softmax", ["g"], ["y"])],
    [constant("w", weight), constant("d", numpy.ones((8, 3), "f4"))]))
put("onnx", "shapes", model(
    [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]), node("Unsqueeze", ["n", "axis"], ["u"]),
     node("Concat", ["u", "rest"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"])],
    [constant("zero", 0), constant("axis", [0]), constant("rest", [-1])]))
put("onnx", "beside", model(
    [node("Flatten", ["x"], ["f"]), node("Slice", ["f", "from", "to", "axes"], ["l"]), node("MatMul", ["l", "w"], ["y"])],
    [beside("data.bin", (2, 3), offset=0, length=24), constant("from", [0]), constant("to", [2]), constant("axes", [1])]))
put("onnx", "function", model(
    [node("Twice", ["x"], ["y"], domain="own", by=2.0)], [],
    functions=[helper.make_function(
        "own", "Twice", ["a"], ["b"],
        [node("Add", ["a", "a"], ["c"]), node("Identity", ["c"], ["b"])], [helper.make_opsetid("", 17)], ["by"])]))
branch = [helper.make_graph([node(op, ["x"], [op])], op, [],
                            [helper.make_tensor_value_info(op, TensorProto.FLOAT, None)]) for op in ("Neg", "Abs")]
put("onnx", "branches", model(
    [node("If", ["yes"], ["y"], then_branch=branch[0], else_branch=branch[1])], [constant("yes", True)]))
put("onnx", "normalization", model(
    [node("Conv", ["x", "w"], ["c"]), node("BatchNormalization", ["c", "one", "one", "one", "one"], ["b"]),
     node("GlobalAveragePool", ["b"], ["y"])], [constant("w", weight), constant("one", numpy.ones(2, "f4"))]))
put("onnx", "odd-sizes", model(
    [node("Resize", ["x", "", "s"], ["r"], mode="linear"), node("Pad", ["r", "p"], ["q"]),
     node("ConvTranspose", ["q", "w"], ["t"], strides=[2, 2], output_padding=[1, 1]),
     node("Split", ["t"], ["y", "z"], axis=1), node("TopK", ["z", "k"], ["v", "i"], axis=-1)],
    [constant("s", numpy.array([1, 1, 1.5, 2], "f4")), constant("p", [0, 0, 0, 1, 0, 0, -1, 0]),
     constant("w", weight[:1].repeat(2, 1)), constant("k", [2])], outputs=("y", "v", "i")))
put("onnx", "size-near-the-largest", model([node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2])], [], shape=(1, 1 << 38, 2, 2)))
put("onnx", "pad-to-16-billion", model(
    [node("Flatten", ["x"], ["f"]), node("Pad", ["f", "p"], ["y"])], [constant("p", [0, 0, 0, 1 << 34])]))

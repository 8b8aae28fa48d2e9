#!/usr/bin/env python3
"""'deepvid run' and 'deepvid info': types of arrays, what does not fit, what is told.

usage: run.py DEEPVID FOLDER, the folder of this script's sources
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

program, sources = sys.argv[1:]
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED", what)


def call(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, errors="replace", timeout=60)


def model(name):
    return os.path.join(sources, "onnx", name + ".onnx")


def run(name, *arrays):
    """Outputs of a network of tests/onnx, or the line that refuses."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for i, array in enumerate(arrays):
            np.save(f"{folder}/in{i}.npy", array)
            arguments += ["--input", f"{folder}/in{i}.npy"]
        done = call("run", model(name), *arguments, "--output-dir", f"{folder}/a/b")
        if done.returncode == 0:
            check(not done.stdout and not done.stderr, f"{name}: silence")
            count = len(os.listdir(f"{folder}/a/b"))
            return [np.load(f"{folder}/a/b/{o}.npy") for o in range(count)]
        check(done.returncode in (1, 2), f"{name}: exit {done.returncode}")
        check(done.stderr.count("\n") == 1 and not done.stdout, f"{name}: one line, not {done.stderr!r}")
        check(not os.path.exists(f"{folder}/a/b/0.npy"), f"{name}: nothing written")
        return done.stderr


def gives(name, arrays, *wanted):
    got = run(name, *arrays)
    what = f"{name} of {[(a.dtype.str, a.tolist()) for a in arrays]}"
    if isinstance(got, str):
        return check(False, f"{what}: {got}")
    check(len(got) == len(wanted), f"{what}: {len(got)} outputs")
    for g, w in zip(got, wanted):
        check(g.dtype == w.dtype and g.shape == w.shape and np.array_equal(g, w), f"{what}: {g.dtype} {g.tolist()}")


def refuses(name, arrays, *words):
    got = run(name, *arrays)
    for word in words:
        check(isinstance(got, str) and word in got, f"{name}: '{word}' in {got!r}")


# Every type that holds the numbers is taken, in either order of elements.
x = np.array([[1, 10], [2, 0]])
y = np.float32([[31, 63], [12, 26]])
for kind in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    gives("old", [x.astype(kind)], y)
gives("old", [np.asfortranarray(x.astype("f4"))], y)
gives("old", [np.array([[True, False]])], np.float32([[11, 23]]))
gives("old", [np.zeros((0, 2), "f4")], np.zeros((0, 2), "f4"))

# A number of samples that the file does not say.
pictures = np.arange(-8, 12, dtype="f4").reshape(5, 2, 2)
for name in ("fixed", "single"):
    for count in (1, 2, 3, 5):
        gives(name, [pictures[:count]], np.maximum(pictures[:count], 0).reshape(count, 4))
    refuses(name, [np.zeros((3, 2, 3), "f4")], "input 'x' has shape [3, 2, 3]")

# Integers keep their type, wrap in it, and are not cut to fit.
u = np.uint64([2**64 - 1, 7])
gives("integers", [np.int8([100, -3]), u], np.int8([-56, -6]), u)
gives("integers", [np.float64([100, -3]), u], np.int8([-56, -6]), u)
gives("integers", [np.array([True, False]), np.int64([5, 0])], np.int8([2, 0]), np.uint64([5, 0]))
for value in (np.float32([1.5, 0]), np.float32([np.nan, 0]), np.float32([np.inf, 0]), np.int64([128, 0]),
              np.uint8([200, 0]), np.float64([1e30, 0])):
    refuses("integers", [value, u], "input 'x'", "is no int8")
refuses("integers", [np.int8([0, 0]), np.int64([-1, 0])], "input 'u'", "is no uint64")

# Every type comes out as it is declared.
numbers, types = [1.5, -2, 0.5, 100], run("types")
for number, name in enumerate("f4 f8 f2 f4 i1 i2 i4 i8 u1 u2 u4 u8 b1".split()):
    if name[0] == "f":
        wanted = np.array(numbers, name)
    elif name[0] == "b":
        wanted = np.array([True, False, True, True])
    else:
        wanted = np.array([np.iinfo(name).max if name[0] == "u" else -3, 0, 1, 100], name)
    for got in types[2 * number:2 * number + 2]:
        check(got.dtype == wanted.dtype and np.array_equal(got.ravel(), wanted), f"type {name}: {got}")

# What does not fit.
refuses("old", [], "old.onnx takes 1 input ('x')", "--input is given 0 times")
refuses("old", [x, x], "--input is given 2 times")
refuses("old", [np.zeros((2, 3), "f4")], "old.onnx", "input 'x' has shape [2, 3], the graph takes [?, 2]")
refuses("old", [np.array(["a", "b"])], "in0.npy")
with tempfile.NamedTemporaryFile() as file:
    done = call("run", model("types"), "--output-dir", file.name)
    check(done.returncode == 1 and file.name in done.stderr, f"a file for a folder: {done.stderr!r}")

# The outputs appear together or not at all.
with tempfile.TemporaryDirectory() as folder:
    os.makedirs(f"{folder}/out/7.npy")
    done = call("run", model("types"), "--output-dir", f"{folder}/out")
    check(done.returncode == 1 and f"{folder}/out" in done.stderr, f"a folder for an output: {done.stderr!r}")
    check(os.listdir(f"{folder}/out") == ["7.npy"], f"a folder for an output: {os.listdir(folder + '/out')}")

# What is told.
told = json.loads(call("info", model("network"), "--json").stdout)
check(told["runs"] and told["problem"] is None, "network: runs")
check(told["opset"] == 13 and told["parameters"] == 1 and told["multiply_adds"] == 0, f"network: {told}")
check(told["inputs"] == [{"name": "x", "type": "float", "shape": [None, 2]}], f"inputs: {told['inputs']}")
check({o["name"]: o["count"] for o in told["operators"]}["Transpose"] == 2, f"operators: {told['operators']}")
check(told["metadata"] == {"mean": "0.5"}, f"metadata: {told['metadata']}")

told = json.loads(call("info", model("misdeclared"), "--json").stdout)
check(told["outputs"] == [{"name": "y", "type": "float", "shape": [None, 2]}], f"misdeclared: {told['outputs']}")
done = call("info", os.path.join(sources, "bad", "onnx-shapes-apart.onnx"))
check(done.returncode == 1 and "onnx-shapes-apart.onnx: node 'n' (Add)" in done.stderr, f"shapes: {done.stderr!r}")

done = call("info", os.path.join(sources, "bad", "onnx-unknown-operator.onnx"))
check(done.returncode == 1 and "Mystery: not supported" in done.stdout, f"missing operator: {done.stdout}")
check("operator Mystery is not supported" in done.stderr, f"missing operator: {done.stderr}")
done = call("info", os.path.join(sources, "bad", "onnx-unknown-operator.onnx"), "--json")
told = json.loads(done.stdout)
check(done.returncode == 1 and not told["runs"] and told["operators"][0]["missing"] == "not supported", f"{told}")

with tempfile.TemporaryDirectory() as folder:
    np.save(f"{folder}/a.npy", np.zeros((3, 4, 5), "u1"))
    told = json.loads(call("info", f"{folder}/a.npy", "--json").stdout)
    check((told["format"], told["type"], told["shape"]) == ("NPY", "uint8", [3, 4, 5]), f"array: {told}")
    words = call("info", f"{folder}/a.npy").stdout
    check("pictures" in words and "[3, 4, 5]" in words, f"array: {words}")
told = json.loads(call("info", os.path.join(sources, "png", "grey-16.png"), "--json").stdout)
check((told["format"], told["shape"][2]) == ("PNG", 1), f"picture: {told}")
for name in ("onnx-cut.onnx", "npy-cut-in-data.npy", "png-cut-in-pixels.png", "idx-cut.gz"):
    done = call("info", os.path.join(sources, "bad", name))
    check(done.returncode == 1 and not done.stdout and name in done.stderr, f"{name}: {done.stderr!r}")

sys.exit(1 if failures else 0)

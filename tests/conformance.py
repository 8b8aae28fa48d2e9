#!/usr/bin/env python3
"""Runs the cases of ONNX's backend tests through 'deepvid run' and compares the outputs.

usage: conformance.py DEEPVID FOLDER

FOLDER holds sets of cases, SET/CASE/model.onnx with test_data_set_K/input_I.pb and output_O.pb, and light/light_X.onnx
with light_X_output_0.pb. A case is unsupported only where the program names what is: an operator that is not in its
table, an opset, an element type, a value that is no tensor, a double that is no float, a branch that depends on the
input. Anything else is a pass or a failure. A table tells of each operator, that of the case's only node, or its first.
"""
import collections
import concurrent.futures
import glob
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

SECONDS = 120
UNSUPPORTED = re.compile(
    r"operator \S+ (of domain \S+ )?is not supported"
    r"|opset \d+ is not supported"
    r"|element type .* is not supported"
    r"|it is no tensor"
    r"|numbers are computed as floats"
    r"|which branch it takes depends on what the network is run on")


def load(path):
    tensor = onnx.TensorProto()
    with open(path, "rb") as file:
        tensor.ParseFromString(file.read())
    return numpy_helper.to_array(tensor)


def numbered(pattern):
    """Files by the number at the end of their name."""
    return sorted(glob.glob(pattern), key=lambda path: int(re.search(r"_(\d+)\.pb$", path).group(1)))


def compare(got, want):
    half = want.dtype == np.float16
    assert got.dtype == want.dtype, f"type {got.dtype}, not {want.dtype}"
    assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
    np.testing.assert_allclose(got.astype(np.float64), want.astype(np.float64), rtol=1e-2 if half else 1e-3,
                               atol=1e-3 if half else 1e-5)


def run(program, model, inputs, outputs):
    """Verdict and reason for one model on arrays, against the files of the expected outputs."""
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "run", model, "--output-dir", folder]
        for i, array in enumerate(inputs):
            np.save(f"{folder}/in{i}.npy", array)
            command += ["--input", f"{folder}/in{i}.npy"]
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, text=True, errors="replace")
        except subprocess.TimeoutExpired:
            return "failed", f"no answer in {SECONDS} seconds"
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or [""])[-1]
            said_so = done.returncode in (1, 2) and UNSUPPORTED.search(reason)
            return ("unsupported", said_so.group(0)) if said_so else ("failed", f"exit {done.returncode}: {reason}")
        try:
            for o, path in enumerate(outputs):
                compare(np.load(f"{folder}/{o}.npy"), load(path))
        except (AssertionError, OSError, ValueError) as error:
            return "failed", " ".join(str(error).split())[:200]
    return "passed", ""


def run_case(program, model):
    """The worst verdict over the case's sets of data."""
    verdict = "failed", "no data"
    for data in sorted(glob.glob(os.path.join(os.path.dirname(model), "test_data_set_*"))):
        inputs = [load(path) for path in numbered(f"{data}/input_*.pb")]
        verdict = run(program, model, inputs, numbered(f"{data}/output_*.pb"))
        if verdict[0] != "passed":
            break
    return verdict


def run_light(program, model):
    """Whole networks of constant weights; the input is an even ramp from 0 to 1."""
    shape = (1, 3, 224, 224)
    ramp = np.arange(np.prod(shape)).reshape(shape).astype(np.float32) / np.prod(shape)
    return run(program, model, [ramp.astype(np.float32)], [model[:-len(".onnx")] + "_output_0.pb"])


def operator(path):
    """What a case is about: the node tests call one operator, or what it is worked out from."""
    case = os.path.basename(os.path.dirname(path))
    if path.endswith("model.onnx"):
        nodes = onnx.load(path, load_external_data=False).graph.node
        names = [node.op_type for node in nodes if node.op_type not in ("Constant", "Identity")]
        if case.endswith("_expanded"):
            return "(expanded) " + case[len("test_"):-len("_expanded")].split("_")[0]
        return names[0] if names else nodes[0].op_type
    return "(whole network)"


def print_table(verdicts):
    """verdicts: operator -> Counter"""
    kinds = ("passed", "unsupported", "failed")
    width = max(map(len, verdicts))
    print(f"{'operator':{width}}  " + "  ".join(f"{kind:>11}" for kind in kinds))
    for name in sorted(verdicts):
        print(f"{name:{width}}  " + "  ".join(f"{verdicts[name][kind] or '':>11}" for kind in kinds))
    total = sum(verdicts.values(), collections.Counter())
    print(f"{'all':{width}}  " + "  ".join(f"{total[kind]:>11}" for kind in kinds))
    return total


def main():
    program, folder = sys.argv[1:]
    cases = [(run_case, path) for path in sorted(glob.glob(f"{folder}/*/*/model.onnx"))]
    cases += [(run_light, path) for path in sorted(glob.glob(f"{folder}/light/*.onnx"))]
    if not cases:
        sys.exit(f"{folder}: holds no cases")
    verdicts, missing = collections.defaultdict(collections.Counter), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (_, path), (verdict, reason) in zip(cases, pool.map(lambda case: case[0](program, case[1]), cases)):
            verdicts[operator(path)][verdict] += 1
            if verdict == "unsupported":
                missing[reason] += 1
            elif verdict == "failed":
                print(f"FAILED {os.path.relpath(path, folder)}: {reason}")
    total = print_table(verdicts)
    for reason, count in sorted(missing.items(), key=lambda item: (-item[1], item[0])):
        print(f"unsupported {count:4} {reason}")
    print(", ".join(f"{verdict} {total[verdict]}" for verdict in ("passed", "unsupported", "failed")))
    sys.exit(1 if total["failed"] or not total["passed"] else 0)


main()

#!/usr/bin/env python3
"""Classifiers of torchvision, exported with random weights: deepvid's answers beside PyTorch's, its time beside ONNX
Runtime's.

usage: torchvision-models.py DEEPVID BENCH [--models NAME,...] [--threads N] [--batch N] [--seconds S] [--rounds N]

DEEPVID is the program, BENCH tests/bench/bench-network. Each model is exported at opset 13 and 17, for a batch of one
and for any; 'deepvid run' gets two pictures each time, and its outputs must be within 1e-3 of the largest of PyTorch's.
Times are milliseconds a picture, medians of rounds in turns, both with the same threads; ONNX Runtime is left out where
node does not find onnxruntime-node (NODE_PATH).
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
import torchvision

MODELS = ("resnet18 vgg11 mobilenet_v2 mobilenet_v3_small efficientnet_b0 densenet121 squeezenet1_1 googlenet "
          "convnext_tiny vit_b_16 swin_t").split()
TOLERANCE = 1e-3

RUNTIME = """
const ort = require('onnxruntime-node');
const [model, threads, batch, seconds] = [process.argv[1], ...process.argv.slice(2).map(Number)];
async function main() {
    const session = await ort.InferenceSession.create(model, {intraOpNumThreads: threads, interOpNumThreads: 1});
    const x = Float32Array.from({length: batch * 3 * 224 * 224}, () => 2 * Math.random() - 1);
    const feeds = {[session.inputNames[0]]: new ort.Tensor('float32', x, [batch, 3, 224, 224])};
    await session.run(feeds);
    const times = [], start = performance.now();
    while (times.length < 3 || performance.now() - start < 1000 * seconds) {
        const from = performance.now();
        await session.run(feeds);
        times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    console.log(times[times.length >> 1] / batch);
}
main().catch((error) => { console.error(error.message); process.exitCode = 1; });
"""


def make_model(name):
    """Random weights that neither vanish nor explode, with batch normalisation that does something."""
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


def export(model, x, path, opset, free):
    axes = {"input": {0: "batch"}, "output": {0: "batch"}} if free else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, x[:1], path, opset_version=opset, input_names=["input"], output_names=["output"],
                          dynamic_axes=axes)


def environment():
    """Without what slows OpenBLAS down."""
    return {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}


def difference(deepvid, path, folder, wanted):
    """Of deepvid's output, as a share of the largest; or what it complains of."""
    out = os.path.join(folder, "out")
    done = subprocess.run([deepvid, "run", path, "--input", os.path.join(folder, "x.npy"), "--output-dir", out],
                          capture_output=True, text=True, env=environment())
    if done.returncode:
        return done.stderr.strip()
    got = np.load(os.path.join(out, "0.npy"))
    if got.shape != wanted.shape:
        return f"shape {got.shape}, not {wanted.shape}"
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def our_time(bench, path, options):
    done = subprocess.run([bench, path, str(options.threads), str(options.batch), str(options.seconds)],
                          capture_output=True, text=True, check=True, env=environment())
    return json.loads(done.stdout)


def their_time(path, options):
    done = subprocess.run(["node", "-e", RUNTIME, path, str(options.threads), str(options.batch),
                           str(options.seconds)], capture_output=True, text=True, check=True, env=environment())
    return float(done.stdout)


def has_runtime():
    try:
        return subprocess.run(["node", "-e", "require('onnxruntime-node')"], capture_output=True).returncode == 0
    except OSError:
        return False


def compare_times(bench, path, options, runtime):
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(our_time(bench, path, options))
        if runtime:
            theirs.append(their_time(path, options))
    times = {key: statistics.median(one[key] for one in ours) for key in ours[0]}
    return times, statistics.median(theirs) if theirs else float("nan")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("deepvid")
    parser.add_argument("bench")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    runtime, failed = has_runtime(), 0
    print(f"{'model':20} {'export':>10} {'difference':>10} {'nodes':>6} {'read':>7} {'rewrite':>7} {'deepvid':>9} "
          f"{'runtime':>9} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            model, x = make_model(name), torch.randn(2, 3, 224, 224)
            with torch.no_grad():
                wanted = model(x).numpy()
            np.save(os.path.join(folder, "x.npy"), x.numpy())
            for opset, free in ((13, False), (13, True), (17, False), (17, True)):
                path, what = os.path.join(folder, "model.onnx"), f"{opset} {'free' if free else 'one'}"
                export(model, x, path, opset, free)
                off = difference(options.deepvid, path, folder, wanted)
                if isinstance(off, str) or not off <= TOLERANCE:
                    failed += 1
                    print(f"{name:20} {what:>10} FAILED: {off}", flush=True)
                elif opset == 17 and free:
                    times, theirs = compare_times(options.bench, path, options, runtime)
                    print(f"{name:20} {what:>10} {off:10.1e} {times['nodes']:6.0f} {times['read']:7.1f} "
                          f"{times['simplify']:7.1f} {times['picture']:9.2f} {theirs:9.2f} "
                          f"{times['picture'] / theirs:6.2f}", flush=True)
                else:
                    print(f"{name:20} {what:>10} {off:10.1e}", flush=True)
    sys.exit(1 if failed else 0)


main()

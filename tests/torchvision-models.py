#!/usr/bin/env python3
"""Classifiers of torchvision, exported with random weights: deepvid's answers beside PyTorch's, its time beside ONNX
Runtime's.

usage: torchvision-models.py DEEPVID BENCH [--models NAME,...] [--threads N] [--batch N] [--rounds N]

DEEPVID is the program, BENCH tests/bench/bench-network. Each model is exported at opset 13 and 17, for a batch of one
and for any; 'deepvid run' gets two pictures each time, and its outputs must be within 1e-3 of the largest of PyTorch's.
Times are milliseconds a picture, medians of rounds in turns, both with the same threads; ONNX Runtime is left out where
node does not find onnxruntime-node (NODE_PATH).
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import torch

BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench")
sys.path.insert(0, BENCH)

from networks import export, make_classifier  # noqa: E402
from turns import Missing, Worker, environment, take_turns  # noqa: E402

MODELS = ("resnet18 vgg11 mobilenet_v2 mobilenet_v3_small efficientnet_b0 densenet121 squeezenet1_1 googlenet "
          "convnext_tiny vit_b_16 swin_t").split()
TOLERANCE = 1e-3


def difference(deepvid, path, folder, wanted):
    """Of deepvid's output, as a share of the largest; or what it complains of."""
    out = os.path.join(folder, "out")
    done = subprocess.run([deepvid, "run", path, "--input", os.path.join(folder, "x.npy"), "--output-dir", out],
                          capture_output=True, text=True, env=environment(os.cpu_count()))
    if done.returncode:
        return done.stderr.strip()
    got = np.load(os.path.join(out, "0.npy"))
    if got.shape != wanted.shape:
        return f"shape {got.shape}, not {wanted.shape}"
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())


def compare_times(bench, path, options):
    """Milliseconds a picture of deepvid and of ONNX Runtime (None: it is not there); what deepvid says of the model."""
    settings, workers = environment(options.threads), {}
    runtime = ["node", os.path.join(BENCH, "runtime.js"), path, "3,224,224", str(options.threads)]
    for name, command in (("deepvid", [bench, path, str(options.threads)]), ("runtime", runtime)):
        try:
            workers[name] = Worker(command, settings)
        except Missing:
            pass
    facts = workers["deepvid"].facts
    answers, _ = take_turns(dict(workers), dict.fromkeys(workers, options.batch), options.rounds)
    for worker in workers.values():
        worker.close()
    ours, theirs = (statistics.median(one["ms"] for one in answers[name]) / options.batch if name in answers else None
                    for name in ("deepvid", "runtime"))
    return ours, theirs, facts


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("deepvid")
    parser.add_argument("bench")
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    failed = 0
    print(f"{'model':20} {'export':>10} {'difference':>10} {'nodes':>6} {'read':>7} {'rewrite':>7} {'deepvid':>9} "
          f"{'runtime':>9} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for name in options.models.split(","):
            model, x = make_classifier(name), torch.randn(2, 3, 224, 224)
            with torch.no_grad():
                wanted = model(x).numpy()
            np.save(os.path.join(folder, "x.npy"), x.numpy())
            for opset, free in ((13, False), (13, True), (17, False), (17, True)):
                path, what = os.path.join(folder, "model.onnx"), f"{opset} {'free' if free else 'one'}"
                export(model, 224, path, opset, free)
                off = difference(options.deepvid, path, folder, wanted)
                if isinstance(off, str) or not off <= TOLERANCE:
                    failed += 1
                    print(f"{name:20} {what:>10} FAILED: {off}", flush=True)
                elif opset == 17 and free:
                    ours, theirs, facts = compare_times(options.bench, path, options)
                    theirs = theirs or float("nan")
                    print(f"{name:20} {what:>10} {off:10.1e} {facts['nodes']:6} {facts['read']:7.1f} "
                          f"{facts['rewrite']:7.1f} {ours:9.2f} {theirs:9.2f} {ours / theirs:6.2f}", flush=True)
                else:
                    print(f"{name:20} {what:>10} {off:10.1e}", flush=True)
    sys.exit(1 if failed else 0)


main()

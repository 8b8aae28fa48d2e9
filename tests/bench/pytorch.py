"""What PyTorch does in deepvid's place.

    pytorch.py network MODEL THREADS              asked with the number of pictures of a batch
    pytorch.py student FOLDER THREADS             asked with the student's name; FOLDER is a report of deepvid's
    pytorch.py explain BUNDLE TEACHER THREADS     asked with the number of neighbours

`explain` is DeepVID as published: encode, decode neighbours, ask the teacher, and train a softmax regression on its
soft labels by Adam, 10 epochs; without the check on fresh neighbours that is part of deepvid's.
"""

import configparser
import os
import sys
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from peer import blas_error, serve

F = torch.nn.functional
EPOCHS, BATCH, BAND, TEMPERATURE = 10, 32, 0.5, 2.0
PART = 1000  # pictures that a network is shown at once


def pairs(attributes, name, default):
    """Both sides' pads must be alike."""
    value = attributes.get(name, default)
    return tuple(value[: len(value) // 2]) if name == "pads" else tuple(value)


def convolution(attributes, x, weight, bias=None):
    return F.conv2d(x, weight, bias, pairs(attributes, "strides", [1, 1]), pairs(attributes, "pads", [0] * 4),
                    pairs(attributes, "dilations", [1, 1]), attributes.get("group", 1))


def max_pool(attributes, x):
    return F.max_pool2d(x, pairs(attributes, "kernel_shape", None), pairs(attributes, "strides", [1, 1]),
                        pairs(attributes, "pads", [0] * 4))


def product(attributes, x, weight, bias):
    return F.linear(x, weight if attributes.get("transB") else weight.t(), bias)


OPERATORS = {
    "Add": lambda attributes, a, b: a + b,
    "Clip": lambda attributes, x, low, high: x.clamp(low.item(), high.item()),
    "Constant": lambda attributes: torch.tensor(numpy_helper.to_array(attributes["value"])),
    "Conv": convolution,
    "Flatten": lambda attributes, x: x.flatten(1),
    "Gemm": product,
    "GlobalAveragePool": lambda attributes, x: x.mean((2, 3), keepdim=True),
    "Identity": lambda attributes, x: x,
    "MaxPool": max_pool,
    "Relu": lambda attributes, x: F.relu(x),
    "Reshape": lambda attributes, x, shape: x.reshape([n or x.shape[i] for i, n in enumerate(shape.tolist())]),
    "Sigmoid": lambda attributes, x: torch.sigmoid(x),
}


class Network:
    """An ONNX file's graph, node by node."""

    def __init__(self, path):
        graph = onnx.load(path).graph
        self.constants = {t.name: torch.tensor(numpy_helper.to_array(t)) for t in graph.initializer}
        self.nodes = [(OPERATORS[node.op_type],
                       {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}, node.input, node.output[0])
                      for node in graph.node]
        self.input = next(i for i in graph.input if i.name not in self.constants)
        self.outputs = [o.name for o in graph.output]
        self.shape = [d.dim_value for d in self.input.type.tensor_type.shape.dim][1:]

    def __call__(self, x):
        values = dict(self.constants)
        values[self.input.name] = x
        for operator, attributes, inputs, output in self.nodes:
            values[output] = operator(attributes, *(values[name] for name in inputs))
        return [values[name] for name in self.outputs]


class Bundle:
    def __init__(self, folder, teacher):
        ini = configparser.ConfigParser(inline_comment_prefixes=";")
        ini.read(os.path.join(folder, "deepvid.ini"))
        self.encoder = Network(os.path.join(folder, ini["vae"]["encoder"]))
        self.decoder = Network(os.path.join(folder, ini["vae"]["decoder"]))
        self.teacher = Network(teacher)
        self.mean, self.deviation = float(ini["teacher"]["mean"]), float(ini["teacher"]["std"])

    def logits(self, pictures):
        return self.teacher((pictures - self.mean) / self.deviation)[0]


def train(student, pictures, labels, optimizer, batch):
    """Cross-entropy on soft labels, EPOCHS times."""
    for _ in range(EPOCHS):
        order = torch.randperm(len(pictures))
        for first in range(0, len(pictures), batch):
            chosen = order[first : first + batch]
            optimizer.zero_grad(set_to_none=True)
            F.cross_entropy(student(pictures[chosen]), labels[chosen]).backward()
            optimizer.step()


def train_adam(pictures, labels):
    student = torch.nn.Linear(pictures.shape[1], labels.shape[1])
    train(student, pictures, labels, torch.optim.Adam(student.parameters(), lr=0.001), BATCH)


def explain(bundle, picture, count):
    times, start = {}, time.perf_counter()

    def note(stage):
        nonlocal start
        times[stage], start = 1e3 * (time.perf_counter() - start), time.perf_counter()

    with torch.inference_mode():
        mean = bundle.encoder(picture)[0]
        note("encode")
        parts = [bundle.decoder(part)[0] for part in (mean + BAND * torch.randn(count, mean.shape[1])).split(PART)]
        note("decode")
        labels = torch.cat([F.softmax(bundle.logits(part) / TEMPERATURE, 1) for part in parts])
        note("teacher")
    train_adam(torch.cat(parts).flatten(1), labels)
    note("distil")
    return times


def prepare_network(path):
    network = Network(path)

    def prepare(wish):
        x = torch.randn(int(wish), *network.shape)

        def work():
            with torch.inference_mode():
                network(x)

        return work

    return prepare


def prepare_student(folder):
    pictures, labels = (torch.from_numpy(np.load(os.path.join(folder, name + ".npy")))
                        for name in ("neighbors", "soft_labels"))
    pictures = pictures.flatten(1)

    def descend(batch):
        student = torch.nn.Linear(pictures.shape[1], labels.shape[1])
        train(student, pictures, labels, torch.optim.SGD(student.parameters(), lr=0.01), batch)

    works = {"adam": lambda: train_adam(pictures, labels), "sgd": lambda: descend(BATCH),
             "gd": lambda: descend(len(pictures))}
    return lambda wish: works[wish]


def prepare_explain(folder, teacher):
    bundle = Bundle(folder, teacher)
    picture = torch.rand(1, *bundle.encoder.shape)
    return lambda wish: lambda: explain(bundle, picture, int(wish))


def main():
    kind, *arguments, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    prepare = {"network": prepare_network, "student": prepare_student, "explain": prepare_explain}[kind](*arguments)
    serve({"name": f"PyTorch {torch.__version__}", "blas_error": blas_error()}, prepare)


if __name__ == "__main__":
    main()

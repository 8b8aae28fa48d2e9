"""One epoch of training, by deepvid and by PyTorch.

    train.py BENCH_TRAIN FOLDER [ROUNDS [THREADS | vae | classifier]...]

FOLDER holds Fashion-MNIST's 60,000 training pictures as it is published. Both train the networks of `deepvid train vae`
and `deepvid train classifier` as they are by default, with Adam in batches of 128, and take turns; medians of the wall
clock and of the processor time of one epoch, without start of the program and reading of files. PyTorch has the pictures
as one tensor of floats and takes its batches out of it by number. Of the ways that it has to do the same, it gets the
fastest: see `peer`.
"""

import gzip
import os
import resource
import statistics
import subprocess
import sys
import time

import numpy as np

BATCH, LATENT, LEARNING_RATE = 128, 32, 1e-3
KINDS = ("vae", "classifier")


def processor_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def read(folder):
    """Pictures as 0..1, and labels."""
    with gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")) as file:
        pictures = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28).astype(np.float32) / 255
    with gzip.open(os.path.join(folder, "train-labels-idx1-ubyte.gz")) as file:
        labels = np.frombuffer(file.read(), np.uint8, offset=8).astype(np.int64)
    return pictures, labels


def make_vae():
    from torch import nn

    class Vae(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(784, 512), nn.ReLU(True), nn.Linear(512, 256), nn.ReLU(True))
            self.mean, self.log_variance = nn.Linear(256, LATENT), nn.Linear(256, LATENT)
            self.decoder = nn.Sequential(
                nn.Linear(LATENT, 256), nn.ReLU(True), nn.Linear(256, 512), nn.ReLU(True), nn.Linear(512, 784)
            )

        def forward(self, x, noise):
            features = self.encoder(x)
            mean, log_variance = self.mean(features), self.log_variance(features)
            return self.decoder(mean + (0.5 * log_variance).exp() * noise), mean, log_variance

    return Vae()


def make_classifier():
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(True),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(True),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 7 * 7, 128),
        nn.ReLU(True),
        nn.Dropout(0.3),
        nn.Linear(128, 10),
    )


def run_torch(kind, folder, threads, channels_last, foreach):
    """In a process of its own, which is told the number of threads before anything is loaded."""
    import torch
    from torch.nn import functional

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    pictures, labels = (torch.from_numpy(array) for array in read(folder))
    if kind == "vae":
        model = make_vae()
        pictures = pictures.reshape(len(pictures), -1)

        def loss_of(part):
            x = pictures[part]
            logits, mean, log_variance = model(x, torch.randn(len(part), LATENT))
            likelihood = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
            divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum()
            return (likelihood + divergence) / len(part)

    else:
        model = make_classifier()
        if channels_last:
            model = model.to(memory_format=torch.channels_last)

        def loss_of(part):
            return functional.cross_entropy(model(pictures[part]), labels[part])

    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, foreach=foreach)
    model.train()

    def step(part):
        loss = loss_of(part)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach() * len(part)

    for _ in range(3):
        step(torch.arange(BATCH))
    count, total = len(pictures), torch.zeros(())
    wall, used = time.perf_counter(), processor_time()
    for part in torch.randperm(count).split(BATCH):
        total += step(part)
    wall, used = time.perf_counter() - wall, processor_time() - used
    print(1e3 * wall, 1e3 * used, total.item() / count)


def measure(command, environment):
    """What a command prints: milliseconds of wall clock and of the processors, and the mean loss."""
    return tuple(float(w) for w in subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout.split())


def peer(kind, folder, threads, environment):
    """The fastest way of PyTorch, tried once each: the layout of activations, how Adam goes over the parameters."""
    ways = [(layout, adam) for layout in ("0", "1") for adam in ("0", "1") if kind == "classifier" or layout == "0"]
    commands = [[sys.executable, __file__, "--torch", kind, folder, str(threads), *way] for way in ways]
    return min(commands, key=lambda command: measure(command, environment)[0])


def compare(bench, folder, rounds, threads, kinds):
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        environment[name] = str(threads)
    files = [os.path.join(folder, name) for name in ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")]
    for kind in kinds:
        commands = {
            "deepvid": [bench, kind, *files, str(threads)],
            "PyTorch": peer(kind, folder, threads, environment),
        }
        times = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(measure(command, environment))
        medians = {name: [statistics.median(column) for column in zip(*values)] for name, values in times.items()}
        print(f"{kind}, {threads} threads, medians of {rounds}")
        for name, (wall, used, loss) in medians.items():
            least = min(value[0] for value in times[name])
            print(f"  {name}: {wall / 1e3:.2f} s (least {least / 1e3:.2f}), processors {used / 1e3:.2f} s, loss {loss:.3f}")
        ours, theirs = medians["deepvid"], medians["PyTorch"]
        print(f"  times as fast: {theirs[0] / ours[0]:.2f} by the clock, {theirs[1] / ours[1]:.2f} by processor time", flush=True)


if sys.argv[1] == "--torch":
    run_torch(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "1", sys.argv[6] == "1")
else:
    rounds, words = int(sys.argv[3]) if len(sys.argv) > 3 else 3, sys.argv[4:]
    kinds = [kind for kind in KINDS if kind in words] or KINDS
    for number in [int(word) for word in words if word not in KINDS] or [1, 2]:
        compare(sys.argv[1], sys.argv[2], rounds, number, kinds)

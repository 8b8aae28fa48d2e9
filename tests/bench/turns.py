"""Programs that take turns at the same question, and what their times say."""

import json
import os
import statistics
import subprocess
import tempfile
import time

PATIENCE_S = 20  # no further round of the same question after so long
PAUSE_S = 0.01  # in which threads that spin after their work come to rest


class Missing(Exception):
    """Why a program cannot answer."""


def count_processors():
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def environment(threads):
    """Of all programs alike: so many threads, and no word to OpenBLAS or deepvid about instruction sets."""
    result = {name: value for name, value in os.environ.items() if name not in ("OPENBLAS_CORETYPE", "DEEPVID_ISA")}
    result.update(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), PYTHONDONTWRITEBYTECODE="1")
    return result


class Worker:
    """A program that says what it is in a line of JSON, and answers each line by another."""

    def __init__(self, command, settings):
        self.errors = tempfile.TemporaryFile("w+")
        try:
            self.process = subprocess.Popen(command, env=settings, text=True, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=self.errors)
        except OSError as error:
            raise Missing(str(error)) from error
        self.facts = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if line:
            return json.loads(line)
        self.close()
        self.errors.seek(0)
        words = [line.strip() for line in self.errors if line.strip()]
        errors = [line for line in words if "Error" in line]
        raise Missing((errors or words or [f"ended with status {self.process.returncode}"])[-1])

    def ask(self, wish):
        try:
            self.process.stdin.write(f"{wish}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        return self.read()

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.process.wait()


def take_turns(workers, wishes, rounds):
    """The answers of each worker to its wish, by its name; and why some have none. A worker that fails is taken out."""
    answers, missing, start = {name: [] for name in workers}, {}, time.monotonic()
    for number in range(rounds):
        if number and time.monotonic() - start > PATIENCE_S:
            break
        for name in list(workers):
            time.sleep(PAUSE_S)
            try:
                answers[name].append(workers[name].ask(wishes[name]))
            except Missing as reason:
                missing[name] = str(reason)
                del workers[name], answers[name]
    return answers, missing


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))

"""A command that is run anew each turn: once.py COMMAND..., asked with what stands where COMMAND has {}, or is its
standard input where it has none. Answers with its peak resident set, and with what it prints if these are milliseconds
by the clock and by the processors, and the loss of a training."""

import os
import subprocess
import sys

from peer import serve

UNITS_OF_A_MIB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # of what getrusage tells

def find_figures(text):
    try:
        ms, processor_ms, loss = map(float, text.split())
    except ValueError:
        return {}
    return {"ms": ms, "processor_ms": processor_ms, "loss": loss}


def prepare(wish):
    command = [word.replace("{}", wish) for word in sys.argv[1:]]

    def work():
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if command == sys.argv[1:]:
            child.stdin.write(wish + "\n")
        child.stdin.close()
        text = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
        if status:
            raise RuntimeError(f"{command[0]} failed")
        return {"MiB": used.ru_maxrss / UNITS_OF_A_MIB, **find_figures(text)}

    return work


serve({}, prepare)

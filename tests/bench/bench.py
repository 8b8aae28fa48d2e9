"""How fast deepvid is, beside its peers: bench.py [options] [QUESTION...], in the build folder; `make bench`.

All sides of a contest take turns, with the same number of threads. Figures are medians of the rounds; a ratio above 1
says how many times faster deepvid is, the spread is that of the ratios' (without a peer: the times') middle half. "Of
peak" is the rate of the operations that the plain algorithm takes, as a share of the rate of BLAS's square products in
the same round. Writes the table, and everything measured to bench.json.
"""

import argparse
import json
import os
import platform
import sys

from questions import QUESTIONS, SELDOM, Setup
from turns import Missing, Worker, count_processors, environment, quartiles, take_turns

BUSY_LOAD, BUSY_SPREAD, WRONG = 0.3, 0.1, 1e-4
NOT_STAGES, OPERATIONS = ("ms", "processor_ms", "multiply_adds", "bytes", "MiB"), " multiply_adds"
COLUMNS = (("question", -58), ("deepvid", 10), ("peer", -30), ("ratio", 7), ("spread", 16), ("of peak", 7))


def read_processor():
    try:
        with open("/proc/cpuinfo") as file:
            return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def rate(answer, unit="ms", name="multiply_adds", factor=2):
    """Of operations or bytes, in thousand millions a second."""
    return factor * answer[name] / answer[unit] / 1e6


def median(answers, name):
    return quartiles([one[name] for one in answers])[1]


def number(value):
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def print_row(words):
    print("| " + " | ".join(f"{word:{'<' if width < 0 else '>'}{abs(width)}}"
                            for word, (_, width) in zip(words, COLUMNS)) + " |", flush=True)


def print_head():
    print_row([name for name, _ in COLUMNS])
    print("|" + "|".join("-" * (abs(width) + 1) + ("-" if width < 0 else ":") for _, width in COLUMNS) + "|")


def describe_spread(values):
    low, _, high = quartiles(values)
    if len(values) < 2:
        return "one round"
    return f"{number(low)} .. {number(high)}"


def of_peak(answers, unit, peaks):
    if not peaks or "multiply_adds" not in answers[0]:
        return ""
    shares = [rate(one, unit) / rate(peak, unit) for one, peak in zip(answers, peaks)]
    return f"{100 * quartiles(shares)[1]:.0f} %"


def row(title, unit, ours, our_name, peer, peer_name, peaks):
    """Words of one row; peer None: there is none, a text: why it is missing."""
    symbol = unit.replace("processor_", "")
    words = [title if our_name == "deepvid" else f"{title}, {our_name}", f"{number(median(ours, unit))} {symbol}"]
    if isinstance(peer, list):
        ratios = [theirs[unit] / one[unit] for one, theirs in zip(ours, peer)]
        words += [f"{peer_name} {number(median(peer, unit))} {symbol}", f"{quartiles(ratios)[1]:.2f}",
                  describe_spread(ratios)]
    else:
        words += [f"{peer_name}: missing" if peer else "", "", describe_spread([one[unit] for one in ours])]
    return words + [of_peak(ours, unit, peaks)]


def pairs(contest):
    """The first side against every peer, the other sides of ours against the first peer."""
    ours, peers = ([side.name for side in contest.sides if side.ours is kind] for kind in (True, False))
    return [(ours[0], peer) for peer in peers or [None]] + [(name, (peers or [None])[0]) for name in ours[1:]]


def stages(answers, peaks):
    """Medians of what the answers tell beside the whole; of peak in brackets where its operations are known."""
    words = []
    for name in answers[0]:
        if name in NOT_STAGES or name.endswith(OPERATIONS):
            continue
        words.append(f"{name} {number(median(answers, name))}")
        if name + OPERATIONS in answers[0] and peaks:
            parts = [{"ms": one[name], "multiply_adds": one[name + OPERATIONS]} for one in answers]
            words[-1] += f" ({of_peak(parts, 'ms', peaks)} of peak)"
    return ", ".join(words)


class Driver:
    def __init__(self, options):
        self.rounds, self.unit = options.rounds, "processor_ms" if options.clock == "processor" else "ms"
        self.threads = options.threads or count_processors()
        self.settings = environment(self.threads)
        self.setup = Setup(options, self.threads, self.settings)
        self.notes, self.missing, self.names = [], {}, set()
        self.record = {"threads": self.threads, "rounds": self.rounds, "contests": []}

    def open(self, contest):
        """Workers of the sides that are there."""
        workers = {}
        for side in contest.sides:
            try:
                worker = Worker(side.command, {**self.settings, **side.settings})
            except Missing as reason:
                self.missing[side.name] = str(reason)
                continue
            workers[side.name] = worker
            if "name" in worker.facts:
                self.names.add(worker.facts["name"])
            if worker.facts.get("blas_error", 0) > WRONG:
                self.notes.append(f"{side.name}: its BLAS is WRONG by {worker.facts['blas_error']:.1e}")
        return workers

    def run(self, contest):
        sides = self.open(contest)
        workers = {**sides, "peak": self.peak} if contest.of_peak else sides
        for case in contest.cases:
            wishes = {"peak": "sgemm", **{side.name: side.wish or case for side in contest.sides}}
            answers, failed = take_turns(workers, wishes, self.rounds)
            self.missing.update(failed)
            self.tell(contest, case, answers)
        for worker in sides.values():
            worker.close()

    def tell(self, contest, case, answers):
        title = f"{contest.title} {case}"
        unit = self.unit if contest.unit == "ms" and not contest.by_clock else contest.unit
        self.record["contests"].append({"question": title, "answers": answers})
        for our_name, peer_name in pairs(contest):
            if our_name in answers:
                peer = answers.get(peer_name, "missing") if peer_name else None
                print_row(row(title, unit, answers[our_name], our_name, peer, peer_name, answers.get("peak")))
            else:
                print_row([title, f"{our_name}: missing", "", "", "", ""])
        for name, values in answers.items():
            told = stages(values, answers.get("peak"))
            if told:
                self.notes.append(f"{title}, {name}: {told}")
        if contest.after and len(answers) == len(contest.sides):
            medians = {name: median(values, contest.unit) for name, values in answers.items()}
            self.notes.append(f"{title}: {contest.after(case, medians)}")

    def start(self):
        """Measures the machine, and says what it is."""
        load = os.getloadavg()[0]
        self.peak = Worker(["tests/bench/bench-peak", str(self.threads)], self.settings)
        sgemm, triad = ([self.peak.ask(wish) for _ in range(self.rounds)] for wish in ("sgemm", "bandwidth"))
        facts = self.peak.facts
        self.setup.isa = facts["isa"]
        low, middle, high = quartiles([rate(one, self.unit) for one in sgemm])
        self.record.update(machine=read_processor(), load=load, peak=facts, sgemm=sgemm, triad=triad)
        clock = "the clock" if self.unit == "ms" else "processor time"
        bandwidth = quartiles([rate(one, self.unit, "bytes", 1) for one in triad])[1]
        print(f"{read_processor()}, {os.cpu_count()} processors, {self.threads} threads, {facts['isa']}, "
              f"{facts['blas']}, load {load:.2f}; by {clock}: sgemm {middle:.0f} GFLOP/s ({low:.0f} .. {high:.0f}), "
              f"memory {bandwidth:.1f} GB/s")
        if load > BUSY_LOAD or high - low > BUSY_SPREAD * middle:
            print("WARNING: the machine is busy: times vary, ratios less; least so with THREADS=1 CLOCK=processor")
        if facts["blas_error"] > WRONG:
            print(f"WARNING: OpenBLAS is WRONG on this processor, by {facts['blas_error']:.1e}")
        print()

    def ask(self, name, brief):
        try:
            for contest in QUESTIONS[name](self.setup):
                if brief:
                    contest.cases, contest.sides = contest.cases[-1:], contest.sides[:2]
                self.run(contest)
        except Missing as reason:
            self.missing[name] = str(reason)

    def finish(self):
        self.peak.close()
        if self.notes:
            print("\nStages by the clock, and other figures:\n" + "".join(f"\n- {note}" for note in self.notes))
        print(f"\nPeers: {', '.join(sorted(self.names)) or 'none'}.")
        for name, reason in self.missing.items():
            print(f"Missing: {name}: {reason}")
        self.record.update(peers=sorted(self.names), missing=self.missing, notes=self.notes)
        with open("bench.json", "w") as file:
            json.dump(self.record, file, indent=1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("questions", nargs="*", metavar="question", help=" ".join(QUESTIONS))
    parser.add_argument("--torch", default=sys.executable, help="Python with PyTorch")
    parser.add_argument("--sklearn", default=sys.executable, help="Python with scikit-learn")
    parser.add_argument("--fashion", default="", help="folder of Fashion-MNIST's files")
    parser.add_argument("--threads", type=int, default=0, help="0: as many as there are processors")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clock", choices=("wall", "processor"), default="wall",
                        help="processor: time of all threads, for one thread on a busy machine")
    parser.add_argument("--brief", action="store_true", help="the last case of each contest, against the first peer")
    options = parser.parse_args()
    for name in options.questions:
        if name not in QUESTIONS:
            parser.error(f"no question {name}; there are {' '.join(QUESTIONS)}")
    driver = Driver(options)
    driver.start()
    print_head()
    for name in options.questions or [name for name in QUESTIONS if name not in SELDOM]:
        driver.ask(name, options.brief)
    driver.finish()


if __name__ == "__main__":
    main()

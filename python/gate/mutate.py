"""``make mutate``: puts small faults into the contracts, one at a time, and counts what no test notices.

``python -m gate.mutate [--sample N] [--seed N] [--list] [file ...]``; the end of a path names a file. The
same sources, files, size and seed draw the same faults. Red while a survivor is unexplained.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gate.mutate_ledger import SCORES, entries_of, rewritten
from gate.mutate_operators import Mutant, mutants_of
from gate.mutate_trial import Trial, Verdict, Workshop, score
from gate.solidity import FOLDER, contract_files, parse
from gate.stages import ROOT

DOCUMENT = ROOT / "docs" / "mutation.md"
# Interfaces, errors included, hold no code.
WITHOUT_CODE = (f"{FOLDER}/interfaces/",)
SAMPLE = 100
SEED = 1


def main(arguments: list[str]) -> int:
    """Try a sample; return 1 if a survivor is unexplained."""
    options = _options(arguments)
    files = [path for path in contract_files(ROOT) if not path.startswith(WITHOUT_CODE)]
    known = mutants_of(parse(ROOT, files), files)
    wanted = [mutant for mutant in known if _is_asked_for(mutant, options.files)]
    if not wanted:
        print(f"no code under {', '.join(options.files)}; files: {', '.join(files)}", file=sys.stderr)
        return 2
    drawn = _draw(wanted, options.sample, options.seed)
    if options.list:
        for mutant in drawn:
            print(_in_words(mutant))
        return 0
    print(f"{len(drawn)} of {len(wanted)} mutants, seed {options.seed}", flush=True)
    trials = _try(drawn)
    return _conclude(_row(trials, len(wanted), options), known, trials)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make mutate", description="Mutation testing of the contracts.")
    parser.add_argument(
        "files", nargs="*", help="which files, by the end of their path; all if none is named"
    )
    parser.add_argument("--sample", type=int, default=SAMPLE, help="how many mutants (0: all; %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="which ones are drawn (%(default)s)")
    parser.add_argument("--list", action="store_true", help="show them, and do nothing")
    return parser.parse_args(arguments)


def _is_asked_for(mutant: Mutant, files: Sequence[str]) -> bool:
    return not files or any(mutant.path.endswith(name) or mutant.path.startswith(name) for name in files)


def _draw(mutants: Sequence[Mutant], size: int, seed: int) -> list[Mutant]:
    """A sample in the order of the sources."""
    if size <= 0 or size >= len(mutants):
        return list(mutants)
    return [mutants[index] for index in sorted(random.Random(seed).sample(range(len(mutants)), size))]


def _try(drawn: Sequence[Mutant]) -> list[Trial]:
    with tempfile.TemporaryDirectory() as folder, Workshop(Path(folder)) as workshop:
        print(f"the copy is green: its tests take {workshop.prove_green():.1f} s", flush=True)
        trials = []
        for number, mutant in enumerate(drawn, start=1):
            trial = workshop.judge(mutant)
            trials.append(trial)
            progress = f"[{number:>3}/{len(drawn)}] {trial.verdict.value:<13}{trial.seconds:5.1f} s"
            print(f"{progress}  {_in_words(mutant)}", flush=True)
        return trials


def _in_words(mutant: Mutant) -> str:
    where = f"{mutant.name}  {mutant.place or Path(mutant.path).stem}:{mutant.line}"
    return f"{where}  {mutant.operator}: {' '.join(mutant.after.split())[:90]}"


def _row(trials: Sequence[Trial], among: int, options: argparse.Namespace) -> str:
    """This run in the table of scores."""
    killed, counted = score(trials)
    count = {verdict: sum(trial.verdict is verdict for trial in trials) for verdict in Verdict}
    share = f"{100 * killed / counted:.1f} %" if counted else "nothing to score"
    scope = ", ".join(f"`{name}`" for name in options.files or (FOLDER,))
    return (
        f"| {scope} | {len(trials)} of {among:,} | {options.seed} | {killed} | {count[Verdict.TIMED_OUT]} "
        f"| {count[Verdict.SURVIVED]} | {count[Verdict.NOT_COMPILED]} | {count[Verdict.SAME_CODE]} "
        f"| **{share}** |"
    )


def _conclude(row: str, known: Sequence[Mutant], trials: Sequence[Trial]) -> int:
    survived = {trial.mutant.name for trial in trials if trial.verdict is Verdict.SURVIVED}
    tried = {trial.mutant.name for trial in trials}
    document = rewritten(DOCUMENT.read_text(encoding="utf-8"), row, known, survived, tried)
    DOCUMENT.write_text(document, encoding="utf-8")
    unexplained = [entry.name for entry in entries_of(document) if not entry.explanation]
    print(f"\n{SCORES}\n{row}")
    if unexplained:
        print(f"\nto be explained in {DOCUMENT.relative_to(ROOT)}, or killed: {', '.join(unexplained)}")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

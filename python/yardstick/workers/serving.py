"""The worker's half of the conversation: one JSON object a line in, one a line out.

A request names a task, its arguments and how long to measure; the answer has the nanoseconds of one call, the
least and the median, and what it returned. Standard library only: this runs in every peer's environment.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter_ns
from typing import Any

Work = Callable[[], Any]
Prepared = Work | tuple[Work, Callable[[Any], Any]]
"""What is to be timed; and, where its result is no JSON, what makes an answer of it afterwards."""
Task = Callable[..., Prepared]
"""Takes a request's arguments and prepares."""

MOST_LOOPS = 100_000
MILLISECOND = 1_000_000


def serve(tasks: Mapping[str, Task]) -> None:
    """Answer requests until there are none; what a peer prints goes to the error stream."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = measure(tasks[request["task"]](**request["arguments"]), request["milliseconds"])
        except Exception as error:  # noqa: BLE001 - whatever a peer throws is its answer
            answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def measure(prepared: Prepared, milliseconds: float) -> dict[str, Any]:
    """Call the work for about that long, without garbage collection; return one call's time and answer.

    In windows of a millisecond, or of one call where that is longer: on a busy machine some window goes by
    undisturbed, where none of many milliseconds would. The first call warms up, unless it alone takes all the
    time there is: then it is the measurement.
    """
    work, finish = prepared if isinstance(prepared, tuple) else (prepared, _as_it_is)
    gc.collect()
    gc.disable()
    try:
        first, answer = _timed(work, 1)
        samples, left = [float(first)], milliseconds * MILLISECOND - first
        if left > 0:
            samples, answer = _windows(work, left)
    finally:
        gc.enable()
    return {"samples": [min(samples), median(samples)], "answer": finish(answer)}


def _windows(work: Work, budget: float) -> tuple[list[float], Any]:
    once, answer = _timed(work, 1)
    loops = min(max(int(MILLISECOND / max(once, 1)), 1), MOST_LOOPS)
    samples = []
    while budget > 0:
        spent, answer = _timed(work, loops)
        samples.append(spent / loops)
        budget -= spent
    return samples, answer


def _as_it_is(answer: Any) -> Any:
    return answer


def _timed(work: Work, loops: int) -> tuple[int, Any]:
    answer = None
    start = perf_counter_ns()
    for _ in range(loops):
        answer = work()
    return perf_counter_ns() - start, answer

"""The worker's half of the conversation: one JSON object a line in, one a line out.

A request names a task, its arguments and how long to measure; the answer has nanoseconds of one call and what
the call returned. Standard library only: this runs in every peer's environment.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Any

Work = Callable[[], Any]
Prepared = Work | tuple[Work, Callable[[Any], Any]]
"""What is to be timed; and, where its result is no JSON, what makes an answer of it afterwards."""
Task = Callable[..., Prepared]
"""Takes a request's arguments and prepares."""

MOST_LOOPS = 1_000_000
NANOSECONDS = 1_000_000


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
    """Call the work for about that long, without garbage collection; return one call's mean and its answer.

    The first call warms up, unless it alone takes that long: then it is the measurement.
    """
    work, finish = prepared if isinstance(prepared, tuple) else (prepared, _as_it_is)
    gc.collect()
    gc.disable()
    try:
        first, answer = _timed(work, 1)
        budget = milliseconds * NANOSECONDS
        if first >= budget:
            return {"ns": first, "loops": 1, "answer": finish(answer)}
        second, _ = _timed(work, 1)
        loops = min(max(int(budget / max(second, 1)), 1), MOST_LOOPS)
        spent, answer = _timed(work, loops)
        return {"ns": spent / loops, "loops": loops, "answer": finish(answer)}
    finally:
        gc.enable()


def _as_it_is(answer: Any) -> Any:
    return answer


def _timed(work: Work, loops: int) -> tuple[int, Any]:
    answer = None
    start = perf_counter_ns()
    for _ in range(loops):
        answer = work()
    return perf_counter_ns() - start, answer

"""``python -m gate test|lint [stage ...]``: all stages of a suite, or the named ones."""

from __future__ import annotations

import sys

from gate.runner import run_suite
from gate.stages import SUITES


def main(arguments: list[str]) -> int:
    """Run what is asked for; return the exit code."""
    if not arguments or arguments[0] not in SUITES:
        print(f"usage: python -m gate {{{'|'.join(SUITES)}}} [stage ...]", file=sys.stderr)
        return 2
    suite, *names = arguments
    known = {stage.name: stage for stage in SUITES[suite]}
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no stage {', '.join(unknown)}; stages of {suite}: {', '.join(known)}", file=sys.stderr)
        return 2
    return run_suite(suite, [known[name] for name in names] if names else SUITES[suite])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

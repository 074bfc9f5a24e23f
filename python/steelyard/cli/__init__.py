"""The ``steelyard`` command."""

from __future__ import annotations

import click

from steelyard.cli.lazy import LazyGroup

_COMMANDS = {
    "demo": (
        "steelyard.cli.demo",
        "demo",
        "Watch the keeper work on the replica, from deployment to report.",
    ),
    "run": (
        "steelyard.cli.run",
        "run",
        "Run the keeper: paper by default, --live to send.",
    ),
    "plan": (
        "steelyard.cli.plan",
        "plan",
        "Decide once on the newest block, print it, send nothing.",
    ),
    "status": (
        "steelyard.cli.status",
        "status",
        "Show what the keeper has done and whether it may go on.",
    ),
    "report": (
        "steelyard.cli.report",
        "report",
        "Write the HTML report from the records.",
    ),
    "replay": (
        "steelyard.cli.replay",
        "command",
        "Decide a recording again: the same, or with other settings.",
    ),
    "vault": (
        "steelyard.cli.vault",
        "vault",
        "Look at the configured vault, or keep it.",
    ),
    "relay": (
        "steelyard.cli.relay",
        "relay",
        "Sign requests, relay them for others, see what became of them.",
    ),
    "resume": (
        "steelyard.cli.resume",
        "resume",
        "Allow new risk again after a limit was reached.",
    ),
    "replica": (
        "steelyard.cli.replica",
        "replica",
        "Build, serve and inspect the offline mainnet.",
    ),
    "address-book": (
        "steelyard.cli.address_book",
        "address_book",
        "Show where lenders and venues stand on five chains, and check it against a node.",
    ),
    "bench": (
        "steelyard.cli.bench",
        "bench",
        "Measure how a decision's cost grows with the market.",
    ),
    "bench-start": (
        "steelyard.cli.bench_start",
        "bench_start",
        "Measure what a first start, a restart and a block cost, on real pools.",
    ),
}


@click.group(
    cls=LazyGroup,
    commands_by_name=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="steelyard", prog_name="steelyard")
def main() -> None:
    """Steelyard: flash-loan arbitrage contracts, an offline mainnet, and a keeper that explains itself."""

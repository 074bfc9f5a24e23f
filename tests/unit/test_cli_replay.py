"""``steelyard replay``: what it says, its exit codes, its tables and its page."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from steelyard.app.replay_difference import Difference
from steelyard.cli import main
from steelyard.cli.replay import _fields_lines
from steelyard.cli.replay_files import BLOCK_COLUMNS, VERDICT_COLUMNS
from steelyard.model import Token
from tests.support.recordings import market_blocks, read_turns, record_blocks, rewrite

pytestmark = pytest.mark.unit

BLOCKS = 5


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "recording.jsonl.gz"
    record_blocks(path, market_blocks(BLOCKS))
    return path


def run(recording: Path, *options: object) -> Result:
    arguments = ["replay", str(recording), "--out", str(out(recording)), *(str(option) for option in options)]
    return CliRunner(mix_stderr=False).invoke(main, arguments)


def out(recording: Path) -> Path:
    return recording.parent / "out"


def rows(recording: Path, name: str) -> list[dict[str, str]]:
    with (out(recording) / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page(recording: Path) -> str:
    return (out(recording) / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [(), ("--cold",)])
def test_equal_recording_ends_with_0_and_a_report(recording: Path, options: tuple[str, ...]) -> None:
    result = run(recording, *options)
    assert result.exit_code == 0, result.output
    assert f"{BLOCKS} turns of blocks 100 to 104 were decided again." in result.output
    assert "Every decision is the recorded one, bit for bit." in result.output
    assert page(recording).count("<svg") == 5
    assert "Every decision is the recorded one, bit for bit." in page(recording)
    assert ("with an empty cache" in page(recording)) == bool(options)
    assert "http" not in page(recording).replace("http://www.w3.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", ""), "it opens without a network"


def test_tables_hold_every_verdict_and_block_in_whole_numbers(recording: Path) -> None:
    assert run(recording).exit_code == 0
    turns = read_turns(recording)
    verdicts = rows(recording, "verdicts.csv")
    blocks = rows(recording, "blocks.csv")
    assert tuple(verdicts[0]) == VERDICT_COLUMNS
    assert tuple(blocks[0]) == BLOCK_COLUMNS
    written = [
        (int(row["turn"]), row["code"], int(row["amount"]), int(row["profit"]), row["reason"])
        for row in verdicts
    ]
    expected = [
        (number, verdict.code.value, verdict.amount, verdict.profit, verdict.reason)
        for number, turn in enumerate(turns, start=1)
        for verdict in turn.decision.verdicts
    ]
    assert written == expected
    assert verdicts[0]["route"] in ("WETH > USDC > WETH", "USDC > WETH > USDC")
    assert len(verdicts[0]["pools"].split()) == 2
    for row, turn in zip(blocks, turns, strict=True):
        net = sum(verdict.plan.expected_net_wei for verdict in turn.decision.verdicts if verdict.plan)
        assert int(row["block"]) == turn.inputs.snapshot.block.number
        assert int(row["expected_net_wei"]) == int(row["recorded_expected_net_wei"]) == net
        assert (row["equal"], int(row["pools"]), int(row["recorded_microseconds"])) == ("1", 2, 1_500)


def test_difference_ends_with_1_and_says_where_and_what(recording: Path) -> None:
    def one_unit_more(line: dict[str, Any]) -> None:
        if line.get("block") == 102:
            state = line["given"]["snapshot"]["pools"]["set"][0][1]
            state["reserve1"] += 1

    rewrite(recording, one_unit_more)
    result = run(recording)
    assert result.exit_code == 1
    assert "1 of them differ from what was recorded. The first:" in result.output
    assert "Block 102 (0x102): verdict 1 of " in result.output
    assert "recorded" in result.output
    assert re.search(r"^  profit +\d{10,} +\d{10,}$", result.output, re.MULTILINE)
    assert "plan.expected_profit" in result.output
    assert "Not the recorded decisions" in page(recording)
    assert [row["equal"] for row in rows(recording, "blocks.csv")] == ["1", "1", "0", "1", "1"]


def test_sentences_that_differ_stand_below_the_numbers_one_above_the_other() -> None:
    sentence = "a sentence that is too long for a column of a table that somebody is to read"
    fields = (("words", sentence, f"{sentence}, too"), ("profit", "12", "3456"))
    assert _fields_lines(Difference(fields=fields)) == [
        "          recorded  replayed",
        "  profit  12        3456",
        "  words",
        f"    recorded: {sentence}",
        f"    replayed: {sentence}, too",
    ]


def test_digest_that_was_changed_by_itself_is_told_from_a_decision_that_was(recording: Path) -> None:
    rewrite(recording, lambda line: line.update(digest="0" * 64) if line.get("block") == 101 else None)
    result = run(recording)
    assert result.exit_code == 1
    assert "the digest in the recording is not its own" in result.output
    assert f"recorded  {'0' * 64}" in result.output


def test_what_if_shows_both_sides_and_ends_with_0(recording: Path) -> None:
    result = run(recording, "--set", "arbitrage.min_net_profit=1000000 ether")
    assert result.exit_code == 0, result.output
    assert "min_net_profit_wei  0 -> 1000000000000000000000000" in result.output
    assert f"{BLOCKS} decisions come out differently." in result.output
    (plans,) = [line.split() for line in result.output.splitlines() if line.startswith("accepted plans")]
    assert plans[-2:] == ["5", "0"]
    assert "What if: settings that were changed" in page(recording)
    assert "Blocks that differ" in page(recording)


def test_configuration_file_is_a_what_if(recording: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    file.write_text("[arbitrage]\npriority_fee = '3 gwei'\n", encoding="utf-8")
    result = run(recording, "--config", file)
    assert result.exit_code == 0, result.output
    assert "gas.priority_fee_wei  0 -> 3000000000" in result.output


def test_blocks_can_be_chosen_and_a_range_without_any_is_said(recording: Path) -> None:
    assert "2 turns of blocks 101 to 102" in run(recording, "--from-block", 101, "--to-block", 102).output
    result = run(recording, "--from-block", 999)
    assert result.exit_code == 2
    assert "holds no decision from block 999 on" in result.stderr


def test_half_written_end_is_left_out_and_said(recording: Path) -> None:
    recording.write_bytes(recording.read_bytes()[:-5])
    result = run(recording)
    assert result.exit_code == 0
    assert f"{BLOCKS - 1} turns" in result.output
    assert "half-written when its keeper died: left out" in result.output


def test_damaged_recording_is_refused_by_name(recording: Path) -> None:
    bytes_ = bytearray(recording.read_bytes())
    bytes_[len(bytes_) // 2] ^= 255
    recording.write_bytes(bytes_)
    result = run(recording)
    assert result.exit_code == 2
    assert "is damaged" in result.stderr or "cannot be understood" in result.stderr
    assert "Traceback" not in result.stderr


def test_folder_that_cannot_be_made_is_named(recording: Path) -> None:
    result = run(recording, "--out", recording / "below a file")
    assert result.exit_code == 2
    assert "name another folder with --out" in result.stderr


def test_symbol_of_a_hostile_token_is_no_formula_and_no_markup(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl.gz"
    blocks = market_blocks(2)
    name = "=HYPERLINK(<b>)"
    for one in blocks:
        tokens = {at: Token(address=at, symbol=name, decimals=6) for at in one.tokens}
        object.__setattr__(one, "tokens", tokens)
    record_blocks(path, blocks)
    assert run(path).exit_code == 0
    routes = {row["route"] for row in rows(path, "verdicts.csv")}
    assert not any(route.startswith("=") for route in routes)
    assert any(name in route for route in routes)
    assert "<b>)" not in page(path)

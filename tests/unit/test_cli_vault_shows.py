"""`status` and `report` say of each vault what an operator asks, and in the words of `vault show`."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from steelyard.app.vault_watch import VaultTurn
from steelyard.cli import main
from steelyard.cli.vault_as_json import look_as_json, turn_as_json
from steelyard.cli.vault_words import POOL_HEADINGS, headline, pool_rows, turn_line, whole_rows
from steelyard.cli.wording import lasting
from steelyard.model import PoolState, VaultSnapshot, VaultStop
from steelyard.record.vaults import VaultLog
from tests.support.plans import LENDING, RANGE, VAULT, make_vault_call
from tests.support.records import open_store
from tests.support.seen_vaults import UNIT, make_pool, make_snapshot, make_verdict
from tests.support.vault_story import THIRD_DAY, record_story, seconds_of, snapshots

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("operator")
    record_story(folder / "keeper.sqlite")
    return write_config(folder)


def write_config(folder: Path) -> Path:
    file = folder / "steelyard.toml"
    values = {"database_url": f"sqlite:///{folder}/keeper.sqlite", "kill_file": f"{folder}/STOP"}
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    file.write_text("\n".join(["[keeper]", *lines]), encoding="utf-8")
    return file


def said(*arguments: object) -> str:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.output


def rows_of(text: str) -> dict[str, str]:
    """The table under "Vault:", by its first column."""
    lines = text.partition("\nVault:\n")[2].splitlines()
    return dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines if "  " in line)


def test_status_shows_weights_beside_targets_a_row_a_pool_and_the_buffer(config: Path) -> None:
    text = said("status", "--config", config)
    assert f"Vault {VAULT} at block 21900 of 2023-11-17 23:13:20 UTC\n" in text
    found = [re.split(r"\s{2,}", line)[:7] for line in text.splitlines() if " %  " in line]
    assert found == [
        [LENDING, "active", "6100", "71.00 %", "51.50 %", "71,000 USDC", "51,500 USDC"],
        [RANGE, "active", "5000", "19.00 %", "26.00 %", "19,000 USDC", "26,000 USDC"],
        ["buffer", "10.00 %", "22.50 %", "10,000 USDC", "22,500 USDC", "-12,500 USDC", "10,000 USDC"],
    ]


def test_status_says_what_weights_scores_and_books_come_to(config: Path) -> None:
    rows = rows_of(said("status", "--config", config))
    assert rows == {
        "total assets": "100,000 USDC",
        "worth": "99,950.01 USD",
        "a share": "1.012346 USDC",
        "buffer against requests": "10,000 USDC idle, 12,500 USDC waited for: "
        "stressed, 2,500 USDC must come out of pools (1000 bps are to be idle)",
        "in the wrong place": "19.50 %",
        "Herfindahl index": "0.6669",
        "effective pools": "1.50 of 2",
        "concentrated": f"{LENDING} holds 71.00 % of everything",
        "scores": "5000 to 6100, range 1100 bps, variance 302,500 bps²",
        "losses used": "316.666667 USDC of 1,000 USDC; all of it grows back in 24.0 h",
        "last rebalance": "2023-11-17 21:13:20 UTC",
        "rebalanced": "3 times since 2023-11-14 22:13:20 UTC, 0.99 a day",
        "our rebalances": "confirmed 2, reverted 1",
        "moved by them": "15,000 USDC",
        "lost by them": "421 USDC",
        "gas for them, ether": "0.009000",
        "declining score": f"{LENDING} from 7000 to 6100, -271.6 bps a day",
        "latest verdict": "too early: <i>7 seconds</i>; since 2023-11-17 22:13:20 UTC",
    }


def test_status_for_programs_has_the_same_with_amounts_as_text(config: Path) -> None:
    (vault,) = json.loads(said("status", "--config", config, "--json"))["vaults"]
    assert (vault["vault"], vault["block"], vault["total_assets"]) == (VAULT, 21_900, "100000000000")
    assert vault["asset"]["decimals"] == 6
    lending = vault["pools"][0]
    assert (lending["share_wad"], lending["target_share_wad"]) == ("71" + "0" * 16, "515" + "0" * 15)
    assert (vault["idle_share_wad"], vault["idle_target_share_wad"]) == ("1" + "0" * 17, "225" + "0" * 15)
    assert vault["metrics"] == {
        "herfindahl_wad": "666913580246913580",
        "effective_pools_wad": "1499444650129581636",
        "heaviest": LENDING,
        "is_concentrated": True,
        "drift_wad": "195000000000000000",
        "scores": {"lowest": 5000, "highest": 6100, "mean_bps": 5550.0, "variance_bps2": 302500.0},
        "is_stressed": True,
        "shortfall": str(2_500 * UNIT),
        "loss_used": "316666667",
        "loss_allowed": str(1_000 * UNIT),
    }
    assert vault["rebalances"]["by_status"] == {"confirmed": 2, "reverted": 1}
    assert vault["rebalances"]["gas_cost_wei"] == str(9 * 10**15)
    assert (vault["rebalanced"], round(vault["rebalances_per_day"], 2)) == (3, 0.99)
    assert [fall["strategy"] for fall in vault["declining"]] == [LENDING]
    assert (vault["verdict"]["code"], vault["verdict"]["since_block"]) == ("too_early", THIRD_DAY)
    assert vault["verdict"]["since_seconds"] == seconds_of(THIRD_DAY)


def test_chain_and_records_are_told_in_the_same_words(config: Path) -> None:
    live = replace(snapshots()[-1], block=make_snapshot(THIRD_DAY + 300).block)
    text = said("status", "--config", config)
    assert headline(live) in text
    recorded = rows_of(text)
    assert all(recorded[name] == value for name, value in whole_rows(live))
    assert all(cell in text for row in pool_rows(live) for cell in row)
    (vault,) = json.loads(said("status", "--config", config, "--json"))["vaults"]
    as_it_stands = look_as_json(live)
    assert as_it_stands == {name: vault[name] for name in as_it_stands}


def test_calm_vault_that_never_moved_says_so(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite") as store:
        VaultLog(store.writer).record(even(), make_verdict(100))
    rows = rows_of(said("status", "--config", write_config(tmp_path)))
    assert rows["buffer against requests"].startswith("20,000 USDC idle, 0 USDC waited for: enough")
    assert (rows["Herfindahl index"], rows["effective pools"]) == ("0.5000", "2.00 of 2")
    assert (rows["our rebalances"], rows["last rebalance"]) == ("none", "never")
    assert rows["rebalanced"] == "0 times since 2023-11-14 22:33:20 UTC", "a day has not passed: no rate"
    assert not {"concentrated", "declining score"} & set(rows)


def test_nothing_is_told_by_the_day_before_a_day_has_passed(tmp_path: Path) -> None:
    higher, lower = (replace(even().pools[0].scores, c_score=score) for score in (6_000, 1_500))
    first, second = even().pools
    with open_store(tmp_path / "keeper.sqlite") as store:
        log = VaultLog(store.writer)
        log.record(replace(even(), pools=(replace(first, scores=higher), second)), make_verdict(100))
        later = make_snapshot(100 + 7_199).block
        scored = replace(even(), pools=(replace(first, scores=lower), second), block=later)
        log.record(replace(scored, last_rebalance_seconds=seconds_of(101)), make_verdict(7_299))
    rows = rows_of(said("status", "--config", write_config(tmp_path)))
    assert rows["declining score"] == f"{LENDING} from 6000 to 1500"
    assert rows["rebalanced"] == "once since 2023-11-14 22:33:20 UTC"


def even() -> VaultSnapshot:
    each = make_pool(value=40_000 * UNIT, target=40_000 * UNIT)
    return make_snapshot(pools=(each, replace(each, strategy=RANGE)), idle=20_000 * UNIT)


def test_what_cannot_be_told_is_unknown_and_its_reason_is_in_the_headline() -> None:
    untold = make_pool(value=None, is_sound=False, state=PoolState.PAUSED)
    vault = make_snapshot(
        total_assets=None, share_price_wad=None, tvl_usd_wad=None, stop=VaultStop.ENTRIES, pools=(untold,),
        trouble="no price of WETH",
    )  # fmt: skip
    assert headline(vault).endswith("UTC; stopped: entries; no price of WETH")
    rows = dict(whole_rows(vault))
    unknown = {name for name, value in rows.items() if value == "unknown"}
    assert unknown == {"total assets", "worth", "a share", "losses used"}
    pool, _buffer = pool_rows(vault)
    assert (pool[1], pool[3], pool[5], pool[7]) == ("paused, not sound", "unknown", "unknown", "unknown")
    assert look_as_json(vault)["pools"][0]["share_wad"] is None
    assert look_as_json(vault)["metrics"]["loss_used"] is None


def test_what_a_pool_pays_at_once_and_takes_is_shown_to_people_and_programs() -> None:
    full = make_pool(liquid=5 * UNIT, pays=5 * UNIT, room=0)
    vault = make_snapshot(pools=(full, make_pool(strategy=RANGE, room=7 * UNIT), make_pool(liquid=0)))
    assert POOL_HEADINGS[-2:] == ("at once", "takes")
    assert [row[-2:] for row in pool_rows(vault)] == [
        ("5 USDC", "0 USDC"),
        ("60,000 USDC", "7 USDC"),
        ("0 USDC", "no limit"),
        ("10,000 USDC", ""),
    ]
    told = [(pool["pays"], pool["room"]) for pool in look_as_json(vault)["pools"]]
    assert told == [(str(5 * UNIT), "0"), (None, str(7 * UNIT)), (None, None)]


def test_vault_without_pools_is_all_buffer() -> None:
    vault = make_snapshot(pools=(), idle=100_000 * UNIT, idle_target=100_000 * UNIT)
    assert pool_rows(vault)[0][3:5] == ("100.00 %", "100.00 %")
    rows = dict(whole_rows(vault))
    assert rows["effective pools"] == "0.00 of 0"
    assert "scores" not in rows
    assert look_as_json(vault)["metrics"]["scores"] is None


def test_look_of_the_keeper_is_a_line_and_an_object() -> None:
    turn = VaultTurn(snapshot=make_snapshot(), verdict=make_verdict(), is_sent=False)
    expected = "block 100  100,000 USDC  buffer 10,000 USDC  below threshold: nothing is further than"
    assert turn_line(turn).startswith(expected)
    assert "  sent: " in turn_line(replace(turn, is_sent=True))
    found = turn_as_json(turn)
    assert (found["block"], found["verdict"]["code"], found["verdict"]["drift"]) == (
        100,
        "below_threshold",
        str(5_000 * UNIT),
    )


def page_of(config: Path) -> str:
    output = config.parent / "report.html"
    said("report", "--config", config, "--output", output)
    return output.read_text(encoding="utf-8")


def cells(row: str) -> list[str]:
    return re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)


def test_report_tells_the_vault_in_tables_and_plots(config: Path) -> None:
    page = page_of(config)
    section = page.partition(f"<h1>Vault {VAULT}")[2]
    assert section.count("<svg") == 3
    metrics = dict(cells(row) for row in section.split("<tr>") if len(cells(row)) == 2)
    assert metrics["Herfindahl index"] == "0.6669"
    assert metrics["our rebalances"] == "confirmed 2, reverted 1"
    verdicts = [cells(row) for row in section.partition("What was decided")[2].split("<tr>")][2:]
    assert verdicts[0] == [
        "too early", "2", "1 h 0 min", "2023-11-17 23:13:20 UTC", "&lt;i&gt;7 seconds&lt;/i&gt;"
    ]  # fmt: skip
    assert [row[0] for row in verdicts] == ["too early", "below threshold", "no price"]
    assert [row[2] for row in verdicts[1:]] == ["0 min 0 s"] * 2


def test_report_lists_our_rebalances_with_what_was_promised_and_what_came(config: Path) -> None:
    section = page_of(config).partition("<h2>Rebalances</h2>")[2].partition("<h2>")[0]
    newest, reverted, oldest = (row for each in section.split("<tr>") if len(row := cells(each)) == 11)
    assert oldest[1:9] == [
        "confirmed",
        "10,000 USDC into 0x0000..1e4D",
        "10,000 USDC",
        "20 USDC",
        "21 USDC",
        "35 USDC",
        "80 USDC",
        "0.003000",
    ]
    assert (newest[3], newest[5]) == ("5,000 USDC", "400 USDC")
    assert (reverted[1], reverted[3], reverted[5]) == ("reverted", "0 USDC", "0 USDC")
    assert oldest[0] == "2023-11-15 22:11:20 UTC"


def test_rebalance_under_way_has_no_outcome_yet(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite") as store:
        VaultLog(store.writer).record(even(), make_verdict(100))
        store.journal.open(make_vault_call())
    section = page_of(write_config(tmp_path)).partition("<h2>Rebalances</h2>")[2]
    (row,) = (row for each in section.split("<tr>") if len(row := cells(each)) == 11)
    assert row[2] == "5,000 USDC out of 0x0000..4a4E<br>5,000 USDC into 0x0000..1e4D"
    assert (row[1], row[3], row[5], row[8], row[10]) == ("planned", "", "", "", "")


def test_report_without_a_vault_says_nothing_of_one(tmp_path: Path) -> None:
    with open_store(tmp_path / "keeper.sqlite"):
        pass
    config = write_config(tmp_path)
    assert "Vault" not in page_of(config)
    assert "Vault" not in said("status", "--config", config)
    assert json.loads(said("status", "--config", config, "--json"))["vaults"] == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min 0 s"), (3_599, "59 min 59 s"), (3_600, "1 h 0 min"), (86_399, "23 h 59 min"),
     (86_400, "1 d 0 h"), (10 * 86_400 + 7_201, "10 d 2 h")],
)  # fmt: skip
def test_spans_of_time_are_put_in_their_two_largest_units(seconds: int, words: str) -> None:
    assert lasting(seconds) == words

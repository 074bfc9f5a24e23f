"""The deployment file: taken whole and typed, or refused with the key that is wrong."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from steelyard.connect.deployment import load_deployment, newest_deployment, parse_deployment
from steelyard.connect.hexes import checksum
from steelyard.exceptions import ConfigError
from steelyard.model import LenderKind, VenueKind

pytestmark = pytest.mark.unit

EXECUTOR = "0x" + "ee" * 20
GOOD: dict[str, Any] = {
    "chain_id": 1,
    "executor": EXECUTOR,
    "treasury": "0x" + "aa" * 20,
    "keeper": "0x" + "bb" * 20,
    "block_number": 18_806_161,
    "lenders": {"balancer_v2": "0xBA12222222228d8Ba445958a75a0704d566BF2C8", "aave_v3": None},
    "venues": [
        {
            "venue_id": 0,
            "name": "uniswap_v2",
            "kind": "uniswap_v2",
            "factory": "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f",
            "init_code_hash": "0x" + "96" * 32,
            "fee_pips": 3000,
        },
        {
            "venue_id": 2,
            "name": "uniswap_v3",
            "kind": "uniswap_v3",
            "factory": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
            "init_code_hash": "0x" + "E3" * 32,
            "fee_pips": 0,
        },
    ],
}


def changed(path: str, value: object) -> dict[str, Any]:
    raw = copy.deepcopy(GOOD)
    *folders, key = path.split("/")
    place: Any = raw
    for folder in folders:
        place = place[int(folder) if folder.isdigit() else folder]
    if value is ...:
        del place[key]
    else:
        place[key] = value
    return raw


def test_file_of_the_deploy_script_becomes_typed_values(tmp_path: Path) -> None:
    path = tmp_path / "1.json"
    path.write_text(json.dumps(GOOD), encoding="utf-8")
    deployment = load_deployment(path)
    assert deployment.executor == checksum(EXECUTOR)
    assert deployment.lenders == {LenderKind.BALANCER_V2: "0xBA12222222228d8Ba445958a75a0704d566BF2C8"}
    first, second = deployment.venues
    assert first.factory == "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f"
    assert (first.kind, first.fee_pips) == (VenueKind.UNISWAP_V2, 3000)
    assert (second.venue_id, second.init_code_hash) == (2, "0x" + "e3" * 32)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("chain_id", 0, "chain_id must be a whole number from 1"),
        ("chain_id", "1", "chain_id"),
        ("chain_id", True, "chain_id"),
        ("executor", "0x12", "executor must be an address"),
        ("executor", ..., "executor must be an address"),
        ("treasury", None, "treasury must be an address"),
        ("block_number", -1, "block_number"),
        ("lenders", [], "lenders must be an object"),
        (
            "lenders/compound",
            "0x" + "11" * 20,
            "compound is none of balancer_v2, aave_v3, morpho_blue, aave_v2",
        ),
        ("lenders/uniswap_v2", "0x" + "11" * 20, "uniswap_v2 is none of"),
        ("listed_lenders", [5], "each of listed_lenders must be an object"),
        ("listed_lenders", [{"lender_id": -1}], "lender_id must be a whole number from 0"),
        ("listed_lenders", [{"lender_id": 1}], "address must be an address"),
        ("lenders/balancer_v2", "vault", "balancer_v2 must be an address"),
        ("venues", {}, "venues must be a list"),
        ("venues", [5], "each of venues must be an object"),
        (
            "venues/0/kind",
            "uniswap_v4",
            "kind must be one of uniswap_v2, uniswap_v3, pancake_v3, algebra, curve",
        ),
        ("venues/0/init_code_hash", "0x12", "init_code_hash must be 0x and 64"),
        ("venues/0/name", "", "a venue needs a name"),
        ("venues/0/fee_pips", 1_000_000, "fee_pips must be below 1000000"),
        ("venues/0/venue_id", 65_536, "venue_id must be below 65536"),
        ("venues/0/venue_id", 3, "in the order of their venue_id"),
        ("venues/0/venue_id", 2, "each id once"),
        ("venues/1/name", "uniswap_v2", "different names"),
    ],
)
def test_wrong_value_is_refused_by_its_key(path: str, value: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_deployment(changed(path, value))


def test_missing_or_broken_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="deploy first: ape run deploy"):
        load_deployment(tmp_path / "1.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.json cannot be read as JSON"):
        load_deployment(broken)
    broken.write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"broken\.json: a deployment is a JSON object"):
        load_deployment(broken)


def test_newest_deployment_of_the_chain_is_found(tmp_path: Path) -> None:
    for age, (name, chain_id, block) in enumerate([("a", 1, 30), ("b", 1, 20), ("c", 5, 10)]):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(GOOD | {"chain_id": chain_id, "block_number": block}), encoding="utf-8")
        os.utime(path, (1_000 + age, 1_000 + age))
    assert newest_deployment(tmp_path, chain_id=1).block_number == 20
    with pytest.raises(ConfigError, match="no deployment on chain id 7"):
        newest_deployment(tmp_path, chain_id=7)


def test_lender_at_the_zero_address_is_one_that_the_executor_has_not() -> None:
    raw = changed("lenders/morpho_blue", "0x" + "00" * 20)
    assert LenderKind.MORPHO_BLUE not in parse_deployment(raw).lenders


def test_every_lender_that_is_one_contract_goes_by_its_name() -> None:
    single = [kind for kind in LenderKind if not kind.needs_source]
    named = {kind.name.lower(): checksum(f"0x{kind + 1:040x}") for kind in single}
    assert parse_deployment(GOOD | {"lenders": named}).lenders == {
        kind: named[kind.name.lower()] for kind in single
    }


def test_listed_lenders_go_by_their_id() -> None:
    listed = [{"lender_id": 3, "name": "vault", "address": EXECUTOR}]
    assert parse_deployment(GOOD | {"listed_lenders": listed}).listed_lenders == {3: checksum(EXECUTOR)}
    assert parse_deployment(GOOD).listed_lenders == {}


def test_venues_without_our_own_mathematics_are_known_and_not_followed() -> None:
    venues = [
        GOOD["venues"][0] | {"venue_id": at, "name": kind.name.lower(), "kind": kind.name.lower()}
        for at, kind in enumerate(kind for kind in VenueKind if kind.is_listed)
    ]
    deployment = parse_deployment(GOOD | {"venues": venues})
    assert [venue.kind for venue in deployment.venues] == [kind for kind in VenueKind if kind.is_listed]
    followed = [VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3]
    assert [venue.kind for venue in deployment.followed_venues] == followed

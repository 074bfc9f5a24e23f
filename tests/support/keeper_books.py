"""What a keeper's records say, held against what the chain says, over a story of any number of lives."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils.crypto import keccak
from sqlalchemy import select

from steelyard.app.wiring import build_keeper
from steelyard.cli.demo_stage import KEEPER, TREASURY, DemoStage
from steelyard.config import Config
from steelyard.connect.deployment import load_deployment
from steelyard.record.database import Database
from steelyard.record.reports import count_open, read_records
from steelyard.record.tables import ArbitrageRecord, SignedAttempt
from steelyard.sandbox.abi import encode_call

EXECUTED = [
    "0x" + keccak(text=signature).hex()
    for signature in (
        "ArbitrageExecuted(bytes32,address,uint256)",
        "ArbitrageExecutedWithCosts(bytes32,address,uint256,uint256,uint256)",
    )
]
PROFIT_WORD = 0
"""Of either event's data: profit, and in the second the loan's fee and the builder's tip."""
UNMINED = {"refused", "dropped", "replaced", "paper"}
MOST_BLOCKS_TO_SETTLE = 8


def head(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_blockNumber"), 16)


def database_file(config: Config) -> Path:
    return Path(config.keeper.database_url.removeprefix("sqlite:///"))


def check_integrity(config: Config) -> None:
    """Hold that SQLite finds nothing wrong with the file."""
    connection = sqlite3.connect(database_file(config))
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def settle_everything(stage: DemoStage, config: Config) -> None:
    """Mine, and let a keeper that decides nothing close what is open."""

    async def story() -> None:
        keeper = build_keeper(config, live=True)
        try:
            await keeper.start()
            for _ in range(MOST_BLOCKS_TO_SETTLE):
                stage.next_block()
                await keeper.settle()
                if count_unfinished(config) == 0:
                    return
        finally:
            await keeper.close()

    asyncio.run(story())


def count_unfinished(config: Config) -> int:
    with Database(config.keeper.database_url, create=False) as database, database.read() as session:
        return count_open(session)


@dataclass(frozen=True)
class Books:
    """Where the chain stood when the story began; ``treasury`` in base units by token."""

    stage: DemoStage
    block: int
    nonce: int
    ether_wei: int
    treasury: dict[str, int]

    def check(self, config: Config) -> Counter[str]:
        """Hold every record, the treasury and the gas against the chain; return how many ended how."""
        check_integrity(config)
        with Database(config.keeper.database_url, create=False) as database, database.read() as session:
            records = list(read_records(session))
            attempts = list(session.scalars(select(SignedAttempt)))
        receipts = self._receipts()
        plan_of = {attempt.hash: attempt.plan_id for attempt in attempts}
        assert set(receipts) <= set(plan_of), "the keeper sent something that its journal does not know"
        mined = Counter(plan_of[hash_] for hash_ in receipts)
        assert all(times == 1 for times in mined.values()), "two transactions of one plan were mined"
        by_plan = {plan_of[hash_]: receipt for hash_, receipt in receipts.items()}
        for record in records:
            _check_record(record, by_plan.get(record.plan_id), self._profits(config))
        self._check_money(records)
        return Counter(record.status for record in records)

    def _receipts(self) -> dict[str, dict[str, Any]]:
        """Return the receipts of all that the keeper's account sent in the story, by hash."""
        numbers = range(self.block + 1, head(self.stage) + 1)
        blocks = self.stage.rpc.batch([("eth_getBlockByNumber", [hex(number), True]) for number in numbers])
        ours = [
            transaction
            for block in blocks
            for transaction in block["transactions"]
            if transaction["from"].lower() == KEEPER.lower()
        ]
        nonces = [int(transaction["nonce"], 16) for transaction in ours]
        assert nonces == list(range(self.nonce, self.nonce + len(ours)))
        hashes = [transaction["hash"] for transaction in ours]
        found = self.stage.rpc.batch([("eth_getTransactionReceipt", [hash_]) for hash_ in hashes])
        return dict(zip(hashes, found, strict=True))

    def _profits(self, config: Config) -> dict[str, int]:
        """Return what each plan paid, by the executor's own events; none may have run twice."""
        assert config.keeper.deployment is not None
        asked = {
            "address": load_deployment(config.keeper.deployment).executor,
            "topics": [EXECUTED],
            "fromBlock": hex(self.block + 1),
            "toBlock": "latest",
        }
        logs = self.stage.rpc.call("eth_getLogs", asked)
        plans = [log["topics"][1] for log in logs]
        assert len(plans) == len(set(plans)), "a plan was executed twice"
        start = 2 + PROFIT_WORD * 64
        return {log["topics"][1]: int(log["data"][start : start + 64], 16) for log in logs}

    def _check_money(self, records: list[ArbitrageRecord]) -> None:
        now = treasury_balances(self.stage)
        recorded: Counter[str] = Counter()
        for record in records:
            recorded[record.asset] += record.realised_profit or 0
        gained = {token: now[token] - self.treasury[token] for token in now}
        assert gained == {token: recorded[token] for token in now}
        assert self.ether_wei - ether_wei(self.stage) == sum(record.gas_cost_wei or 0 for record in records)


def open_books(stage: DemoStage) -> Books:
    """Return the books of a story that begins now, with nothing of an earlier one in the node's pool."""
    stage.rpc.call("anvil_dropAllTransactions")
    return Books(
        stage=stage,
        block=head(stage),
        nonce=int(stage.rpc.call("eth_getTransactionCount", KEEPER, "latest"), 16),
        ether_wei=ether_wei(stage),
        treasury=treasury_balances(stage),
    )


def ether_wei(stage: DemoStage) -> int:
    return int(stage.rpc.call("eth_getBalance", KEEPER, "latest"), 16)


def treasury_balances(stage: DemoStage) -> dict[str, int]:
    """Return the treasury's balance of each token that the keeper looks at."""
    data = "0x" + encode_call("balanceOf(address)", TREASURY).hex()
    tokens = stage.config.market.tokens
    answers = stage.rpc.batch([("eth_call", [{"to": token, "data": data}, "latest"]) for token in tokens])
    return {token: int(answer, 16) for token, answer in zip(tokens, answers, strict=True)}


def _check_record(record: ArbitrageRecord, receipt: dict[str, Any] | None, profits: dict[str, int]) -> None:
    if receipt is None:
        assert record.status in UNMINED, f"{record.status}, but nothing of it was mined: {record.reason}"
        assert (record.realised_profit, record.gas_cost_wei) == (0, 0)
        return
    paid = profits.get(record.plan_id)
    succeeded = "dropped" if paid is None else "confirmed"  # what succeeds without the event cancels
    assert record.status == ("reverted" if int(receipt["status"], 16) == 0 else succeeded), record.reason
    assert record.realised_profit == (paid or 0)
    assert record.gas_cost_wei == int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
    assert record.transaction_hash == receipt["transactionHash"]
    assert record.mined_block == int(receipt["blockNumber"], 16)

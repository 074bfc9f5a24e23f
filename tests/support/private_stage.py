"""A keeper that sends to private relays, on an anvil whose pool is watched from two sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steelyard.act.doors import Doors
from steelyard.act.gas import GasSettings
from steelyard.act.replace import Replacer
from steelyard.act.submitter import Refusal, Submitter
from steelyard.act.tracker import Tracker
from steelyard.connect.chain import ChainClient
from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.plan_codec import plan_id
from steelyard.connect.private_relay import PrivateRelay as RelayClient
from steelyard.connect.private_relay import RelayMethod, StatusPage
from steelyard.connect.rpc import RpcClient
from steelyard.model import ArbitragePlan, Outcome, SignedTransaction
from steelyard.record import reports
from steelyard.sandbox.faulty_rpc import FaultyRpc
from steelyard.sandbox.private_relay import PrivateRelay
from tests.support.dev_chain import DevChain, KeySigner, start_chain
from tests.support.patience import PATIENCE_SECONDS
from tests.support.plans import make_plan
from tests.support.records import Store, open_store

GAS = GasSettings(priority_fee_wei=10**9)


@dataclass
class PrivateKeeper:
    """One life of a keeper: a new one on the same database is a restart."""

    store: Store
    doors: Doors
    submitter: Submitter
    tracker: Tracker
    replacer: Replacer
    signer: KeySigner
    troubles: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def submit(self, plan: ArbitragePlan) -> SignedTransaction:
        signed = self.submitter.submit(plan)
        assert isinstance(signed, SignedTransaction), signed
        return signed

    def refused(self, plan: ArbitragePlan) -> str:
        refusal = self.submitter.submit(plan)
        assert isinstance(refusal, Refusal), refusal
        return refusal.reason

    def record_of(self, plan: ArbitragePlan) -> reports.ArbitrageRecord:
        with self.store.database.read() as session:
            records = {record.plan_id: record for record in reports.read_records(session)}
        return records[plan_id(plan)]

    def events(self, kind: str) -> list[str]:
        with self.store.database.read() as session:
            return [event.message for event in reports.read_events(session) if event.kind == kind]

    def attempts(self) -> Sequence[SignedTransaction]:
        (intent,) = self.store.journal.unfinished()
        return intent.attempts


@dataclass
class PrivateStage:
    """Attributes: ``public`` stands between keepers and the node, and counts what they ask of it."""

    chain: DevChain
    public: FaultyRpc
    relay: PrivateRelay
    folder: Path

    def plan(self, *, number: int = 0, seconds: int = 120) -> ArbitragePlan:
        head = self.chain.client.block()
        deadline = head.timestamp_seconds + seconds
        return make_plan(block_number=head.number, deadline_seconds=deadline, amount=10**19 + number)

    def check_nothing_public(self) -> None:
        """Hold that no transaction was handed to the public node, and that none lies in its pool."""
        assert self.public.calls["eth_sendRawTransaction"] == 0
        pool = self.chain.rpc.call("txpool_content")
        assert (pool["pending"], pool["queued"]) == ({}, {})

    def settle(self, keeper: PrivateKeeper) -> list[Outcome]:
        return keeper.tracker.settle_open(self.chain.client.block())

    @contextmanager
    def keeper(
        self,
        *relay_urls: str,
        method: RelayMethod = RelayMethod.AUTO,
        status: bool = False,
        relayless: bool = False,
        headers_for: Any = None,
        answer_seconds: float = PATIENCE_SECONDS,
        **options: Any,
    ) -> Iterator[PrivateKeeper]:
        """Open a keeper that sends to ``relay_urls`` (to the stage's relay where none is named).

        Args:
            relayless: it has no relay at all, as after they were taken out of the configuration.
            answer_seconds: how long a relay may take to answer.
        """
        with ExitStack() as opened:
            store = opened.enter_context(open_store(self.folder / "keeper.sqlite"))
            rpc = opened.enter_context(RpcClient(self.public.url))
            relays = [
                RelayClient(
                    opened.enter_context(
                        RpcClient(url, timeout_seconds=answer_seconds, headers_for=headers_for)
                    ),
                    method,
                )
                for url in (() if relayless else relay_urls or (self.relay.url,))
            ]
            if status:
                options["status"] = StatusPage(self.relay.status_url, timeout_seconds=answer_seconds)
            yield new_keeper(ChainClient(rpc, errors=EXECUTOR_ERRORS), store, relays, options)


def new_keeper(
    chain: ChainClient, store: Store, relays: Sequence[RelayClient], options: dict[str, Any]
) -> PrivateKeeper:
    signer, troubles, leaks = KeySigner(), [], []
    doors = Doors(chain, store.journal, relays, on_trouble=troubles.append, on_leak=leaks.append, **options)
    return PrivateKeeper(
        store=store,
        doors=doors,
        submitter=Submitter(chain, store.journal, signer, GAS, doors=doors),
        tracker=Tracker(chain, store.journal, doors=doors),
        replacer=Replacer(chain, store.journal, signer, GAS, doors=doors),
        signer=signer,
        troubles=troubles,
        leaks=leaks,
    )


@contextmanager
def private_stage(folder: Path, *, offers_private: bool = False) -> Iterator[PrivateStage]:
    """Start an anvil with the executor's double, a watched node in front of it, and a relay beside it."""
    with (
        start_chain() as chain,
        FaultyRpc(chain.url) as public,
        PrivateRelay(chain.url, offers_private=offers_private) as relay,
    ):
        yield PrivateStage(chain, public, relay, folder)

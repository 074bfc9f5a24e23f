"""The recorded pools of mainnet with the real executor among them, and an engine that holds nothing back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from steelyard.cli.demo_stage import KEEPER, DemoStage
from steelyard.connect.chain import ChainClient
from steelyard.connect.deployment import Deployment, load_deployment
from steelyard.connect.executor_events import find_executed
from steelyard.connect.plan_codec import encode_execute, plan_id
from steelyard.connect.rpc import RpcClient
from steelyard.decide.arbitrage import ArbitrageCache, ArbitrageSettings, decide
from steelyard.model import ArbitragePlan, Decision, GasTerms, MarketSnapshot, Verdict
from steelyard.observe.follower import MarketFollower
from steelyard.observe.watch import WatchList
from steelyard.sandbox.mining import Miner
from steelyard.sandbox.replica.build import ReplicaState
from steelyard.sandbox.replica.tokens import WETH
from steelyard.units import ETHER, GWEI, Address
from tests.support.keeper_books import treasury_balances
from tests.support.keeper_stage import keeper_stage
from tests.support.mainnet_pools import RecordedMarket, place_recorded_market, read_recorded_market
from tests.support.patience import PATIENCE_SECONDS

NO_GAS: Final = GasTerms(base_fee_wei=0, priority_fee_wei=0)
_GAS_EACH: Final = 2_000_000


@dataclass(frozen=True, kw_only=True)
class MainnetProof:
    """What observes, decides and executes; each step can be taken alone.

    Attributes:
        beside_others: whether the replica's own pools count too, or the recorded ones alone.
        most_legs: of a cycle.
    """

    stage: DemoStage
    deployment: Deployment
    client: ChainClient
    follower: MarketFollower
    recorded: RecordedMarket
    beside_others: bool
    most_legs: int
    cache: ArbitrageCache = field(default_factory=ArbitrageCache)

    def observed(self) -> MarketSnapshot:
        """Return the newest block's market, at gas price zero."""
        snapshot = self.follower.poll()
        assert snapshot is not None
        if self.beside_others:
            return replace(snapshot, gas=NO_GAS)
        wanted = {pool.address for pool in self.recorded.pools}
        pools = {address: pool for address, pool in snapshot.pools.items() if address in wanted}
        return replace(snapshot, gas=NO_GAS, pools=pools, touched=snapshot.touched & wanted)

    def decided(self, snapshot: MarketSnapshot, busy: frozenset[Address] = frozenset()) -> Decision:
        """Let the engine decide with nothing held back for being too small, too large or too many."""
        settings = ArbitrageSettings(
            executor=self.deployment.executor,
            wrapped_native=WETH.address,
            path_length=self.most_legs,
            max_candidates=10**6,
            max_plans=50,
            min_net_profit_wei=0,
            max_trade_wei=10**12 * ETHER,
            deadline_seconds=3_600,
            max_evaluations=200,
            sizing_tolerance_ppm=0,
        )
        return decide(snapshot, settings, self.deployment.venues, self.cache, busy)

    def plan_alone(self, snapshot: MarketSnapshot, verdict: Verdict) -> ArbitragePlan:
        """Return the plan for the verdict's cycle as if no other could be taken."""
        used = {leg.pool for leg in verdict.route}
        lenders = tuple(terms for terms in snapshot.lenders if terms.asset == verdict.asset)
        busy = frozenset(snapshot.pools.keys() - used)
        (plan,) = self.decided(replace(snapshot, lenders=lenders), busy).plans
        return plan

    def execute(self, plans: Sequence[ArbitragePlan]) -> list[int]:
        """Send the plans in order, mine them in one block, and return what each brought to the treasury.

        What the executor's events say must be what the treasury's balances say.
        """
        before = treasury_balances(self.stage)
        hashes = self._send(plans)
        Miner(self.stage.rpc).mine()
        profits = [self._profit(hash_, plan) for hash_, plan in zip(hashes, plans, strict=True)]
        gained = treasury_balances(self.stage)
        for token, balance in before.items():
            brought = sum(profit for plan, profit in zip(plans, profits, strict=True) if plan.asset == token)
            assert gained[token] - balance == brought, token
        return profits

    def _send(self, plans: Sequence[ArbitragePlan]) -> list[str]:
        rpc = self.stage.rpc
        nonce = int(rpc.call("eth_getTransactionCount", KEEPER, "latest"), 16)
        hashes = []
        for at, plan in enumerate(plans):
            transaction = {
                "from": KEEPER,
                "to": plan.executor,
                "data": "0x" + encode_execute(plan).hex(),
                "nonce": hex(nonce + at),
                "gas": hex(_GAS_EACH),
                "maxFeePerGas": hex(1_000 * GWEI),
                "maxPriorityFeePerGas": hex(GWEI),
            }
            hashes.append(str(rpc.call("eth_sendTransaction", transaction)))
        return hashes

    def _profit(self, transaction_hash: str, plan: ArbitragePlan) -> int:
        receipt = self.client.receipt(transaction_hash)
        assert receipt is not None, f"not mined: {plan.reason}"
        assert receipt.succeeded, f"reverted: {plan.reason}"
        event = find_executed(receipt.logs, plan.executor, plan_id(plan))
        assert event is not None
        return event.profit

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Put the chain back at the end."""
        before = self.stage.rpc.call("evm_snapshot")
        yield
        assert self.stage.rpc.call("evm_revert", before)


@contextmanager
def mainnet_proof(
    folder: Path, deployed: ReplicaState, *, beside_others: bool, most_legs: int
) -> Iterator[MainnetProof]:
    """Open a stage with the deployed executor and place the recorded pools on it.

    Skips the test where the recording is not there.
    """
    recorded = read_recorded_market()
    with keeper_stage(folder, deployed) as stage:
        place_recorded_market(stage.rpc, recorded)
        stage.rpc.call("anvil_impersonateAccount", KEEPER)
        assert stage.config.keeper.deployment is not None
        deployment = load_deployment(stage.config.keeper.deployment)
        with closing(RpcClient(stage.config.chain.rpc_url, timeout_seconds=PATIENCE_SECONDS)) as rpc:
            client = ChainClient(rpc)
            watch = WatchList(
                chain_id=1,
                tokens=tuple(token.address for token in recorded.tokens),
                venues=deployment.venues,
                lenders=deployment.lenders,
            )
            yield MainnetProof(
                stage=stage,
                deployment=deployment,
                client=client,
                follower=MarketFollower(client, watch, priority_fee_wei=0, clock=lambda: 0),
                recorded=recorded,
                beside_others=beside_others,
                most_legs=most_legs,
            )

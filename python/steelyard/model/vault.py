"""A vault as it stands at one block, and what a keeper would have it do.

The terms are the contract's (docs/vault.md); amounts are base units of the vault's asset.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from steelyard.exceptions import InvalidPlan
from steelyard.model.chain import BlockRef, Token
from steelyard.units import Address


class PoolState(IntEnum):
    """Same numbers as ``IAllocationVault.PoolState``."""

    NONE = 0
    ACTIVE = 1
    PAUSED = 2
    """Counted and paid from, but left alone by rebalances."""
    DRAINING = 3
    """Its target is zero."""


class VaultStop(IntEnum):
    """Same numbers as ``IAllocationVault.Stop``."""

    NOTHING = 0
    ENTRIES = 1
    PRICED_EXITS = 2


class VaultRole(IntEnum):
    """Same numbers as ``IAllocationVault.Role``."""

    KEEPER = 0
    MANAGER = 1
    GUARDIAN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolScores:
    """Scores in basis points; the three are zero where ``c_score`` was set directly."""

    trust: int
    liquidity: int
    performance: int
    c_score: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultPool:
    """A pool of the vault's.

    Attributes:
        value: what it is worth by its own report; None where that cannot be told.
        liquid: of that, what it pays at once and at no loss.
        is_sound: whether market and oracle agree there.
        target: what it is to hold; what a paused pool holds is its target.
        weight_wad: its weight by score, of what is invested.
        pays: most that a rebalance can take out now. None where nothing is refused: what is more than
            ``liquid`` is then sold, at a loss that the plan has to bear.
        room: most that it takes in the next minutes; None where it names no limit.
    """

    strategy: Address
    state: PoolState
    scores: PoolScores
    value: int | None
    liquid: int
    is_sound: bool
    target: int
    weight_wad: int
    pays: int | None = None
    room: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceLimits:
    """What holds a keeper: ``IAllocationPolicy.RebalanceLimits``."""

    threshold_bps: int
    max_step_bps: int
    max_move_loss_bps: int
    max_loss_bps: int
    min_interval_seconds: int
    loss_period_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSnapshot:
    """Everything that is asked of a vault, of one block.

    Attributes:
        policy: address of the policy that ``limits`` and targets are of.
        total_assets: None where a pool or price cannot be told; then there are no targets either.
        idle: the buffer: uninvested, and not promised to fulfilled requests.
        idle_target: what is to be idle, what the queue waits for included.
        claimable: put aside for fulfilled requests.
        awaited: what the queue would be paid now.
        supply: shares.
        share_price_wad: assets for a whole share, both whole; None as ``total_assets``.
        liquidity_ratio_bps: the part of total assets that is not to be invested.
        asset_usd_wad: US dollars for one whole unit of the asset; None where its price is refused.
        tvl_usd_wad: total assets in US dollars; None as either.
        native_usd_wad: US dollars for the native coin, by the same source; None where it lists none.
        last_rebalance_seconds: when a plan was last carried out; 0 for never.
        loss_used: of the allowance for losses, at ``loss_updated_seconds``; it grows back since.
        trouble: why something cannot be told, for people; None where everything can.
    """

    chain_id: int
    block: BlockRef
    vault: Address
    policy: Address
    asset: Token
    stop: VaultStop
    total_assets: int | None
    idle: int
    idle_target: int
    claimable: int
    awaited: int
    supply: int
    share_price_wad: int | None
    liquidity_ratio_bps: int
    asset_usd_wad: int | None
    tvl_usd_wad: int | None
    native_usd_wad: int | None
    pools: tuple[VaultPool, ...]
    limits: RebalanceLimits
    last_rebalance_seconds: int
    loss_used: int
    loss_updated_seconds: int
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of a plan: from the buffer to the pool, or back; the vault cuts it at the target."""

    strategy: Address
    is_deploy: bool
    assets: int

    def __post_init__(self) -> None:
        """Raise InvalidPlan where nothing would be moved."""
        if self.assets <= 0:
            raise InvalidPlan(f"a move at {self.strategy} must be of something, not {self.assets}")


class RebalanceCode(StrEnum):
    """Why a rebalance was proposed or not."""

    ACCEPTED = "accepted"
    STOPPED = "stopped"
    """The vault, a limit or the kill file stops it."""
    NO_PRICE = "no_price"
    """A pool or the asset has no price that is believed."""
    PENDING = "pending"
    """A transaction of ours on this vault is still open."""
    TOO_EARLY = "too_early"
    """The last rebalance is less than the policy's interval ago."""
    BELOW_THRESHOLD = "below_threshold"
    """Nothing is far enough from its target."""
    NOTHING_TO_MOVE = "nothing_to_move"
    """What is off its target may not be moved now: paused, not sound, too little to be worth a move, or
    more than its pools pay or take."""
    BELOW_COST = "below_cost"
    """What it would bring does not pay for gas and losses."""
    OVER_LOSS = "over_loss"
    """It would lose more than the vault, or the operator, allows now."""
    SIMULATION = "simulation"
    """The chain refused it in simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceTrial:
    """What a simulation says of moves.

    Attributes:
        loss: base units of the asset, by the oracle.
        gas_price_wei: what a unit of gas is expected to cost.
    """

    loss: int
    gas_units: int
    gas_price_wei: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalancePlan:
    """Moves that lead towards the targets, complete before anything is signed.

    Attributes:
        max_loss: most that all moves together may lose by the oracle; the vault holds it.
        is_urgent: it only takes out, because requests or a draining pool wait for it; worth is not asked.
        drift: what lies furthest from its target, base units; ``moved`` is what the moves come to.
        expected_loss: by the simulation.
        gas_units: by the simulation; ``gas_cost_wei`` is that at ``gas_price_wei``.
        cost: gas and loss in base units of the asset; ``benefit`` what it is expected to bring, likewise.
        wei_per_asset_unit_wad: what one base unit of the asset is worth in wei, times 10^18: what is lost is
            valued at it.
        block_number: the block whose state it was decided on.
        reason: why, for people.
    """

    chain_id: int
    vault: Address
    asset: Address
    moves: tuple[Move, ...]
    max_loss: int
    deadline_seconds: int
    is_urgent: bool
    drift: int
    moved: int
    expected_loss: int
    gas_units: int
    gas_price_wei: int
    gas_cost_wei: int
    cost: int
    benefit: int
    wei_per_asset_unit_wad: int
    block_number: int
    reason: str

    def __post_init__(self) -> None:
        """Raise InvalidPlan where it contradicts itself."""
        if not self.moves:
            raise InvalidPlan("a rebalance needs at least one move")
        if self.expected_loss > self.max_loss:
            raise InvalidPlan(f"expected_loss {self.expected_loss} is above max_loss {self.max_loss}")
        if self.is_urgent and any(move.is_deploy for move in self.moves):
            raise InvalidPlan("an urgent plan only takes out")
        if self.wei_per_asset_unit_wad <= 0:
            raise InvalidPlan("a rebalance needs the asset's price in wei: its losses are valued at it")


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultCall:
    """A rebalance with the transaction that carries it: to the vault itself, or through a relayer.

    Its id is of what it does, not of how it is sent (see ``connect.vault_calls``): same intent, same id.

    Attributes:
        to, data: where the transaction goes and with what.
        signer: whose role the vault sees; who sends and pays may be another.
    """

    plan: RebalancePlan
    to: Address
    data: bytes
    signer: Address

    @property
    def chain_id(self) -> int:
        return self.plan.chain_id

    @property
    def deadline_seconds(self) -> int:
        return self.plan.deadline_seconds

    @property
    def block_number(self) -> int:
        return self.plan.block_number

    @property
    def pools(self) -> frozenset[Address]:
        """The market's pools that are busy until it is decided: none, the vault's own limits hold there."""
        return frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceVerdict:
    """What was decided about a vault at one block: a plan, or why there is none.

    Attributes:
        drift: what lies furthest from its target, base units; None where it cannot be told.
    """

    block: BlockRef
    vault: Address
    code: RebalanceCode
    reason: str
    drift: int | None = None
    plan: RebalancePlan | None = None

"""Many real pools at once on a served replica: given tokens, given reserves, prices and positions, quickly.

Pools come from the real factories by real transactions, which emit the real events; only tokens and purses
are written into the state. One account, the wholesaler, makes a list of calls in each transaction and pays V3
pools in their mint callback, so that a few hundred pools go into one block.

::

    with ensure_replica() as replica, replica.connect() as rpc:
        wholesaler = Wholesaler(rpc)
        wholesaler.place_tokens([WholesaleToken(address=A, symbol="A", decimals=6), ...])
        addresses = wholesaler.make_pools([PairOrder(...), RangedOrder(...)])

What stands already can be cleared away first: ``vacate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from steelyard.sandbox.abi import encode_arguments, encode_call
from steelyard.sandbox.funding import fund
from steelyard.sandbox.mining import BLOCK_SECONDS, mine_block, read_block
from steelyard.sandbox.replica import PoolKind, ReplicaError, project_root
from steelyard.sandbox.replica.build import GAS_LIMIT
from steelyard.sandbox.replica.models import Models
from steelyard.sandbox.replica.protocols import sushiswap_v2, uniswap_v2, uniswap_v3
from steelyard.sandbox.rpc import Request, SandboxRpc
from steelyard.sandbox.wholesaler_code import PROGRAM
from steelyard.units import ETHER, GWEI, Address

WHOLESALER: Final = Address("0x5744000000000000000000000000000000000A11")
"""Makes the calls, and owns the pairs' shares and the V3 positions."""
MERCHANT: Final = Address("0x5744000000000000000000000000000000000e0A")
"""Sends the transactions."""

FACTORIES: Final = {
    PoolKind.UNISWAP_V2: (uniswap_v2.FACTORY, uniswap_v2.INIT_CODE_HASH),
    PoolKind.SUSHISWAP_V2: (sushiswap_v2.FACTORY, sushiswap_v2.INIT_CODE_HASH),
    PoolKind.UNISWAP_V3: (uniswap_v3.FACTORY, uniswap_v3.INIT_CODE_HASH),
}

_SUPPLY: Final = 1 << 200
_PURSE: Final = 1 << 120
_PURSE_WEI: Final = 10**9 * ETHER
_BALANCES_SLOT: Final = 2
"""Of TokenModel's storage: name 0, symbol 1, balances 2."""
_LONGEST_SYMBOL: Final = 31
_POOLS_PER_TRANSACTION: Final = 25
_TRANSACTIONS_PER_BLOCK: Final = 16
_GAS_PER_POOL: Final = 10_000_000
_WIDE_GAS_LIMIT: Final = 10**11
_REQUESTS_PER_POST: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class WholesaleToken:
    """A plain ERC-20 to stand at a given address; where a contract stands already, that is kept."""

    address: Address
    symbol: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOrder:
    """A V2 pair with given reserves in base units; ``token0`` is the lower address. No reserves: empty."""

    kind: PoolKind
    token0: Address
    token1: Address
    reserve0: int
    reserve1: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """V3 liquidity between two ticks, which are multiples of the pool's tick spacing."""

    tick_lower: int
    tick_upper: int
    liquidity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RangedOrder:
    """A V3 pool at a given price with given positions; ``token0`` is the lower address."""

    token0: Address
    token1: Address
    fee_pips: int
    sqrt_price_x96: int
    positions: tuple[Position, ...]

    @property
    def kind(self) -> PoolKind:
        """The only factory of ranged pools here."""
        return PoolKind.UNISWAP_V3


Order = PairOrder | RangedOrder
_Call = tuple[Address, bytes]


def pool_of(order: Order) -> Address:
    """Return where the factory puts an order's pool: CREATE2, EIP-1014."""
    factory, code_hash = FACTORIES[order.kind]
    if isinstance(order, PairOrder):
        salt = keccak(bytes.fromhex(order.token0[2:]) + bytes.fromhex(order.token1[2:]))
    else:
        types = "(address,address,uint24)"
        salt = keccak(encode_arguments(types, order.token0, order.token1, order.fee_pips))
    seed = b"\xff" + bytes.fromhex(factory[2:]) + salt + bytes.fromhex(code_hash[2:])
    return Address(to_checksum_address(keccak(seed)[12:]))


class Wholesaler:
    """Makes tokens and pools on one node that mines on demand.

    Args:
        rpc: a served replica.
        root: the project's folder; found by itself if None.
    """

    def __init__(self, rpc: SandboxRpc, root: Path | None = None) -> None:
        self._rpc = rpc
        self._models = Models(root or project_root())
        rpc.call("anvil_impersonateAccount", MERCHANT)
        rpc.call("anvil_setBalance", MERCHANT, hex(_PURSE_WEI))
        rpc.call("anvil_setCode", WHOLESALER, "0x" + PROGRAM.hex())

    def place_tokens(self, tokens: Iterable[WholesaleToken]) -> None:
        """Let each token stand at its address, and give the wholesaler plenty of it.

        Raises:
            CannotFund: a token that stands already keeps its balances where no storage write reaches.
        """
        listed = list(tokens)
        codes = self._batch(("eth_getCode", [token.address, "latest"]) for token in listed)
        runtimes: dict[int, str] = {}
        writes: list[Request] = []
        for token, code in zip(listed, codes, strict=True):
            if code != "0x":
                fund(self._rpc, WHOLESALER, token.address, _PURSE)
                continue
            if token.decimals not in runtimes:
                runtimes[token.decimals] = self._token_code(token.decimals)
            writes.extend(_token_writes(token, runtimes[token.decimals]))
        self._batch(writes)

    def make_pools(self, orders: Sequence[Order]) -> list[Address]:
        """Create and fill a pool for each order; return their addresses in order.

        Raises:
            ReplicaError: one could not be made; the message carries the chain's reason.
        """
        self._rpc.call("evm_setBlockGasLimit", hex(_WIDE_GAS_LIMIT))
        try:
            self._carry_out([_calls_of(order) for order in orders])
        finally:
            # The next blocks inherit the gas limit of the last.
            self._rpc.call("evm_setBlockGasLimit", hex(GAS_LIMIT))
            self._mine(())
        return [pool_of(order) for order in orders]

    def touch(self, orders: Sequence[Order]) -> None:
        """Let each order's pool change by one event: pairs get a little of a token, others liquidity."""
        self._rpc.call("evm_setBlockGasLimit", hex(_WIDE_GAS_LIMIT))
        try:
            self._carry_out([_touching_calls(order) for order in orders])
        finally:
            self._rpc.call("evm_setBlockGasLimit", hex(GAS_LIMIT))

    def vacate(self, orders: Iterable[Order]) -> None:
        """Clear away the pools that stand where the orders' are to be, so that these can be made anew.

        The factory forgets each pool, and its tokens are taken from it; V2's ``allPairs`` still lists it.
        """
        for order in orders:
            pool = pool_of(order)
            if self._rpc.call("eth_getCode", pool, "latest") == "0x":
                continue
            for token in (order.token0, order.token1):
                fund(self._rpc, pool, token, 0)
            for tokens in ((order.token0, order.token1), (order.token1, order.token0)):
                self._forget(order, tokens)
            self._rpc.call("anvil_setCode", pool, "0x")
            self._rpc.call("anvil_setNonce", pool, "0x0")

    def _forget(self, order: Order, tokens: tuple[Address, Address]) -> None:
        factory, _ = FACTORIES[order.kind]
        if isinstance(order, PairOrder):
            data = encode_call("getPair(address,address)", *tokens)
        else:
            data = encode_call("getPool(address,address,uint24)", *tokens, order.fee_pips)
        call = {"to": factory, "data": "0x" + data.hex()}
        for entry in self._rpc.call("eth_createAccessList", call, "latest")["accessList"]:
            for key in entry["storageKeys"]:
                self._rpc.call("anvil_setStorageAt", entry["address"], key, f"0x{0:064x}")

    def _token_code(self, decimals: int) -> str:
        arguments = encode_arguments(
            "(string,string,uint8,uint256,address)", "", "", decimals, _SUPPLY, WHOLESALER
        )
        creation = self._models.artifact("TokenModel").creation + arguments
        code: str = self._rpc.call("eth_call", {"data": "0x" + creation.hex()}, "latest")
        return code

    def _carry_out(self, made: Sequence[Sequence[_Call]]) -> None:
        """Make the calls of each pool, some hundred pools to a block."""
        payloads = [_payload(part) for part in _split(made, _POOLS_PER_TRANSACTION)]
        for block in _split(payloads, _TRANSACTIONS_PER_BLOCK):
            self._mine(block)

    def _mine(self, payloads: Sequence[bytes]) -> None:
        """Mine one block with a transaction for each payload, in order, and check them."""
        parent = read_block(self._rpc)
        base_fee_wei = parent.next_base_fee_wei()
        nonce = int(self._rpc.call("eth_getTransactionCount", MERCHANT, "latest"), 16)
        transactions = [
            {
                "from": MERCHANT,
                "to": WHOLESALER,
                "data": "0x" + payload.hex(),
                "nonce": hex(nonce + at),
                "gas": hex(_GAS_PER_POOL * _POOLS_PER_TRANSACTION),
                "maxFeePerGas": hex(2 * base_fee_wei + GWEI),
                "maxPriorityFeePerGas": hex(GWEI),
            }
            for at, payload in enumerate(payloads)
        ]
        hashes = [self._rpc.call("eth_sendTransaction", transaction) for transaction in transactions]
        mine_block(self._rpc, parent.timestamp_seconds + BLOCK_SECONDS, base_fee_wei)
        receipts = self._batch(("eth_getTransactionReceipt", [hash_]) for hash_ in hashes)
        for transaction, receipt in zip(transactions, receipts, strict=True):
            if receipt is None or receipt["status"] != "0x1":
                raise ReplicaError(f"pools could not be made: {self._reason(transaction)}")

    def _reason(self, transaction: dict[str, Any]) -> str:
        call = {key: transaction[key] for key in ("from", "to", "data")}
        try:
            self._rpc.call("eth_call", call, "latest")
        except Exception as error:  # noqa: BLE001 - whatever the node says is the reason
            return str(error)
        return "no reason given; the same calls succeed now"

    def _batch(self, requests: Iterable[Request]) -> list[Any]:
        answers: list[Any] = []
        for part in _split(list(requests), _REQUESTS_PER_POST):
            answers.extend(self._rpc.batch(part))
        return answers


def _split(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _token_writes(token: WholesaleToken, runtime: str) -> Iterator[Request]:
    text = token.symbol.encode()[:_LONGEST_SYMBOL]
    # A short string in storage: its bytes from the left, twice its length in the last.
    label = "0x" + (text.ljust(_LONGEST_SYMBOL, b"\0") + bytes([2 * len(text)])).hex()
    purse = keccak(encode_arguments("(address,uint256)", WHOLESALER, _BALANCES_SLOT)).hex()
    yield "anvil_setCode", [token.address, runtime]
    for slot in ("0x0", "0x1"):
        yield "anvil_setStorageAt", [token.address, slot, label]
    yield "anvil_setStorageAt", [token.address, "0x" + purse, f"0x{_SUPPLY:064x}"]


def _payload(made: Iterable[Iterable[_Call]]) -> bytes:
    parts = []
    for calls in made:
        for target, data in calls:
            parts += [bytes(8), len(data).to_bytes(4), bytes.fromhex(target[2:]), data]
    return b"".join(parts)


def _calls_of(order: Order) -> list[_Call]:
    if int(order.token0, 16) >= int(order.token1, 16):
        raise ReplicaError(f"token0 of a pool is its lower address: {order.token0}, {order.token1}")
    return _pair_calls(order) if isinstance(order, PairOrder) else _ranged_calls(order)


def _pair_calls(order: PairOrder) -> list[_Call]:
    pool = pool_of(order)
    factory, _ = FACTORIES[order.kind]
    calls = [(factory, encode_call("createPair(address,address)", order.token0, order.token1))]
    if order.reserve0 or order.reserve1:
        pay = "transfer(address,uint256)"
        calls += [
            (order.token0, encode_call(pay, pool, order.reserve0)),
            (order.token1, encode_call(pay, pool, order.reserve1)),
            (pool, encode_call("mint(address)", WHOLESALER)),
        ]
    return calls


def _touching_calls(order: Order) -> list[_Call]:
    pool = pool_of(order)
    if isinstance(order, PairOrder):
        gift = encode_call("transfer(address,uint256)", pool, order.reserve0 // 1_000 + 1)
        return [(order.token0, gift), (pool, encode_call("sync()"))]
    position = order.positions[0]
    return [_mint(order, replace(position, liquidity=position.liquidity // 1_000 + 1))]


def _mint(order: RangedOrder, position: Position) -> _Call:
    tokens = encode_arguments("(address,address)", order.token0, order.token1)
    edges = position.tick_lower, position.tick_upper
    mint = "mint(address,int24,int24,uint128,bytes)"
    return pool_of(order), encode_call(mint, WHOLESALER, *edges, position.liquidity, tokens)


def _ranged_calls(order: RangedOrder) -> list[_Call]:
    create = encode_call("createPool(address,address,uint24)", order.token0, order.token1, order.fee_pips)
    return [
        (uniswap_v3.FACTORY, create),
        (pool_of(order), encode_call("initialize(uint160)", order.sqrt_price_x96)),
        *(_mint(order, position) for position in order.positions),
    ]

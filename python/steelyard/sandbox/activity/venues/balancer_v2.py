"""Pools of Balancer V2, through the Vault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from steelyard.sandbox.abi import decode_result, encode_call
from steelyard.sandbox.activity.pools import PoolView, Swap
from steelyard.sandbox.activity.venues.stable import stable_views
from steelyard.sandbox.activity.venues.venue import FOREVER, Call, Venue, pair_of
from steelyard.sandbox.replica.manifest import PoolKind, PoolRecord
from steelyard.sandbox.replica.protocols.balancer_v2 import VAULT
from steelyard.units import WAD, Address

_GIVEN_IN: Final = 0
_SWAP: Final = (
    "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
)
_POOL_TOKENS: Final = "(address[],uint256[],uint256)"


def _id_of(record: PoolRecord) -> bytes:
    return bytes.fromhex(record.pool_id[2:])


def _reads(curve: str) -> Callable[[PoolRecord], Sequence[Call]]:
    def reads(record: PoolRecord) -> list[Call]:
        tokens = encode_call("getPoolTokens(bytes32)", _id_of(record))
        return [Call(to=VAULT, data=tokens), Call(to=record.address, data=encode_call(curve))]

    return reads


def _balances(answer: bytes) -> dict[str, int]:
    """Balance of each token by its address in small letters."""
    tokens, balances, _ = decode_result(_POOL_TOKENS, answer)
    return dict(zip(tokens, balances, strict=True))


def _weighted_views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    """Two tokens with their weights: the price is that of the reserves divided by the weights.

    Along the curve ``B0^w0 B1^w1`` stays, so the price moves by ``-dB0 / (B0 w1)``, and a constant product's
    by ``-2 dX / X``. Rounds down.
    """
    balance0, balance1 = _balances(answers[0]).values()
    weight0, weight1 = decode_result("(uint256[])", answers[1])[0]
    return [
        PoolView(
            record=record,
            reserve0=2 * balance0 * weight1 // WAD,
            reserve1=2 * balance1 * weight0 // WAD,
        )
    ]


def _stable_views(record: PoolRecord, answers: Sequence[bytes]) -> list[PoolView]:
    held = _balances(answers[0])
    value, _, precision = decode_result("(uint256,bool,uint256)", answers[1])
    balances = [held[token.lower()] for token in record.tokens]
    return stable_views(record, balances, value // precision)


def _swap(who: Address, view: PoolView, swap: Swap) -> Call:
    token_in, token_out = pair_of(view, swap)
    single: tuple[Any, ...] = (_id_of(view.record), _GIVEN_IN, token_in, token_out, swap.amount, b"")
    funds = (who, False, who, False)
    return Call(to=VAULT, data=encode_call(_SWAP, single, funds, 0, FOREVER))


WEIGHTED: Final = Venue(
    kind=PoolKind.BALANCER_WEIGHTED,
    spenders=(VAULT,),
    reads=_reads("getNormalizedWeights()"),
    views=_weighted_views,
    swap=_swap,
)
STABLE: Final = Venue(
    kind=PoolKind.BALANCER_STABLE,
    spenders=(VAULT,),
    reads=_reads("getAmplificationParameter()"),
    views=_stable_views,
    swap=_swap,
)

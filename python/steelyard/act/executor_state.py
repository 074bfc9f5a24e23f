"""Whether the executor takes plans from us at all, asked of the executor itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steelyard.connect.abi import address_word, selector, word
from steelyard.connect.chain import CallReverted
from steelyard.connect.hexes import address_of_word
from steelyard.connect.plan_codec import QUOTE_SELECTOR
from steelyard.exceptions import ConfigError

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from steelyard.connect.deployment import Deployment
    from steelyard.model import Venue
    from steelyard.units import Address

_WORD: Final = 32
_IS_KEEPER: Final = selector("isKeeper(address)")
_PAUSED: Final = selector("paused()")
_VENUE_AT: Final = selector("venueAt(uint16)")
_LENDER_ADDRESS: Final = selector("lenderAddress(uint8)")
_LENDER_AT: Final = selector("lenderAt(uint16)")
_QUOTE_NOTHING: Final = QUOTE_SELECTOR + word(32) + word(0)
_PLAN_CUT_SHORT: Final = selector("PlanCutShort(uint256,uint256)")


def require_executor(chain: ChainClient, executor: Address) -> None:
    """Raise ConfigError where no contract is at ``executor``: another chain, or one that was reset."""
    if not chain.code(executor):
        raise ConfigError(
            f"there is no contract at the executor's address {executor} on the chain of "
            f"RPC {chain.rpc.name}: deploy first (ape run deploy executor), or name this chain's deployment "
            f"file in keeper.deployment"
        )


def require_as_written(chain: ChainClient, deployment: Deployment) -> None:
    """Hold the deployment file against the executor: plans over a venue that it does not list only revert.

    Raises:
        ConfigError: a venue or a lender is not what the file says, or the executor cannot read our plans.
        RetryError: the node did not answer.
    """
    _require_our_plans(chain, deployment.executor)
    for venue in deployment.venues:
        listed = _words(chain, deployment.executor, _VENUE_AT + word(venue.venue_id))
        if listed != _venue_words(venue):
            raise ConfigError(
                f"venue {venue.venue_id} ({venue.name}) of the deployment file is not what the executor "
                f"{deployment.executor} lists under that id: take it out of the file, or correct it"
            )
    lenders = [
        (kind.name.lower(), lender, _LENDER_ADDRESS + word(kind))
        for kind, lender in deployment.lenders.items()
    ]
    lenders += [
        (f"{lender_id} of the list", lender, _LENDER_AT + word(lender_id))
        for lender_id, lender in deployment.listed_lenders.items()
    ]
    for name, lender, question in lenders:
        found = _words(chain, deployment.executor, question)
        if found != address_word(lender):
            named = address_of_word(found) if len(found) == _WORD else "none"
            raise ConfigError(
                f"lender {name} of the deployment file is {lender}, but the executor "
                f"{deployment.executor} borrows from {named}: correct the file"
            )


def _require_our_plans(chain: ChainClient, executor: Address) -> None:
    """Ask for the result of a plan of no bytes: who reads our encoding misses its head."""
    try:
        chain.eth_call(executor, _QUOTE_NOTHING)
    except CallReverted as reverted:
        if reverted.data.startswith(_PLAN_CUT_SHORT):
            return
    raise ConfigError(
        f"the contract at {executor} does not read plans as this version writes them; it may be an older "
        f"executor: deploy a new one (ape run deploy executor), and sweep what lies in the old"
    )


def executor_refusal(chain: ChainClient, executor: Address, keeper: Address) -> str | None:
    """Return why the executor would refuse every plan of ``keeper`` at present, or None where it would not.

    Raises:
        ConfigError: the contract at ``executor`` is none.
        RetryError: the node did not answer.
    """
    if not _ask(chain, executor, _IS_KEEPER + address_word(keeper)):
        return (
            f"account {keeper} is no keeper of the executor {executor}; "
            f"its owner can make it one: ape run roles grant {keeper}"
        )
    if _ask(chain, executor, _PAUSED):
        return f"the executor {executor} is paused: it executes nothing until its owner unpauses it"
    return None


def _venue_words(venue: Venue) -> bytes:
    """Return the contract's ``Venue`` as ``venueAt`` does: kind, fee, factory, init-code hash."""
    init_code_hash = bytes.fromhex(venue.init_code_hash.removeprefix("0x"))
    return word(venue.kind) + word(venue.fee_pips) + address_word(venue.factory) + init_code_hash


def _words(chain: ChainClient, executor: Address, data: bytes) -> bytes:
    """Return the answer, empty where the executor has none (an id that is not listed)."""
    try:
        return chain.eth_call(executor, data)
    except CallReverted:
        return b""


def _ask(chain: ChainClient, executor: Address, data: bytes) -> bool:
    answer = _words(chain, executor, data)
    if len(answer) != _WORD:
        raise ConfigError(
            f"the contract at {executor} does not answer as an executor does; "
            f"check the deployment file that keeper.deployment names"
        )
    return bool(int.from_bytes(answer))

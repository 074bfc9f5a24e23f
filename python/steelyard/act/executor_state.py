"""Whether the executor takes plans from us at all, asked of the executor itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steelyard.connect.abi import address_word, selector
from steelyard.connect.chain import CallReverted
from steelyard.exceptions import ConfigError

if TYPE_CHECKING:
    from steelyard.connect.chain import ChainClient
    from steelyard.units import Address

_WORD: Final = 32
_IS_KEEPER: Final = selector("isKeeper(address)")
_PAUSED: Final = selector("paused()")


def require_executor(chain: ChainClient, executor: Address) -> None:
    """Raise ConfigError where no contract is at ``executor``: another chain, or one that was reset."""
    if not chain.code(executor):
        raise ConfigError(
            f"there is no contract at the executor's address {executor} on the chain of "
            f"RPC {chain.rpc.name}: deploy first (ape run deploy executor), or name this chain's deployment "
            f"file in keeper.deployment"
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
            f"its owner can make it one: ape run deploy keeper {keeper}"
        )
    if _ask(chain, executor, _PAUSED):
        return f"the executor {executor} is paused: it executes nothing until its owner unpauses it"
    return None


def _ask(chain: ChainClient, executor: Address, data: bytes) -> bool:
    try:
        answer = chain.eth_call(executor, data)
    except CallReverted:
        answer = b""
    if len(answer) != _WORD:
        raise ConfigError(
            f"the contract at {executor} does not answer as an executor does; "
            f"check the deployment file that keeper.deployment names"
        )
    return bool(int.from_bytes(answer))

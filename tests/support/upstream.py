"""What fork tests stand on: a real node where one is configured, else the replica."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Upstream:
    """The chain that ``ethereum:mainnet-fork`` is made from."""

    is_replica: bool
    trouble: str | None
    """Why it cannot be had; None if it answers."""


def find_upstream() -> Upstream:
    """Ask the provider plugin for the upstream, which starts the replica where that is what is meant."""
    from ape import networks
    from ape.exceptions import ApeException

    provider = networks.ethereum.mainnet.get_provider("steelyard")
    try:
        with provider.network.use_provider(provider):
            pass
    except ApeException as error:
        return Upstream(is_replica=provider.is_replica, trouble=str(error))
    return Upstream(is_replica=provider.is_replica, trouble=None)

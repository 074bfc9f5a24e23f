"""A keeper that only watches: it has an address to simulate from, and no key."""

from __future__ import annotations

from steelyard.exceptions import KeyUnavailable
from steelyard.units import Address


class WatchOnly:
    """``model.ports.Signer`` without a key, for paper mode."""

    def __init__(self, address: Address) -> None:
        self._address = address

    @property
    def address(self) -> Address:
        """The address that simulations are sent from: a keeper of the executor, or they revert."""
        return self._address

    def sign(self, fields: dict[str, object]) -> bytes:
        """Raise KeyUnavailable: paper mode signs nothing."""
        raise KeyUnavailable(f"{self._address} is only watched: paper mode has no key and signs nothing")

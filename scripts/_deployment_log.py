"""The file of a deployment while it is under way: each step as it is mined, the whole at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ape.api import ReceiptAPI

from scripts._deployment import read_previous
from scripts._executor import DeploymentRefused, write_record
from scripts._site import Site
from scripts._steps import Step
from steelyard.units import Address

Record = dict[str, Any]


class DeploymentLog:
    """Writes down what is deployed, so that a run that broke off is taken up by the next."""

    def __init__(
        self,
        path: Path,
        site: Site,
        *,
        kind: str,
        address: Address,
        first: Address,
        record: Callable[[Record, Record], Record],
    ) -> None:
        """Read what an earlier run wrote of this deployment, and nothing of one that is gone with its fork.

        Args:
            kind: key of the file under which the contract's ``address`` stands.
            first: what comes to stand first; while it does not, nothing was done.
            record: makes the whole of what was written before, and of what this run created.

        Raises:
            DeploymentRefused: the file is damaged, or names another contract of this kind, which stands.
        """
        self._path, self._kind, self._address, self._record = path, kind, address, record
        self._creation: Record = {}
        previous = read_previous(path)
        named = previous.get(kind)
        if named != address and isinstance(named, str) and site.stands(named):
            raise DeploymentRefused(
                f"{path} names another {kind}, {named}; these arguments make {address}. "
                "Take the arguments of the first run, or another --output"
            )
        self._previous = previous if named == address and site.stands(first) else {}
        self._chain_id = site.chain.chain_id()

    def write(self, step: Step, receipt: ReceiptAPI) -> None:
        """Add a step that was mined."""
        steps = [*self._previous.get("steps", []), {"step": step.title, "transaction": receipt.txn_hash}]
        if step.creates == self._address:
            self._creation = {"block_number": receipt.block_number, "transaction": receipt.txn_hash}
        self._previous |= {self._kind: self._address, "steps": steps} | self._creation
        write_record(self._path, {"chain_id": self._chain_id} | self._previous)

    def finish(self) -> None:
        """Write the whole, as the chain has it."""
        write_record(self._path, self._record(self._previous, self._creation))

"""An offline replica of Ethereum's mainnet, made of the real byte code of its protocols.

``with ensure_replica() as replica:`` builds what is missing, serves it at ``replica.rpc_url`` and stops it at
the end. What stands where, and how its truth was checked, is in ``replica.manifest``. See
``docs/replica.md``.
"""

from steelyard.sandbox.replica.build import build_key, ensure_state, find_state, project_root
from steelyard.sandbox.replica.errors import ReplicaError
from steelyard.sandbox.replica.manifest import (
    ContractRecord,
    Kind,
    Manifest,
    PoolKind,
    PoolRecord,
    TokenRecord,
)
from steelyard.sandbox.replica.serve import Replica, ensure_replica

__all__ = [
    "ContractRecord",
    "Kind",
    "Manifest",
    "PoolKind",
    "PoolRecord",
    "Replica",
    "ReplicaError",
    "TokenRecord",
    "build_key",
    "ensure_replica",
    "ensure_state",
    "find_state",
    "project_root",
]

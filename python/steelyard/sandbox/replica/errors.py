"""What can be wrong with the replica."""

from __future__ import annotations

from steelyard.exceptions import PrerequisiteMissing


class ReplicaError(PrerequisiteMissing):
    """The replica cannot be built or served; the message says why and what would mend it."""

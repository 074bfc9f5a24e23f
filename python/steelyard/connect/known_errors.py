"""The errors of every contract of ours, by selector: one may pass on what another reverted with."""

from __future__ import annotations

from typing import Final

from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.relay_errors import RELAYER_ERRORS
from steelyard.connect.vault_errors import VAULT_ERRORS

KNOWN_ERRORS: Final = {**EXECUTOR_ERRORS, **RELAYER_ERRORS, **VAULT_ERRORS}

"""The errors of every contract of ours, and of what they call, by selector: one may pass on another's."""

from __future__ import annotations

from typing import Final

from steelyard.connect.executor_errors import EXECUTOR_ERRORS
from steelyard.connect.relay_errors import RELAYER_ERRORS
from steelyard.connect.vault_below_errors import VAULT_BELOW_ERRORS
from steelyard.connect.vault_errors import VAULT_ERRORS

KNOWN_ERRORS: Final = {**VAULT_BELOW_ERRORS, **EXECUTOR_ERRORS, **RELAYER_ERRORS, **VAULT_ERRORS}

"""How long a test waits for what will come: only a hang comes near it, not a machine that is slow or busy."""

from __future__ import annotations

from typing import Final

PATIENCE_SECONDS: Final = 300.0
"""For a command, a line of its output, an answer or a block. A whole test has more: pytest's ``timeout``."""

"""A plan's identity, whatever its kind: the same intent has the same id, and is opened once."""

from __future__ import annotations

from steelyard.connect.plan_codec import plan_id
from steelyard.connect.vault_calls import vault_call_id
from steelyard.model import ArbitragePlan, Plan, VaultCall


def plan_id_of(plan: Plan) -> str:
    """Return the id under which the journal knows the plan: 32 bytes as 0x-hex."""
    match plan:
        case ArbitragePlan():
            return plan_id(plan)
        case VaultCall():
            return vault_call_id(plan)

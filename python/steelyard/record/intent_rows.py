"""Where the rows of intents differ by kind: the table, what a plan writes into it, the plan read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from steelyard.model import Address, ArbitragePlan, IntentStatus, Plan, VaultCall
from steelyard.record.plan_json import parse_plan, route_json, solution_json
from steelyard.record.tables import ArbitrageRecord
from steelyard.record.vault_json import moves_json, parse_rebalance, rebalance_json
from steelyard.record.vault_tables import VaultRebalance

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

IntentRow = ArbitrageRecord | VaultRebalance

ARBITRAGE: Final = "arbitrage"
REBALANCE: Final = "rebalance"
TABLES: Final[Mapping[str, type[IntentRow]]] = {ARBITRAGE: ArbitrageRecord, REBALANCE: VaultRebalance}
"""Each kind of intent with its table; ``intents`` has the kind of each id."""

OPEN: Final = tuple(status.value for status in IntentStatus if status.is_open)


def kind_name(plan: Plan) -> str:
    """Return the name of the plan's kind in ``TABLES``."""
    match plan:
        case ArbitragePlan():
            return ARBITRAGE
        case VaultCall():
            return REBALANCE


def new_row(plan: Plan) -> IntentRow:
    """Return the plan's row, without what it has beside the plan: id, time, status, mode."""
    match plan:
        case ArbitragePlan():
            return _arbitrage_row(plan)
        case VaultCall():
            return _rebalance_row(plan)


def plan_of(row: IntentRow) -> Plan:
    """Return the plan that the row was made of."""
    match row:
        case ArbitrageRecord():
            return parse_plan(row.route_json, row.solution_json)
        case VaultRebalance():
            return VaultCall(
                plan=parse_rebalance(row.moves_json, row.plan_json),
                to=Address(row.sent_to),
                data=row.calldata,
                signer=Address(row.signer),
            )


def last_closing(session: Session) -> int:
    """Return the number of the last closed intent of any kind; 0 where none is closed."""
    return max(session.scalar(select(func.max(table.closing))) or 0 for table in TABLES.values())


def _arbitrage_row(plan: ArbitragePlan) -> ArbitrageRecord:
    return ArbitrageRecord(
        lender=plan.lender.name.lower(),
        asset=plan.asset,
        amount=plan.amount,
        route_json=route_json(plan),
        solution_json=solution_json(plan),
        decided_block=plan.block_number,
        estimated_profit=plan.expected_profit,
        estimated_gas_cost_wei=plan.gas_cost_wei,
        estimated_net_wei=plan.expected_net_wei,
        reason=plan.reason,
    )


def _rebalance_row(call: VaultCall) -> VaultRebalance:
    plan = call.plan
    return VaultRebalance(
        vault=plan.vault,
        asset=plan.asset,
        sent_to=call.to,
        calldata=call.data,
        signer=call.signer,
        moves_json=moves_json(plan),
        plan_json=rebalance_json(plan),
        is_urgent=plan.is_urgent,
        decided_block=plan.block_number,
        drift=plan.drift,
        expected_moved=plan.moved,
        expected_loss=plan.expected_loss,
        estimated_gas_cost_wei=plan.gas_cost_wei,
        cost=plan.cost,
        benefit=plan.benefit,
        reason=plan.reason,
    )

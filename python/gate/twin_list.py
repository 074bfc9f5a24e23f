"""All twins; here stand the executor's. Those of another contract have a file of their own."""

from __future__ import annotations

from gate.twin import EXECUTOR as _CORE
from gate.twin import Patch, Twin
from gate.twin_relayer import RELAYER
from gate.twin_vault import VAULT
from gate.twin_weights import WEIGHTS

_GUARD = "flashloan/CallbackGuard.sol"
_ROLES = "flashloan/ExecutorRoles.sol"
_ROUTE = "flashloan/Route.sol"
_V3_SWAP = "swap/UniswapV3Swap.sol"
_ALLOWANCES = "libraries/AllowanceLib.sol"
_IS_FOR_US = "!PlanLib.isFor(plan, address(this))"


def _v3_callback_that_asks(question: str) -> tuple[Patch, ...]:
    """Uniswap V3's callback without the guard: the pool is believed by what it answers to `question`."""
    return (
        Patch(_V3_SWAP, "        _expectCallback(pool, family, 0, keccak256(data));\n"),
        Patch(_V3_SWAP, "        _requireConsumed();\n"),
        Patch(
            _V3_SWAP,
            "        _consumeCallback(family, data);\n"
            "        (address tokenIn, uint256 amountIn) = abi.decode(data, (address, uint256));\n",
            "        family;\n"
            "        (address tokenIn, uint256 amountIn) = abi.decode(data, (address, uint256));\n"
            f"{question}",
        ),
    )


_ASKS_FOR_TOKENS = """\
        (, bytes memory first) = msg.sender.staticcall(abi.encodeWithSignature("token0()"));
        (, bytes memory second) = msg.sender.staticcall(abi.encodeWithSignature("token1()"));
        require(tokenIn == abi.decode(first, (address)) || tokenIn == abi.decode(second, (address)));
"""
_ASKS_ITS_FACTORY = """\
        (, bytes memory named) = msg.sender.staticcall(abi.encodeWithSignature("factory()"));
        (, bytes memory child) = abi.decode(named, (address))
            .staticcall(
                abi.encodeWithSignature("getPool(address,address,uint24)", tokenIn, address(0), uint24(500))
            );
        require(abi.decode(child, (address)) == msg.sender);
"""

_CALLBACKS = (
    Twin(
        "OpenCallback",
        "callbacks are not tied to a call of ours",
        (
            Patch(
                _GUARD,
                "        if (state & _WHO != _word(msg.sender, kind)) "
                "revert ErrorsLib.UnexpectedCallback(msg.sender, kind);\n",
                "        kind;\n",
            ),
            Patch(
                _GUARD,
                "        if (hash != awaited) revert ErrorsLib.CallbackDataChanged(awaited, hash);\n",
            ),
        ),
    ),
    Twin(
        "StrangersLoan",
        "Balancer's callback only asks whether the vault calls, not whether we asked it to",
        (
            Patch(
                "flashloan/lenders/BalancerV2Lender.sol",
                "(bytes32 planHash, uint256 loan) = _consumeCallback(CallbackKind.BalancerV2Loan, userData);",
                "require(msg.sender == _BALANCER_VAULT);\n"
                "        (bytes32 planHash, uint256 loan) = (keccak256(userData), 0);",
            ),
        ),
    ),
    Twin(
        "OpenFlag",
        "the guard knows that something is open, not whose callback is awaited",
        (
            Patch(
                _GUARD,
                "        if (state != _BUSY) revert ErrorsLib.CallbackNotMade(address(uint160(state)));\n",
                "        state;\n",
            ),
            Patch(_GUARD, "if (state & _WHO != _word(msg.sender, kind))", "if (state == _IDLE)"),
            Patch(
                _GUARD,
                "        if (hash != awaited) revert ErrorsLib.CallbackDataChanged(awaited, hash);\n",
            ),
            Patch(_GUARD, "        _state = _BUSY;\n        at = ", "        at = "),
        ),
    ),
    Twin(
        "MatchingTokens",
        "a pool is believed that has the right tokens",
        _v3_callback_that_asks(_ASKS_FOR_TOKENS),
    ),
    Twin(
        "ForgedFactory",
        "a pool is believed for which the factory that it names vouches",
        _v3_callback_that_asks(_ASKS_ITS_FACTORY),
    ),
    Twin(
        "PaysWhatIsAsked",
        "a pool is paid what it asks for, not what was offered",
        (
            Patch(
                _V3_SWAP,
                "        if (taken != int256(amountIn)) "
                "revert ErrorsLib.SwapNotFilled(msg.sender, amountIn, taken);\n",
            ),
            Patch(
                _V3_SWAP,
                "SafeTransferLib.safeTransfer(tokenIn, msg.sender, amountIn);",
                "SafeTransferLib.safeTransfer(tokenIn, msg.sender, uint256(taken));",
            ),
        ),
    ),
    Twin(
        "ChosenTarget",
        "a kind of leg calls what its parameters say",
        (
            Patch(
                _ROUTE,
                "        PlanLib.params(plan, leg.params, leg.next, 0);\n"
                "        _swapWrappedEther(hand.token, tokenOut, hand.amount);\n",
                "        (bool done,) = PlanLib.addressAt(plan, leg.params)\n"
                "            .call(plan[leg.params + 20:leg.next]);\n"
                "        require(done);\n",
            ),
        ),
    ),
    Twin(
        "BentQuote",
        "quotes are given in the middle of a plan",
        (
            Patch(
                _CORE,
                "        override\n        nonReentrant\n        returns (uint256 profit, uint256 loanFee",
                "        override\n        returns (uint256 profit, uint256 loanFee",
            ),
        ),
    ),
)

_MONEY = (
    Twin(
        "EndlessApproval",
        "allowances without end, set once",
        (
            Patch(
                _ALLOWANCES,
                "safeApproveWithRetry(token, spender, amount)",
                "safeApproveWithRetry(token, spender, amount == 0 ? 0 : type(uint256).max)",
            ),
            Patch(
                _ALLOWANCES, "        if (left != 0) revert ErrorsLib.AllowanceLeft(token, spender, left);\n"
            ),
        ),
    ),
    Twin(
        "LeftoverApproval",
        "exact allowances, but nobody looks whether they were used up",
        (
            Patch(
                _ALLOWANCES, "        if (left != 0) revert ErrorsLib.AllowanceLeft(token, spender, left);\n"
            ),
        ),
    ),
    Twin(
        "BelievedTransfer",
        "what a pool says it sent counts as received",
        (Patch(_ROUTE, "received = _growth(tokenOut, recipient, before);", "received = sent;"),),
    ),
    Twin(
        "NoLeastOutput",
        "legs have no least output",
        (
            Patch(
                _ROUTE,
                "if (received == 0 || received < stop.leg.minAmountOut) {",
                "if (received == 0) {",
            ),
        ),
    ),
    Twin(
        "NoLeastProfit",
        "plans have no least profit",
        (
            Patch(
                _CORE,
                "if (gain < minProfit) revert ErrorsLib.MinProfitNotMet(gain, minProfit);",
                "if (gain < minProfit) minProfit = gain;",
            ),
        ),
    ),
    Twin(
        "NoFeeLimit",
        "loans have no greatest fee",
        (
            Patch(
                "flashloan/FlashBorrower.sol",
                "        if (fee > maxFee) revert ErrorsLib.LoanFeeTooHigh(fee, maxFee);\n",
            ),
        ),
    ),
)

_KEYS = (
    Twin(
        "AnyoneExecutes",
        "no keeper role",
        (
            Patch(
                _ROLES,
                "if (msg.sender != _gate.firstKeeper && !_isOtherKeeper())",
                "if (false)",
            ),
        ),
    ),
    Twin(
        "UnboundExecutor",
        "plans bind no executor",
        (Patch(_CORE, _IS_FOR_US, "!PlanLib.isFor(plan, PlanLib.executor(plan))"),),
    ),
    Twin(
        "UnboundChain",
        "plans bind no chain",
        (Patch(_CORE, _IS_FOR_US, "PlanLib.executor(plan) != address(this)"),),
    ),
    Twin(
        "NoDeadline",
        "plans have no deadline",
        (
            Patch(
                _CORE,
                "        if (deadline < block.timestamp) _revertLate(plan, deadline);\n",
            ),
        ),
    ),
    Twin(
        "LossHides",
        "what lies here may repay a loan",
        (
            Patch(
                _CORE,
                "        if (hand.amount < owed) "
                "revert ErrorsLib.LoanNotCovered(asset, hand.amount, owed);\n",
            ),
            Patch(
                _CORE,
                "if (balanceAfter < balanceBefore) "
                "revert ErrorsLib.BalanceShrank(asset, balanceBefore, balanceAfter);",
                "if (balanceAfter < balanceBefore) return 0;",
            ),
        ),
    ),
    Twin(
        "HalfRevoked",
        "a keeper is revoked in one of two places",
        (Patch(_ROLES, "        delete _otherKeepers[keeper];\n"),),
    ),
    Twin(
        "SpendsWhatLies",
        "a leg may name more than loans and legs brought in",
        (
            Patch(
                "libraries/PurseLib.sol",
                "        if (taken > held || held == 0) "
                "revert ErrorsLib.PurseTooSmall(token, held, taken);\n"
                "        purse.amounts[at] = held - taken;\n",
                "        purse.amounts[at] = held > taken ? held - taken : 0;\n",
            ),
        ),
    ),
    Twin(
        "PhantomLoan",
        "a loan that the plan promises and does not hold is read from what lies behind the plan",
        (Patch("libraries/PlanLib.sol", "needed = next + (first >> 7);", "needed = next;"),),
    ),
)

TWINS = _CALLBACKS + _MONEY + _KEYS + WEIGHTS + RELAYER + VAULT

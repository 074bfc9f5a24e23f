// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What is wrong with a token, seen from the executor.
enum Habit {
    None,
    FeeOnWayIn,
    FeeOnWayOut,
    FeeForTreasury,
    RebasesUp,
    RoundsDown,
    NoReturn,
    FalseOnTransfer,
    FalseOnTransferFrom,
    FalseOnApprove,
    HooksBefore,
    HooksAfter,
    BlocksExecutor,
    BlocksTreasury,
    PausesMidway,
    InflatesBalance,
    DeflatesBalance,
    AlternatesBalance,
    MovesNothing,
    ApprovesFromZero,
    ApprovesNothing,
    MaxMovesAll,
    ReturnBomb,
    RevertsBare,
    BurnsGas,
    Uint96,
    NoCode
}

/// @title A token with one bad habit, once it is turned on: tests only.
/// @notice `trueBalanceOf` is what there is, whatever `balanceOf` says. `NoCode` is the test's to bring about.
contract ZooToken {
    uint256 private constant _BPS = 10_000;
    uint256 private constant _BOMB = 300_000;

    Habit public habit;
    address public executor;
    address public treasury;

    mapping(address account => uint256) public trueBalanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    /// @notice Transfers since the habit was turned on.
    uint256 public moves;
    /// @notice What the hooks call, how often they did, and how often that went through.
    bytes public payload;
    uint256 public hooksCalled;
    uint256 public hooksObeyed;

    error Refused();
    error NotEnough();
    error NotAllowed();

    function mint(address to, uint256 amount) external {
        trueBalanceOf[to] += amount;
    }

    function turn(Habit newHabit, address newExecutor, address newTreasury, bytes calldata newPayload)
        external
    {
        (habit, executor, treasury, payload) = (newHabit, newExecutor, newTreasury, newPayload);
        moves = 0;
    }

    /// @dev Lies to everybody, but about the executor only.
    function balanceOf(address account) external view returns (uint256 told) {
        told = trueBalanceOf[account];
        if (account != executor) return told;
        if (habit == Habit.InflatesBalance) return told * 2;
        if (habit == Habit.DeflatesBalance) return told / 2;
        if (habit == Habit.AlternatesBalance && moves % 2 == 1) return told + 1e18;
    }

    function approve(address spender, uint256 amount) external {
        if (habit == Habit.ApprovesFromZero && amount != 0 && allowance[msg.sender][spender] != 0) {
            revert Refused();
        }
        if (habit == Habit.Uint96 && amount > type(uint96).max) revert Refused();
        if (habit != Habit.ApprovesNothing) allowance[msg.sender][spender] = amount;
        _answer(habit != Habit.FalseOnApprove);
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
        _answer(habit != Habit.FalseOnTransfer);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        if (allowance[from][msg.sender] < amount) revert NotAllowed();
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
        _answer(habit != Habit.FalseOnTransferFrom);
    }

    function _move(address from, address to, uint256 amount) private {
        ++moves;
        _requireWilling(from, to, amount);
        if (habit == Habit.MovesNothing) return;
        if (habit == Habit.MaxMovesAll && amount == type(uint256).max) amount = trueBalanceOf[from];
        if (habit == Habit.HooksBefore) _hook();
        if (trueBalanceOf[from] < amount) revert NotEnough();
        trueBalanceOf[from] -= amount;
        trueBalanceOf[to] += amount - _kept(from, to, amount);
        if (habit == Habit.RebasesUp && to == executor) trueBalanceOf[to] += amount / 100;
        if (habit == Habit.HooksAfter) _hook();
    }

    function _requireWilling(address from, address to, uint256 amount) private view {
        if (habit == Habit.BlocksExecutor && (from == executor || to == executor)) revert Refused();
        if (habit == Habit.BlocksTreasury && to == treasury) revert Refused();
        if (habit == Habit.PausesMidway && moves > 1) revert Refused();
        if (habit == Habit.Uint96 && amount > type(uint96).max) revert Refused();
        if (habit == Habit.RevertsBare) {
            assembly ("memory-safe") {
                revert(0, 0)
            }
        }
        if (habit == Habit.BurnsGas) {
            while (true) {}
        }
    }

    /// @dev 1 % where the habit has it.
    function _kept(address from, address to, uint256 amount) private view returns (uint256) {
        if (habit == Habit.RoundsDown) return amount == 0 ? 0 : 1;
        bool taxed = (habit == Habit.FeeOnWayIn && to == executor)
            || (habit == Habit.FeeOnWayOut && from == executor)
            || (habit == Habit.FeeForTreasury && to == treasury);
        return taxed ? amount * 100 / _BPS : 0;
    }

    function _hook() private {
        ++hooksCalled;
        (bool success,) = executor.call(payload);
        if (success) ++hooksObeyed;
    }

    /// @dev As a bool, or as the habit has it.
    function _answer(bool said) private view {
        uint256 size = 32;
        if (habit == Habit.NoReturn) size = 0;
        if (habit == Habit.ReturnBomb) size = _BOMB;
        assembly ("memory-safe") {
            let at := mload(0x40)
            mstore(at, said)
            return(at, size)
        }
    }
}

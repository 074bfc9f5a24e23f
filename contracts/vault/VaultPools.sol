// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAllocationPolicy} from "../interfaces/IAllocationPolicy.sol";
import {IAllocationVault, Pool, PoolState, Role} from "../interfaces/IAllocationVault.sol";
import {IStrategy} from "../interfaces/IStrategy.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultFees} from "./VaultFees.sol";
import {WeightModelLib} from "./WeightModel.sol";

/// @title VaultPools: the list of pools, their scores and their states.
abstract contract VaultPools is VaultFees {
    /* CONSTANTS */

    /// @dev A pool with less than this part of total assets is empty enough to be taken off.
    uint256 private constant _DUST_PART = 1e6;

    /* MANAGER */

    /// @inheritdoc IAllocationVault
    function setPoolScores(address strategy, uint16 trust, uint16 liquidity, uint16 performance)
        external
        override
        onlyRole(Role.Manager)
        nonReentrant
    {
        uint16 cScore = WeightModelLib.cScore(trust, liquidity, performance);
        _score(strategy, Pool(_listed(strategy).state, trust, liquidity, performance, cScore));
    }

    /// @inheritdoc IAllocationVault
    function setPoolCScore(address strategy, uint16 cScore)
        external
        override
        onlyRole(Role.Manager)
        nonReentrant
    {
        if (cScore > _BPS) revert ErrorsLib.ScoreTooHigh(cScore, _BPS);
        _score(strategy, Pool(_listed(strategy).state, 0, 0, 0, cScore));
    }

    /* MANAGER, GUARDIAN, ADMINISTRATION */

    /// @inheritdoc IAllocationVault
    function setPoolState(address strategy, PoolState newState) external override nonReentrant {
        // A manager drains, a guardian pauses; everything else, back to work above all, is the administration's.
        bool isTheirs = (newState == PoolState.Draining && _hasRole(Role.Manager))
            || (newState == PoolState.Paused && _hasRole(Role.Guardian));
        if (!isTheirs) _requireAllowed();
        if (newState == PoolState.None) revert VaultErrors.WrongPoolState(strategy, uint256(newState));
        _listed(strategy).state = newState;
        emit PoolStateSet(strategy, newState);
    }

    /* ADMINISTRATION */

    /// @inheritdoc IAllocationVault
    function addPool(address strategy) external override restricted nonReentrant {
        Layout storage layout = _layout();
        if (layout.pools[strategy].state != PoolState.None) revert VaultErrors.PoolExists(strategy);
        if (layout.strategies.length == _MAX_POOLS) revert VaultErrors.TooManyPools(_MAX_POOLS);
        IStrategy candidate = IStrategy(strategy);
        if (candidate.vault() != address(this) || candidate.asset() != layout.asset) {
            revert VaultErrors.InvalidAddress("strategy", strategy);
        }
        // What lies there already is a gain of everybody's; one that cannot be priced would stop every entry.
        candidate.report();
        _accrue();
        uint16 score = IAllocationPolicy(layout.settings.policy).defaultCScore();
        layout.strategies.push(strategy);
        _score(strategy, Pool(PoolState.Active, 0, 0, 0, score));
        emit PoolStateSet(strategy, PoolState.Active);
    }

    /// @inheritdoc IAllocationVault
    function removePool(address strategy, bool writeOff) external override restricted nonReentrant {
        Totals memory totals = _look();
        _takeFees(totals);
        uint256 index = _indexOf(strategy, totals.strategies);
        uint256 value = totals.values[index];
        if (!writeOff && value > _requirePriced(totals).assets / _DUST_PART) {
            revert VaultErrors.PoolNotEmpty(strategy, value);
        }
        address[] storage list = _layout().strategies;
        list[index] = list[list.length - 1];
        list.pop();
        delete _layout().pools[strategy];
        emit PoolRemoved(strategy, value);
    }

    /* VIEWS */

    /// @inheritdoc IAllocationVault
    function strategies() external view override returns (address[] memory) {
        return _layout().strategies;
    }

    /// @inheritdoc IAllocationVault
    function pool(address strategy) external view override returns (Pool memory) {
        return _layout().pools[strategy];
    }

    /* INTERNAL */

    function _listed(address strategy) internal view returns (Pool storage listed) {
        listed = _layout().pools[strategy];
        if (listed.state == PoolState.None) revert VaultErrors.PoolNotFound(strategy);
    }

    function _indexOf(address strategy, address[] memory list) internal pure returns (uint256) {
        for (uint256 i; i < list.length; ++i) {
            if (list[i] == strategy) return i;
        }
        revert VaultErrors.PoolNotFound(strategy);
    }

    function _score(address strategy, Pool memory scored) private {
        _layout().pools[strategy] = scored;
        emit PoolScored(strategy, scored);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IFlashLoanArbitrage} from "../interfaces/IFlashLoanArbitrage.sol";
import {RelayRecipient} from "../gasless/RelayRecipient.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {CallbackGuard} from "./CallbackGuard.sol";

/// @title ExecutorRoles: who may do what, where profit goes, and the way out for what strays in.
abstract contract ExecutorRoles is IFlashLoanArbitrage, Ownable2Step, RelayRecipient, CallbackGuard {
    /* STORAGE */

    /// @dev One slot, one cold read on the way in: the first keeper, and whether everybody is stopped.
    struct Gate {
        address firstKeeper;
        bool paused;
    }

    Gate private _gate;

    address private _treasury;
    address private _guardian;
    mapping(address account => bool allowed) private _otherKeepers;

    /* CONSTRUCTOR */

    constructor(address owner_, address treasury_, address forwarder)
        Ownable(owner_)
        RelayRecipient(forwarder)
    {
        _setTreasury(treasury_);
    }

    /* MODIFIERS */

    modifier onlyKeeper() {
        if (_gate.paused) revert ErrorsLib.ExecutionPaused();
        if (msg.sender != _gate.firstKeeper && !_isOtherKeeper()) {
            revert ErrorsLib.NotKeeper(_relayedSender());
        }
        _;
    }

    /* GUARDIAN FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function pause() external override {
        if (msg.sender != _guardian && msg.sender != owner()) revert ErrorsLib.NotGuardian(msg.sender);
        _gate.paused = true;
        emit Paused(msg.sender);
    }

    /* OWNER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function unpause() external override onlyOwner {
        _gate.paused = false;
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setKeeper(address keeper, bool allowed) external override onlyOwner {
        // The forwarder calls for anybody.
        if (keeper == address(0) || isTrustedForwarder(keeper)) revert ErrorsLib.InvalidKeeper();
        // Whatever the account was, it is first taken off both places: revoking can never leave one behind.
        delete _otherKeepers[keeper];
        if (_gate.firstKeeper == keeper) _gate.firstKeeper = address(0);
        if (allowed) {
            if (_gate.firstKeeper == address(0)) _gate.firstKeeper = keeper;
            else _otherKeepers[keeper] = true;
        }
        emit KeeperSet(keeper, allowed);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setGuardian(address newGuardian) external override onlyOwner {
        address previous = _guardian;
        _guardian = newGuardian;
        emit GuardianSet(previous, newGuardian);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function setTreasury(address newTreasury) external override onlyOwner nonReentrant {
        _setTreasury(newTreasury);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function sweep(address token, uint256 amount) external override onlyOwner nonReentrant {
        address to = _treasury;
        SafeTransferLib.safeTransfer(token, to, amount);
        emit TokenSwept(token, to, amount);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function sweepEther(uint256 amount) external override onlyOwner nonReentrant {
        address to = _treasury;
        SafeTransferLib.safeTransferETH(to, amount);
        emit EtherSwept(to, amount);
    }

    /// @notice Refused: an executor without an owner could be neither swept nor unpaused.
    function renounceOwnership() public view override onlyOwner {
        revert ErrorsLib.OwnershipNotRenounceable();
    }

    /* VIEWS */

    /// @inheritdoc IFlashLoanArbitrage
    function isKeeper(address account) public view override returns (bool) {
        return account != address(0) && (account == _gate.firstKeeper || _otherKeepers[account]);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function paused() external view override returns (bool) {
        return _gate.paused;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function guardian() external view override returns (address) {
        return _guardian;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function treasury() public view override returns (address) {
        return _treasury;
    }

    /* INTERNAL */

    /// @dev Whether a keeper calls, other than the first for itself. Zero, where the forwarder calls for nobody, is none.
    function _isOtherKeeper() private view returns (bool) {
        return isKeeper(_relayedSender());
    }

    function _setTreasury(address newTreasury) private {
        if (newTreasury == address(0) || newTreasury == address(this)) {
            revert ErrorsLib.InvalidTreasury(newTreasury);
        }
        address previous = _treasury;
        _treasury = newTreasury;
        emit TreasurySet(previous, newTreasury);
    }
}

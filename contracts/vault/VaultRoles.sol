// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AuthorityUtils} from "@openzeppelin/contracts/access/manager/AuthorityUtils.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {RelayRecipient} from "../gasless/RelayRecipient.sol";
import {IAllocationVault, Role, Stop} from "../interfaces/IAllocationVault.sol";
import {VaultErrors} from "./VaultErrors.sol";
import {VaultStorage} from "./VaultStorage.sol";

/// @title VaultRoles: who may do what. Administration asks the AccessManager, with its delays; keepers, managers and
/// guardians are one look-up, and may come through the relayer.
/// @dev OpenZeppelin's AccessManaged keeps its authority at slot 0, which a proxy's storage must not; this is the same
/// question asked out of our own layout.
abstract contract VaultRoles is IAllocationVault, IAccessManaged, RelayRecipient, VaultStorage {
    /* TRANSIENT STORAGE */

    bool private transient _consumingSchedule;

    /* MODIFIERS */

    /// @dev For functions that are entered from outside: the permission is that of the function called.
    modifier restricted() {
        _requireAllowed();
        _;
    }

    modifier onlyRole(Role role) {
        _requireRole(role);
        _;
    }

    /* GUARDIAN */

    /// @inheritdoc IAllocationVault
    function stop(Stop level) external override onlyRole(Role.Guardian) {
        Stop current = _layout().stop;
        if (level <= current) revert VaultErrors.StopNotRaised(uint256(current), uint256(level));
        _setStop(level);
    }

    /* ADMINISTRATION */

    /// @inheritdoc IAllocationVault
    function resume(Stop level) external override restricted {
        _setStop(level);
    }

    /// @inheritdoc IAllocationVault
    function setRole(address account, Role role, bool allowed) external override restricted {
        // The forwarder says zero where it calls for nobody.
        if (account == address(0)) revert VaultErrors.InvalidAddress("account", account);
        uint256 bits = _layout().roles[account];
        _layout().roles[account] = allowed ? bits | _bit(role) : bits & ~_bit(role);
        emit RoleSet(account, role, allowed);
    }

    /// @inheritdoc IAccessManaged
    function setAuthority(address newAuthority) external override {
        if (msg.sender != _layout().authority) revert AccessManagedUnauthorized(msg.sender);
        _setAuthority(newAuthority);
    }

    /* VIEWS */

    /// @inheritdoc IAccessManaged
    function authority() external view override returns (address) {
        return _layout().authority;
    }

    /// @inheritdoc IAccessManaged
    function isConsumingScheduledOp() external view override returns (bytes4) {
        return _consumingSchedule ? this.isConsumingScheduledOp.selector : bytes4(0);
    }

    /// @inheritdoc IAllocationVault
    function hasRole(address account, Role role) external view override returns (bool) {
        return _layout().roles[account] & _bit(role) != 0;
    }

    /* INTERNAL */

    function _setAuthority(address newAuthority) internal {
        if (newAuthority.code.length == 0) revert AccessManagedInvalidAuthority(newAuthority);
        _layout().authority = newAuthority;
        emit AuthorityUpdated(newAuthority);
    }

    function _requireAllowed() internal {
        address manager = _layout().authority;
        (bool immediate, uint32 delay) =
            AuthorityUtils.canCallWithDelay(manager, msg.sender, address(this), msg.sig);
        if (immediate) return;
        if (delay == 0) revert AccessManagedUnauthorized(msg.sender);
        _consumingSchedule = true;
        IAccessManager(manager).consumeScheduledOp(msg.sender, msg.data);
        _consumingSchedule = false;
    }

    function _requireRole(Role role) internal view {
        if (!_hasRole(role)) revert VaultErrors.MissingRole(_relayedSender(), uint256(role));
    }

    function _hasRole(Role role) internal view returns (bool) {
        return _layout().roles[_relayedSender()] & _bit(role) != 0;
    }

    function _setStop(Stop level) private {
        _layout().stop = level;
        emit StopSet(_relayedSender(), level);
    }

    function _bit(Role role) private pure returns (uint256) {
        // One bit, at the role's number.
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << uint256(role);
    }
}

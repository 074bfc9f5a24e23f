// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IFlashLoanArbitrage, Venue, VenueKind} from "../interfaces/IFlashLoanArbitrage.sol";
import {ErrorsLib} from "../libraries/ErrorsLib.sol";
import {PoolAddressLib} from "../libraries/PoolAddressLib.sol";
import {ExecutorRoles} from "./ExecutorRoles.sol";

/// @title Listings: the owner's list of venues. A plan names an id; what stands behind it never changes.
abstract contract Listings is ExecutorRoles {
    /* STORAGE */

    /// @dev By id. A delisted venue is all zeros; its place stays taken.
    mapping(uint256 venueId => Venue venue) private _venues;
    uint256 private _venueCount;

    /* OWNER FUNCTIONS */

    /// @inheritdoc IFlashLoanArbitrage
    function listVenue(Venue calldata newVenue) external override onlyOwner returns (uint16 venueId) {
        _checkListable(newVenue);
        uint256 nextId = _venueCount++;
        if (nextId > type(uint16).max) revert ErrorsLib.VenueListFull();
        // Just checked to fit.
        // forge-lint: disable-next-line(unsafe-typecast)
        venueId = uint16(nextId);
        _venues[venueId] = newVenue;
        emit VenueListed(venueId, newVenue.kind, newVenue.factory, newVenue.initCodeHash, newVenue.feePips);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function delistVenue(uint16 venueId) external override onlyOwner {
        _listedVenue(venueId);
        delete _venues[venueId];
        emit VenueDelisted(venueId);
    }

    /* VIEWS */

    /// @inheritdoc IFlashLoanArbitrage
    function venueCount() external view override returns (uint256) {
        return _venueCount;
    }

    /// @inheritdoc IFlashLoanArbitrage
    function venueAt(uint16 venueId) external view override returns (Venue memory) {
        return _listedVenue(venueId);
    }

    /// @inheritdoc IFlashLoanArbitrage
    function poolFor(uint16 venueId, address tokenA, address tokenB, uint24 feePips)
        external
        view
        override
        returns (address)
    {
        return PoolAddressLib.derive(_listedVenue(venueId), tokenA, tokenB, feePips);
    }

    /* INTERNAL */

    function _listedVenue(uint16 venueId) internal view returns (Venue memory venue) {
        venue = _venues[venueId];
        if (venue.factory == address(0)) revert ErrorsLib.VenueNotListed(venueId);
    }

    function _checkListable(Venue calldata newVenue) private view {
        VenueKind kind = newVenue.kind;
        bool isPool = kind == VenueKind.CurveStable;
        if (kind > VenueKind.Algebra && !isPool) revert ErrorsLib.KindNotListable(kind);
        if (newVenue.factory.code.length == 0) revert ErrorsLib.InvalidFactory(newVenue.factory);
        if ((newVenue.initCodeHash == 0) != isPool) revert ErrorsLib.InvalidInitCodeHash();
        bool feeIsValid = kind == VenueKind.UniswapV2 ? newVenue.feePips < 1e6 : newVenue.feePips == 0;
        if (!feeIsValid) revert ErrorsLib.InvalidVenueFee(newVenue.feePips);
    }

    /// @dev The venue under `venueId`, which must be of `kind`: a plan cannot have one protocol's pool called as
    /// another's.
    function _venueOf(uint16 venueId, VenueKind kind) internal view returns (Venue memory venue) {
        venue = _listedVenue(venueId);
        if (venue.kind != kind) revert ErrorsLib.WrongVenueKind(venueId, venue.kind);
    }

    /// @dev The pool of a pair, which must exist: anyone could otherwise be made to receive tokens for nothing.
    function _existingPool(Venue memory venue, uint16 venueId, address tokenA, address tokenB, uint24 feePips)
        internal
        view
        returns (address pool)
    {
        pool = PoolAddressLib.derive(venue, tokenA, tokenB, feePips);
        if (pool.code.length == 0) revert ErrorsLib.PoolNotFound(venueId, pool);
    }
}

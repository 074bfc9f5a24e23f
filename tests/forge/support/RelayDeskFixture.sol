// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockToken} from "contracts/mocks/MockToken.sol";
import {RelayDesk, RelayMoodyTarget} from "contracts/mocks/RelayDesk.sol";
import {RelayFixture} from "./RelayFixture.sol";
import {RequestSpec} from "./RequestCodec.sol";

/// @title A relayer in front of a desk that notes who visits, a target with moods, and a token for fees.
abstract contract RelayDeskFixture is RelayFixture {
    RelayDesk internal desk;
    RelayMoodyTarget internal moody;
    MockToken internal usd;

    function setUp() public virtual override {
        super.setUp();
        desk = _deployDesk();
        moody = RelayMoodyTarget(payable(vm.deployCode("RelayDesk.sol:RelayMoodyTarget")));
        usd = MockToken(vm.deployCode("MockToken.sol:MockToken", abi.encode("USD", 6)));
        _allowDesk();
    }

    function _deployDesk() internal returns (RelayDesk) {
        return RelayDesk(payable(vm.deployCode("RelayDesk.sol:RelayDesk", abi.encode(relayer))));
    }

    function _allowDesk() internal {
        _allow(address(desk), desk.visit.selector);
        _allow(address(desk), desk.refuse.selector);
        _allow(address(desk), desk.flood.selector);
        _allow(address(desk), desk.serveIfPossible.selector);
        _allow(address(desk), desk.turnTo.selector);
        _allow(address(desk), desk.each.selector);
    }

    /* REQUESTS */

    function _visit(uint256 tag) internal view returns (RequestSpec memory) {
        return _visitWith(tag, 0);
    }

    function _visitWith(uint256 tag, uint64 nonce) internal view returns (RequestSpec memory) {
        return _request(address(desk), nonce, abi.encodeCall(desk.visit, (tag)));
    }

    /// @dev With a value in each of its fields.
    function _fullRequest() internal view returns (RequestSpec memory request) {
        request = _visitWith(0xabcdef, 0x1234567890);
        (request.value, request.validAfter, request.isBound) = (1 ether, uint40(block.timestamp - 5), true);
        (request.feeToken, request.maxFee, request.fee) = (address(usd), 9e6, 8e6);
    }

    /// @dev What the signer pays fees with.
    function _fund(address who, uint256 amount) internal {
        usd.mint(who, amount);
        vm.prank(who);
        usd.approve(address(relayer), amount);
    }

    /* BYTES */

    function _cut(bytes memory data, uint256 length) internal pure returns (bytes memory cut) {
        cut = new bytes(length);
        for (uint256 i; i < length; ++i) {
            cut[i] = data[i];
        }
    }

    /// @dev An error's arguments.
    function _behind(bytes memory error_) internal pure returns (bytes memory arguments) {
        arguments = new bytes(error_.length - 4);
        for (uint256 i; i < arguments.length; ++i) {
            arguments[i] = error_[i + 4];
        }
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FlashLoanArbitrage} from "contracts/flashloan/FlashLoanArbitrage.sol";
import {HookToken} from "contracts/mocks/HookToken.sol";
import {MockV2Pair} from "contracts/mocks/MockUniswapV2.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ExecutorFixture} from "./ExecutorFixture.sol";
import {LegSpec, PlanCodec, PlanSpec} from "./PlanCodec.sol";

/// @title Attacks that must come to nothing here, and must succeed against a twin of the executor without one guard.
/// @notice Each test names its twin (`_face`), attacks, and says what the attack was worth (`_conclude`). `forge test` faces
/// the executor itself. With STEELYARD_TWIN (`all`, or a name), as set by `python -m gate.twins`, which also writes and
/// builds the twins, it faces the twin, and an attack that yields nothing there is a failure.
abstract contract IncidentFixture is ExecutorFixture {
    using PlanCodec for PlanSpec;

    string private constant _VARIABLE = "STEELYARD_TWIN";
    uint256 internal constant DONATION = 100e18;

    string private _twin;
    bytes4 private _refusal;

    /* WHOM THE ATTACK IS AIMED AT */

    function _face(string memory twin) internal {
        string memory asked = vm.envOr(_VARIABLE, string(""));
        if (bytes(asked).length == 0) return;
        vm.skip(!_same(asked, "all") && !_same(asked, twin));
        _twin = twin;
        executor = _deployAnother(treasury);
    }

    /// @dev One more of what is attacked.
    function _deployAnother(address treasury_) internal returns (FlashLoanArbitrage another) {
        if (bytes(_twin).length == 0) {
            another = _deployExecutor(treasury_, _lenders());
        } else {
            string memory artifact = string.concat("FlashLoanArbitrage.sol:", _twin, "Twin");
            bytes memory arguments = abi.encode(owner, treasury_, _lenders(), weth);
            another = FlashLoanArbitrage(payable(vm.deployCode(artifact, arguments)));
        }
        _configure(another);
    }

    function _same(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    /* ATTACKING */

    /// @dev Calls as `who`; a refusal is noted, not thrown on.
    function _attack(address who, address target, bytes memory call_) internal returns (bool success) {
        bytes memory answer;
        vm.prank(who);
        (success, answer) = target.call(call_);
        if (!success) _refusal = bytes4(answer);
    }

    function _executeAs(address who, PlanSpec memory plan) internal returns (bool) {
        return _attack(who, address(executor), abi.encodeCall(executor.execute, (plan.encode())));
    }

    /// @dev What a token that called somebody in the middle of a transfer was answered.
    function _noteRefusal(HookToken hook) internal {
        assertEq(hook.callCount(), 1, "the token never had its turn");
        if (!hook.lastSuccess()) _refusal = bytes4(hook.lastAnswer());
    }

    /// @dev Lays down what there would be to steal.
    function _donate(address token) internal {
        _give(token, address(executor), DONATION);
    }

    /// @dev How much of a donation is gone.
    function _missing(address token) internal view returns (uint256) {
        uint256 left = IERC20(token).balanceOf(address(executor));
        return left < DONATION ? DONATION - left : 0;
    }

    /// @dev A trade of somebody else's at one of the pairs.
    function _trade(address who, MockV2Pair pair, address tokenIn, uint256 amount)
        internal
        returns (uint256 out)
    {
        bool zeroForOne = pair.token0() == tokenIn;
        (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
        (uint256 held, uint256 other) = zeroForOne ? (reserve0, reserve1) : (reserve1, reserve0);
        out = amount * 997 * other / (held * 1000 + amount * 997);
        vm.startPrank(who);
        IERC20(tokenIn).transfer(address(pair), amount);
        pair.swap(zeroForOne ? 0 : out, zeroForOne ? out : 0, who, "");
        vm.stopPrank();
    }

    function _one(uint256 value) internal pure returns (uint256[] memory list) {
        list = new uint256[](1);
        list[0] = value;
    }

    function _one(address value) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = value;
    }

    function _one(LegSpec memory leg) internal pure returns (LegSpec[] memory list) {
        list = new LegSpec[](1);
        list[0] = leg;
    }

    /* WHAT CAME OF IT */

    /// @param loot What the attack was worth: stolen, lost, or diverted, in base units of whatever it was.
    /// @param refusal Error of the guard that the twin lacks.
    function _conclude(uint256 loot, bytes4 refusal) internal view {
        if (bytes(_twin).length != 0) {
            assertGt(loot, 0, "the attack fails even without the guard: it proves nothing");
        } else {
            assertEq(loot, 0, "the attack was worth something");
            assertEq(_refusal, refusal, "refused by another guard than the one meant");
        }
    }
}

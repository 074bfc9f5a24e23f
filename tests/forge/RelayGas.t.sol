// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC2771Forwarder} from "@openzeppelin/contracts/metatx/ERC2771Forwarder.sol";
import {MockToken} from "contracts/mocks/MockToken.sol";
import {RelayErc2771Forwarder} from "contracts/mocks/RelayErc2771Forwarder.sol";
import {RelayWorkRecipient} from "contracts/mocks/RelayTargets.sol";
import {RelayFixture} from "./support/RelayFixture.sol";
import {RequestCodec, RequestSpec} from "./support/RequestCodec.sol";

/// @title What relaying costs above the direct call, held to the unit, beside OpenZeppelin's forwarder with the same list.
/// @notice Each call is its own transaction (isolated), whole: base cost and calldata included, storage cold, words of
/// nonces written before. The work is two cold slots. A batch of 20 pays the base cost once: it is left out of an item's
/// overhead, and so is the item's work, as it costs directly. Both relayers and all targets are the real build.
/// The first figure of each three is for any ERC-2771 target, the second for a RelayRecipient, which asks back.
/// forge-config: default.isolate = true
contract RelayGasTest is RelayFixture {
    using RequestCodec for RequestSpec;

    /* THE SNAPSHOT, and theirs */

    uint256 internal constant SINGLE = 19_018;
    uint256 internal constant SINGLE_RECIPIENT = 19_417;
    uint256 internal constant SINGLE_THEIRS = 22_549;

    uint256 internal constant ITEM_OF_ONE_SIGNER = 7_682;
    uint256 internal constant ITEM_OF_ONE_SIGNER_RECIPIENT = 8_083;
    uint256 internal constant ITEM_OF_ONE_SIGNER_THEIRS = 13_762;

    uint256 internal constant ITEM_OF_TWENTY_SIGNERS = 12_586;
    uint256 internal constant ITEM_OF_TWENTY_SIGNERS_RECIPIENT = 12_986;
    uint256 internal constant ITEM_OF_TWENTY_SIGNERS_THEIRS = 18_320;

    /// @dev A fee, above the same request without one.
    uint256 internal constant FEE = 26_035;

    uint256 private constant _ITEMS = 20;
    uint256 private constant _BASE = 21_000;
    string private constant _TARGETS = ".build/forge/out/RelayTargets.sol/";

    RelayWorkRecipient internal plain;
    RelayWorkRecipient internal recipient;
    RelayWorkRecipient internal theirTarget;
    RelayErc2771Forwarder internal theirs;

    error GasMoved(uint256[3] measured, uint256[3] held);

    function setUp() public override {
        super.setUp();
        theirs = RelayErc2771Forwarder(vm.deployCode(_artifact("RelayErc2771Forwarder")));
        plain = _target("RelayWorkContext", address(relayer));
        recipient = _target("RelayWorkRecipient", address(relayer));
        theirTarget = _target("RelayWorkContext", address(theirs));
        _allow(address(plain), plain.work.selector);
        _allow(address(recipient), recipient.work.selector);
        theirs.allowCall(address(theirTarget), theirTarget.work.selector);
    }

    function _target(string memory name, address forwarder) private returns (RelayWorkRecipient) {
        string memory artifact = string.concat(_TARGETS, name, ".json");
        return RelayWorkRecipient(vm.deployCode(artifact, abi.encode(forwarder)));
    }

    /* FIGURES */

    function test_gas_single() public {
        uint256[3] memory over = [_single(plain), _single(recipient), _singleTheirs()];
        assertEq(over, [SINGLE, SINGLE_RECIPIENT, SINGLE_THEIRS]);
    }

    function test_gas_itemOf20_ofOneSigner() public {
        uint256[3] memory over = [_item(plain, true), _item(recipient, true), _itemTheirs(true)];
        assertEq(over, [ITEM_OF_ONE_SIGNER, ITEM_OF_ONE_SIGNER_RECIPIENT, ITEM_OF_ONE_SIGNER_THEIRS]);
    }

    function test_gas_itemOf20_ofTwentySigners() public {
        uint256[3] memory over = [_item(plain, false), _item(recipient, false), _itemTheirs(false)];
        assertEq(
            over, [ITEM_OF_TWENTY_SIGNERS, ITEM_OF_TWENTY_SIGNERS_RECIPIENT, ITEM_OF_TWENTY_SIGNERS_THEIRS]
        );
    }

    /// @dev In a token whose balances are not zero before or after.
    function test_gas_fee() public {
        MockToken usd = MockToken(vm.deployCode("MockToken.sol:MockToken", abi.encode("USD", 6)));
        (address who, uint256 key) = _who(0);
        usd.mint(who, 100);
        usd.mint(operator, 1);
        vm.prank(who);
        usd.approve(address(relayer), 50);
        _single(plain);
        uint256[2] memory used;
        for (uint64 i; i < 2; ++i) {
            RequestSpec memory request = _work(plain, 100 + i, 0, who);
            (request.feeToken, request.maxFee, request.fee) = (address(usd), 10, uint128(5 * i));
            bytes memory wire = _signed(request, key, operator);
            _relay(wire);
            used[i] = vm.lastCallGas().gasTotalUsed;
        }
        assertEq([used[1] - used[0], 0, 0], [FEE, 0, 0]);
    }

    /// @dev All figures at once, so that a failure shows every new one.
    function assertEq(uint256[3] memory measured, uint256[3] memory held) private pure {
        for (uint256 i; i < 3; ++i) {
            if (measured[i] != held[i]) revert GasMoved(measured, held);
        }
    }

    /* MEASURING OURS */

    function _single(RelayWorkRecipient target) private returns (uint256) {
        (address who, uint256 key) = _who(0);
        uint256 used;
        for (uint64 nonce; nonce < 2; ++nonce) {
            uint64 base = target == plain ? 0 : 50;
            _relay(_signed(_work(target, base + nonce, 0, who), key, operator));
            used = vm.lastCallGas().gasTotalUsed;
        }
        return used - _direct(target, 0, who);
    }

    function _item(RelayWorkRecipient target, bool isOneSigner) private returns (uint256) {
        uint256 used;
        for (uint64 round; round < 2; ++round) {
            bytes memory wire = _batch(target, isOneSigner, round + (target == plain ? 0 : 2));
            vm.prank(operator);
            relayer.executeEach(wire, address(0));
            used = vm.lastCallGas().gasTotalUsed;
        }
        return _overhead(used, target, isOneSigner);
    }

    function _batch(RelayWorkRecipient target, bool isOneSigner, uint64 round)
        private
        returns (bytes memory wire)
    {
        RequestSpec memory before;
        for (uint64 i; i < _ITEMS; ++i) {
            (address who, uint256 key) = _who(isOneSigner ? 0 : i);
            uint64 nonce = isOneSigner ? round * uint64(_ITEMS) + i : round;
            RequestSpec memory request = _work(target, nonce, i, who);
            _signed(request, key, operator);
            wire = bytes.concat(wire, i == 0 ? request.encode() : request.encodeAfter(before));
            before = request;
        }
    }

    function _work(RelayWorkRecipient target, uint64 nonce, uint256 job, address who)
        private
        view
        returns (RequestSpec memory request)
    {
        request = _request(address(target), nonce, abi.encodeCall(target.work, (job)));
        request.signer = who;
    }

    /* MEASURING THEIRS */

    function _singleTheirs() private returns (uint256) {
        (address who, uint256 key) = _who(0);
        uint256 used;
        for (uint256 i; i < 2; ++i) {
            theirs.execute(_theirRequest(who, key, theirs.nonces(who), 0));
            used = vm.lastCallGas().gasTotalUsed;
        }
        return used - _direct(theirTarget, 0, who);
    }

    function _itemTheirs(bool isOneSigner) private returns (uint256) {
        uint256 used;
        for (uint256 round; round < 2; ++round) {
            ERC2771Forwarder.ForwardRequestData[] memory requests =
                new ERC2771Forwarder.ForwardRequestData[](_ITEMS);
            for (uint256 i; i < _ITEMS; ++i) {
                (address who, uint256 key) = _who(isOneSigner ? 0 : i);
                requests[i] = _theirRequest(who, key, isOneSigner ? round * _ITEMS + i : round, i);
            }
            theirs.executeBatch(requests, payable(address(0)));
            used = vm.lastCallGas().gasTotalUsed;
        }
        return _overhead(used, theirTarget, isOneSigner);
    }

    function _theirRequest(address who, uint256 key, uint256 nonce, uint256 job)
        private
        view
        returns (ERC2771Forwarder.ForwardRequestData memory request)
    {
        request.from = who;
        request.to = address(theirTarget);
        request.gas = CALL_GAS;
        request.deadline = uint48(block.timestamp + 3_600);
        request.data = abi.encodeCall(theirTarget.work, (job));
        bytes memory encoded = abi.encode(
            keccak256(
                "ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,uint48 deadline,bytes data)"
            ),
            request.from,
            request.to,
            request.value,
            request.gas,
            nonce,
            request.deadline,
            keccak256(request.data)
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(key, keccak256(abi.encodePacked(hex"1901", _theirDomain(), keccak256(encoded))));
        request.signature = abi.encodePacked(r, s, v);
    }

    function _theirDomain() private view returns (bytes32) {
        (, string memory name, string memory version, uint256 chain, address at,,) = theirs.eip712Domain();
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256(bytes(name)),
                keccak256(bytes(version)),
                chain,
                at
            )
        );
    }

    /* WITHOUT A RELAYER */

    function _who(uint256 i) private returns (address, uint256) {
        return makeAddrAndKey(string.concat("signer", vm.toString(i)));
    }

    function _direct(RelayWorkRecipient target, uint256 job, address who) private returns (uint256) {
        vm.prank(who);
        target.work(job);
        return vm.lastCallGas().gasTotalUsed;
    }

    /// @dev Rounds down, by less than a unit of gas an item.
    function _overhead(uint256 used, RelayWorkRecipient target, bool isOneSigner) private returns (uint256) {
        uint256 own;
        for (uint256 i; i < _ITEMS; ++i) {
            (address who,) = _who(isOneSigner ? 0 : i);
            own += _direct(target, i, who) - _BASE;
        }
        return (used - _BASE - own) / _ITEMS;
    }
}

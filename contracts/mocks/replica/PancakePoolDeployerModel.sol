// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A model of PancakeSwap V3's pool deployer, for the offline replica of mainnet
/// @notice PancakeSwap publishes the code of its factory and of its pool, and not of the contract between them. This
/// one deploys the real pool as that one does: the pool's constructor asks its deployer for `parameters`, and the salt
/// is the hash of tokens and fee. So pools come to stand at mainnet's addresses, if this stands at mainnet's. Left out:
/// the event, and who may set the factory first.
contract PancakePoolDeployerModel {
    /// @notice What the constructor of the pool that is being created asks for; zero at all other times.
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    /// @notice The only contract that may create pools; set once.
    address public factoryAddress;
    /// @notice Holds the pool's creation code as its own code.
    address public immutable poolCode;

    error NotFactory(address caller);
    error FactoryIsSet(address factory);
    error PoolNotCreated();

    constructor(address poolCode_) {
        poolCode = poolCode_;
    }

    function setFactoryAddress(address factory) external {
        require(factoryAddress == address(0), FactoryIsSet(factoryAddress));
        factoryAddress = factory;
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        require(msg.sender == factoryAddress, NotFactory(msg.sender));
        parameters = Parameters(factory, token0, token1, fee, tickSpacing);
        bytes memory creation = poolCode.code;
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        assembly ("memory-safe") {
            pool := create2(0, add(creation, 32), mload(creation), salt)
        }
        require(pool != address(0), PoolNotCreated());
        delete parameters;
    }
}

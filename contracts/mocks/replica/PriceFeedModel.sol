// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title A model of a price feed's proxy, for the offline replica of mainnet
/// @notice Models what readers of a Chainlink USD feed meet: 8 decimals, `latestAnswer` and `latestRoundData`, round
/// ids that carry the phase in their upper bits, and an `AnswerUpdated` event for each answer. The answer is always
/// fresh: `updatedAt` is the time of the block that asks, so the feed follows the chain's time however long the
/// replica stands.
/// @dev Leaves out: the aggregator behind the proxy and its oracles, deviation thresholds and heartbeats, every round
/// before the latest (`getRoundData` of another round reverts, as for a round without data), access control of
/// readers, and mainnet's byte code.
contract PriceFeedModel {
    uint8 public constant decimals = 8;
    uint256 public constant version = 4;
    uint80 private constant PHASE = 1;

    string public description;
    /// @notice The only account that may post an answer.
    address public immutable transmitter;

    int256 private _answer;
    uint64 private _round;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    error NotTransmitter(address caller, address transmitter);
    error AnswerNotPositive(int256 answer);

    constructor(string memory description_, int256 answer, address transmitter_) {
        description = description_;
        transmitter = transmitter_;
        _record(answer);
    }

    /// @notice Makes `answer` (USD with 8 decimals) the latest one.
    function post(int256 answer) external {
        if (msg.sender != transmitter) revert NotTransmitter(msg.sender, transmitter);
        _record(answer);
    }

    function latestAnswer() external view returns (int256) {
        return _answer;
    }

    function latestTimestamp() external view returns (uint256) {
        return block.timestamp;
    }

    function latestRound() external view returns (uint256) {
        return _latestRoundId();
    }

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        return getRoundData(_latestRoundId());
    }

    function getRoundData(uint80 id)
        public
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        require(id == _latestRoundId(), "No data present");
        return (id, _answer, block.timestamp, block.timestamp, id);
    }

    function _record(int256 answer) private {
        if (answer <= 0) revert AnswerNotPositive(answer);
        _answer = answer;
        _round += 1;
        emit AnswerUpdated(answer, _round, block.timestamp);
    }

    function _latestRoundId() private view returns (uint80) {
        return (PHASE << 64) | _round;
    }
}

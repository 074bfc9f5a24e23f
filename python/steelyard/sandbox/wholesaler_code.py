"""The code of the wholesaler's account: a list of calls in one transaction, and V3's mint callback.

Calldata is a list of calls, each ``unused (8 bytes) | length (4) | target (20) | calldata``; the first that
fails reverts them all, with its own words. Called back by a V3 pool, it pays what the pool asks for.
"""

from __future__ import annotations

from typing import Final

# Stack on the right, top last: ptr = where the next call is read; h = its head word; len = its calldata's.
_PROGRAM_PARTS: Final = (
    "5f",  # 00 PUSH0
    "35",  # 01 CALLDATALOAD
    "60e0",  # 02 PUSH1 0xe0
    "1c",  # 04 SHR                the first four bytes
    "63d3487997",  # 05 PUSH4      uniswapV3MintCallback(uint256,uint256,bytes)
    "14",  # 0a EQ
    "6041",  # 0b PUSH1 0x41       callback
    "57",  # 0d JUMPI
    # A list: each call in turn.
    "5f",  # 0e PUSH0              ptr = 0                           | ptr
    "5b",  # 0f JUMPDEST           loop
    "36",  # 10 CALLDATASIZE
    "81",  # 11 DUP2
    "10",  # 12 LT                 ptr < size
    "15",  # 13 ISZERO
    "603f",  # 14 PUSH1 0x3f       end
    "57",  # 16 JUMPI
    "80",  # 17 DUP1
    "35",  # 18 CALLDATALOAD                                         | ptr h
    "80",  # 19 DUP1
    "60a0",  # 1a PUSH1 0xa0
    "1c",  # 1c SHR
    "63ffffffff",  # 1d PUSH4
    "16",  # 22 AND                                                  | ptr h len
    "80",  # 23 DUP1
    "83",  # 24 DUP4
    "6020",  # 25 PUSH1 32
    "01",  # 27 ADD
    "5f",  # 28 PUSH0
    "37",  # 29 CALLDATACOPY       memory[0:len] = data[ptr+32:]     | ptr h len
    "5f",  # 2a PUSH0
    "5f",  # 2b PUSH0
    "82",  # 2c DUP3
    "5f",  # 2d PUSH0
    "5f",  # 2e PUSH0
    "86",  # 2f DUP7               target: the low 20 bytes of h
    "5a",  # 30 GAS
    "f1",  # 31 CALL                                                 | ptr h len success
    "15",  # 32 ISZERO
    "607b",  # 33 PUSH1 0x7b       failed
    "57",  # 35 JUMPI
    "90",  # 36 SWAP1
    "50",  # 37 POP
    "01",  # 38 ADD
    "6020",  # 39 PUSH1 32
    "01",  # 3b ADD                ptr + 32 + len                    | ptr'
    "600f",  # 3c PUSH1 0x0f       loop
    "56",  # 3e JUMP
    "5b",  # 3f JUMPDEST           end
    "00",  # 40 STOP
    # The callback: pay both amounts to whoever calls. Its data, at 0x84, are the tokens.
    "5b",  # 41 JUMPDEST           callback
    "63a9059cbb",  # 42 PUSH4      transfer(address,uint256)
    "60e0",  # 47 PUSH1 0xe0
    "1b",  # 49 SHL
    "5f",  # 4a PUSH0
    "52",  # 4b MSTORE             memory[0:4] = selector
    "33",  # 4c CALLER
    "6004",  # 4d PUSH1 4
    "52",  # 4f MSTORE             memory[4:36] = caller
    "6004",  # 50 PUSH1 4
    "35",  # 52 CALLDATALOAD
    "6024",  # 53 PUSH1 36
    "52",  # 55 MSTORE             memory[36:68] = amount0
    "5f",  # 56 PUSH0
    "5f",  # 57 PUSH0
    "6044",  # 58 PUSH1 68
    "5f",  # 5a PUSH0
    "5f",  # 5b PUSH0
    "6084",  # 5c PUSH1 0x84
    "35",  # 5e CALLDATALOAD       token0
    "5a",  # 5f GAS
    "f1",  # 60 CALL
    "15",  # 61 ISZERO
    "607b",  # 62 PUSH1 0x7b       failed
    "57",  # 64 JUMPI
    "6024",  # 65 PUSH1 36
    "35",  # 67 CALLDATALOAD
    "6024",  # 68 PUSH1 36
    "52",  # 6a MSTORE             memory[36:68] = amount1
    "5f",  # 6b PUSH0
    "5f",  # 6c PUSH0
    "6044",  # 6d PUSH1 68
    "5f",  # 6f PUSH0
    "5f",  # 70 PUSH0
    "60a4",  # 71 PUSH1 0xa4
    "35",  # 73 CALLDATALOAD       token1
    "5a",  # 74 GAS
    "f1",  # 75 CALL
    "15",  # 76 ISZERO
    "607b",  # 77 PUSH1 0x7b       failed
    "57",  # 79 JUMPI
    "00",  # 7a STOP
    # Failed: revert with the callee's own words.
    "5b",  # 7b JUMPDEST           failed
    "3d",  # 7c RETURNDATASIZE
    "5f",  # 7d PUSH0
    "5f",  # 7e PUSH0
    "3e",  # 7f RETURNDATACOPY
    "3d",  # 80 RETURNDATASIZE
    "5f",  # 81 PUSH0
    "fd",  # 82 REVERT
)
PROGRAM: Final = bytes.fromhex("".join(_PROGRAM_PARTS))

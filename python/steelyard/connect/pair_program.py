"""The program that asks factories for the pools of many pairs; ``pair_scan.py`` says what for."""

from __future__ import annotations

from typing import Final

# Data of a call: this program, then tables, each of them:
#   number of rows (2 bytes) | of columns (2) | selector (4) | length of the calldata (4) | factory (20)
#   fee tier (32) | the rows' tokens (20 each) | the columns' tokens (20 each)
# Result: for each question whose answer is not zero:
#   where its row stands in memory (2 bytes) | its column (2) | the pool (20)
#
# Memory: calldata at 0, the answer at 0x70, then variables: out = where the output goes on at 0x90, end of
# the rows at 0xb0, of the columns at 0xd0, factory at 0xf0, calldata's length at 0x110, base = where the
# output begins at 0x130; the tables at 0x150, the output after them. Stack on the right, top last.
_PROGRAM_PARTS: Final = (
    # Copy the tables to memory 0x150; what was found follows them.
    "60fb",  # 00 PUSH1 0xfb       length of this program
    "38",  # 02 CODESIZE
    "03",  # 03 SUB                n = code size - program
    "80",  # 04 DUP1
    "60fb",  # 05 PUSH1 0xfb       length of this program
    "610150",  # 07 PUSH2 0x150
    "39",  # 0a CODECOPY           memory[0x150:] = code[program:]   | n
    "610150",  # 0b PUSH2 0x150
    "01",  # 0e ADD
    "80",  # 0f DUP1
    "610130",  # 10 PUSH2 0x130
    "52",  # 13 MSTORE             base = end of the tables
    "6090",  # 14 PUSH1 0x90
    "52",  # 16 MSTORE             out = base
    "610150",  # 17 PUSH2 0x150                                      | table
    # Each table, until base is reached.
    "5b",  # 1a JUMPDEST           tables
    "610130",  # 1b PUSH2 0x130
    "51",  # 1e MLOAD
    "81",  # 1f DUP2
    "10",  # 20 LT                 table < base
    "15",  # 21 ISZERO
    "60ea",  # 22 PUSH1 0xea       end
    "57",  # 24 JUMPI
    "80",  # 25 DUP1
    "51",  # 26 MLOAD                                                | table h
    "80",  # 27 DUP1
    "60f0",  # 28 PUSH1 0xf0
    "52",  # 2a MSTORE             factory: the low 20 bytes of h
    "80",  # 2b DUP1
    "60a0",  # 2c PUSH1 0xa0
    "1c",  # 2e SHR
    "63ffffffff",  # 2f PUSH4
    "16",  # 34 AND
    "610110",  # 35 PUSH2 0x110
    "52",  # 38 MSTORE             length = (h >> 160) & 0xffffffff
    "80",  # 39 DUP1
    "60c0",  # 3a PUSH1 0xc0
    "1c",  # 3c SHR
    "60e0",  # 3d PUSH1 0xe0
    "1b",  # 3f SHL
    "5f",  # 40 PUSH0
    "52",  # 41 MSTORE             calldata[0:4] = (h >> 192) & 0xffffffff
    "81",  # 42 DUP2
    "6020",  # 43 PUSH1 32
    "01",  # 45 ADD
    "51",  # 46 MLOAD
    "6044",  # 47 PUSH1 68
    "52",  # 49 MSTORE             calldata[68:100] = the fee tier
    "80",  # 4a DUP1
    "60e0",  # 4b PUSH1 0xe0
    "1c",  # 4d SHR
    "61ffff",  # 4e PUSH2 0xffff
    "16",  # 51 AND
    "6014",  # 52 PUSH1 20
    "02",  # 54 MUL                                                  | table h columns*20
    "90",  # 55 SWAP1
    "60f0",  # 56 PUSH1 0xf0
    "1c",  # 58 SHR
    "6014",  # 59 PUSH1 20
    "02",  # 5b MUL                                                  | table columns*20 rows*20
    "82",  # 5c DUP3
    "6040",  # 5d PUSH1 64
    "01",  # 5f ADD
    "01",  # 60 ADD
    "80",  # 61 DUP1
    "60b0",  # 62 PUSH1 0xb0
    "52",  # 64 MSTORE             end of the rows
    "01",  # 65 ADD
    "60d0",  # 66 PUSH1 0xd0
    "52",  # 68 MSTORE             end of the columns                | table
    "6040",  # 69 PUSH1 64
    "01",  # 6b ADD                                                  | row
    # Each row's token.
    "5b",  # 6c JUMPDEST           rows
    "60b0",  # 6d PUSH1 0xb0
    "51",  # 6f MLOAD
    "81",  # 70 DUP2
    "10",  # 71 LT                 row < end of the rows
    "15",  # 72 ISZERO
    "60e2",  # 73 PUSH1 0xe2       next table
    "57",  # 75 JUMPI
    "80",  # 76 DUP1
    "51",  # 77 MLOAD
    "6060",  # 78 PUSH1 96
    "1c",  # 7a SHR
    "6004",  # 7b PUSH1 4
    "52",  # 7d MSTORE             calldata[4:36] = its token
    "60b0",  # 7e PUSH1 0xb0
    "51",  # 80 MLOAD                                                | row column
    # Each column's token: one question.
    "5b",  # 81 JUMPDEST           columns
    "60d0",  # 82 PUSH1 0xd0
    "51",  # 84 MLOAD
    "81",  # 85 DUP2
    "10",  # 86 LT                 column < end of the columns
    "15",  # 87 ISZERO
    "60da",  # 88 PUSH1 0xda       next row
    "57",  # 8a JUMPI
    "80",  # 8b DUP1
    "51",  # 8c MLOAD
    "6060",  # 8d PUSH1 96
    "1c",  # 8f SHR
    "6024",  # 90 PUSH1 36
    "52",  # 92 MSTORE             calldata[36:68] = its token
    "6020",  # 93 PUSH1 32         the answer's length
    "6070",  # 95 PUSH1 0x70       and place
    "610110",  # 97 PUSH2 0x110
    "51",  # 9a MLOAD              the calldata's length
    "5f",  # 9b PUSH0              and place
    "60f0",  # 9c PUSH1 0xf0
    "51",  # 9e MLOAD              factory
    "5a",  # 9f GAS                all of it: a listed factory's code is known
    "fa",  # a0 STATICCALL                                           | row column success
    "15",  # a1 ISZERO
    "60f7",  # a2 PUSH1 0xf7       failed
    "57",  # a4 JUMPI
    "3d",  # a5 RETURNDATASIZE
    "6020",  # a6 PUSH1 32
    "14",  # a8 EQ
    "15",  # a9 ISZERO
    "60f7",  # aa PUSH1 0xf7       failed
    "57",  # ac JUMPI
    "6070",  # ad PUSH1 0x70
    "51",  # af MLOAD                                                | row column pool
    "80",  # b0 DUP1
    "15",  # b1 ISZERO
    "60d1",  # b2 PUSH1 0xd1       none
    "57",  # b4 JUMPI
    # A pool: a record of 24 bytes goes to the output.
    "82",  # b5 DUP3
    "6010",  # b6 PUSH1 16
    "1b",  # b8 SHL
    "82",  # b9 DUP3
    "17",  # ba OR
    "60a0",  # bb PUSH1 0xa0
    "1b",  # bd SHL
    "17",  # be OR
    "6040",  # bf PUSH1 64
    "1b",  # c1 SHL                row << 240                        | column << 224 | pool << 64
    "6090",  # c2 PUSH1 0x90
    "51",  # c4 MLOAD                                                | row column record out
    "90",  # c5 SWAP1
    "81",  # c6 DUP2
    "52",  # c7 MSTORE             memory[out] = record
    "6018",  # c8 PUSH1 24
    "01",  # ca ADD
    "6090",  # cb PUSH1 0x90
    "52",  # cd MSTORE             out += 24                         | row column
    "60d3",  # ce PUSH1 0xd3       next column
    "56",  # d0 JUMP
    "5b",  # d1 JUMPDEST           none                              | row column 0
    "50",  # d2 POP
    "5b",  # d3 JUMPDEST           next column                       | row column
    "6014",  # d4 PUSH1 20
    "01",  # d6 ADD
    "6081",  # d7 PUSH1 0x81       columns
    "56",  # d9 JUMP
    "5b",  # da JUMPDEST           next row                          | row column
    "50",  # db POP
    "6014",  # dc PUSH1 20
    "01",  # de ADD
    "606c",  # df PUSH1 0x6c       rows
    "56",  # e1 JUMP
    "5b",  # e2 JUMPDEST           next table                        | row
    "50",  # e3 POP
    "60d0",  # e4 PUSH1 0xd0
    "51",  # e6 MLOAD
    "601a",  # e7 PUSH1 0x1a       tables
    "56",  # e9 JUMP
    # End: return all records.
    "5b",  # ea JUMPDEST           end
    "50",  # eb POP
    "610130",  # ec PUSH2 0x130
    "51",  # ef MLOAD
    "80",  # f0 DUP1
    "6090",  # f1 PUSH1 0x90
    "51",  # f3 MLOAD
    "03",  # f4 SUB                size = out - base
    "90",  # f5 SWAP1
    "f3",  # f6 RETURN
    # Failed: revert without data; the client asks for less.
    "5b",  # f7 JUMPDEST           failed
    "5f",  # f8 PUSH0
    "5f",  # f9 PUSH0
    "fd",  # fa REVERT
)
PROGRAM: Final = bytes.fromhex("".join(_PROGRAM_PARTS))
TABLES_AT: Final = 0x150
"""Where the program keeps the tables in memory: places in its result count from there."""

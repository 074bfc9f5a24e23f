"""An assembler for the doubles of contracts: words of a program to byte code."""

from __future__ import annotations

from collections.abc import Mapping

from eth_hash.auto import keccak

_OPS = {
    "STOP": 0x00, "ADD": 0x01, "SUB": 0x03, "LT": 0x10, "GT": 0x11, "ISZERO": 0x15, "SHR": 0x1C,
    "KECCAK": 0x20, "CALLER": 0x33, "CALLDATALOAD": 0x35, "CALLDATACOPY": 0x37, "TIMESTAMP": 0x42,
    "MSTORE": 0x52, "SLOAD": 0x54, "SSTORE": 0x55, "JUMPI": 0x57, "JUMPDEST": 0x5B, "LOG2": 0xA2,
    "LOG3": 0xA3, "RETURN": 0xF3, "REVERT": 0xFD,
}  # fmt: skip


def assemble(program: str, fields: Mapping[str, tuple[int, int]], topic: bytes) -> bytes:
    """Return the byte code of a program of words.

    A number is pushed; ``:name`` is a place to jump to, ``@name`` pushes it; ``error:signature`` pushes an
    error's selector where a word begins, ``topic`` an event's.

    Args:
        fields: words that push a part of the calldata: where it begins, and how many bytes it has.
    """
    code, labels, jumps = b"", {}, []
    for word in program.split():
        if word.startswith(":"):
            labels[word[1:]] = len(code)
            code += bytes([_OPS["JUMPDEST"]])
        elif word.startswith("@"):
            jumps.append((len(code) + 1, word[1:]))
            code += _push(0, 2)
        elif word in fields:
            code += _load(*fields[word])
        elif word.startswith("error:"):
            code += _push(int.from_bytes(keccak(word[6:].encode())[:4]) << 224, 32)
        elif word == "topic":
            code += _push(int.from_bytes(topic), 32)
        elif word in _OPS:
            code += bytes([_OPS[word]])
        else:
            code += _push(int(word, 0), 2)
    for place, label in jumps:
        code = code[:place] + labels[label].to_bytes(2) + code[place + 2 :]
    return code


def _load(offset: int, size: int) -> bytes:
    loaded = _push(offset, 2) + bytes([_OPS["CALLDATALOAD"]])
    return loaded + _push(256 - 8 * size, 2) + bytes([_OPS["SHR"]])


def _push(value: int, size: int) -> bytes:
    return bytes([0x5F + size]) + value.to_bytes(size)

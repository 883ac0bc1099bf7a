"""Reads journals of format 1.x with nothing but the standard library: the format of journal-format.md as a program.

    python reference_reader.py RUN_FOLDER METRIC

prints `step,value` for every committed point of a metric at rank 0, in the order of (ordinal, seq), as Python literals.
What later segments have abandoned is printed too; damage is stepped over. It reads finished files, and is not made
for speed: `epochal.journal.reader` does the same for living files and a million rows.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from
from typing import Any

Row = tuple[int, int, dict[str, Any], float]  # seq, step, values by name, time

# msgpack: first byte to (form, bytes) of numbers, and to (kind, bytes of the length) of longer things
NUMBERS = {0xCA: (">f", 4), 0xCB: (">d", 8), 0xCC: (">B", 1), 0xCD: (">H", 2), 0xCE: (">I", 4), 0xCF: (">Q", 8)}
NUMBERS |= {0xD0: (">b", 1), 0xD1: (">h", 2), 0xD2: (">i", 4), 0xD3: (">q", 8)}
LONG = {0xC4: ("bin", 1), 0xC5: ("bin", 2), 0xC6: ("bin", 4), 0xC7: ("ext", 1), 0xC8: ("ext", 2), 0xC9: ("ext", 4)}
LONG |= {0xD9: ("str", 1), 0xDA: ("str", 2), 0xDB: ("str", 4), 0xDC: ("array", 2), 0xDD: ("array", 4)}
LONG |= {0xDE: ("map", 2), 0xDF: ("map", 4)}


def msgpack(data: bytes, at: int = 0) -> tuple[Any, int]:
    """Return (value, place behind it) of the msgpack value at `at`."""
    code, at = data[at], at + 1
    if code < 0x80 or code >= 0xE0:
        return (code if code < 0x80 else code - 256), at
    if code in (0xC0, 0xC2, 0xC3):
        return {0xC0: None, 0xC2: False, 0xC3: True}[code], at
    if code in NUMBERS:
        form, size = NUMBERS[code]
        return unpack_from(form, data, at)[0], at + size
    if code in LONG:
        kind, size = LONG[code]
        count, at = int.from_bytes(data[at : at + size], "big"), at + size
    elif code < 0xC0:
        kind, count = ("map", code & 15) if code < 0x90 else ("array", code & 15) if code < 0xA0 else ("str", code & 31)
    else:
        kind, count = "ext", 1 << (code - 0xD4)
    if kind in ("map", "array"):
        items = []
        for _ in range(count * (2 if kind == "map" else 1)):
            item, at = msgpack(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2], strict=True)) if kind == "map" else items), at
    if kind == "ext":  # type 1: an integer outside 64 bits, in hexadecimal digits
        return (int(data[at + 1 : at + 1 + count], 16) if data[at] == 1 else None), at + 1 + count
    value = data[at : at + count]
    return (value.decode() if kind == "str" else value), at + count


def blocks(data: bytes) -> Iterator[tuple[int, int, bytes, int, int]]:
    """Yield (kind, stride, declaration, offset of the first row or frame, end) of each sound block."""
    if len(data) < 64:
        return  # a journal that has just been made: the others can be read
    if data[:8] != b"EPOCHAL\n" or zlib.crc32(data[:60]) != unpack_from("<I", data, 60)[0]:
        raise SystemExit("not a journal")
    if unpack_from("<H", data, 8)[0] != 1:
        raise SystemExit("another major version")
    at = 64
    while at + 64 <= len(data):
        head = unpack_from("<4sB3xIIQQII8s12xI", data, at)
        magic, kind, _, stride, offset, capacity, length, body, writer, crc = head
        declaration = data[at + 64 : at + 64 + length]
        sound = magic == b"EpBk" and offset == at and writer == data[16:24] and capacity >= body >= 64 + length
        if sound and zlib.crc32(declaration, zlib.crc32(data[at : at + 60])) == crc:
            yield kind, stride, declaration, at + body, min(at + capacity, len(data))
            at += capacity
        else:
            at += 64


def frames(data: bytes, at: int, end: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (seq, payload) of each sound frame of a record block."""
    while at + 16 <= end:
        length, seq, crc = unpack_from("<IqI", data, at)
        payload = data[at + 16 : at + 16 + length]
        covered = data[16:32] + at.to_bytes(8, "little") + data[at : at + 12] + payload
        if length and seq > 0 and at + 16 + length <= end and zlib.crc32(covered) == crc:
            yield seq, msgpack(payload)[0]
            at += -(-(16 + length) // 8) * 8
        else:
            at += 8


def rows(data: bytes, stride: int, declaration: bytes, at: int, end: int) -> Iterator[Row]:
    """Yield (seq, step, values by name, time) of each committed row of a row block."""
    declared = msgpack(declaration)[0]
    tag = (int.from_bytes(data[16:18], "little") & 0x7FFF) | 0x4001
    for place in range(at, end - stride + 1, stride):
        mark = unpack_from("<q", data, place + stride - 8)[0]
        if mark >> 48 == tag and mark & 0xFFFFFFFFFFFF:
            cells = unpack_from("<q" + declared["types"].replace("b", "q") + "dq", data, place)
            kinds = zip(declared["names"], cells[1:-2], declared["types"], strict=True)
            values = {name: bool(cell) if kind == "b" else cell for name, cell, kind in kinds}
            yield mark & 0xFFFFFFFFFFFF, cells[0], values, cells[-2]


def read(path: Path) -> tuple[list[tuple[int, dict[str, Any]]], list[Row]]:
    """Return the records and the rows of one journal, each in the order of seq."""
    data = path.read_bytes()
    records: list[tuple[int, dict[str, Any]]] = []
    found: list[Row] = []
    for kind, stride, declaration, body, end in blocks(data):
        if kind == 1:
            found += rows(data, stride, declaration, body, end)
        elif kind == 2:
            records += frames(data, body, end)
    found += [(seq, record["step"], record["values"], record["t"]) for seq, record in records if record["k"] == "row"]
    return sorted(records, key=lambda record: record[0]), sorted(found, key=lambda row: row[0])


def main(folder: str, metric: str) -> None:
    """Print the points of a metric."""
    journals = [read(path) for path in Path(folder, "journal").glob("*.epochal")]
    opened = [(record, found) for records, found in journals for _, record in records[:1] if record["k"] == "open"]
    for opening, found in sorted(opened, key=lambda journal: journal[0]["ordinal"]):
        if opening["rank"] == 0 and opening["role"] in ("main", "child", "import"):
            for _, step, values, _ in found:
                if metric in values:
                    print(f"{step},{values[metric]!r}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])

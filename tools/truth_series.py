"""Real demand of the shared data, read into matrices for the truth test: products by periods."""

import csv
import ctypes
import ctypes.util
import gzip
import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class DataAbsent(Exception):
    """The series of a set are not on this machine."""


@dataclass(frozen=True)
class Series:
    """Real demand of one set."""

    name: str
    demand: Floats
    """(n, T), oldest first."""
    period_days: float
    months: npt.NDArray[np.int64] | None
    """Calendar month of each period, when the set tells it."""
    available: npt.NDArray[np.bool_]
    """False where the real shop had none: what was asked then is not known."""


def _rows(path: Path) -> list[list[str]]:
    if not path.is_file():
        raise DataAbsent(f"{path} is not there")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))


def carparts(folder: Path) -> Series:
    """Spare parts by month; parts that left the catalogue before the last month are left out."""
    heading, *rows = _rows(folder / "carparts" / "carparts.csv.gz")
    kept = [row[1:] for row in rows if row[-1] != ""]
    demand = np.array([[float(cell or 0) for cell in row] for row in kept])
    months = np.array([int(name[5:7]) for name in heading[1:]])
    return Series("carparts", demand, 365.25 / 12, months, np.ones(demand.shape, dtype=bool))


def hospital_monthly(folder: Path) -> Series:
    heading, *rows = _rows(folder / "hospital-monthly" / "hospital.csv.gz")
    demand = np.array([[float(cell or 0) for cell in row[1:]] for row in rows])
    months = np.array([int(name[5:7]) for name in heading[1:]])
    return Series(
        "hospital-monthly", demand, 365.25 / 12, months, np.ones(demand.shape, dtype=bool)
    )


def jewelry(folder: Path) -> Series:
    """Costume jewels by week, from the fifth of 1998."""
    _, *rows = _rows(folder / "jewelry-weekly" / "jewelry.csv.gz")
    demand = np.array([[float(cell or 0) for cell in row[1:]] for row in rows])
    start = date(1998, 1, 26)
    months = np.array([(start + timedelta(weeks=k)).month for k in range(demand.shape[1])])
    return Series("jewelry-weekly", demand, 7.0, months, np.ones(demand.shape, dtype=bool))


def vn2(folder: Path) -> Series:
    """Products of shops by week, with what was in stock."""
    heading, *rows = _rows(folder / "vn2-retail-weekly" / "sales_weekly.csv.gz")
    _, *flags = _rows(folder / "vn2-retail-weekly" / "in_stock_weekly.csv.gz")
    there = {(row[0], row[1]): [cell == "True" for cell in row[2:]] for row in flags}
    demand = np.array([[float(cell or 0) for cell in row[2:]] for row in rows])
    available = np.array([there[row[0], row[1]] for row in rows])
    months = np.array([int(name[5:7]) for name in heading[2:]])
    return Series("vn2-retail-weekly", demand, 7.0, months, available[:, : demand.shape[1]])


def hospital_lines(folder: Path) -> Series:
    """Lines of a hospital pharmacy by day of 2022; returns and unnamed drugs are left out."""
    heading, *rows = _rows(folder / "hospital-pharmacy-lines" / "lines.csv.gz")
    at = {name: place for place, name in enumerate(heading)}
    lines = [
        (
            row[at["DrugName"]],
            date.fromisoformat(row[at["Dateofbill"]]),
            float(row[at["Quantity"]]),
        )
        for row in rows
        if row[at["Typeofsales"]] == "Sale" and not row[at["DrugName"]].startswith("Unknown")
    ]
    return _daily("hospital-pharmacy-lines", lines)


def online_retail(folder: Path) -> Series:
    """Lines of a retailer by day; cancellations, postage and other codes are left out."""
    path = folder / "online-retail-uci" / "transactions.parquet"
    if not path.is_file():
        raise DataAbsent(f"{path} is not there")
    table = read_parquet(path.read_bytes(), ["StockCode", "Quantity", "InvoiceDate"])
    epoch = date(1970, 1, 1)
    lines = [
        (code, epoch + timedelta(days=int(instant) // 86_400_000_000), float(quantity))
        for code, quantity, instant in zip(
            table["StockCode"], table["Quantity"], table["InvoiceDate"], strict=True
        )
        if quantity > 0 and len(code) >= 5 and code[:5].isdigit()
    ]
    return _daily("online-retail-uci", lines)


def _daily(name: str, lines: list[tuple[str, date, float]]) -> Series:
    start, end = min(on for _, on, _ in lines), max(on for _, on, _ in lines)
    products: dict[str, int] = {}
    for code, _, _ in sorted(lines):
        products.setdefault(code, len(products))
    demand = np.zeros((len(products), (end - start).days + 1))
    for code, on, quantity in lines:
        demand[products[code], (on - start).days] += quantity
    months = np.array([(start + timedelta(days=k)).month for k in range(demand.shape[1])])
    return Series(name, demand, 1.0, months, np.ones(demand.shape, dtype=bool))


SETS = {
    "carparts": carparts,
    "online-retail-uci": online_retail,
    "vn2-retail-weekly": vn2,
    "hospital-pharmacy-lines": hospital_lines,
    "hospital-monthly": hospital_monthly,
    "jewelry-weekly": jewelry,
}


# Parquet -----------------------------------------------------------------------------------------
# As much of the format as one flat file asks for (Apache Parquet format, `parquet.thrift`):
# Zstandard pages, plain and dictionary values, no nulls. It spares a large dependency.


class _Thrift:
    """Reader of Thrift's compact protocol: structures become dicts by field number."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def integer(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind: int) -> object:
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.byte()
        if kind in (4, 5, 6):
            return self.integer()
        if kind == 7:
            self.at += 8
            return struct.unpack_from("<d", self.data, self.at - 8)[0]
        if kind == 8:
            size = self.varint()
            self.at += size
            return self.data[self.at - size : self.at]
        if kind in (9, 10):
            head = self.byte()
            size = head >> 4
            if size == 15:
                size = self.varint()
            return [self.value(head & 15) for _ in range(size)]
        if kind == 12:
            return self.structure()
        raise ValueError(f"Thrift type {kind}")

    def structure(self) -> dict[int, object]:
        fields: dict[int, object] = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.integer()
            fields[number] = self.value(head & 15)
        return fields


def _unpacked(data: bytes, size: int) -> bytes:
    """Decompress one Zstandard frame with the library of the system."""
    name = ctypes.util.find_library("zstd")
    if name is None:
        raise DataAbsent("libzstd is not on this machine: apt install libzstd1")
    library = ctypes.CDLL(name)
    library.ZSTD_decompress.restype = ctypes.c_size_t
    library.ZSTD_decompress.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    out = ctypes.create_string_buffer(size)
    got = library.ZSTD_decompress(out, size, data, len(data))
    assert got == size, "a broken Zstandard frame"
    return out.raw


def _hybrid(data: bytes, width: int, count: int) -> npt.NDArray[np.int64]:
    """Runs and bit-packed groups of integers of ``width`` bits."""
    reader, parts, got = _Thrift(data, 0), [], 0
    while got < count:
        head = reader.varint()
        if head & 1:
            size = (head >> 1) * width
            bits = np.unpackbits(
                np.frombuffer(data, np.uint8, size, reader.at), bitorder="little"
            ).reshape(-1, width)
            part = bits.astype(np.int64) @ (1 << np.arange(width, dtype=np.int64))
            reader.at += size
        else:
            size = (width + 7) // 8
            value = int.from_bytes(data[reader.at : reader.at + size], "little")
            part = np.full(head >> 1, value, dtype=np.int64)
            reader.at += size
        parts.append(part)
        got += len(part)
    return np.concatenate(parts)[:count]


def _texts(data: bytes, count: int) -> Iterator[str]:
    at = 0
    for _ in range(count):
        size = int.from_bytes(data[at : at + 4], "little")
        yield data[at + 4 : at + 4 + size].decode()
        at += 4 + size


def _plain(data: bytes, kind: int, count: int) -> npt.NDArray[np.generic]:
    if kind == 6:
        return np.array(list(_texts(data, count)), dtype=object)
    return np.frombuffer(data, {1: "<i4", 2: "<i8", 4: "<f4", 5: "<f8"}[kind], count)


def read_parquet(data: bytes, columns: list[str]) -> dict[str, npt.NDArray[np.generic]]:
    """The named columns of a flat Parquet file without nulls."""
    length = struct.unpack("<I", data[-8:-4])[0]
    footer: dict[int, object] = _Thrift(data, len(data) - 8 - length).structure()
    table: dict[str, list[npt.NDArray[np.generic]]] = defaultdict(list)
    for group in footer[4]:  # type: ignore[attr-defined]
        for chunk in group[1]:
            meta = chunk[3]
            name = b".".join(meta[3]).decode()
            if name in columns:
                table[name].extend(_pages(data, meta))
    return {name: np.concatenate(table[name]) for name in columns}


def _pages(data: bytes, meta: dict[int, object]) -> Iterator[npt.NDArray[np.generic]]:
    kind, total = int(meta[1]), int(meta[5])  # type: ignore[call-overload]
    assert meta[4] == 6, "only Zstandard is read"
    at = int(meta.get(11, meta[9]))  # type: ignore[call-overload]
    book = np.zeros(0, dtype=object)
    while total > 0:
        reader = _Thrift(data, at)
        header = reader.structure()
        at = reader.at + int(header[3])  # type: ignore[call-overload]
        body = _unpacked(data[reader.at : at], int(header[2]))  # type: ignore[call-overload]
        if header[1] == 2:  # a dictionary
            book = _plain(body, kind, header[7][1])  # type: ignore[index]
            continue
        count, encoding = header[5][1], header[5][2]  # type: ignore[index]
        # The levels of definition come first: four bytes of length, then one run of ones.
        skip = 4 + int.from_bytes(body[:4], "little")
        stream = body[skip:]
        if encoding in (2, 8):
            yield book[_hybrid(stream[1:], stream[0], count)]
        else:
            yield _plain(stream, kind, count)
        total -= count

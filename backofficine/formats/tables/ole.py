"""Whether an Excel 97 workbook holds together: its reader follows a damaged one for ever."""

import struct
from collections.abc import Iterator

_END = 0xFFFFFFFA  # from here on, a number is a mark and no sector
_CELLS = {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x027E, 0x00BD, 0x00BE, 0x00FD}
_BEGIN = 0x0809
_COLUMNS = 256
_SMALL = 64  # bytes
# Each byte belongs to one stream, and once more to the stream of small sectors; empty streams of
# careless programs point to the first sector.
_TIMES_FOLLOWED = 4


class Damaged(ValueError):
    """The sectors or the records say what cannot be."""


def check_old_workbook(data: bytes, *, most_cells: int) -> None:
    """Follow every chain of sectors and look at the place of every cell ([MS-CFB], [MS-XLS]).

    :raises Damaged: if a chain loops or leaves the file, if many streams share their sectors, if a
        stream is larger than the file, or if a sheet spreads over more than ``most_cells``.
    """
    try:
        book = _Sectors(data).book()
    except (struct.error, IndexError) as error:
        raise Damaged(str(error)) from None
    _check_cells(book, most_cells)


class _Sectors:
    """The small file system of a workbook: sectors, and the tables that chain them."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.left = _TIMES_FOLLOWED * len(data)  # bytes that chains may still hold together
        (shift,) = struct.unpack_from("<H", data, 30)
        if shift not in (9, 12):
            raise Damaged("no such size of sector")
        self.size = 1 << shift
        self.count = -(-len(data) // self.size) - 1
        tables, self.folder, _, self.cutoff, small, smalls, more, mores = struct.unpack_from(
            "<IIIIIIII", data, 44
        )
        if max(tables, smalls, mores) > self.count:
            raise Damaged("more tables than sectors")
        listed = list(struct.unpack_from("<109I", data, 76))
        seen = 0
        while more < _END and seen <= mores:
            sector = self._numbers(more)
            listed += sector[:-1]
            more, seen = sector[-1], seen + 1
        if more < _END:
            raise Damaged("a list without end")
        self.next = [number for at in listed[:tables] if at < _END for number in self._numbers(at)]
        self.next_small = [
            number
            for at in self.chain(small, self.next, size=self.size)
            for number in self._numbers(at)
        ]

    def _sector(self, at: int) -> bytes:
        if at >= self.count:
            raise Damaged("a sector outside the file")
        return self.data[(at + 1) * self.size : (at + 2) * self.size]

    def _numbers(self, at: int) -> tuple[int, ...]:
        return struct.unpack(f"<{self.size // 4}I", self._sector(at).ljust(self.size, b"\xff"))

    def chain(self, start: int, following: list[int], *, size: int) -> list[int]:
        """Give the sectors of a chain, in order; ``size`` of each in bytes."""
        chain: list[int] = []
        while start < _END:
            if len(chain) >= len(following) or start >= len(following):
                raise Damaged("a chain that loops or leaves the file")
            self.left -= size
            if self.left < 0:
                raise Damaged("streams that share their sectors")
            chain.append(start)
            start = following[start]
        return chain

    def _entries(self) -> Iterator[tuple[str, int, int, int]]:
        folder = b"".join(map(self._sector, self.chain(self.folder, self.next, size=self.size)))
        for at in range(0, len(folder) - 127, 128):
            length, kind = struct.unpack_from("<HB", folder, at + 64)
            start, size = struct.unpack_from("<II", folder, at + 116)
            name = folder[at : at + min(64, max(0, length - 2))].decode("utf-16-le", "replace")
            if kind:
                yield name, kind, start, size

    def book(self) -> bytes:
        """Give the stream of records, every other chain having been followed too."""
        book, small_stream = b"", b""
        for name, kind, start, size in self._entries():
            if size > len(self.data):
                raise Damaged("a stream larger than the file")
            if kind == 5:
                small_stream = b"".join(
                    map(self._sector, self.chain(start, self.next, size=self.size))
                )
            elif kind == 2:
                if size < self.cutoff:
                    parts = self.chain(start, self.next_small, size=_SMALL)
                    stream = b"".join(small_stream[_SMALL * at : _SMALL * (at + 1)] for at in parts)
                else:
                    stream = b"".join(
                        map(self._sector, self.chain(start, self.next, size=self.size))
                    )
                if name.lower() in ("workbook", "book"):
                    book = stream[:size]
        return book


def _check_cells(book: bytes, most_cells: int) -> None:
    at, last = 0, len(book) - 4
    lines = columns = 0
    while at <= last:
        kind, size = struct.unpack_from("<HH", book, at)
        if kind == _BEGIN:
            lines = columns = 0
        elif kind in _CELLS and size >= 4 and at + 8 <= len(book):
            line, column = struct.unpack_from("<HH", book, at + 4)
            lines, columns = max(lines, line + 1), max(columns, column + 1)
            if columns > _COLUMNS or lines * columns > most_cells:
                raise Damaged("cells too far apart")
        at += 4 + size

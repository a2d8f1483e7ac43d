"""Workbooks of Excel and LibreOffice, and pages named ``.xls``, as grids of texts."""

import struct
import time
import zipfile
from datetime import date, datetime
from io import BytesIO

import pytest
import xlsxwriter

from backofficine.formats.tables import TableRefused, open_grids, read_table


def rows_of(data):
    (grid,) = open_grids(data)
    return grid.rows


def excel(fill, *, options=None):
    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"in_memory": True, **(options or {})}) as book:
        fill(book)
    return kept.getvalue()


# --- Excel ----------------------------------------------------------------------------------------


def test_lines_are_numbered_as_excel_shows_them():
    def fill(book):
        sheet = book.add_worksheet("Stock")
        sheet.write_row(2, 1, ["CIP", "Qté"])
        sheet.write_row(5, 1, [3400999000017, 2])

    assert rows_of(excel(fill)) == [(3, ["", "CIP", "Qté"]), (6, ["", "3400999000017", "2"])]


def test_values_are_written_as_texts_that_read_back_the_same():
    def fill(book):
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet()
        for column, value in enumerate([3400999000017, 0.1 + 0.2, 12.345, -4, 1e20, True, " é "]):
            sheet.write(0, column, value)
        sheet.write_datetime(1, 0, date(2026, 11, 24), day)
        sheet.write_datetime(1, 1, datetime(2026, 11, 24, 10, 30), day)  # noqa: DTZ001
        sheet.write_formula(1, 2, "=1+1", None, 2)

    assert rows_of(excel(fill)) == [
        (1, ["3400999000017", "0.3", "12.3450", "-4", "100000000000000000000", "oui", "é"]),
        (2, ["2026-11-24", "2026-11-24 10:30:00", "2", "", "", "", ""]),
    ]


def test_days_counted_from_1904_are_the_same_days():
    def fill(book):
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        book.add_worksheet().write_datetime(0, 0, date(2026, 11, 24), day)

    assert rows_of(excel(fill, options={"date_1904": True})) == [(1, ["2026-11-24"])]


def test_a_merged_cell_is_repeated_where_it_spreads():
    def fill(book):
        sheet = book.add_worksheet()
        sheet.merge_range(1, 1, 1, 2, "Stock")
        sheet.merge_range(1, 3, 2, 3, "Zone")
        sheet.write_row(2, 1, ["Qté", "Valeur"])

    assert rows_of(excel(fill)) == [
        (2, ["", "Stock", "Stock", "Zone"]),
        (3, ["", "Qté", "Valeur", "Zone"]),
    ]


def test_every_sheet_that_shows_something_is_a_grid():
    def fill(book):
        book.add_worksheet("Stock").write(0, 0, "a")
        book.add_worksheet("Vide")
        hidden = book.add_worksheet("Cachée")
        hidden.write(0, 0, "b")
        hidden.hide()
        book.add_worksheet("Ventes").write(0, 0, "c")

    assert [(grid.name, grid.kind) for grid in open_grids(excel(fill))] == [
        ("Stock", "xlsx"),
        ("Ventes", "xlsx"),
    ]


def test_of_several_sheets_the_one_with_the_headings_is_read():
    def fill(book):
        book.add_worksheet("Lisez-moi").write_row(0, 0, ["Ceci", "explique"])
        sheet = book.add_worksheet("Stock")
        sheet.write_row(0, 0, ["CIP", "Qté"])
        sheet.write_row(1, 0, [3400999000017, 2])

    table = read_table(
        excel(fill), fields={"code": ["cip"], "quantity": ["qte"]}, required=["code"]
    )

    assert [row.values for row in table.rows] == [{"code": "3400999000017", "quantity": "2"}]


# --- Other workbooks ------------------------------------------------------------------------------


def old_excel(cells):
    """Write a workbook as Excel 97 did: records of one sheet, in one stream of a small file system.

    [MS-XLS] for the records, [MS-CFB] for the sectors; ``cells`` by (line, column) from 0.
    """

    def record(kind, content):
        return struct.pack("<HH", kind, len(content)) + content

    def begin(kind):
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    end = record(0x000A, b"")
    sheet = begin(0x0010)
    for (line, column), value in sorted(cells.items()):
        at = struct.pack("<HHH", line, column, 0)
        if isinstance(value, str):
            text = value.encode("utf-16-le")
            sheet += record(0x0204, at + struct.pack("<HB", len(value), 1) + text)
        else:
            sheet += record(0x0203, at + struct.pack("<d", value))
    sheet += end
    name = b"\x05\x00Stock"
    top = begin(0x0005)
    start = len(top) + 4 + 6 + len(name) + len(end)
    stream = top + record(0x0085, struct.pack("<IBB", start, 0, 0) + name) + end + sheet
    stream += b"\x00" * (-len(stream) % 512 + 4096)

    def entry(label, kind, child, first, size):
        said = label.encode("utf-16-le").ljust(64, b"\x00")
        links = struct.pack(
            "<HBBIII", 2 * len(label) + 2 if label else 0, kind, 1, FREE, FREE, child
        )
        return (said + links).ljust(116, b"\x00") + struct.pack("<IQ", first, size)

    FREE, LAST = 0xFFFFFFFF, 0xFFFFFFFE  # noqa: N806
    count = len(stream) // 512
    chain = [0xFFFFFFFD, LAST, *range(3, count + 2), LAST]
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack(
        "<HHHHH6sIIIIIIIII", 62, 3, 0xFFFE, 9, 6, b"", 0, 1, 1, 0, 4096, LAST, 0, LAST, 0
    )
    head += struct.pack("<109I", 0, *[FREE] * 108)
    table = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    folder = entry("Root Entry", 5, 1, LAST, 0) + entry("Workbook", 2, FREE, 2, len(stream))
    return head + table + folder + entry("", 0, FREE, 0, 0) * 2 + stream


def test_a_workbook_of_excel_97_is_read():
    data = old_excel({(0, 0): "CIP", (0, 1): "Désignation", (1, 0): 3400999000017, (1, 1): "Été"})

    (grid,) = open_grids(data)

    assert (grid.kind, grid.name) == ("xls", "Stock")
    assert grid.rows == [(1, ["CIP", "Désignation"]), (2, ["3400999000017", "Été"])]


def test_an_old_workbook_whose_sectors_loop_is_refused():
    data = bytearray(old_excel({(0, 0): "CIP"}))
    table = data.index(struct.pack("<I", 0xFFFFFFFD))
    data[table + 12 : table + 16] = struct.pack("<I", 2)

    with pytest.raises(TableRefused, match="ancien classeur Excel abîmé"):
        open_grids(bytes(data))


def test_an_old_workbook_with_a_cell_out_of_any_sheet_is_refused():
    with pytest.raises(TableRefused, match="ancien classeur Excel abîmé"):
        open_grids(old_excel({(0, 0): "CIP", (65_535, 65_535): "x"}))


def test_an_old_workbook_whose_streams_share_their_sectors_is_refused():
    data = bytearray(old_excel({(line, 0): "CIP" for line in range(200)}))
    folder = data.index("Root Entry".encode("utf-16-le"))
    book = bytes(data[folder + 128 : folder + 256])
    data[folder + 256 : folder + 512] = book * 2
    table, more = 512, len(data) // 512 - 1  # one more sector of entries follows the first
    data[table + 4 : table + 8] = struct.pack("<I", more)
    data[table + 4 * more : table + 4 * more + 4] = struct.pack("<I", 0xFFFFFFFE)

    with pytest.raises(TableRefused, match="ancien classeur Excel abîmé"):
        open_grids(bytes(data + book * 4))


def libre_office(body):
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
            ' manifest:version="1.2"/>',
        )
        packed.writestr(
            "content.xml",
            '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
            'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
            'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
            'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
            f'<office:body><office:spreadsheet><table:table table:name="Stock">{body}'
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    return kept.getvalue()


def test_a_workbook_of_libre_office_is_read():
    def cell(text, **said):
        told = " ".join(f'office:{name}="{value}"' for name, value in said.items())
        told = told.replace("office:value_type", "office:value-type").replace("_", "-")
        return f"<table:table-cell {told}><text:p>{text}</text:p></table:table-cell>"

    lines = [
        cell("CIP", value_type="string") + cell("Le", value_type="string"),
        cell("3,40E+12", value_type="float", value="3400999000017")
        + cell("24/11/26", value_type="date", date_value="2026-11-24"),
    ]
    data = libre_office("".join(f"<table:table-row>{line}</table:table-row>" for line in lines))

    (grid,) = open_grids(data)

    assert (grid.kind, grid.name) == ("ods", "Stock")
    assert grid.rows == [(1, ["CIP", "Le"]), (2, ["3400999000017", "2026-11-24"])]


def test_a_cell_that_libre_office_repeats_a_billion_times_is_refused():
    row = '<table:table-row table:number-rows-repeated="{}"><table:table-cell '
    row += 'table:number-columns-repeated="{}" office:value-type="string"><text:p>x</text:p>'
    row += "</table:table-cell></table:table-row>"

    for lines, columns in ((1, 4_294_967_295), (1_048_576, 16_384)):
        with pytest.raises(TableRefused, match="cases vides"):
            open_grids(libre_office(row.format(lines, columns)))


def test_a_workbook_of_libre_office_that_never_ends_is_refused():
    row = '<table:table-row><table:table-cell office:value-type="string"><text:p>x</text:p>'
    row += "</table:table-cell></table:table-row></table:tables>"

    with pytest.raises(TableRefused, match="abîmé"):
        open_grids(libre_office(row))


def test_the_blank_end_of_a_sheet_is_no_weight():
    blank = '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
    blank += 'table:number-columns-repeated="16384"/></table:table-row>'
    row = '<table:table-row><table:table-cell office:value-type="string"><text:p>CIP</text:p>'
    row += '</table:table-cell><table:table-cell table:number-columns-repeated="16383"/>'

    assert rows_of(libre_office(f"{row}</table:table-row>{blank}")) == [(1, ["CIP"])]


def test_a_binary_workbook_says_how_to_save_it():
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        packed.writestr("xl/workbook.bin", b"")

    with pytest.raises(TableRefused, match="xlsb"):
        open_grids(kept.getvalue())


@pytest.mark.parametrize("place", ["K99999999", "XFD1048576", "zzzz9"])
def test_a_cell_that_lies_about_its_place_is_refused(place):
    whole, changed = zipfile.ZipFile(BytesIO(excel(_two_cells))), BytesIO()
    with zipfile.ZipFile(changed, "w") as packed:
        for name in whole.namelist():
            packed.writestr(name, whole.read(name).replace(b'r="B1"', f"r = '{place}'".encode()))

    with pytest.raises(TableRefused, match="cases vides"):
        open_grids(changed.getvalue())


def _two_cells(book):
    book.add_worksheet().write_row(0, 0, ["a", "b"])
    book.get_worksheet_by_name("Sheet1").write_row(199_999, 0, ["a", "b"])


# --- Pages ----------------------------------------------------------------------------------------


def test_a_page_gives_its_tables_with_their_spans():
    page = """<!DOCTYPE html><html><head><style>table {x: y}</style></head><body><!-- <table> -->
    <TABLE border="1"><tr><th colspan=2>Stock<br>réel<th rowspan="2">Zone &amp; rayon</tr>
    <tr><td>Qté</td><td><b>Va</b>leur</td></tr>
    <tr><td> 2 </td><td>1&nbsp;234,50</td><td title="a > b">A12</td></tr></table>
    <p>fin</p><table><tr><td></td></tr></table></body></html>"""

    (grid,) = open_grids(page.encode("cp1252"))

    assert (grid.kind, grid.encoding) == ("html", "cp1252")
    assert grid.rows == [
        (1, ["Stock réel", "Stock réel", "Zone & rayon"]),
        (2, ["Qté", "Valeur", "Zone & rayon"]),
        (3, ["2", "1\u00a0234,50", "A12"]),
    ]


def test_the_xml_of_excel_2003_is_read():
    page = """<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
    xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="Stock"><Table>
    <Row><Cell><Data ss:Type="String">CIP</Data></Cell><Cell ss:Index="3"><Data>Qté</Data></Cell>
    </Row>
    <Row><Cell><Data ss:Type="Number">3400999000017</Data></Cell><Cell/><Cell><Data>4</Data></Cell>
    </Row></Table></Worksheet></Workbook>"""

    assert rows_of(page.encode()) == [(1, ["CIP", "", "Qté"]), (2, ["3400999000017", "", "4"])]


@pytest.mark.parametrize(
    "noise",
    ["<!--", "<td '", '<td "', "<table><tr>", "<tr><td rowspan=9999>", "<td " + "a" * 99_990 + ">"],
    ids=lambda noise: noise[:16],
)
def test_a_page_of_noise_is_read_or_refused_quickly(noise):
    data = b"<html>" + (noise * (2_000_000 // len(noise))).encode()
    start = time.process_time()

    try:
        read_table(data, fields={"code": ["cip"]}, required=["code"])
    except TableRefused as refusal:
        sentence = str(refusal)

    assert sentence.endswith(".")
    assert time.process_time() - start < 5


def test_a_row_that_spreads_without_end_is_refused():
    page = "<html><table><tr>" + "<td colspan=2000>1" * 5_100

    with pytest.raises(TableRefused, match="démesuré"):
        open_grids(page.encode())


def test_an_archive_that_lies_about_its_size_is_refused():
    data = bytearray(excel(lambda book: book.add_worksheet().write(0, 0, "a")))
    at = data.rfind(b"PK\x01\x02")
    data[at + 20 : at + 28] = b"\xff\xff\xff\x7f\xff\xff\xff\x7f"

    with pytest.raises(TableRefused, match="classeur"):
        open_grids(bytes(data))

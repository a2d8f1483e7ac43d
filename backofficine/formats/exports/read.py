"""An export, once its columns are known → its lines, those left out, and what to know of it."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

from backofficine.formats.codes import clean_code
from backofficine.formats.exports.fields import KNOWN
from backofficine.formats.exports.months import span
from backofficine.formats.exports.propose import lacking_of, propose_from
from backofficine.formats.exports.shape import (
    Export,
    Layout,
    PurchaseLine,
    SalesLine,
    StockLine,
    What,
)
from backofficine.formats.exports.values import (
    box_sign,
    boxes,
    expiry_day,
    month_cell,
    month_span,
    past_day,
    plain_text,
    remembered,
    sale_day,
    sentence,
)
from backofficine.formats.tables import (
    Grid,
    Rejected,
    TableRefused,
    day,
    decimal_sign,
    is_footer,
    normal,
    number,
    open_grids,
    whole,
)

ValueT = TypeVar("ValueT")
Cells = tuple[int, list[str]]

_EDITED = re.compile(r"[0-9]{2}[/.-][0-9]{2}[/.-]20[0-9]{2}|20[0-9]{2}-[0-9]{2}-[0-9]{2}")


def read_export(
    data: bytes,
    what: What,
    *,
    layout: Layout | None = None,
    newest: str | None = None,
    year: int | None = None,
) -> Export:
    """Read an export of stock, of sales or of purchases.

    :param layout: where everything is, as :func:`propose` gave it and a person confirmed.
    :param newest: ``AAAA-MM`` of the newest column of months, where headings only count back.
    :param year: the year of the newest month, where headings name months only.
    :raises TableRefused: if the file cannot be opened, a required column is not found, or not one
        line can be read.
    """
    grids = open_grids(data)
    notes: list[str] = []
    if layout is None:
        proposal = propose_from(grids, what, newest=newest, year=year)
        layout, notes = proposal.layout, list(proposal.notes)
        if proposal.missing:
            raise TableRefused(_what_to_do(proposal.questions, proposal.headings))
    elif layout.relative and newest is not None:
        layout = layout.dated(newest)
    if not 0 <= layout.sheet < len(grids):
        raise TableRefused("Cette feuille n’est plus dans le fichier : confirmez les colonnes.")
    if lacking := lacking_of(what, layout):
        asked = [f"Quelle colonne contient : {KNOWN[what][name].french} ?" for name in lacking]
        raise TableRefused(_what_to_do(asked, []))
    reading = _Reading(grids[layout.sheet], what, layout, notes)
    lines, grain = reading.lines()
    if not lines:
        raise TableRefused(_nothing_read(reading.rejected))
    return reading.export(lines, grain, hashlib.sha256(data).hexdigest())


def _what_to_do(questions: Sequence[str], headings: Sequence[str]) -> str:
    found = ", ".join(f"« {heading[:40]} »" for heading in headings[:15] if heading)
    asked = " ".join(questions)
    shown = f" Colonnes trouvées : {found}." if found else ""
    return f"Une colonne nécessaire n’a pas été reconnue. {asked}{shown}"


def _nothing_read(rejected: Sequence[Rejected]) -> str:
    if not rejected:
        return (
            "Le fichier a des en-têtes mais aucune ligne de données. Vérifiez la période et les "
            "filtres de l’export, puis recommencez."
        )
    first = rejected[0]
    return (
        f"Aucune ligne n’a pu être lue ; la première est la ligne {first.line} : {first.reason} "
        "Vérifiez les colonnes choisies, ou exportez à nouveau."
    )


@dataclass
class _Reading:
    """One sheet being read. ``remarks`` counts what was passed over, to tell it at the end."""

    grid: Grid
    what: What
    layout: Layout
    notes: list[str]
    rejected: list[Rejected] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)

    def lines(self) -> tuple[list[Any], str]:
        self.rejected.extend(self.grid.rejected)
        match self.what:
            case What.STOCK:
                return self._stock(), "line"
            case What.PURCHASES:
                return self._purchases(), "line"
            case _:
                return self._wide_sales() if self.layout.months else self._long_sales()

    def export(self, lines: list[Any], grain: str, digest: str) -> Export:
        self.rejected.sort(key=lambda left_out: left_out.line)
        first = last = None
        if self.what is What.SALES:
            first = min(line.first_on for line in lines)
            last = max(line.last_on for line in lines)
        elif self.what is What.PURCHASES:
            first, last = min(line.on for line in lines), max(line.on for line in lines)
        edited = self._edited_on()
        self._tell(lines)
        if edited and last and self.what is What.SALES and last > edited > last.replace(day=1):
            self.notes.append(
                f"Le fichier est du {edited:%d/%m/%Y} : son dernier mois n’est pas entier."
            )
        return Export(
            what=self.what,
            lines=lines,
            rejected=self.rejected,
            notes=self.notes,
            grain=grain,
            digest=digest,
            layout=self.layout,
            first_on=first,
            last_on=last,
            edited_on=edited,
        )

    # --- Lines of data ---

    def _body(self) -> Iterator[tuple[int, list[str], str]]:
        """Give the number, cells and code of each line that holds data."""
        columns = self.layout.columns
        code_at, other_at = columns["code"], columns.get("code2")
        heading = self.layout.heading_line
        widest = self._width()
        needed = 1 + max(index for name, index in columns.items() if name in ("code", "quantity"))
        clean = remembered(clean_code)
        headings = self._heading_cells()
        has_begun = heading is not None
        for line, cells in self.grid.rows:
            if heading is not None and line <= heading:
                continue
            text = cells[code_at].strip() if code_at < len(cells) else ""
            if not text and other_at is not None and other_at < len(cells):
                text = cells[other_at].strip()
            if not text or not text[-1].isdigit():
                if headings and [normal(cell) for cell in cells[: len(headings)]] == headings:
                    continue
                if is_footer(text, cells):
                    self.remarks["footer"] += 1
                    continue
                if len({cell for cell in map(str.strip, cells) if cell}) < 2 or not has_begun:
                    self.remarks["title"] += 1
                    continue
            if len(cells) < needed:
                self._reject(
                    line, f"La ligne a {len(cells)} colonne(s) ; il en faut au moins {needed}."
                )
                continue
            if len(cells) > widest and any(cell.strip() for cell in cells[widest:]):
                self._reject(
                    line,
                    f"La ligne a {len(cells)} colonnes, l’en-tête {widest} : un texte contient "
                    "sans doute le séparateur.",
                )
                continue
            try:
                code = clean(text)
            except ValueError as error:
                self._reject(line, sentence("Code", error))
                continue
            has_begun = True
            yield line, cells, code

    def _width(self) -> int:
        """The number of columns a line may have: the headings', else the most frequent."""
        heading = self.layout.heading_line
        if heading is not None:
            for line, cells in self.grid.rows:
                if line == heading:
                    return max(len(cells), 1 + max(self.layout.columns.values()))
        widths = Counter(len(cells) for _, cells in self.grid.rows[:1000])
        return widths.most_common(1)[0][0]

    def _heading_cells(self) -> list[str]:
        heading = self.layout.heading_line
        for line, cells in self.grid.rows[:200]:
            if line == heading:
                return [normal(cell) for cell in cells]
        return []

    def _texts(self, name: str) -> list[str]:
        index = self.layout.columns.get(name)
        if index is None:
            return []
        after = self.layout.heading_line or 0
        return [
            cells[index] for line, cells in self.grid.rows if line > after and index < len(cells)
        ]

    def _reject(self, line: int, reason: str) -> None:
        self.rejected.append(Rejected(line, reason))

    # --- Values ---

    def _getter(self, name: str) -> Callable[[list[str]], str]:
        index = self.layout.columns.get(name)
        if index is None:
            return lambda cells: ""
        return lambda cells: cells[index].strip() if index < len(cells) else ""

    def _optional(
        self, name: str, french: str, parse: Callable[[str], ValueT | None]
    ) -> Callable[[list[str]], ValueT | None]:
        """Read a field one can do without: what cannot be read is left empty, and counted."""
        if name not in self.layout.columns:
            return lambda cells: None
        get, memory = self._getter(name), remembered(parse)

        def value(cells: list[str]) -> ValueT | None:
            if not (text := get(cells)):
                return None
            try:
                return memory(text)
            except ValueError:
                self.remarks[f"unreadable:{french}"] += 1
                return None

        return value

    def _quantity(self) -> Callable[[list[str]], int]:
        """Read the quantity; an empty one is a zero where the file writes no other zero."""
        texts = [text.strip() for text in self._texts("quantity")]
        decimal = box_sign(texts)
        empty = sum(not text for text in texts)
        blank_is_zero = self.what is What.STOCK and empty * 20 > len(texts) and "0" not in texts
        get, parse = self._getter("quantity"), remembered(partial(boxes, decimal=decimal))

        def value(cells: list[str]) -> int:
            text = get(cells)
            if not text and blank_is_zero:
                self.remarks["blank"] += 1
                return 0
            return parse(text)

        return value

    def _money(self, name: str, french: str) -> Callable[[list[str]], Decimal | None]:
        sign = decimal_sign(self._texts(name)[:20_000])
        return self._optional(name, french, partial(number, decimal=sign))

    def _text(self, name: str) -> Callable[[list[str]], str]:
        get, clean = self._getter(name), remembered(plain_text)
        return lambda cells: clean(get(cells))

    # --- Each kind of export ---

    def _stock(self) -> list[StockLine]:
        label, quantity = self._text("label"), self._quantity()
        purchase, public = (
            self._money("purchase_price", "prix d’achat"),
            self._money("public_price", "prix de vente"),
        )
        value, address = self._money("value", "valeur"), self._text("address")
        sold = self._optional("last_sale_on", "dernière vente", past_day)
        received = self._optional("last_receipt_on", "dernière entrée", past_day)
        least = self._optional("min_stock", "stock minimum", whole)
        most = self._optional("max_stock", "stock maximum", whole)
        expiry, lot = self._optional("expires_on", "péremption", expiry_day), self._text("lot")
        rate = self._optional("vat_rate", "TVA", number)
        category, laboratory = self._text("category"), self._text("laboratory")
        lines: list[StockLine] = []
        for line, cells, code in self._body():
            try:
                boxes_held = quantity(cells)
            except ValueError as error:
                self._reject(line, sentence("Quantité", error))
                continue
            lines.append(
                StockLine(
                    line,
                    code,
                    label(cells),
                    boxes_held,
                    purchase(cells),
                    public(cells),
                    value(cells),
                    address(cells),
                    sold(cells),
                    received(cells),
                    least(cells),
                    most(cells),
                    expiry(cells),
                    lot(cells),
                    rate(cells),
                    category(cells),
                    laboratory(cells),
                )
            )  # fmt: skip
        return lines

    def _purchases(self) -> list[PurchaseLine]:
        label, quantity, supplier = self._text("label"), self._quantity(), self._text("supplier")
        when = self._dates(sale_day)
        price = self._money("unit_price", "prix unitaire")
        free = self._optional("free_quantity", "unités gratuites", whole)
        lines: list[PurchaseLine] = []
        for line, cells, code in self._body():
            try:
                on = when(cells)
                bought = quantity(cells)
            except ValueError as error:
                self._reject(
                    line, str(error) if str(error).endswith(".") else sentence("Quantité", error)
                )
                continue
            lines.append(
                PurchaseLine(
                    line, code, label(cells), bought, on, supplier(cells), price(cells), free(cells)
                )
            )
        return lines

    def _dates(self, parse: Callable[[str], ValueT]) -> Callable[[list[str]], ValueT]:
        get, memory = self._getter("date"), remembered(parse)

        def value(cells: list[str]) -> ValueT:
            try:
                return memory(get(cells))
            except ValueError as error:
                raise ValueError(sentence("Date", error)) from None

        return value

    def _long_sales(self) -> tuple[list[SalesLine], str]:
        texts = {text.strip() for text in self._texts("date")}
        months = sum(1 for text in texts if month_cell(text))
        by_month = months * 2 > len(texts) or "year" in self.layout.columns
        label, quantity = self._text("label"), self._quantity()
        amount, year = self._money("amount", "montant"), self._getter("year")
        if by_month:
            spans = remembered(month_span)
            get = self._getter("date")

            def when(cells: list[str]) -> tuple[date, date]:
                return spans(f"{get(cells)}\x1f{year(cells)}")
        else:
            sold_on = self._dates(sale_day)

            def when(cells: list[str]) -> tuple[date, date]:
                on = sold_on(cells)
                return on, on

        lines: list[SalesLine] = []
        for line, cells, code in self._body():
            try:
                first, last = when(cells)
                sold = quantity(cells)
            except ValueError as error:
                reason = str(error)
                self._reject(line, reason if reason.endswith(".") else sentence("Quantité", error))
                continue
            if sold:
                lines.append(SalesLine(line, code, label(cells), sold, first, last, amount(cells)))
            else:
                self.remarks["zero"] += 1
        if by_month:
            return lines, "month"
        return self._grain(lines, texts)

    def _grain(self, lines: list[SalesLine], texts: set[str]) -> tuple[list[SalesLine], str]:
        """Tell sales one by one from totals of a day, or of a month dated by one of its days."""
        days = {line.first_on for line in lines}
        is_month = len(days) > 2 and (
            all(on.day == 1 for on in days) or all(on == span(f"{on:%Y-%m}")[1] for on in days)
        )
        pairs = {(line.code, line.first_on) for line in lines}
        if is_month:
            spans = {on: span(f"{on:%Y-%m}") for on in days}
            self.notes.append("Chaque date est celle d’un mois : les ventes sont lues par mois.")
            return [
                SalesLine(
                    line.line, line.code, line.label, line.quantity, *spans[line.first_on],
                    line.amount,
                )
                for line in lines
            ], "month"  # fmt: skip
        timed = "time" in self.layout.columns or any(":" in text for text in texts)
        return lines, "line" if timed or len(pairs) < len(lines) else "day"

    def _wide_sales(self) -> tuple[list[SalesLine], str]:
        columns = sorted(self.layout.months.items(), key=lambda item: item[1])
        spans = [(index, *span(month)) for index, month in columns]
        named = [index for index, _, _ in spans]
        texts = [
            cells[index]
            for _, cells in self.grid.rows[:2000]
            for index in named
            if index < len(cells)
        ]
        parse = remembered(partial(boxes, decimal=box_sign(texts)))
        label = self._text("label")
        lines: list[SalesLine] = []
        for line, cells, code in self._body():
            name, width = label(cells), len(cells)
            for index, first, last in spans:
                text = cells[index].strip() if index < width else ""
                if not text or text == "0":
                    continue
                try:
                    sold = parse(text)
                except ValueError as error:
                    self._reject(line, sentence(f"{first:%m/%Y}", error))
                    continue
                if sold:
                    lines.append(SalesLine(line, code, name, sold, first, last))
        return lines, "month"

    # --- What to tell ---

    def _tell(self, lines: Sequence[Any]) -> None:
        tell, remarks = self.notes.append, self.remarks
        if remarks["footer"] or remarks["title"]:
            passed = remarks["footer"] + remarks["title"]
            tell(f"{passed} ligne(s) de titre, de total ou de page passées.")
        if remarks["blank"]:
            tell(f"{remarks['blank']} quantité(s) vides, lues comme zéro.")
        if remarks["zero"]:
            tell(f"{remarks['zero']} ligne(s) de zéro boîte passées.")
        for name, count in sorted(remarks.items()):
            if name.startswith("unreadable:"):
                tell(f"{count} valeur(s) illisibles laissées vides : {name.partition(':')[2]}.")
        if self.what is What.STOCK:
            negative = sum(1 for line in lines if line.quantity < 0)
            if negative:
                tell(f"{negative} ligne(s) de stock négatif, gardées telles quelles.")
            codes = Counter(line.code for line in lines)
            twice = sum(1 for count in codes.values() if count > 1)
            if twice:
                tell(f"{twice} code(s) sur plusieurs lignes : leurs quantités s’ajoutent.")
        if self.rejected:
            tell(f"{len(self.rejected)} ligne(s) non lues, avec leur raison.")
            if len(self.rejected) > len(lines):
                tell("Plus de la moitié des lignes n’ont pas été lues : vérifiez les colonnes.")

    def _edited_on(self) -> date | None:
        """The latest day written above the headings or below the last line."""
        heading = self.layout.heading_line
        found: list[date] = []
        above = [cells for line, cells in self.grid.rows[:60] if heading and line < heading]
        below = [cells for _, cells in self.grid.rows[-3:] if is_footer("", cells)]
        for cells in [*above, *below]:
            for text in _EDITED.findall(" ".join(cells)):
                try:
                    found.append(day(text))
                except ValueError:
                    continue
        return max(found, default=None)

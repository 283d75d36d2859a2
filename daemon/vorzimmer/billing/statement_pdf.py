"""A statement as PDF: what is to be paid and why, what other tariffs would have cost, and every call.

Amounts are net: VAT is the invoice's business. Page by page it is `paper.Paper`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vorzimmer.billing import statement_rows, written
from vorzimmer.billing.paper import LEFT, WIDTH, House, Paper, Subject
from vorzimmer.billing.paper_chart import bars
from vorzimmer.billing.paper_table import Column, Row, table
from vorzimmer.billing.statement_words import Words, words_of
from vorzimmer.core.account import Account
from vorzimmer.core.bill import Line, Unit
from vorzimmer.core.seal import GENESIS
from vorzimmer.core.statement import CallLine, Statement

CALLS_SIZE = 7.8
"""Points of the list of calls, which may be long."""


def pdf(statement: Statement, calls: Sequence[CallLine], house: House, account: Account, language: str) -> bytes:
    """The document, PDF/A-3B. A tenth of a second and more of processor time: not in an event loop.

    Args:
        statement: of a month; its time of closing by the client's clock.
        calls: of the month.
        house: who sends it.
        account: to whom.
        language: `de`; any other: English.

    Raises:
        fonts.NoFontError: there is no font to write with.
    """
    words = words_of(language)
    title = words["title"].format(month=written.month(statement.month, language))
    paper = Paper(house, Subject(title, language, statement.closed_at, "".join(_strangers(statement, calls, account))))
    paper.letterhead(_address(account, language), _facts(statement, account, words, language))
    _positions(paper, statement, words, language)
    _balance(paper, statement, words, language)
    _comparison(paper, statement, words, language)
    _chart(paper, statement, words)
    _seal(paper, statement, words)
    _calls(paper, statement, calls, words, language)
    return paper.finished()


def _strangers(statement: Statement, calls: Iterable[CallLine], account: Account) -> Iterator[str]:
    """What others have written, in whatever script."""
    yield from (account.name, account.street, account.more, account.city)
    yield from (line.name for line in statement.lines)
    yield from (one.name for one in statement.comparison)
    yield from (call.why for call in calls)


def _address(account: Account, language: str) -> tuple[str, ...]:
    place = " ".join(filter(None, (account.postcode, account.city)))
    country = "" if account.country == "DE" else written.country(account.country, language)
    return (account.name, account.more, account.street, place, country)


def _facts(statement: Statement, account: Account, words: Words, language: str) -> Iterator[tuple[str, str]]:
    yield words["client"], account.client
    yield words["period"], written.days(statement.month.first, statement.month.last, language)
    yield words["closed"], written.moment(statement.closed_at, language)
    mine = statement_rows.yours(statement)
    if mine is not None:
        yield words["tariff"], mine.name
    yield words["calls_count"], str(statement.calls)
    yield words["net_total"], written.money(statement.total, statement.currency, language)


def _positions(paper: Paper, statement: Statement, words: Words, language: str) -> None:
    paper.heading(words["positions"])
    if not statement.lines:
        paper.paragraph(words["nothing"])
        return
    columns = (
        Column(words["position"], WIDTH - 92, wraps=True),
        Column(words["quantity"], 20, "R"),
        Column(words["unit"], 22),
        Column(words["price"].format(currency=statement.currency), 24, "R"),
        Column(words["amount"].format(currency=statement.currency), 26, "R"),
    )
    rows = [_position(line, statement, language) for line in statement.lines]
    total = Row((words["sum"], "", "", "", written.amount(statement.total, language)), strong=True)
    table(paper, columns, [*rows, total], 9)
    paper.ln(2)
    paper.paragraph(words["net"].format(currency=statement.currency), 8)


def _position(line: Line, statement: Statement, language: str) -> Row:
    whole = (line.first, line.last) == (statement.month.first, statement.month.last)
    counted = line.unit is not Unit.ONE
    cells = (
        statement_rows.name_of(line, language),
        written.number(line.quantity, language, 3) if counted else "",
        statement_rows.unit_of(line, language),
        written.price(line.price, language) if line.price is not None and counted else "",
        written.amount(line.amount, language),
    )
    return Row(cells, below="" if whole else statement_rows.days_of(line, language))


def _balance(paper: Paper, statement: Statement, words: Words, language: str) -> None:
    balance = statement.balance
    if balance is None:
        return
    paper.heading(words["balance"])
    told = (
        (words["balance.before"], balance.before),
        (words["balance.taken"], -balance.taken),
        (words["balance.after"], balance.after),
    )
    rows = [Row((name, written.amount(value, language))) for name, value in told[:-1]]
    last = Row((told[-1][0], written.amount(told[-1][1], language)), strong=True)
    amount = Column(words["amount"].format(currency=statement.currency), 40, "R")
    table(paper, (Column("", WIDTH - 40), amount), [*rows, last], 9)


def _comparison(paper: Paper, statement: Statement, words: Words, language: str) -> None:
    mine = statement_rows.yours(statement)
    if mine is None or len(statement.comparison) < 2:
        return
    paper.heading(words["comparison"], 40)
    paper.paragraph(statement_rows.verdict(statement, mine, language))
    columns = (
        Column(words["tariff"], WIDTH - 90),
        Column("", 26),
        Column(words["amount"].format(currency=statement.currency), 30, "R"),
        Column(words["comparison.difference"].format(currency=statement.currency), 34, "R"),
    )
    rows = (
        Row(
            (
                one.name,
                words["comparison.mine"] if one.yours else "",
                written.amount(one.total, language),
                "" if one.yours else written.signed(one.total - mine.total, language),
            )
        )
        for one in statement.comparison
    )
    table(paper, columns, rows)
    paper.ln(2)
    paper.paragraph(words["comparison.how"], 8)


def _chart(paper: Paper, statement: Statement, words: Words) -> None:
    if not statement.calls:
        return
    paper.heading(words["chart"], 40)
    most = max(range(len(statement.chart)), key=lambda hour: statement.chart[hour])
    told = words["chart.says"].format(from_=most, until=most + 1, count=statement.chart[most])
    paper.paragraph(told, 8)
    bars(paper, statement.chart, LEFT, WIDTH, 30)


def _seal(paper: Paper, statement: Statement, words: Words) -> None:
    paper.heading(words["seal"])
    if statement.head == GENESIS:
        paper.paragraph(words["seal.nothing"], 8)
        return
    paper.paragraph(statement.head.hex())
    paper.paragraph(words["seal.says"], 8)


def _calls(paper: Paper, statement: Statement, calls: Sequence[CallLine], words: Words, language: str) -> None:
    paper.heading(words["calls"], 60)
    if not calls:
        paper.paragraph(words["calls.none"])
        return
    paper.paragraph(words["calls.says"], 8)
    columns = (
        Column(words["when"], 29),
        Column(words["number"], 29, wraps=True),
        Column(words["outcome"], 20),
        Column(words["phases"], 36, wraps=True),
        Column(words["why"], WIDTH - 134, wraps=True),
        Column(words["amount"].format(currency=statement.currency), 20, "R"),
    )
    table(paper, columns, (_call(call, language) for call in calls), CALLS_SIZE)


def _call(call: CallLine, language: str) -> Row:
    return Row(
        (
            f"{written.day(call.began.date(), language)} {call.began:%H:%M:%S}",
            statement_rows.number_of(call, language),
            statement_rows.outcome_of(call, language),
            statement_rows.phases_of(call, language),
            call.why,
            written.price(call.net, language),
        )
    )

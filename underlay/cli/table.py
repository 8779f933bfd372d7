"""Tables: drawn for a terminal, and as plain, complete columns for anything else."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

# A column wider than this wraps at words.
_WIDE = 30


def show_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, spare: Sequence[str] = ()) -> None:
    """Print a table: all of it, or on a terminal the columns that fit its width.

    :param spare: columns that a narrow terminal omits, in this order.
    """
    if not sys.stdout.isatty():
        for line in _plain(head, rows):
            click.echo(line)
        return
    from rich.console import Console  # noqa: PLC0415

    console = Console()
    left_out = too_many(head, rows, spare, width=console.width)
    kept = [i for i, name in enumerate(head) if name not in left_out]
    console.print(_drawn([head[i] for i in kept], [[row[i] for i in kept] for row in rows]))
    if left_out:
        click.echo(f"columns omitted for lack of width: {', '.join(left_out)}; a pipe or --json shows all of them")


def too_many(head: Sequence[str], rows: Sequence[Sequence[str]], spare: Sequence[str], *, width: int) -> list[str]:
    """The columns to omit so that the others fit."""
    widths = {name: min(_longest(head, rows, i), _WIDE) + 2 for i, name in enumerate(head)}
    left_out: list[str] = []
    for name in spare:
        if sum(w for column, w in widths.items() if column not in left_out) <= width:
            break
        left_out.append(name)
    return left_out


def _longest(head: Sequence[str], rows: Sequence[Sequence[str]], column: int) -> int:
    return max(len(line[column]) for line in (head, *rows))


def _plain(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [_longest(head, rows, i) for i in range(len(head))]
    lines = ("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) for line in (head, *rows))
    return [line.rstrip() for line in lines]


def _drawn(head: Sequence[str], rows: Sequence[Sequence[str]]) -> object:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for number, name in enumerate(head):
        words = (word for line in (head, *rows) for word in line[number].split(" "))
        table.add_column(name, overflow="fold", min_width=max(map(len, words)), no_wrap=number == 0)
    for row in rows:
        table.add_row(Text(row[0], style="bold"), *(Text(cell) for cell in row[1:]))
    return table

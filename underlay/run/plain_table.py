"""Tables of the summary and of the command, for rows with styled cells."""

from __future__ import annotations

from rich.table import Table


def plain_table(*titles: str, wraps: str = "") -> Table:
    """An empty table without lines.

    :param wraps: title of the one column whose text may wrap.
    """
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(title, no_wrap=title != wraps)
    return table

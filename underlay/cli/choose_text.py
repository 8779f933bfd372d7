"""A recommendation as text, and as data for JSON."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from underlay.catalog.inventory_snippet import inventory_lines
from underlay.catalog.recommendation import Choice, Fit
from underlay.catalog.site import plain_answers


def as_text(choice: Choice, *, assumed: tuple[str, ...], stated: frozenset[str]) -> str:
    """The best and the runner-up with their reasons, the lines for the inventory, and a line for every other mode."""
    lines = [f"given: {', '.join(_answers(choice, without=assumed)) or 'nothing'}"]
    if assumed:
        lines.append(f"assumed: {', '.join(_answers(choice, only=assumed))}")
    for title, fit in zip(("best", "runner-up"), choice.fits, strict=False):
        lines += ["", f"{title}: {fit.mode}", *_reasons(fit)]
    if choice.fits:
        snippet = inventory_lines(choice.fits[0], stated=stated)
        lines += ["", "in the inventory, for all hosts:", *(f"  {line}" for line in snippet)]
    width = max(map(len, (*choice.ruled_out, *(fit.mode for fit in choice.fits))))
    if behind := choice.fits[2:]:
        lines += ["", "also suitable, in this order:"]
        lines += [f"  {fit.mode.ljust(width)}  {_behind(fit, choice.fits[0])}" for fit in behind]
    if choice.ruled_out:
        lines += ["", "ruled out:"]
        lines += [f"  {mode.ljust(width)}  {_first(reasons)}" for mode, reasons in choice.ruled_out.items()]
    return "\n".join(lines) + "\n"


def chosen(choice: Choice, *, assumed: tuple[str, ...], stated: frozenset[str]) -> dict[str, Any]:
    """The recommendation as plain data, with every reason."""
    fits = [_plain(fit, stated) for fit in choice.fits]
    return {
        "asked": {name: _word(value) for name, value in plain_answers(choice.answers).items()},
        "assumed": list(assumed),
        "best": fits[0] if fits else None,
        "runner_up": fits[1] if len(fits) > 1 else None,
        "behind": fits[2:],
        "ruled_out": choice.ruled_out,
    }


def _plain(fit: Fit, stated: frozenset[str]) -> dict[str, Any]:
    return {
        "mode": fit.mode,
        "score": round(fit.score, 2),
        "why": [{"points": item.value, "because": item.sentence} for item in fit.score_items],
        "settings_to_state": sorted(fit.candidate.examples),
        "inventory": inventory_lines(fit, stated=stated),
    }


def _answers(choice: Choice, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Iterator[str]:
    for name, value in plain_answers(choice.answers).items():
        if name not in without and (not only or name in only):
            yield f"{name.replace('_', ' ')} {_word(value)}"


def _word(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.value if isinstance(value, Enum) else value


def _reasons(fit: Fit) -> list[str]:
    return [f"  {'-' if item.value < 0 else '+'} {item.sentence}" for item in fit.score_items]


def _behind(fit: Fit, best: Fit) -> str:
    """Its heaviest disadvantages that the best one does not have."""
    also = {item.sentence for item in best.score_items}
    costs = sorted((p for p in fit.score_items if p.value < 0 and p.sentence not in also), key=lambda p: p.value)
    return "; ".join(item.sentence for item in costs[:2]) or "as good"


def _first(reasons: list[str]) -> str:
    more = len(reasons) - 1
    return reasons[0] + (f" (and {more} more reason{'' if more == 1 else 's'})" if more else "")

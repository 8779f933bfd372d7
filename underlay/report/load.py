"""Reads a report, or says in one line why it cannot be read."""

from __future__ import annotations

import json

from pydantic import ValidationError

from .document import SCHEMA, Report


class NoReport(ValueError):
    """It cannot be read as a report; the message is for people."""


def read_report(text: str, *, where: str) -> Report:
    """
    :param where: the file's name, for the refusal.
    :raises NoReport: when it is not a report of this schema.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NoReport(f"{where}: not JSON ({error}); name a report.json or its folder") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        problem = f"schema {schema} is not supported (this version reads {SCHEMA})" if schema else "not a report"
        raise NoReport(f"{where}: {problem}; verify again with this version")
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise NoReport(
            f"{where}: {place}: {first['msg']}{more}; restore the file as it was written, or verify again"
        ) from error

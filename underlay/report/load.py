"""A report out of its text, or one line that tells why it is none."""

from __future__ import annotations

import json

from pydantic import ValidationError

from .document import SCHEMA, Report


class NoReport(ValueError):
    """It cannot be read as a report; the text is for people."""


def read_report(text: str, *, where: str) -> Report:
    """
    :param where: the file's name, for the refusal.
    :raises NoReport: when it is no report of this schema.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise NoReport(f"{where}: it is not JSON ({error}); name a report.json or its folder") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        told = f"its schema is {schema}, and {SCHEMA} is read here" if schema else "it is no report"
        raise NoReport(f"{where}: {told}; verify again with this version")
    try:
        return Report.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise NoReport(f"{where}: {place}: {first['msg']}{more}; it was changed by hand, or cut short") from error

"""Ways to ask the SQL door in tests."""

from __future__ import annotations

from typing import Any

import orjson

from firstlight.query.sql.door import SqlDoor
from firstlight.query.sql.formats import FORMATS


async def bytes_of(door: SqlDoor, statement: str, form: str, **parameters: object) -> bytes:
    """Return the answer in a form."""
    return b"".join([piece async for piece in door.ask(statement, parameters, FORMATS[form]).pieces])


async def answer_of(door: SqlDoor, statement: str, **parameters: object) -> dict[str, Any]:
    """Return the answer in JSON. Parameters that the statement has no place for are left out."""
    wanted = {name: value for name, value in parameters.items() if f"{{{name}:" in statement}
    read: dict[str, Any] = orjson.loads(await bytes_of(door, statement, "json", **wanted))
    return read


async def rows_of(door: SqlDoor, statement: str, **parameters: object) -> list[list[Any]]:
    """Return the rows of the answer."""
    rows: list[list[Any]] = (await answer_of(door, statement, **parameters))["rows"]
    return rows

"""Tables for people, and for scripts that read them: `_cat`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.routing import Route

from firstlight.api.elastic.endpoint import Answer, Asked, route
from firstlight.api.elastic.handshake import CLUSTER, NODE, version_for
from firstlight.api.elastic.kept import Kept
from firstlight.api.elastic.scopes import Scopes
from firstlight.api.elastic.sizes import Sizes
from firstlight.model.elastic.names import OTHERS
from firstlight.model.elastic.patterns import matches
from firstlight.query.elastic.faults import illegal

INDEX_COLUMNS: Final = (
    "health", "status", "index", "uuid", "pri", "rep", "docs.count", "docs.deleted", "store.size", "pri.store.size",
    "dataset.size",
)  # fmt: skip
SHORT: Final = {
    "h": "health", "s": "status", "i": "index", "idx": "index", "id": "uuid", "p": "pri", "r": "rep",
    "dc": "docs.count", "docsCount": "docs.count", "dd": "docs.deleted", "ss": "store.size", "storeSize": "store.size",
}  # fmt: skip
UNITS: Final = ("b", "kb", "mb", "gb", "tb", "pb")


class Cat:
    """Answers tables."""

    def __init__(self, kept: Kept, scopes: Scopes, sizes: Sizes) -> None:
        self._kept = kept
        self._scopes = scopes
        self._sizes = sizes

    def routes(self) -> Sequence[Route]:
        """Return the routes."""
        return [
            *(route(path, self.indices) for path in ("/_cat/indices", "/_cat/indices/{index}")),
            *(route(path, self.count) for path in ("/_cat/count", "/_cat/count/{index}")),
            *(route(path, self.aliases) for path in ("/_cat/aliases", "/_cat/aliases/{name}")),
            *(route(path, self.templates) for path in ("/_cat/templates", "/_cat/templates/{name}")),
            route("/_cat/health", self.health),
            route("/_cat/nodes", self.nodes),
            *(route(path, self.nothing) for path in ("/_cat/plugins", "/_cat/shards", "/_cat/master")),
        ]

    async def indices(self, asked: Asked) -> Answer:
        """Answer the indices, with how much is in them."""
        counts = await self._sizes.counts(asked.index, lenient=asked.flag("ignore_unavailable"))
        unit = asked.parameters.get("bytes", "")
        if unit and unit not in UNITS:
            raise illegal(f"failed to parse [bytes] with value [{unit[:20]}]")
        wanted = asked.parameters.get("health", "green")
        rows = []
        for name, (count, size, index) in sorted(counts.items()):
            if (name == OTHERS and not count and asked.index != OTHERS) or wanted != "green":
                continue
            shown = _size(size, unit)
            values = ("green", "open", name, index.uuid, "1", "0", str(count), "0", shown, shown, shown)
            rows.append(dict(zip(INDEX_COLUMNS, values, strict=True)))
        return _told(asked, rows, INDEX_COLUMNS)

    async def count(self, asked: Asked) -> Answer:
        """Answer how many documents there are."""
        counts = await self._sizes.counts(asked.index, lenient=asked.flag("ignore_unavailable"))
        seconds = self._scopes.now_ms() // 1000
        row = {
            "epoch": str(seconds),
            "timestamp": _clock(seconds),
            "count": str(sum(one[0] for one in counts.values())),
        }
        return _told(asked, [row], tuple(row))

    async def aliases(self, asked: Asked) -> Answer:
        """Answer the aliases."""
        wanted = asked.path.get("name", "*").split(",")
        columns = ("alias", "index", "filter", "routing.index", "routing.search", "is_write_index")
        with self._kept.reading() as state:
            rows = [
                dict(zip(columns, (alias, index, "-", "-", "-", "-"), strict=True))
                for alias, index in state.aliases()
                if any(matches(one, alias) for one in wanted)
            ]
        return _told(asked, rows, columns)

    async def templates(self, asked: Asked) -> Answer:
        """Answer the templates of indices."""
        wanted = asked.path.get("name", "*").split(",")
        columns = ("name", "index_patterns", "order", "version", "composed_of")
        rows = []
        with self._kept.reading() as state:
            for section in ("templates", "index_templates"):
                for name, said in state.sections[section].items():
                    if any(matches(one, name) for one in wanted):
                        patterns = said.get("index_patterns") or []
                        listed = f"[{', '.join([patterns] if isinstance(patterns, str) else patterns)}]"
                        order = str(said.get("order", said.get("priority", 0)))
                        composed = f"[{', '.join(said.get('composed_of') or [])}]"
                        values = (name, listed, order, str(said.get("version", "")), composed)
                        rows.append(dict(zip(columns, values, strict=True)))
        return _told(asked, rows, columns)

    async def health(self, asked: Asked) -> Answer:
        """Answer the health of the cluster."""
        seconds = self._scopes.now_ms() // 1000
        row = {
            "epoch": str(seconds), "timestamp": _clock(seconds), "cluster": CLUSTER, "status": "green",
            "node.total": "1", "node.data": "1", "shards": "1", "pri": "1", "relo": "0", "init": "0", "unassign": "0",
            "pending_tasks": "0", "max_task_wait_time": "-", "active_shards_percent": "100.0%",
        }  # fmt: skip
        return _told(asked, [row], tuple(row))

    async def nodes(self, asked: Asked) -> Answer:
        """Answer the one node."""
        row = {
            "ip": "127.0.0.1", "heap.percent": "0", "ram.percent": "0", "cpu": "0", "load_1m": "0", "load_5m": "0",
            "load_15m": "0", "node.role": "dim", "master": "*", "name": NODE, "version": version_for(asked.headers),
        }  # fmt: skip
        return _told(asked, [row], tuple(row))

    async def nothing(self, asked: Asked) -> Answer:
        """Answer a table without rows."""
        return _told(asked, [], ())


def _told(asked: Asked, rows: list[dict[str, Any]], columns: Sequence[str]) -> Answer:
    chosen = [SHORT.get(name, name) for name in asked.parameters.get("h", "").split(",") if name]
    names = [name for name in chosen if name in columns] or list(columns)
    for key in reversed([one for one in asked.parameters.get("s", "").split(",") if one]):
        name, _, direction = key.partition(":")
        name = SHORT.get(name, name)
        rows.sort(key=lambda row, name=name: _sortable(row, name), reverse=direction == "desc")  # type: ignore[misc] # mypy cannot tell the type of a lambda with a default
    shown = [{name: row[name] for name in names} for row in rows]
    if asked.parameters.get("format") == "json" or "json" in asked.headers.get("accept", ""):
        return Answer(shown)
    table = [dict(zip(names, names, strict=True)), *shown] if asked.flag("v") else shown
    widths = {name: max((len(row[name]) for row in table), default=0) for name in names}
    lines = [" ".join(row[name].ljust(widths[name]) for name in names).rstrip() for row in table]
    return Answer("".join(f"{line}\n" for line in lines))


def _sortable(row: Mapping[str, str], name: str) -> tuple[float, str]:
    value = row.get(name, "")
    return (float(value), "") if value.replace(".", "", 1).isdigit() else (0.0, value)


def _size(size: int, unit: str) -> str:
    if unit:
        return str(size // 1024 ** UNITS.index(unit))
    value, place = float(size), 0
    while value >= 1024 and place < len(UNITS) - 1:
        value, place = value / 1024, place + 1
    return f"{value:.1f}".removesuffix(".0") + UNITS[place]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"

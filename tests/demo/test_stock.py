"""The shelf: all or nothing, put back when told, filled up before it is empty."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from firstlight.demo.catalogue import PRODUCTS, Item
from firstlight.demo.stock import SHELF, SoldOut, Stock


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def stock(tmp_path: Path, spans: InMemorySpanExporter) -> Stock:
    traces = TracerProvider(shutdown_on_exit=False)
    traces.add_span_processor(SimpleSpanProcessor(spans))
    return Stock(tmp_path / "inventory.db", traces)


def items(**quantities: int) -> list[Item]:
    return [Item.model_construct(sku=sku.replace("_", "-"), quantity=quantity) for sku, quantity in quantities.items()]


def test_begins_full(stock: Stock) -> None:
    assert stock.levels() == dict.fromkeys(PRODUCTS, SHELF)


def test_reserving_takes_off_the_shelf(stock: Stock) -> None:
    assert stock.reserve("ord-1", items(MAP_N=3, LAMP_R=1)) == []

    assert (stock.levels()["MAP-N"], stock.levels()["LAMP-R"]) == (SHELF - 3, SHELF - 1)


def test_releasing_puts_back(stock: Stock) -> None:
    stock.reserve("ord-1", items(MAP_N=3, LAMP_R=1))

    assert stock.release("ord-1") == 4
    assert stock.levels() == dict.fromkeys(PRODUCTS, SHELF)


def test_releasing_twice_puts_back_once(stock: Stock) -> None:
    stock.reserve("ord-1", items(MAP_N=3))
    stock.release("ord-1")

    assert stock.release("ord-1") == 0


def test_more_than_there_is_takes_nothing(stock: Stock) -> None:
    with pytest.raises(SoldOut, match="LAMP-R"):
        stock.reserve("ord-1", items(MAP_N=3, LAMP_R=SHELF + 1))

    assert stock.levels() == dict.fromkeys(PRODUCTS, SHELF)


def test_a_shelf_nearly_empty_is_filled(stock: Stock) -> None:
    assert stock.reserve("ord-1", items(MAP_N=SHELF - 1)) == ["MAP-N"]

    assert stock.levels()["MAP-N"] == SHELF


def test_a_restart_finds_what_was_there(stock: Stock, tmp_path: Path) -> None:
    stock.reserve("ord-1", items(MAP_N=3))

    assert Stock(tmp_path / "inventory.db", TracerProvider(shutdown_on_exit=False)).levels()["MAP-N"] == SHELF - 3


def test_every_statement_is_a_span(stock: Stock, spans: InMemorySpanExporter) -> None:
    stock.reserve("ord-1", items(MAP_N=3))

    assert [span.name.split()[0] for span in spans.get_finished_spans()] == ["UPDATE", "INSERT", "SELECT"]

-- Telemetry as it is stored. The columns are those of model/tables.py, checked at start; docs/storage.md says how
-- sort keys, codecs and types were chosen, with the figures.
--
-- Every table is cut into days, so that retention drops whole partitions: by Date32, since a Date ends in 2149 and what
-- comes after would land in the days from 1970 on. Merges are what storing costs most, more than the inserts: each
-- writes every row of its parts again. So parts wait for company of their own size: with the engine's own
-- `merge_selector_base` every merge would take the largest part along, and write each row five times in half a minute
-- instead of twice. And wide rows are merged column by column (`vertical_merge_…`), a third cheaper than row by row. Skip
-- indices are made by merges alone, not by inserts (connection.py).
--
-- What belongs to series lies together by two hours first: a dashboard asks for all series of an hour more often than for
-- one series of a day, and that one is a dozen places then.

CREATE TABLE IF NOT EXISTS origins (
    tenant LowCardinality(String),
    day Date32,
    origin_id UInt64,
    service LowCardinality(String),
    resource Map(LowCardinality(String), String),
    resource_types LowCardinality(String),
    resource_schema_url LowCardinality(String),
    resource_dropped UInt32,
    scope_name LowCardinality(String),
    scope_version LowCardinality(String),
    scope_attributes Map(LowCardinality(String), String),
    scope_types LowCardinality(String),
    scope_schema_url LowCardinality(String),
    scope_dropped UInt32,
    labels Map(LowCardinality(String), String)
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (tenant, origin_id);

CREATE TABLE IF NOT EXISTS log_records (
    tenant LowCardinality(String),
    service LowCardinality(String),
    ts DateTime64(9, 'UTC') CODEC(Delta, Default),
    observed_ts DateTime64(9, 'UTC') CODEC(Delta, Default),
    severity UInt8,
    severity_text LowCardinality(String),
    body String,
    body_type LowCardinality(String),
    event_name LowCardinality(String),
    trace_id FixedString(16),
    span_id FixedString(8),
    flags UInt32,
    origin_id UInt64,
    attributes Map(LowCardinality(String), String),
    attribute_types LowCardinality(String),
    dropped_attributes UInt32,
    fields Map(LowCardinality(String), String),
    INDEX by_trace if(empty(trace_id), '', lower(hex(trace_id))) TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_word body TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, service, ts)
SETTINGS
    min_parts_to_merge_at_once = 16,
    merge_selector_base = 100,
    vertical_merge_algorithm_min_rows_to_activate = 1,
    vertical_merge_algorithm_min_columns_to_activate = 1,
    merge_max_block_size = 65505;

CREATE TABLE IF NOT EXISTS log_patterns (
    tenant LowCardinality(String),
    service LowCardinality(String),
    severity UInt8,
    pattern String,
    pattern_id UInt64,
    ts DateTime64(3, 'UTC') CODEC(Delta, Default),
    lines UInt64,
    sample String
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, service, pattern_id, ts)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 100;

CREATE TABLE IF NOT EXISTS span_records (
    tenant LowCardinality(String),
    service LowCardinality(String),
    name LowCardinality(String),
    kind UInt8,
    ts DateTime64(9, 'UTC') CODEC(Delta, Default),
    duration Int64,
    trace_id FixedString(16),
    span_id FixedString(8),
    parent_span_id FixedString(8),
    trace_state LowCardinality(String),
    flags UInt32,
    status UInt8,
    status_message LowCardinality(String),
    origin_id UInt64,
    attributes Map(LowCardinality(String), String),
    attribute_types LowCardinality(String),
    dropped_attributes UInt32,
    dropped_events UInt32,
    dropped_links UInt32,
    event_ts Array(DateTime64(9, 'UTC')),
    event_name Array(LowCardinality(String)),
    event_attributes Array(Map(LowCardinality(String), String)),
    event_types Array(LowCardinality(String)),
    event_dropped Array(UInt32),
    link_trace_id Array(FixedString(16)),
    link_span_id Array(FixedString(8)),
    link_trace_state Array(LowCardinality(String)),
    link_flags Array(UInt32),
    link_attributes Array(Map(LowCardinality(String), String)),
    link_types Array(LowCardinality(String)),
    link_dropped Array(UInt32),
    INDEX by_trace if(empty(trace_id), '', lower(hex(trace_id))) TYPE bloom_filter(0.001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, service, ts)
SETTINGS
    min_parts_to_merge_at_once = 16,
    merge_selector_base = 100,
    vertical_merge_algorithm_min_rows_to_activate = 1,
    vertical_merge_algorithm_min_columns_to_activate = 1,
    merge_max_block_size = 65505;

CREATE TABLE IF NOT EXISTS series (
    tenant LowCardinality(String),
    day Date32,
    series_id UInt64,
    metric LowCardinality(String),
    labels Map(LowCardinality(String), String),
    type LowCardinality(String),
    name LowCardinality(String),
    unit LowCardinality(String),
    temporality LowCardinality(String),
    monotonic Bool,
    origin_id UInt64,
    attributes Map(LowCardinality(String), String),
    attribute_types LowCardinality(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (tenant, metric, series_id);

CREATE TABLE IF NOT EXISTS metadata (
    tenant LowCardinality(String),
    day Date32,
    metric LowCardinality(String),
    type LowCardinality(String),
    unit LowCardinality(String),
    help String
)
ENGINE = ReplacingMergeTree
PARTITION BY day
ORDER BY (tenant, metric, type, unit, help);

CREATE TABLE IF NOT EXISTS samples (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    start_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    value Float64 CODEC(Delta(8), ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, toStartOfInterval(ts, INTERVAL 2 HOUR), series_id, ts)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 100;

CREATE TABLE IF NOT EXISTS histograms (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    start_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    count Float64 CODEC(ZSTD(1)),
    sum Float64 CODEC(ZSTD(1)),
    min Float64 CODEC(ZSTD(1)),
    max Float64 CODEC(ZSTD(1)),
    reset_hint UInt8,
    scale Int8,
    zero_threshold Float64,
    zero_count Float64 CODEC(ZSTD(1)),
    positive_offset Int32,
    positive_counts Array(Float64) CODEC(ZSTD(1)),
    negative_offset Int32,
    negative_counts Array(Float64) CODEC(ZSTD(1)),
    bounds Array(Float64) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, toStartOfInterval(ts, INTERVAL 2 HOUR), series_id, ts)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 100;

CREATE TABLE IF NOT EXISTS exemplars (
    tenant LowCardinality(String),
    series_id UInt64 CODEC(Delta, ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    value Float64 CODEC(ZSTD(1)),
    trace_id FixedString(16),
    span_id FixedString(8),
    attributes Map(LowCardinality(String), String),
    attribute_types LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toDate32(ts)
ORDER BY (tenant, series_id, ts)
SETTINGS min_parts_to_merge_at_once = 16, merge_selector_base = 100;

-- What users see of the tables, under friendly names: views in a database of their own, {sql}, so that neither names nor
-- layout of the tables are a promise (docs/sql.md says what is one). Whoever may read the views needs no right on the
-- tables: that is SQL SECURITY DEFINER.
--
-- Resource and scope stand in `origins`, and the engine joins them to each row although nobody asks for them: measured
-- on 2 million log records, counting them 41 ms instead of 5, by level 66 instead of 40, the newest hundred 47 instead
-- of 33. So the views are there twice: {sql_lean} has them without resource and scope, and the SQL door runs a statement
-- there if it mentions neither. A dictionary costs nothing when it is not used, but ten times the join when it is
-- (3.7 s instead of 0.3 to group by a resource attribute, 460 ms instead of 40 to find the records of one host); a
-- correlated subquery costs the join and more, always; and a view upon a view loses the engine's lazy reading of what is
-- not sorted by (430 ms instead of 65 for the newest hundred records, whole). Hence two plain lists of columns. What is
-- computed is declared once, as alias columns of the tables, and with the very expressions that are indexed.

CREATE DATABASE IF NOT EXISTS {sql:Identifier};
CREATE DATABASE IF NOT EXISTS {sql_lean:Identifier};

ALTER TABLE log_records
    ADD COLUMN IF NOT EXISTS level String
        ALIAS ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'][1 + intDiv(severity + 3, 4)],
    ADD COLUMN IF NOT EXISTS trace String ALIAS if(empty(trace_id), '', lower(hex(trace_id))),
    ADD COLUMN IF NOT EXISTS span String ALIAS if(empty(span_id), '', lower(hex(span_id)));

ALTER TABLE log_patterns
    ADD COLUMN IF NOT EXISTS level String
        ALIAS ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'][1 + intDiv(severity + 3, 4)];

ALTER TABLE span_records
    ADD COLUMN IF NOT EXISTS kind_name String
        ALIAS ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'][1 + kind],
    ADD COLUMN IF NOT EXISTS status_name String ALIAS ['unset', 'ok', 'error'][1 + status],
    ADD COLUMN IF NOT EXISTS duration_ms Float64 ALIAS duration / 1e6,
    ADD COLUMN IF NOT EXISTS trace String ALIAS if(empty(trace_id), '', lower(hex(trace_id))),
    ADD COLUMN IF NOT EXISTS span String ALIAS if(empty(span_id), '', lower(hex(span_id))),
    ADD COLUMN IF NOT EXISTS parent_span String ALIAS if(empty(parent_span_id), '', lower(hex(parent_span_id))),
    ADD COLUMN IF NOT EXISTS events
        Array(Tuple(
            ts DateTime64(9, 'UTC'), name LowCardinality(String), attributes Map(LowCardinality(String), String)
        ))
        ALIAS arrayZip(event_ts, event_name, event_attributes),
    ADD COLUMN IF NOT EXISTS links
        Array(Tuple(
            trace_id String, span_id String, trace_state LowCardinality(String),
            attributes Map(LowCardinality(String), String)
        ))
        ALIAS arrayMap(
            (trace, span, state, attributes) -> (lower(hex(trace)), lower(hex(span)), state, attributes),
            link_trace_id, link_span_id, link_trace_state, link_attributes
        );

ALTER TABLE exemplars
    ADD COLUMN IF NOT EXISTS trace String ALIAS if(empty(trace_id), '', lower(hex(trace_id))),
    ADD COLUMN IF NOT EXISTS span String ALIAS if(empty(span_id), '', lower(hex(span_id)));

-- What is said once a day, said once.

CREATE VIEW IF NOT EXISTS origins_once
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    origin_id, any(resource) AS resource, any(scope_name) AS scope, any(scope_version) AS scope_version,
    any(scope_attributes) AS scope_attributes, any(origins.labels) AS stream
FROM origins
GROUP BY origin_id;

CREATE VIEW IF NOT EXISTS series_once
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    metric, series_id, any(labels) AS labels, any(type) AS type, any(unit) AS unit, any(name) AS name,
    any(attributes) AS series_attributes, any(temporality) AS temporality, any(monotonic) AS monotonic,
    any(origin_id) AS origin_id
FROM series
GROUP BY metric, series_id;

-- Without resource and scope.

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.logs
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, level, severity, severity_text, body, trace AS trace_id, span AS span_id, attributes, fields, event_name,
    observed_ts, flags, body_type, attribute_types, dropped_attributes, origin_id, tenant
FROM log_records
COMMENT 'Log records';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.patterns
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, level, pattern, lines, sample, severity, pattern_id, tenant
FROM log_patterns
COMMENT 'How many log lines of a service had a pattern, by the minute';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.spans
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, name, kind_name AS kind, duration_ms, status_name AS status, status_message, trace AS trace_id,
    span AS span_id, parent_span AS parent_span_id, attributes, events, links, duration AS duration_ns, trace_state,
    flags, attribute_types, dropped_attributes, dropped_events, dropped_links, origin_id, tenant
FROM span_records
COMMENT 'Spans of traces: ts is the start; parent_span_id is empty where a trace begins';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.span_events
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    event_ts AS ts, service, event_name AS name, event_attributes AS attributes, span_records.name AS span_name,
    span_records.ts AS span_ts, trace AS trace_id, span AS span_id, origin_id, tenant
FROM span_records
ARRAY JOIN event_ts, event_name, event_attributes
COMMENT 'Events of spans, such as exceptions, one a row';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.metrics
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, value, type, unit, name, series_attributes AS attributes, temporality, monotonic, start_ts,
    series_id, origin_id, tenant
FROM samples
INNER JOIN series_once USING (series_id)
COMMENT 'Numbers over time: gauges, counters, and what summaries are cut into';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.histograms
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, count, sum, min, max, bounds, positive_counts AS counts, if(scale = -53, NULL, scale) AS
    scale, zero_threshold, zero_count, positive_offset, negative_offset, negative_counts, type, unit, name,
    series_attributes AS attributes, temporality, start_ts, series_id, origin_id, tenant
FROM histograms
INNER JOIN series_once USING (series_id)
COMMENT 'Whole histograms: counts between bounds, or in exponential buckets of a scale';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.exemplars
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, value, trace AS trace_id, span AS span_id, exemplars.attributes AS attributes, series_id,
    origin_id, tenant
FROM exemplars
INNER JOIN series_once USING (series_id)
COMMENT 'Single measurements kept as examples, with the trace they were made in';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.series
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    metric, any(labels) AS labels, any(type) AS type, any(unit) AS unit, any(name) AS name, any(attributes) AS
    attributes, any(temporality) AS temporality, any(monotonic) AS monotonic, min(day) AS first_day, max(day) AS
    last_day, series_id, any(origin_id) AS origin_id, tenant
FROM series
GROUP BY tenant, metric, series_id
COMMENT 'What there are metrics of';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.metadata
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    metric, type, unit, help, max(day) AS last_day, tenant
FROM metadata
GROUP BY tenant, metric, type, unit, help
COMMENT 'Type, unit and help of metrics, as their senders gave them';

CREATE VIEW IF NOT EXISTS {sql_lean:Identifier}.origins
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    any(service) AS service, any(resource) AS resource, any(scope_name) AS scope, any(scope_version) AS
    scope_version, any(scope_attributes) AS scope_attributes, min(day) AS first_day, max(day) AS last_day,
    any(labels) AS stream, any(resource_schema_url) AS resource_schema_url, any(scope_schema_url) AS
    scope_schema_url, origin_id, tenant
FROM origins
GROUP BY tenant, origin_id
COMMENT 'Who sent: resources and scopes';

-- With them.

CREATE VIEW IF NOT EXISTS {sql:Identifier}.logs
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, level, severity, severity_text, body, trace AS trace_id, span AS span_id, attributes, fields, resource,
    scope, stream, event_name, observed_ts, flags, body_type, attribute_types, dropped_attributes, scope_version,
    scope_attributes, origin_id, tenant
FROM log_records
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Log records';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.patterns
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, level, pattern, lines, sample, severity, pattern_id, tenant
FROM log_patterns
COMMENT 'How many log lines of a service had a pattern, by the minute';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.spans
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, service, name, kind_name AS kind, duration_ms, status_name AS status, status_message, trace AS trace_id,
    span AS span_id, parent_span AS parent_span_id, attributes, events, links, resource, scope, duration AS
    duration_ns, trace_state, flags, attribute_types, dropped_attributes, dropped_events, dropped_links,
    scope_version, scope_attributes, origin_id, tenant
FROM span_records
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Spans of traces: ts is the start; parent_span_id is empty where a trace begins';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.span_events
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    event_ts AS ts, service, event_name AS name, event_attributes AS attributes, resource, scope, span_records.name
    AS span_name, span_records.ts AS span_ts, trace AS trace_id, span AS span_id, scope_version, scope_attributes,
    origin_id, tenant
FROM span_records
ARRAY JOIN event_ts, event_name, event_attributes
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Events of spans, such as exceptions, one a row';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.metrics
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, value, type, unit, name, series_attributes AS attributes, resource, scope, temporality,
    monotonic, start_ts, scope_version, scope_attributes, series_id, origin_id, tenant
FROM samples
INNER JOIN series_once USING (series_id)
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Numbers over time: gauges, counters, and what summaries are cut into';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.histograms
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, count, sum, min, max, bounds, positive_counts AS counts, if(scale = -53, NULL, scale) AS
    scale, zero_threshold, zero_count, positive_offset, negative_offset, negative_counts, type, unit, name,
    series_attributes AS attributes, resource, scope, temporality, start_ts, scope_version, scope_attributes,
    series_id, origin_id, tenant
FROM histograms
INNER JOIN series_once USING (series_id)
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Whole histograms: counts between bounds, or in exponential buckets of a scale';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.exemplars
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    ts, metric, labels, value, trace AS trace_id, span AS span_id, exemplars.attributes AS attributes, resource,
    scope, scope_version, scope_attributes, series_id, origin_id, tenant
FROM exemplars
INNER JOIN series_once USING (series_id)
LEFT ANY JOIN origins_once USING (origin_id)
COMMENT 'Single measurements kept as examples, with the trace they were made in';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.series
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    metric, any(labels) AS labels, any(type) AS type, any(unit) AS unit, any(name) AS name, any(attributes) AS
    attributes, any(temporality) AS temporality, any(monotonic) AS monotonic, min(day) AS first_day, max(day) AS
    last_day, series_id, any(origin_id) AS origin_id, tenant
FROM series
GROUP BY tenant, metric, series_id
COMMENT 'What there are metrics of';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.metadata
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    metric, type, unit, help, max(day) AS last_day, tenant
FROM metadata
GROUP BY tenant, metric, type, unit, help
COMMENT 'Type, unit and help of metrics, as their senders gave them';

CREATE VIEW IF NOT EXISTS {sql:Identifier}.origins
DEFINER = CURRENT_USER SQL SECURITY DEFINER
AS SELECT
    any(service) AS service, any(resource) AS resource, any(scope_name) AS scope, any(scope_version) AS
    scope_version, any(scope_attributes) AS scope_attributes, min(day) AS first_day, max(day) AS last_day,
    any(labels) AS stream, any(resource_schema_url) AS resource_schema_url, any(scope_schema_url) AS
    scope_schema_url, origin_id, tenant
FROM origins
GROUP BY tenant, origin_id
COMMENT 'Who sent: resources and scopes';

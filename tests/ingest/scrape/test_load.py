"""From files to jobs: what holds for all, more files, paths, and what is told that is not done (P5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from firstlight.config.read import read
from firstlight.errors import ConfigError
from firstlight.ingest.scrape.global_settings import PROTOBUF_FIRST, TEXT_PROTOCOLS
from firstlight.ingest.scrape.load import Plan, load, load_file
from firstlight.ingest.scrape.settings import PrometheusSettings

ALL = "global: {scrape_interval: 20s, sample_limit: 7, scrape_native_histograms: true, always_scrape_classic_histograms: true}\n"

INHERITED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    # what it shows, the file, what the job comes to
    ("by default", "scrape_configs: [{job_name: a}]", {"interval": 60.0, "timeout": 10.0, "protocols": TEXT_PROTOCOLS, "validation": "utf8", "escaping": "allow-utf-8", "honor_timestamps": True, "path": "/metrics", "native_histograms": False, "compression": True}),
    ("what holds for all", f"{ALL}scrape_configs: [{{job_name: a}}]", {"interval": 20.0, "native_histograms": True, "protocols": PROTOBUF_FIRST, "always_classic_histograms": True}),
    ("a job says otherwise", f"{ALL}scrape_configs: [{{job_name: a, scrape_interval: 5s, scrape_native_histograms: false}}]", {"interval": 5.0, "timeout": 5.0, "native_histograms": False, "protocols": TEXT_PROTOCOLS}),
    ("a short interval shortens the timeout", "global: {scrape_interval: 4s}\nscrape_configs: [{job_name: a}]", {"timeout": 4.0}),
    ("protocols for all win over histograms", "global: {scrape_protocols: [PrometheusText0.0.4]}\nscrape_configs: [{job_name: a, scrape_native_histograms: true}]", {"protocols": ("PrometheusText0.0.4",)}),
    ("legacy names are asked for with underscores", "scrape_configs: [{job_name: a, metric_name_validation_scheme: legacy}]", {"validation": "legacy", "escaping": "underscores"}),
    ("escaping for all", "global: {metric_name_escaping_scheme: dots}\nscrape_configs: [{job_name: a}]", {"escaping": "dots"}),
)  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), [row[1:] for row in INHERITED], ids=[row[0] for row in INHERITED])
def test_inherited(tmp_path: Path, text: str, wanted: dict[str, Any]) -> None:
    """A job has what it says, or else what is said for all, or else what Prometheus takes."""
    job = _loaded(tmp_path, text).jobs[0]

    assert {name: getattr(job, name) for name in wanted} == wanted


def test_limits(tmp_path: Path) -> None:
    """Limits come from all unless the job has its own."""
    plan = _loaded(tmp_path, f"{ALL}scrape_configs: [{{job_name: a}}, {{job_name: b, sample_limit: 9}}]")

    assert [job.limits.samples for job in plan.jobs] == [7, 9]


def test_more_files(tmp_path: Path) -> None:
    """Jobs of other files have what holds for all, and their paths are relative to their own file."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "b.yml").write_text(
        "scrape_configs:\n- job_name: b\n  tls_config: {ca_file: ca.pem}\n  file_sd_configs: [{files: ['*.json']}]\n"
    )

    plan = _loaded(tmp_path, f"{ALL}scrape_config_files: ['more/*.yml', none.yml]\nscrape_configs: [{{job_name: a}}]")

    assert [job.name for job in plan.jobs] == ["a", "b"]
    assert plan.jobs[1].interval == 20.0
    assert plan.jobs[1].client.tls_config.ca_file == tmp_path / "more" / "ca.pem"
    assert plan.jobs[1].settings.file_sd_configs[0].files == (tmp_path / "more" / "*.json",)


BAD = (
    ("a name that the file has already", "scrape_configs: [{job_name: a}]", "there is a job called 'a' in"),
    ("what contradicts what holds for all", "scrape_configs: [{job_name: b, scrape_timeout: 30s}]", "its scrape_timeout of 30s is longer"),
    ("an unknown key", "scrape_configs:\n- job_name: b\n  sample_limi: 1", 'more.yml:3: scrape_configs[0]: unknown setting "sample_limi"'),
    ("another section", "global: {}\n", "unknown setting"),
)  # fmt: skip


@pytest.mark.parametrize(("more", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_files(tmp_path: Path, more: str, words: str) -> None:
    """What is wrong in another file is told with its name."""
    (tmp_path / "more.yml").write_text(more)

    with pytest.raises(ConfigError) as caught:
        _loaded(tmp_path, f"{ALL}scrape_config_files: [more.yml]\nscrape_configs: [{{job_name: a}}]")

    assert words in str(caught.value)
    assert "more.yml" in str(caught.value)


def test_told_what_is_not_done(tmp_path: Path) -> None:
    """What firstlight does not do is told, with the job that asked for it."""
    plan = _loaded(
        tmp_path,
        "global: {query_log_file: q.log}\nrule_files: [a.yml]\nscrape_config_files: ['x/*.yml']\nremote_write: [{url: 'http://a'}]\nremote_read: []\n"
        "scrape_configs:\n- {job_name: a, ec2_sd_configs: [{region: x}]}\n"
        "- {job_name: b, oauth2: {client_id: a, token_url: 'http://b', grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer'}}\n",
    )

    assert [warning.partition(":")[0] for warning in plan.warnings] == [
        "rule_files", "remote_write", "scrape_config_files", "global.query_log_file", "job 'a'", "job 'b'",
    ]  # fmt: skip
    assert "ec2_sd_configs is not supported; none of its targets are discovered or scraped" in plan.warnings[4]


def test_external_labels(tmp_path: Path) -> None:
    """External labels take variables of the environment."""
    text = "global: {external_labels: {a: 'x${HOST}y', b: $HOST, c: $$HOST, d: $NONE, e: '5$'}}"
    (tmp_path / "prometheus.yml").write_text(text)

    plan = load_file(tmp_path / "prometheus.yml", {"HOST": "h"})

    assert dict(plan.external_labels) == {"a": "xhy", "b": "h", "c": "$HOST", "d": "", "e": "5$"}


def test_within_firstlight_yaml(tmp_path: Path) -> None:
    """The same can be said in the section `prometheus` of firstlight.yaml."""
    settings = read(PrometheusSettings, text="scrape_configs: [{job_name: a, bearer_token_file: token}]")

    plan = load(settings, tmp_path, {})

    assert plan.jobs[0].client.bearer_token_file == tmp_path / "token"


def test_a_given_file(tmp_path: Path) -> None:
    """A prometheus.yml can be named instead; the switch for annotations adds its jobs."""
    (tmp_path / "prometheus.yml").write_text("scrape_configs: [{job_name: a}]")
    settings = read(PrometheusSettings, text="{file: prometheus.yml, kubernetes_annotations: true}")

    plan = load(settings, tmp_path, {})

    assert [job.name for job in plan.jobs] == ["a", "kubernetes-pods", "kubernetes-service-endpoints"]


def _loaded(folder: Path, text: str) -> Plan:
    path = folder / "prometheus.yml"
    path.write_text(text)
    return load_file(path, {})

"""A prometheus.yml: what is taken, and the complaint that the user reads of what is not (P5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from firstlight.config.read import read
from firstlight.errors import ConfigError
from firstlight.ingest.scrape.settings import PrometheusFile, PrometheusSettings

JOB = "scrape_configs:\n- job_name: shop\n"

GOOD = (
    # what it shows, the file
    ("nothing at all", ""),
    ("sections that are open and empty", "global:\nscrape_configs:\nrule_files:\notlp:\n"),
    ("limits with units", f"{JOB}  body_size_limit: 10MB\n  sample_limit: 100\n"),
    ("a timeout as long as the interval", f"{JOB}  scrape_interval: 5s\n  scrape_timeout: 5s\n"),
    ("a regex that is a number", f"{JOB}  relabel_configs: [{{source_labels: [a], regex: 1, action: keep}}]\n"),
    ("a regex that is nothing", f"{JOB}  relabel_configs: [{{regex: , target_label: a, replacement: b}}]\n"),
    ("an action in capitals", f"{JOB}  relabel_configs: [{{action: Drop, source_labels: [a], regex: b}}]\n"),
    ("labels of UTF-8", f"{JOB}  relabel_configs: [{{target_label: straße, replacement: b}}]\n"),
    ("a URL as a target, which rules take apart", f"{JOB}  relabel_configs: [{{target_label: x}}]\n  static_configs: [{{targets: ['http://a/b']}}]\n"),
    ("a job of another scheme of names", f"global: {{metric_name_validation_scheme: legacy}}\n{JOB}  metric_name_validation_scheme: utf8\n"),
    ("escaping that is left out", f"{JOB}  metric_name_validation_scheme: legacy\n"),
    ("a scheme of names that is left blank", f"{JOB}  metric_name_validation_scheme: ''\n"),
    ("a password of digits", f"{JOB}  basic_auth: {{username: a, password: 0123}}\n"),
    ("headers", f"{JOB}  http_headers: {{X-A: {{values: [b], secrets: [c], files: [d]}}}}\n"),
    ("selectors in all ways", f"{JOB}  kubernetes_sd_configs: [{{role: pod, selectors: [{{role: pod, label: 'a=b,c in (d,e),!f,g', field: 'a.b!=c'}}]}}]\n"),
    ("a kind of discovery that is not carried out", f"{JOB}  ec2_sd_configs: [{{region: x, secret_key: y, port: 80}}]\n"),
    ("other sections", "remote_write: [{url: 'http://a/b', queue_config: {max_shards: 3}}]\nalerting: {alertmanagers: [{static_configs: [{targets: [a:1]}]}]}\nstorage: {tsdb: {out_of_order_time_window: 30m}}\n"),
)  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in GOOD], ids=[row[0] for row in GOOD])
def test_good(text: str) -> None:
    """What Prometheus takes is taken."""
    read(PrometheusFile, text=text)


BAD = (
    # what it shows, the file, the complaint
    ("an unknown key", f"{JOB}  scrape_intervall: 5s\n", ':3: scrape_configs[0]: unknown setting "scrape_intervall"; did you mean "scrape_interval"?'),
    ("an unknown section", "scrape_config: []\n", ':1: unknown setting "scrape_config"; did you mean "scrape_configs"?'),
    ("no name", "scrape_configs:\n- metrics_path: /x\n", ":2: scrape_configs[0].job_name: required, but not set"),
    ("an empty job", "scrape_configs:\n-\n", ":2: scrape_configs[0]: no value given"),
    ("a name twice", f"{JOB}- job_name: shop\n", ":1: scrape_configs: there are two jobs called 'shop'"),
    ("a duration without a unit", f"{JOB}  scrape_interval: 5\n", ":3: scrape_configs[0].scrape_interval: cannot read '5' as a duration; want whole numbers"),
    ("a timeout longer than the interval", f"{JOB}  scrape_interval: 5s\n  scrape_timeout: 6s\n", ":2: scrape_configs[0]: job 'shop': its scrape_timeout of 6s is longer than its scrape_interval of 5s"),
    ("a timeout longer than the interval of all", f"global: {{scrape_interval: 5s}}\n{JOB}  scrape_timeout: 6s\n", ":3: scrape_configs[0]: job 'shop': its scrape_timeout of 6s"),
    ("a size without a unit", f"{JOB}  body_size_limit: 100\n", ":3: scrape_configs[0].body_size_limit: cannot read '100' as a size"),
    ("less than nothing", f"{JOB}  sample_limit: -1\n", ":3: scrape_configs[0].sample_limit: cannot use -1; want 0 or more"),
    ("an unknown protocol", f"{JOB}  scrape_protocols: [PrometheusText]\n", ':3: scrape_configs[0].scrape_protocols[0]: unknown value "PrometheusText"; did you mean'),
    ("a protocol twice", f"{JOB}  scrape_protocols: [PrometheusProto, PrometheusProto]\n", ":3: scrape_configs[0].scrape_protocols: found a list"),
    ("a bad regex", f"{JOB}  relabel_configs:\n  - regex: a(?=b)\n    target_label: a\n", ":4: scrape_configs[0].relabel_configs[0].regex: cannot read the regex 'a(?=b)': invalid or unsupported Perl syntax: `(?=`"),
    ("an unknown action", f"{JOB}  relabel_configs: [{{action: kep}}]\n", ':3: scrape_configs[0].relabel_configs[0].action: unknown action "kep"; did you mean "keep"?'),
    ("hashmod without a modulus", f"{JOB}  relabel_configs: [{{action: hashmod, target_label: a}}]\n", "the action hashmod needs a modulus"),
    ("labeldrop with more", f"{JOB}  relabel_configs: [{{action: labeldrop, separator: ','}}]\n", "the action labeldrop takes only regex; take away separator"),
    ("keepequal with a regex", f"{JOB}  relabel_configs: [{{action: keepequal, target_label: a, regex: '(.*)'}}]\n", "the action keepequal takes only source_labels and target_label; take away regex"),
    ("a name that is not legacy", f"global: {{metric_name_validation_scheme: legacy}}\n{JOB}  relabel_configs: [{{target_label: a.b}}]\n", ":3: scrape_configs[0]: cannot use 'a.b' as target_label; want letters, digits and underscores"),
    ("escaping that contradicts", f"{JOB}  metric_name_validation_scheme: legacy\n  metric_name_escaping_scheme: allow-utf-8\n", "asks for names that metric_name_validation_scheme legacy refuses"),
    ("two ways to say who one is", f"{JOB}  basic_auth: {{username: a}}\n  authorization: {{credentials: b}}\n", "basic_auth and authorization exclude each other"),
    ("a password twice", f"{JOB}  basic_auth: {{password: secretword, password_file: b}}\n", ":3: scrape_configs[0].basic_auth: password and password_file exclude each other"),
    ("basic as a type", f"{JOB}  authorization: {{type: Basic, credentials: b}}\n", 'cannot use the type "basic"; want basic_auth'),
    ("a certificate without its key", f"{JOB}  tls_config: {{cert_file: a}}\n", ":3: scrape_configs[0].tls_config: a client's certificate and its key go together"),
    ("no_proxy without a proxy", f"{JOB}  no_proxy: a\n", "no_proxy has a meaning only with a proxy_url"),
    ("a header of the client's own", f"{JOB}  http_headers: {{Host: {{values: [a]}}}}\n", "cannot set the header Host"),
    ("OAuth without an issuer", f"{JOB}  oauth2: {{client_id: a}}\n", ":3: scrape_configs[0].oauth2: oauth2 needs a token_url"),
    ("a URL as a target", f"{JOB}  static_configs: [{{targets: ['http://a/b']}}]\n", "cannot use 'http://a/b' as a target; want host:port"),
    ("a file that is neither", f"{JOB}  file_sd_configs: [{{files: [a.toml]}}]\n", "want a path that ends in .json, .yml or .yaml"),
    ("no file", f"{JOB}  file_sd_configs: [{{files: []}}]\n", "want 1 or more entries"),
    ("a URL of no scheme", f"{JOB}  http_sd_configs: [{{url: a}}]\n", "cannot use the URL: it has no scheme; want http:// or https://"),
    ("a record without a port", f"{JOB}  dns_sd_configs: [{{names: [a], type: A}}]\n", "records of type A tell no port"),
    ("Consul's user twice", f"{JOB}  consul_sd_configs: [{{username: a, basic_auth: {{username: b}}}}]\n", "username and password exclude basic_auth"),
    ("an engine by a path", f"{JOB}  docker_sd_configs: [{{host: /var/run/docker.sock}}]\n", "want unix:///path"),
    ("an unknown role", f"{JOB}  kubernetes_sd_configs: [{{role: pods}}]\n", 'unknown value "pods"; did you mean "pod"?'),
    ("a selector of another role", f"{JOB}  kubernetes_sd_configs: [{{role: node, selectors: [{{role: pod}}]}}]\n", "the role node has no selectors of role pod"),
    ("a bad label selector", f"{JOB}  kubernetes_sd_configs: [{{role: pod, selectors: [{{role: pod, label: 'a in b'}}]}}]\n", "cannot read 'a in b' as a label selector"),
    ("what is not carried out is checked", f"{JOB}  hetzner_sd_configs: [{{role: roboter}}]\n", ':3: scrape_configs[0].hetzner_sd_configs: unknown role "roboter"; did you mean "robot"?'),
    ("and its client too", f"{JOB}  nomad_sd_configs: [{{bearer_token: a, bearer_token_file: b}}]\n", "bearer_token and bearer_token_file exclude each other"),
    ("a star in a folder", "scrape_config_files: ['a/*/b.yml']\n", ":1: scrape_config_files: cannot use the path 'a/*/b.yml'; want a * in its last part only"),
    ("an external label that is not legacy", "global: {metric_name_validation_scheme: legacy, external_labels: {a.b: c}}\n", "cannot call an external label 'a.b'"),
    ("a remote without a URL", "remote_write:\n- name: a\n", ":2: remote_write[0].url: required, but not set"),
    ("rules of other sections", "alerting: {alert_relabel_configs: [{action: keep2}]}\n", ':1: alerting.alert_relabel_configs[0].action: unknown action "keep2"'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad(text: str, words: str) -> None:
    """What Prometheus refuses is refused, at its line, in words that help."""
    with pytest.raises(ConfigError) as caught:
        read(PrometheusFile, text=text, path=Path("prometheus.yml"))

    assert words in str(caught.value)
    assert "secretword" not in str(caught.value)


def test_one_place() -> None:
    """What is scraped is said in firstlight.yaml or in a prometheus.yml, not in both."""
    with pytest.raises(ConfigError, match="file and scrape_configs exclude each other"):
        read(PrometheusSettings, text=f"file: prometheus.yml\n{JOB}")


def test_keeps_no_secrets_of_what_is_not_carried_out() -> None:
    """Of a kind of discovery that is not carried out, nothing is kept but that it was asked for."""
    settings = read(PrometheusFile, text=f"{JOB}  linode_sd_configs: [{{authorization: {{credentials: hush}}}}]\n")

    assert settings.scrape_configs[0].foreign_kinds == ("linode",)
    assert "hush" not in repr(settings)
    assert "hush" not in settings.model_dump_json()

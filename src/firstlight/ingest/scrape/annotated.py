"""The jobs of the one switch ``prometheus.kubernetes_annotations``: what is annotated is scraped.

The annotations are those that charts and operators have used for years: ``prometheus.io/scrape``, ``port``, ``path``
and ``scheme``. On a pod they are about the pod; on a service, about each of its endpoints.
"""

from __future__ import annotations

from firstlight.ingest.scrape.discovery.kubernetes_settings import KubernetesSettings
from firstlight.ingest.scrape.job_settings import JobSettings
from firstlight.ingest.scrape.relabel_settings import RelabelSettings

_PREFIX = "__meta_kubernetes_"
# An IPv6 address is in brackets; of an address, what follows the last colon outside of them is its port.
_ADDRESS_AND_PORT = r"(\[[^\]]+\]|[^:]+)(?::\d+)?;(\d+)"
_BARE_IPV6_AND_PORT = r"([0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:]*);(\d+)"


def annotated_jobs() -> tuple[JobSettings, ...]:
    """Return the jobs that scrape what is annotated."""
    return (
        JobSettings(
            job_name="kubernetes-pods",
            kubernetes_sd_configs=(KubernetesSettings(role="pod"),),
            relabel_configs=(
                *_by_annotations("pod"),
                _drop("pod_container_init", "true"),
                _drop("pod_phase", "Pending|Succeeded|Failed|Completed"),
                *_names(),
            ),
        ),
        JobSettings(
            job_name="kubernetes-service-endpoints",
            kubernetes_sd_configs=(KubernetesSettings(role="endpointslice"),),
            relabel_configs=(*_by_annotations("service"), *_names(), _copy("service_name", "service")),
        ),
    )


def _by_annotations(of: str) -> tuple[RelabelSettings, ...]:
    annotation = f"{_PREFIX}{of}_annotation_prometheus_io"
    address = ("__address__", f"{annotation}_port")
    return (
        RelabelSettings(action="keep", source_labels=(f"{annotation}_scrape",), regex="true"),
        RelabelSettings(source_labels=(f"{annotation}_scheme",), regex="(https?)", target_label="__scheme__"),
        RelabelSettings(source_labels=(f"{annotation}_path",), regex="(.+)", target_label="__metrics_path__"),
        RelabelSettings(
            source_labels=address, regex=_ADDRESS_AND_PORT, target_label="__address__", replacement="$1:$2"
        ),
        RelabelSettings(
            source_labels=address, regex=_BARE_IPV6_AND_PORT, target_label="__address__", replacement="[$1]:$2"
        ),
        RelabelSettings(action="labelmap", regex=rf"{annotation}_param_(.+)", replacement="__param_$1"),
    )


def _names() -> tuple[RelabelSettings, ...]:
    # Not the container: a pod that names its port would be scraped once for each of its containers.
    return (
        _copy("namespace", "namespace"),
        _copy("pod_name", "pod"),
        _copy("pod_node_name", "node"),
    )


def _copy(source: str, target: str) -> RelabelSettings:
    return RelabelSettings(source_labels=(f"{_PREFIX}{source}",), target_label=target)


def _drop(source: str, regex: str) -> RelabelSettings:
    return RelabelSettings(action="drop", source_labels=(f"{_PREFIX}{source}",), regex=regex)

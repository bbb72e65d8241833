"""Go's `text/template`, in which users of Grafana Loki, Prometheus and Alertmanager write texts."""

from firstlight.model.gotemplate.cursor import BadTemplate
from firstlight.model.gotemplate.running import ExecutionError
from firstlight.model.gotemplate.template import Template
from firstlight.model.gotemplate.values import ANY, Fault, Function, Int64, Missing, Struct, TextList, TextMap, type_of

__all__ = [
    "ANY",
    "BadTemplate",
    "ExecutionError",
    "Fault",
    "Function",
    "Int64",
    "Missing",
    "Struct",
    "Template",
    "TextList",
    "TextMap",
    "type_of",
]

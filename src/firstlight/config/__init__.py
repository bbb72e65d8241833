"""From YAML, the environment and the command line to settings: knows how to read, not what there is to be set."""

from firstlight.config.describe import SettingRow, as_markdown, as_yaml_example, describe
from firstlight.config.dump import changed, dump
from firstlight.config.read import read
from firstlight.config.units import ByteSize, Duration, ListenAddress, Percentage

__all__ = [
    "ByteSize",
    "Duration",
    "ListenAddress",
    "Percentage",
    "SettingRow",
    "as_markdown",
    "as_yaml_example",
    "changed",
    "describe",
    "dump",
    "read",
]

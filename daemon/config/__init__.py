"""Configuration: one YAML file, strictly checked, all of its problems at once.

`load` reads `yaml_tree`; `walk` builds the dataclasses in `sections` from it, guided by their type
hints (`shape`) and rules (`rule`). A new setting is a new field; a new vendor is a dataclass and
one line in `vendors`.
"""

from daemon.config.advice import Advice, advice
from daemon.config.alerts import AlertsConfig
from daemon.config.housecallpro import HousecallProConfig
from daemon.config.load import find_config, load_config
from daemon.config.problem import ConfigError, ConfigProblem
from daemon.config.quickbooks import QuickBooksConfig
from daemon.config.secret import Secret
from daemon.config.sections import (
    Config,
    LogConfig,
    MetricsConfig,
    SecretsConfig,
    ServerConfig,
    ServerLimits,
    StoreConfig,
    SupervisorConfig,
)
from daemon.config.servicetitan import ServiceTitanConfig
from daemon.config.show import secret_values, show_config
from daemon.config.vendor import VendorConfig

__all__ = [
    "Advice",
    "AlertsConfig",
    "Config",
    "ConfigError",
    "ConfigProblem",
    "HousecallProConfig",
    "LogConfig",
    "MetricsConfig",
    "QuickBooksConfig",
    "Secret",
    "SecretsConfig",
    "ServerConfig",
    "ServerLimits",
    "ServiceTitanConfig",
    "StoreConfig",
    "SupervisorConfig",
    "VendorConfig",
    "advice",
    "find_config",
    "load_config",
    "secret_values",
    "show_config",
]

"""The nodes of a cluster as real processes, each with a configuration and an address of its own."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
import yaml

from support.chaos.plan import OVERLAP_S, REFRESH_BEFORE_S, Plan
from support.chaos.vendor_words import TYPES, Facts
from support.dying_with_parent import die_with_parent
from support.real_processes import SCRIPT, free_port

TOKEN = "made-up-token"
_KEY = "A" * 43 + "="
_KEPT = {"PATH", "HOME", "LANG", "PYTHONPATH"}
_ENDS_WITHIN_S = 25.0
_LOOK_EVERY_S = 0.1


@dataclass(slots=True)
class Node:
    """One place for a node. It may be started again and again.

    Attributes:
        born: how often it was started: with the place, this names a process.
        is_frozen: whether it stands still.
        faults: what went wrong with the process itself.
    """

    place: int
    folder: Path
    plan: Plan
    facts: Facts
    database_url: str
    port: int = field(default_factory=free_port)
    born: int = 0
    is_frozen: bool = False
    faults: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def name(self) -> str:
        """What the vendor knows the process by."""
        return f"{self.place}.{self.born}"

    @property
    def is_up(self) -> bool:
        """Whether there is a process that moves."""
        return self.process is not None and self.process.poll() is None and not self.is_frozen

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it, without waiting for it."""
        self.folder.mkdir(exist_ok=True)
        self.born += 1
        config = self.folder / f"{self.name}.yaml"
        config.write_text(yaml.safe_dump(self._document()))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [SCRIPT, "run", "--config", config],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={name: value for name, value in os.environ.items() if name in _KEPT},
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509 - begun from the main thread
            )

    def kill(self) -> None:
        """End it where it stands."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(_ENDS_WITHIN_S)
            self._see_that_nothing_is_left()
            self.process, self.is_frozen = None, False

    def freeze(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)
            self.is_frozen = True

    def thaw(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.is_frozen = False

    def ask_to_leave(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)

    def has_left(self) -> bool:
        """Tell whether it ended by itself; notes when that was not in good order."""
        if self.process is None:
            return True
        code = self.process.poll()
        if code is None:
            return False
        if code != 0:
            self.faults.append(f"{self.name} ended with {code}: {self.last_words()}")
        self._see_that_nothing_is_left()
        self.process = None
        return True

    def died(self) -> bool:
        """Tell whether it ended though nobody asked it to."""
        return self.process is not None and self.process.poll() is not None

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-600:]

    def memory_kb(self) -> int:
        """Return how much memory it takes now; 0 when there is no process."""
        if self.process is None:
            return 0
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * (os.sysconf("SC_PAGE_SIZE") // 1024)

    async def is_ready(self, http: httpx.AsyncClient) -> bool:
        try:
            reply = await http.get(f"{self.url}/health/ready", timeout=5)
        except httpx.HTTPError:
            return False
        return reply.is_success

    def _see_that_nothing_is_left(self) -> None:
        """Note processes that this one left behind, and end them."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.faults.append(f"{self.name} left processes behind")

    def _document(self) -> Mapping[str, object]:
        vendor = f"{self.facts.url}/from/{self.name}"
        quickbooks = {
            "client_id": self.facts.client_id,
            "client_secret": self.facts.client_secret,
            "webhook_verifier_token": self.facts.verifier_token,
            "endpoints": {
                "authorize_url": f"{vendor}/connect/oauth2",
                "token_url": f"{vendor}/oauth2/v1/tokens/bearer",
                "revoke_url": f"{vendor}/v2/oauth2/tokens/revoke",
                "api_url": vendor,
            },
            "object_types": list(TYPES),
            "poll_interval": self.plan.poll_interval_s,
            "poll_interval_with_webhooks": self.plan.poll_interval_s * 2,
            # Longer than a call takes: a late answer must not bring back what was deleted meanwhile.
            "overlap": OVERLAP_S,
            "refresh_before": REFRESH_BEFORE_S,
            # What a comparison repairs is what the run is to find.
            "verify_interval": None,
            "reads_per_month": None,
            "limits": {"per_minute": None, "per_second": None, "in_flight": 10},
            "breaker": {"reset_after": "3s"},
            "retry": {"cap": "3s"},
        }
        server = {
            "port": self.port,
            "public_url": self.url,
            "admin_token": TOKEN,
            "shutdown_grace": "8s",
        }
        return {
            "store": {"url": self.database_url},
            "cluster": {"node": self.name},
            "server": server,
            "secrets": {"keys": [_KEY]},
            "log": {"format": "json", "fold_after": None},
            "vendors": {"quickbooks": quickbooks},
        }


async def until_left(nodes: Sequence[Node]) -> None:
    """Wait until these nodes ended by themselves."""
    left = [node for node in nodes if not node.has_left()]
    while left:
        await anyio.sleep(_LOOK_EVERY_S)
        left = [node for node in left if not node.has_left()]

"""The demo as a whole: from an empty folder to the proof, and after."""

import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import Random

import anyio
from rich.text import Text

from daemon.cli.failure import CommandError
from daemon.cli.output import Output
from daemon.cli.wording import count, duration
from daemon.demo.acts import Acts
from daemon.demo.audience import Audience, DemoFailed
from daemon.demo.proof import TypeProof, compare, read_replica
from daemon.demo.stage import Stage, open_stage
from daemon.demo.view import View, open_view
from daemon.generated_secret import admin_token_path, read_secret
from daemon.signals import Control, hear_signals
from daemon.web import ListenError
from store.errors import StoreOpenError

_HEADINGS = ("COMPANY", "TYPE", "AT VENDOR", "HERE", "DIFFERING")
_INTERRUPTED = 130
_QUERY = (
    "select payload->>'$.DocNumber', payload->>'$.TotalAmt' from objects"
    " where object_type = 'Invoice' limit 5"
)


def run_demo(output: Output, *, seed: int, once: bool) -> int:
    """Perform the demo in a temporary folder and return the exit code.

    0: the replica was exact. 1: something differed. 130: interrupted before that was known.

    Raises:
        CommandError: something that should have happened did not.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="syncline-demo-") as folder:
            return anyio.run(partial(_perform, output, Path(folder), seed=seed, once=once))
    except OSError as error:
        raise CommandError(f"the demo has no place to be: {error}") from error


async def _perform(output: Output, folder: Path, *, seed: int, once: bool) -> int:
    """Play until the end or the first signal."""
    control = Control()
    show = _Show(output, seed=seed, once=once)
    try:
        async with anyio.create_task_group() as tasks:
            await tasks.start(hear_signals, control)
            tasks.start_soon(_end_on_signal, control, tasks.cancel_scope)
            output.line("Starting stand-ins for three vendors and a daemon ...")
            async with open_stage(folder, seed) as stage:
                await show.play(stage)
            tasks.cancel_scope.cancel()
    except* (DemoFailed, ListenError, StoreOpenError) as group:
        raise CommandError(str(_first(group))) from None
    return show.exit_code


async def _end_on_signal(control: Control, scope: anyio.CancelScope) -> None:
    await control.stop.wait()
    scope.cancel()


class _Show:
    """The acts in their order.

    Attributes:
        exit_code: how the process is to end, if it ended now.
    """

    def __init__(self, output: Output, *, seed: int, once: bool) -> None:
        self.exit_code = _INTERRUPTED
        self._output = output
        self._seed = seed
        self._once = once

    async def play(self, stage: Stage) -> None:
        """Play it on this stage."""
        with open_view(self._output) as view:
            if not self._once:
                _tell_the_dashboard(view, stage)
            audience = Audience(stage, view)
            acts = Acts(stage, audience, view, Random(self._seed))  # noqa: S311 - a show
            async with anyio.create_task_group() as watching:
                watching.start_soon(audience.watch)
                await acts.connect()
                watching.start_soon(audience.follow)
                await acts.change()
                await acts.route()
                await acts.fail()
                await acts.settle()
                self._prove(stage, audience, view)
                if not self._once:
                    _tell_how_to_look(view, stage)
                    await acts.go_on()
                watching.cancel_scope.cancel()

    def _prove(self, stage: Stage, audience: Audience, view: View) -> None:
        """Compare every byte, and print what came of it."""
        database = stage.config.store.path
        proofs = {
            name: compare(
                stage.stand_of(company_id).truth(company_id),
                read_replica(database, company_id),
                stage.object_types(company_id),
            )
            for company_id, name in stage.companies.items()
        }
        self._output.table(_HEADINGS, _rows(proofs))
        delays_s = audience.arrivals.all_delays_s()
        if delays_s:
            middle, slowest = delays_s[len(delays_s) // 2], delays_s[-1]
            view.say(
                f"{count(len(delays_s), 'change')} followed: half of them here within "
                f"{duration(middle)}, all within {duration(slowest)}, the outage included."
            )
        if audience.by_webhook:
            view.say(
                f"{count(audience.by_webhook, 'change')} came by webhook, the rest by polling."
            )
        made = [stand.calls() for stand in stage.cast.stands]
        calls, violations = sum(each for each, _ in made), sum(each for _, each in made)
        view.say(f"{count(calls, 'call')} made at the vendors; limit violations: {violations}.")
        differing = sum(proof.differing for each in proofs.values() for proof in each)
        if differing or violations:
            view.say(f"NOT EXACT: {count(differing, 'object')} differ.", "bold red")
        else:
            view.say("EXACT: the replica is the vendor's data, byte for byte.", "bold green")
        self.exit_code = int(bool(differing or violations))


def _rows(proofs: Mapping[str, Sequence[TypeProof]]) -> Iterator[Sequence[Text | str]]:
    for name, each in proofs.items():
        for proof in each:
            style = "red" if proof.differing else "green"
            yield (
                name,
                proof.object_type,
                f"{proof.vendor_count:,}",
                f"{proof.replica_count:,}",
                Text(f"{proof.differing:,}", style),
            )


def _tell_the_dashboard(view: View, stage: Stage) -> None:
    """Print where to watch it in a browser, and what opens it: the token is the demo's own."""
    token = read_secret(admin_token_path(stage.config.store.path))
    view.say(f"Dashboard: {stage.base_url}/dashboard", "cyan")
    if token is not None:
        view.say(f"  its admin token: {token.reveal()}", "cyan")


def _tell_how_to_look(view: View, stage: Stage) -> None:
    """Print how to look at it from another terminal."""
    command = "syncline" if shutil.which("syncline") else sys.argv[0]
    config, database = stage.config_path, stage.config.store.path
    token, integrations = admin_token_path(database), f"{stage.base_url}/integrations"
    view.say("The daemon goes on, and the vendors change a little now and then. Look around:")
    for line in (
        f"{command} status --watch --config {config}",
        f"{command} changes --follow --config {config}",
        f'sqlite3 {database} "{_QUERY}"',
        f'curl -H "Authorization: Bearer $(cat {token})" {integrations}',
        f"curl {stage.base_url}/metrics",
    ):
        view.say(f"  {line}", "cyan")
    _tell_the_dashboard(view, stage)
    view.say("Ctrl-C ends it and removes the folder.")


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error

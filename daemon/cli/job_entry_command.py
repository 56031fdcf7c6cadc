"""`jobs create`: a job from options, from a file, or from a file with some of it said otherwise."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import chosen_account
from daemon.cli.daemon_client import DaemonClient
from daemon.cli.failure import CommandError, ExitCode
from daemon.cli.job_replies import JobReply
from daemon.cli.job_view import company_names, show_job
from daemon.cli.options import ConfigOption, JsonOption
from daemon.cli.replies import decoded
from daemon.cli.shell import shell_of

_STANDARD_INPUT = "-"


def _option(help_text: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(show_default=False, help=help_text)
    return found


def create(  # noqa: PLR0913 - each is an option
    ctx: typer.Context,
    *,
    file: Annotated[
        str,
        typer.Option(
            "--file",
            metavar="FILE",
            show_default=False,
            help="The job as JSON, as POST /jobs takes it; - is standard input."
            " What other options say counts instead.",
        ),
    ] = "",
    account: Annotated[str, _option("The company that enters it.")] = "",
    technician: Annotated[str, _option("The vendor's id of its technician.")] = "",
    summary: Annotated[str, _option("What is to be done.")] = "",
    name: Annotated[str, _option("The homeowner's name.")] = "",
    phone: Annotated[str, _option("The homeowner's phone number.")] = "",
    email: Annotated[str, _option("The homeowner's e-mail address.")] = "",
    street: Annotated[str, _option("Where it is: street with number.")] = "",
    unit: Annotated[str, _option("Apartment, floor, suite.")] = "",
    city: Annotated[str, _option("City.")] = "",
    state: Annotated[str, _option("State or province.")] = "",
    zip_code: Annotated[str, typer.Option("--zip", show_default=False, help="Postal code.")] = "",
    country: Annotated[str, _option("Country; the US if there is none.")] = "",
    revenue: Annotated[str, _option("What it is expected to bring: 850.00.")] = "",
    key: Annotated[str, _option("The same key, the same job.")] = "",
    allow_duplicate: Annotated[
        bool, typer.Option("--allow-duplicate", help="It may be the same as one of the last 24 h.")
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Enter a job. It is offered to every other active company at once.

    The homeowner needs a phone number or an e-mail address.
    """
    shell = shell_of(ctx)
    job = _read(file, shell.folder) if file else {}
    home = {"street": street, "unit": unit, "city": city, "state": state, "zip": zip_code}
    plain = {"summary": summary, "revenue": revenue, "idempotency_key": key}
    job |= {member: text for member, text in plain.items() if text}
    if allow_duplicate:
        job["allow_duplicate"] = True
    _merge(job, "homeowner", {"name": name, "phone": phone, "email": email})
    _merge(job, "address", {**home, "country": country})
    with shell.daemon(config) as daemon:
        _merge(job, "created_by", {"account_id": _account_id(daemon, account)})
        _merge(job, "created_by", {"technician_id": technician})
        reply = daemon.post("/jobs", job)
        if as_json:
            shell.output.json(msgspec.Raw(reply))
            return
        found = decoded(reply, JobReply)
        show_job(shell.output, found, company_names(daemon), steps=False)
    if found.routings:
        shell.output.message(f"What becomes of it: syncline jobs show {found.id}")


def _account_id(daemon: DaemonClient, account: str) -> str:
    return chosen_account(daemon, account).id if account else ""


def _merge(job: dict[str, object], member: str, said: Mapping[str, str]) -> None:
    """Put what was said into an object of the job; what is no object stays, to be refused."""
    given = {name: text for name, text in said.items() if text}
    known = job.setdefault(member, {})
    if isinstance(known, dict):
        job[member] = known | given


def _read(file: str, folder: Path) -> dict[str, object]:
    """Read a job.

    Raises:
        CommandError: there is no such file, or it holds no JSON object.
    """
    try:
        text = sys.stdin.buffer.read() if file == _STANDARD_INPUT else (folder / file).read_bytes()
        document = msgspec.json.decode(text)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CommandError(f"cannot read {file}: {reason}", exit_code=ExitCode.USAGE) from error
    except msgspec.DecodeError as error:
        raise CommandError(f"{file} is not JSON: {error}", exit_code=ExitCode.USAGE) from error
    if not isinstance(document, dict):
        raise CommandError(f"{file} holds no job", exit_code=ExitCode.USAGE)
    return document

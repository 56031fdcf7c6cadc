"""Options that many commands share."""

from pathlib import Path
from typing import Annotated

import typer


def _note_json(ctx: typer.Context, value: bool) -> bool:  # noqa: FBT001 - the library's signature
    ctx.obj.output.as_json = value
    return value


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="PATH",
        show_default=False,
        help="The configuration. Default: ./config.yaml, then /etc/syncline/config.yaml.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", callback=_note_json, help="Print JSON instead of a table.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Go ahead without being asked.")]
MaxAgeOption = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        show_default=False,
        help="Have the vendor looked at first if the last look is older than this.",
    ),
]
AccountArgument = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT",
        show_default=False,
        help="The account's id or its beginning, the vendor's id of the company, or its name.",
    ),
]

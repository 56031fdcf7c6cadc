"""`confirm-deletes`: let deletes be made that are held because they are too many at once."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
import typer

from daemon.cli.account_choice import account_path, chosen_account
from daemon.cli.failure import CommandError
from daemon.cli.options import AccountArgument, ConfigOption, JsonOption, YesOption
from daemon.cli.replies import ConfirmedReply, HeldDeletesReply, StatusReply, decoded
from daemon.cli.shell import shell_of
from daemon.cli.wording import age, count

_HEADINGS = ("TYPE", "WOULD GO", "OF", "NOTICED", "SOME OF THEM")


def confirm_deletes(
    ctx: typer.Context,
    account: AccountArgument,
    *,
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", "-t", metavar="TYPE", show_default=False, help="Only this type. Repeatable."
        ),
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Confirm deletes that are held because they are too many at once; shows them, and asks.

    What is confirmed holds for 24 hours and for so many objects; each is still asked for a second
    time before it is deleted.
    """
    shell = shell_of(ctx)
    with shell.daemon(config) as daemon:
        chosen = chosen_account(daemon, account)
        status = decoded(daemon.get(account_path(chosen, "status")), StatusReply)
        held = _wanted(chosen.name, status.held_deletes, types or ())
        if held and not as_json:
            now = shell.clock.now().utc
            shell.output.table(
                _HEADINGS,
                [
                    (
                        each.object_type,
                        f"{each.count:,}",
                        f"{each.live:,}",
                        age(each.noticed_at, now),
                        ", ".join(each.sample),
                    )
                    for each in held
                ],
            )
        total = sum(each.count for each in held)
        if held:
            shell.confirm(f"Delete {count(total, 'object')} of {chosen.name} here?", yes=yes)
        reply = daemon.post(
            account_path(chosen, "deletes", "confirm"),
            {
                "object_types": [each.object_type for each in held],
                "counts": {each.object_type: each.count for each in held},
            },
        )
    if as_json:
        shell.output.json(msgspec.Raw(reply))
        return
    done = decoded(reply, ConfirmedReply).confirmed
    said = ", ".join(f"{each.confirmed_count:,} of {each.object_type}" for each in done)
    shell.output.message(
        f"{chosen.name}: {f'confirmed, {said}' if done else 'no deletes are held'}"
    )


def _wanted(
    name: str, held: Sequence[HeldDeletesReply], types: Sequence[str]
) -> Sequence[HeldDeletesReply]:
    """Return those of the named types; all when none is named.

    Raises:
        CommandError: nothing is held of a type that is named.
    """
    known = {each.object_type: each for each in held}
    if wrong := [each for each in types if each not in known]:
        there_are = ", ".join(known) or "none"
        raise CommandError(
            f"{name} has no held deletes of {', '.join(wrong)}", f"There are: {there_are}"
        )
    return [known[each] for each in dict.fromkeys(types)] if types else held

"""Fails unless a wheel holds exactly the packages' files, byte for byte: code, SQL, pages and what they load."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

PACKAGES = ("actors/", "daemon/", "store/")


def in_the_tree() -> dict[str, bytes]:
    """The packages' files, also those not committed yet, without the ignored ones."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = [name for name in listing.split("\0") if name.startswith(PACKAGES)]
    return {name: Path(name).read_bytes() for name in names if Path(name).is_file()}


def in_the_wheel(wheel: Path) -> dict[str, bytes]:
    """What would be installed, without what pip makes of the project's description."""
    with ZipFile(wheel) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if not name.partition("/")[0].endswith(".dist-info")
        }


def main() -> int:
    """Compare them and print what differs; a number of differences is a failure."""
    wanted, found = in_the_tree(), in_the_wheel(Path(sys.argv[1]))
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            said = "missing" if name not in found else "not ours" if name not in wanted else "other"
            print(f"{name}: {said} in the wheel")  # noqa: T201
    print(f"{len(found)} files in the wheel")  # noqa: T201
    return int(wanted != found)


if __name__ == "__main__":
    sys.exit(main())

"""Reading the configuration's file."""

from collections.abc import Mapping
from pathlib import Path

from daemon.config.problem import ConfigError, ConfigProblem
from daemon.config.secret_files import ReadText, SecretFiles, read_text
from daemon.config.sections import Config
from daemon.config.walk import INVALID, Walk
from daemon.config.yaml_tree import read_yaml

SYSTEM_PATH = Path("/etc/syncline/config.yaml")


def find_config(named: Path | None, folder: Path, system_path: Path = SYSTEM_PATH) -> Path:
    """Return the file to load: the named one, else `config.yaml` in the folder, else the system's.

    Raises:
        ConfigError: none was named, and there is none in either place.
    """
    if named is not None:
        return named
    places = (folder / "config.yaml", system_path)
    for place in places:
        if place.is_file():
            return place
    expected = f"a configuration file, here or as {system_path}"
    raise ConfigError(
        places[0], (ConfigProblem("", expected, "none", "name one with --config PATH"),)
    )


def load_config(path: Path, environ: Mapping[str, str], read_text: ReadText = read_text) -> Config:
    """Load and check the file.

    Every default is put in, and relative paths are taken from the file's folder.
    A secret is taken from, in this order: the systemd credential called as its path, the file that
    its `_file` key names, its own key.

    Args:
        path: the file.
        environ: variables for `${NAME}`, and `CREDENTIALS_DIRECTORY`.
        read_text: reads it, and the secrets' files.

    Raises:
        ConfigError: with everything that is wrong.
    """
    folder = path.absolute().parent
    credentials = environ.get("CREDENTIALS_DIRECTORY")
    files = SecretFiles(folder, Path(credentials) if credentials else None, read_text)
    tree = read_yaml(_text(path, read_text))
    walk = Walk(environ, files, tree.lines)
    config = walk.section(Config, tree.root, "")
    problems = [*tree.problems, *walk.problems]
    if problems or config is INVALID:
        raise ConfigError(path, tuple(sorted(problems, key=lambda problem: problem.line or 0)))
    resolved: Config = config.resolved(folder)
    return resolved


def _text(path: Path, read_text: ReadText) -> str:
    try:
        return read_text(path)
    except OSError as error:
        found = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        found = "bytes that are not UTF-8"
    raise ConfigError(path, (ConfigProblem("", "a file that can be read", found),))

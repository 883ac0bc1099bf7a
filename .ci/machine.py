"""What this machine has: Pythons, environments of ours, and whether a CPU build of PyTorch and a Chromium are at hand.

Used by `make demo` and `make test` before anything is installed: standard library only, and no syntax newer than
Python 3.7, so that an old `python3` gets a sentence instead of a SyntaxError.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CONSTRAINTS = os.path.join(ROOT, "constraints.txt")
SUPPORTED = ("3.10", "3.11", "3.12", "3.13")
# The one build that our environments take. On macOS the registry's wheel is a CPU build; elsewhere it is CUDA's, and
# only one that says +cpu will do: such a pin cannot match the registry's, so pip answers at once and fetches nothing.
TORCH = "torch==2.13.0" if sys.platform == "darwin" else "torch==2.13.0+cpu"

# The browsers that the dashboard's pages are tested in, and how to get one. The first has no window: it takes three
# quarters of the time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
BROWSER = "Debian has it as chromium; elsewhere: pip install playwright, and playwright install chromium"


def say(text: str = "") -> None:
    """Print a line at once, also when output goes to a file or a pipe."""
    print(text, flush=True)


def run(command: list[str], **options: object) -> None:
    """Run a command that must succeed; end this program with its exit code if it does not."""
    say("+ " + " ".join(command))
    code = subprocess.call(command, **options)
    if code:
        sys.exit(code)


def succeeds(command: list[str]) -> bool:
    """Return whether a command can be run and exits with 0, its output aside."""
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def answer(command: list[str]) -> str:
    """Return what a command prints, "" if it fails."""
    try:
        out = subprocess.check_output(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=120)
    except (OSError, subprocess.SubprocessError):
        return ""
    return out.decode().strip()


def version_of(python: str) -> str:
    """Return "3.11" for an interpreter that runs, "" for one that does not (a pyenv shim without its version)."""
    return answer([python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def interpreters() -> dict[str, str]:
    """Return {"3.10": path, …}: this interpreter, those on PATH, then pyenv's, as far as they run."""
    found = {"%d.%d" % sys.version_info[:2]: sys.executable}
    for version in SUPPORTED:
        names = [shutil.which("python" + version) or ""]
        names += [os.path.join(folder, "python" + version) for folder in _pyenv_folders()]
        for python in names:
            if version not in found and os.path.exists(python) and version_of(python) == version:
                found[version] = python
    return {version: found[version] for version in SUPPORTED if version in found}


def _pyenv_folders() -> list[str]:
    """Return the bin folders of pyenv's versions, the newest patch release first."""
    versions = os.path.join(answer(["pyenv", "root"]) or os.devnull, "versions")
    names = os.listdir(versions) if os.path.isdir(versions) else []
    return [os.path.join(versions, name, "bin") for name in sorted(names, key=_release, reverse=True)]


def _release(name: str) -> list[int]:
    return [int(part) if part.isdigit() else -1 for part in name.split(".")]


def supported_python() -> str:
    """Return an interpreter to work with: this one if it is supported, else the newest that is found."""
    found = interpreters()
    own = "%d.%d" % sys.version_info[:2]
    if own in found:
        return found[own]
    if not found:
        first, last = SUPPORTED[0], SUPPORTED[-1]
        sys.exit("Epochal needs Python %s to %s. This is Python %s, and no other was found." % (first, last, own))
    newest = max(found, key=_release)
    say("This is Python %s, which Epochal does not support: going on with %s." % (own, found[newest]))
    return found[newest]


def make_environment(folder: str, python: str) -> str:
    """Return the interpreter of the virtual environment in `folder`, which is made if it is missing or unusable."""
    inside = os.path.join(folder, "bin", "python")
    if version_of(inside) in SUPPORTED and succeeds([inside, "-m", "pip", "--version"]):
        return inside
    shutil.rmtree(folder, ignore_errors=True)
    if not succeeds([python, "-m", "venv", folder]):
        # Debian ships Python without the packages that venv starts with; virtualenv brings its own.
        shutil.rmtree(folder, ignore_errors=True)
        boot = os.path.join(ROOT, "build", "virtualenv")
        run([python, "-m", "pip", "install", "--quiet", "--upgrade", "--target", boot, "virtualenv"])
        run([python, "-m", "virtualenv", "--quiet", folder], env=dict(os.environ, PYTHONPATH=boot))
    return inside


def browser_at_hand() -> bool:
    """Return whether there is a Chromium: on PATH, or where Playwright keeps its own."""
    if any(shutil.which(name) for name in BROWSERS):
        return True
    usual = "~/Library/Caches/ms-playwright" if sys.platform == "darwin" else "~/.cache/ms-playwright"
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or os.path.expanduser(usual)
    return os.path.isdir(folder) and any(name.startswith("chromium") for name in os.listdir(folder))


def cpu_torch_at_hand(python: str, version: str = "") -> bool:
    """Return whether this pip can have `TORCH`, for another Python's `version` if that is given. Installs nothing."""
    command = [python, "-m", "pip", "install", "--dry-run", "--no-deps", "--only-binary=:all:", TORCH]
    if version:
        command += ["--python-version", version, "--target", os.path.join(ROOT, "build", "never-made")]
    return succeeds(command)

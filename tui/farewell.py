"""What is said when a run goes on without this process, or stops with it."""

import shlex
from pathlib import Path

from screens.session import Options
from services.runs.view import RunView


def flags(options: Options) -> list[str]:
    """The words that lead another wrapkey to the same Azure as the same principal."""
    said: list[str] = []
    if options.connect:
        said += ["--connect", str(Path(options.connect).absolute())]
    elif options.sandbox:
        said += ["--sandbox"]
    elif options.cloud != Options.cloud:
        said += ["--cloud", options.cloud]
    if options.credential:
        said += ["--credential", options.credential]
    if options.principal:
        said += ["--principal", options.principal]
    return [*said, "--read-only"] if options.read_only else said


def command(verb: str, run: str, options: Options) -> str:
    """A command about a run, ready to be typed."""
    return shlex.join(["wrapkey", verb, run, *flags(options)])


def stopped(view: RunView, options: Options) -> list[str]:
    """How far a run came, what is left, and how it goes on."""
    said = [f"Run {view.run} ({view.name}): {view.done} of {view.total} steps are done."]
    if view.open:
        said += [f"Not done: {'; '.join(view.open)}."]
    return [*said, f"Go on with:  {command('resume', view.run, options)}"]


def goes_on(run: str) -> list[str]:
    """Where to see a run that another process carries out; it needs no sign-in."""
    return [f"Run {run} goes on in the background.", f"Follow it:   wrapkey watch {run}"]

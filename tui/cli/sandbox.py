"""sandbox serve, env, stop, reset."""

import asyncio
from pathlib import Path

import click

from tui.attach import Ready, read_ready, running
from tui.cli.options import Given, shared
from tui.cli.output import talk
from tui.control import post
from tui.exits import Exit


@click.group()
def sandbox() -> None:
    """The pretend Azure on this machine: not Azure, costs nothing."""


@sandbox.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="Keep it here.")
@click.option("--seed", type=int, default=0, help="Makes the ids repeatable.")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the ready document here; else where env, stop and reset look.",
)
@shared
@click.pass_context
def serve(
    context: click.Context, port: int, state: Path | None, seed: int, ready_file: Path | None
) -> int:
    """Serve one here until it is stopped; prints the ready document."""
    from sandbox.serve import serve as run

    given = Given.of(context)
    if ready_file is None and asyncio.run(running(given.paths.sandbox)) is None:
        ready_file = given.paths.sandbox / "ready.json"  # where env, stop and reset look
    code = run(
        home=given.paths.sandbox,
        port=port,
        scenario=given.options.scenario or "empty",
        speed=given.options.speed or 1.0,
        state_file=state,
        seed=seed,
        ready_file=ready_file,
    )
    return Exit.BAD_INPUT if code else Exit.DONE


def _found(given: Given) -> Ready | None:
    if given.options.connect:
        return read_ready(Path(given.options.connect))
    return asyncio.run(running(given.paths.sandbox))


@sandbox.command()
@shared
@click.pass_context
def env(context: click.Context) -> Exit:
    """Print exports that point az and the SDKs at the running sandbox, and sign az in."""
    given = Given.of(context)
    ready = _found(given)
    if ready is None:
        talk("No sandbox runs here. `wrapkey --sandbox` or `wrapkey sandbox serve` starts one.")
        return Exit.BAD_INPUT
    from sandbox.environment import exports

    try:
        lines = exports(ready, given.options.principal)
    except KeyError as error:
        names = ", ".join(str(one["name"]) for one in ready["principals"])
        talk(f"Nobody named {error} signs in to this sandbox; there are {names}.")
        return Exit.BAD_INPUT
    for text in lines:
        click.echo(text)
    return Exit.DONE


@sandbox.command()
@shared
@click.pass_context
def stop(context: click.Context) -> Exit:
    """Stop the running sandbox; its state file is kept."""
    ready = _found(Given.of(context))
    if ready is None:
        talk("No sandbox runs here.")
        return Exit.DONE
    post(ready, "stop")
    talk("The sandbox stops. What it has written to a state file is kept.")
    return Exit.DONE


@sandbox.command()
@shared
@click.pass_context
def reset(context: click.Context) -> Exit:
    """Start over: everything in the sandbox is forgotten, and the scenario opened anew."""
    given = Given.of(context)
    ready = _found(given)
    if ready is None:
        (given.paths.sandbox / "state.json").unlink(missing_ok=True)
        talk("No sandbox runs here; what was kept is forgotten.")
        return Exit.DONE
    name = given.options.scenario
    opened = post(ready, "reset", {"scenario": name} if name else {})
    talk(f"The sandbox starts over with {opened.get('scenario', 'its scenario')}.")
    return Exit.DONE

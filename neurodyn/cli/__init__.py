"""The command line: one file per verb. Everything heavy is imported inside functions, so that help comes quickly."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import click

from neurodyn import stopping
from neurodyn.cli.compile import compile_all
from neurodyn.cli.evaluate import evaluate
from neurodyn.cli.explore import explore
from neurodyn.cli.gradients import gradients
from neurodyn.cli.models import models
from neurodyn.cli.noise import noise
from neurodyn.cli.portrait import portrait
from neurodyn.cli.reproduce import reproduce
from neurodyn.cli.run import run
from neurodyn.cli.spelling import spell_out
from neurodyn.cli.sweep import sweep
from neurodyn.cli.timescales import timescales
from neurodyn.cli.train import train
from neurodyn.errors import NeurodynError, nearest
from neurodyn.version import __version__

#: Exit code: something asked for is wrong or cannot be done.
FAILED = 2


class Stopped(Exception):
    """Ctrl-C, or a signal to terminate; click would add an empty line to the one we have to say."""


class Commands(click.Group):
    """A group of commands whose every error is one plain sentence on standard error, and never a traceback."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run and exit, or with `standalone_mode=False` return and raise as click does."""
        spell_out(sys.stdout)
        perform: Any = super().main
        if not standalone_mode:
            return perform(*args, standalone_mode=False, **extra)
        try:
            code = perform(*args, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(FAILED)
        except click.ClickException as error:
            _say(error.format_message())
            sys.exit(FAILED)
        except NeurodynError as error:
            _say(str(error))
            sys.exit(FAILED)
        except (KeyboardInterrupt, Stopped, click.Abort) as error:
            number = signal.SIGTERM if isinstance(error.__cause__, stopping.Terminated) else signal.SIGINT
            _say(str(error) or stopping.word(number))
            sys.exit(stopping.CODE + number)
        except OSError as error:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115  (what is left to write would fail once more)
            place = error.filename or "standard output"
            _say(f"cannot read or write {place}: {error.strerror or error}")
            sys.exit(FAILED)
        sys.exit(code if isinstance(code, int) else 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Stopped(str(error)) from error

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command; names the nearest one if there is none."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise click.UsageError(f"unknown command {args[0]!r}; {nearest(args[0], self.commands)}", ctx)
        return super().resolve_command(ctx, args)


def _say(sentence: str) -> None:
    click.echo(f"neurodyn: {sentence}", err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="neurodyn")
def main() -> None:
    """Energy-based neural networks in continuous time: phases, error signals, timescales."""


main.add_command(compile_all)
main.add_command(evaluate)
main.add_command(explore)
main.add_command(gradients)
main.add_command(models)
main.add_command(noise)
main.add_command(portrait)
main.add_command(reproduce)
main.add_command(run)
main.add_command(sweep)
main.add_command(timescales)
main.add_command(train)

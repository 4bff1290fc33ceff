"""`worker`: publish what is due."""

from typing import Annotated

import typer

from pellacia_service.cli.exit_codes import ExitCode
from pellacia_service.cli.output import Output, delivery_line
from pellacia_service.cli.running import run
from pellacia_service.facade import Json, open_pellacia, read_settings


def worker(
    context: typer.Context,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Deliveries at once.")] = None,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="Stop when nothing is due or under way any more.")
    ] = False,
) -> None:
    """Publish what is due until stopped. Takes up what an earlier run left."""
    output: Output = context.obj

    async def command() -> int:
        settings = read_settings()
        if concurrency is not None:
            settings = settings.model_copy(update={"concurrency": concurrency})
        async with open_pellacia(settings) as pellacia, pellacia.press() as press:
            async for delivery in press.worker.run(until_idle=until_idle):
                output.note(delivery_line(delivery))
            counts = await pellacia.queue.counts()
        if output.as_json:
            document: dict[str, Json] = {str(word): count for word, count in counts.items()}
            output.document({"deliveries": document})
        return ExitCode.OK

    run(command(), output)

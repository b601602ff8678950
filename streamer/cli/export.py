"""`streamer export`: a checkpoint of a known family becomes a folder that can be served."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.cli.errors import CommandError, ExitCode
from streamer.cli.parsers import Commands
from streamer.models.errors import ModelError

CONTRACTS = ("own", "published")
PRECISIONS = ("fp32", "fp16", "int8")


def add_to(commands: Commands) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "export",
        help="export a Hugging Face checkpoint to ONNX",
        description=(
            "Export a checkpoint (safetensors) of a `cohere_asr` or `moonshine` model to a folder "
            "that `--model` takes. CHECKPOINT is a folder, or OWNER/NAME or OWNER/NAME@REVISION on "
            "the Hugging Face hub. Needs the extra `export`."
        ),
    )
    parser.add_argument("checkpoint", metavar="CHECKPOINT")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument(
        "--contract",
        choices=CONTRACTS,
        default="own",
        help="own is what this server is fastest with, published is what sherpa-onnx runs; "
        "Moonshine has our own only (default: own)",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="fp32",
        help="fp16 is for GPUs, int8 for CPUs (default: fp32)",
    )
    parser.add_argument(
        "--language",
        default="en",
        metavar="CODE",
        help="of a Moonshine checkpoint, which does not say it (default: en)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> ExitCode:
    """Export, and say where the model is."""
    try:
        from streamer.export.architecture import architecture_of
        from streamer.export.errors import ExportError
        from streamer.export.hub import checkpoint_folder
        from streamer.families.cohere.export import checkpoint as cohere
        from streamer.families.moonshine.export import checkpoint as moonshine
    except ImportError as error:
        problem = f"export needs the extra: pip install 'streamer-transcriber[export]' ({error})"
        raise CommandError(problem) from error
    try:
        checkpoint = checkpoint_folder(arguments.checkpoint)
        if architecture_of(checkpoint) == moonshine.ARCHITECTURE:
            if arguments.contract != "own":
                raise ExportError("Moonshine models keep our own contract only")
            moonshine.export_checkpoint(
                checkpoint,
                arguments.out,
                precision=arguments.precision,
                language=arguments.language,
            )
        else:
            cohere.export_checkpoint(
                checkpoint,
                arguments.out,
                contract=arguments.contract,
                precision=arguments.precision,
            )
    except (ExportError, ModelError, OSError) as error:
        raise CommandError(str(error)) from error
    print(f"Exported. Serve it: streamer serve --model {arguments.out}")
    return ExitCode.OK

"""A component provider for the engine's tests: rows of the test cloud's things.

A Row has two things, the second as large as the first's area; `refuse` and the row's error hooks are the
first one's, `slow` is both's. Its methods say a word some times, and hide one (the mark is written by hand,
as the SDK's server drops it in Call).
"""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
from pulumi.provider import CallResult, CheckFailure, main
from pulumi.provider.experimental.component import ComponentProvider

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


class Thing(pulumi.CustomResource):
    area: pulumi.Output[float]
    serial: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions, **props: pulumi.Input[Any]) -> None:
        super().__init__("cloud:index:Thing", name, {"area": None, "serial": None, **props}, opts)


class RowArgs(TypedDict):
    size: pulumi.Input[float]
    note: pulumi.Input[str] | None
    refuse: pulumi.Input[str] | None
    slow: pulumi.Input[float] | None


class Row(pulumi.ComponentResource):
    area: pulumi.Output[float]
    """The area of the last thing."""
    note: pulumi.Output[str] | None
    """The note that was given."""
    place: pulumi.Output[str] | None
    """The project, stack, organization and configured town."""

    def __init__(self, name: str, args: RowArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("parts:index:Row", name, {}, opts)
        if args["size"] == 13:
            raise ValueError("thirteen is unlucky")
        own = pulumi.ResourceOptions(parent=self)
        slow = {"slow": args["slow"]} if args.get("slow") is not None else {}
        more = {key: args[key] for key in ("note", "refuse") if args.get(key) is not None} | slow
        asked = pulumi.ResourceHookBinding(on_error=opts.hooks.on_error if opts and opts.hooks else None)
        guarded = pulumi.ResourceOptions(parent=self, hooks=asked)
        first = Thing(f"{name}-first", guarded, size=args["size"], **more)
        last = Thing(f"{name}-last", own, size=first.area, **slow)
        self.area = last.area
        note = args.get("note")
        if note is not None:
            self.note = pulumi.Output.all(note)[0]
        here = (pulumi.get_project(), pulumi.get_stack(), pulumi.get_organization())
        self.place = pulumi.Output.from_input(" ".join((*here, pulumi.Config("proj").get("town") or "-")))
        self.register_outputs({"area": self.area})


class Parts(ComponentProvider):
    def __init__(self) -> None:
        super().__init__([Row], "parts", version="2.0.0")

    def call(self, token: str, args: Mapping[str, pulumi.Input[Any]]) -> CallResult:
        if token == "pulumi:providers:parts/greet":
            return CallResult({"text": f"hello {args['word']}"})
        if token == "parts:index:Row/hide":
            return CallResult({"text": {SIGNATURE: SECRET, "value": args["word"]}})
        if token != "parts:index:Row/describe":
            raise ValueError(f"no method {token}")
        if args.get("times") == -1:
            return CallResult({}, [CheckFailure("times", "must not be negative")])
        said = pulumi.Output.all(args["word"], args["times"])
        return CallResult({"text": said.apply(lambda both: both[0] * int(both[1]))})


if __name__ == "__main__":
    main(Parts(), [])

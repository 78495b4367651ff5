"""A program under Pulumi's own mocks, as its documentation has it for unit tests."""

from collections.abc import Callable
from typing import Any

import pulumi

_ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": {"accountId": "123456789012"},
    "aws:index/getRegion:getRegion": {"region": "us-west-2"},
    "aws:index/getPartition:getPartition": {"partition": "aws"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {
        "names": ["us-west-2a", "us-west-2b"],
        "zoneIds": ["usw2-az1", "usw2-az2"],
    },
}


class _Mocks(pulumi.runtime.Mocks):
    def __init__(self) -> None:
        self.made = 0

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        self.made += 1
        return f"{args.name}-id", {"arn": f"arn:{args.name}", "keyId": args.name, **args.inputs}

    def call(self, args: pulumi.runtime.MockCallArgs) -> Any:  # noqa: ANN401 - the SDK takes less than it says
        return _ANSWERS[args.token]


def run(program: Callable[[], None]) -> int:
    """Run it to its end; returns how many resources it declared."""
    mocks = _Mocks()
    pulumi.runtime.set_mocks(mocks)
    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]
    return mocks.made

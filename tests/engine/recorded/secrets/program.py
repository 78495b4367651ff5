"""What a program can bring into a state: secrets, providers, a component, options of resources."""

import os

import pulumi

from tests.engine.programs import House, Provider, Thing

size = int(os.environ["SIZE"])
nested = {
    "list": [1, 2.5, None, {"deep": True}],
    "text": 'a "quoted" line\nand <ünïcode> & more',
    "empty": {},
}
first = Thing("first", size=size, password=pulumi.Output.secret("hunter2"), nested=nested)
second = Thing("second", size=first.area, note=first.serial, opts=pulumi.ResourceOptions(protect=True))
Thing(
    "third",
    secret=pulumi.Output.secret({"inner": [second.serial, 7]}),
    opts=pulumi.ResourceOptions(
        provider=Provider("mine", "east"),
        additional_secret_outputs=["serial"],
        ignore_changes=["note"],
        replace_on_changes=["kind"],
        hide_diffs=["nested.list"],
        retain_on_delete=True,
        deleted_with=first,
        depends_on=[second],
        custom_timeouts=pulumi.CustomTimeouts(create="5m", delete="90s"),
    ),
)
Thing("blob", text=pulumi.StringAsset("text"), parts=pulumi.AssetArchive({"a/b": pulumi.StringAsset("b")}))
pulumi.export("area", House("home", 3).area)
pulumi.export("password", pulumi.Output.secret("hunter2"))
pulumi.export("token", pulumi.Config().require_secret("token"))

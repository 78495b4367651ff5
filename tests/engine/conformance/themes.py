"""More lives, one a theme: steps with flags, things that change behind the engine's back, failures.

One table of programs and steps, and nothing else: it is as long as there are themes.
"""

from __future__ import annotations

from typing import Final

from .lives import LIVES
from .step import Life, Step

_URN = "urn:pulumi:dev::proj::"
_THING = f"{_URN}cloud:index:Thing::"
_DYNAMIC = """
import json, os, uuid
from pathlib import Path
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

class Files(ResourceProvider):
    def configure(self, req):
        self.town = req.config.get("town")

    def check(self, olds, news):
        from pulumi.dynamic import CheckFailure, CheckResult
        failures = [CheckFailure("text", "must not be empty")] if news["text"] == "" else []
        return CheckResult({"kind": "plain", **news}, failures)

    def create(self, props):
        return CreateResult("file-" + uuid.uuid4().hex[:6], self.write(props))

    def diff(self, id_, olds, news):
        changed = [key for key in ("text", "kind", "hidden") if olds.get(key) != news.get(key)]
        return DiffResult(bool(changed), replaces=["kind"] if "kind" in changed else [], stables=["kind"],
                          delete_before_replace=news.get("kind") == "first")

    def update(self, id_, olds, news):
        return UpdateResult(self.write(news))

    def read(self, id_, props):
        return ReadResult(id_, {**props, "text": "as read"})

    def delete(self, id_, props):
        pass

    def write(self, props):
        return {**props, "length": len(props["text"]), "town": self.town}

class File(Resource):
    length: pulumi.Output[int]
    text: pulumi.Output[str]

    def __init__(self, name, opts=None, **props):
        super().__init__(Files(), name, {"length": None, "town": None, **props}, opts)
"""
_HOOKS = """
import json, os
from pathlib import Path
from pulumi import ErrorHook, ResourceHook, ResourceHookBinding, ResourceHookOptions

def note(kind, urn):
    with (Path(os.environ["CLOUD_FOLDER"]) / "calls.jsonl").open("a") as log:
        log.write(json.dumps({"method": f"Hook {kind}", "urn": urn}) + "\\n")

def hook(kind, fails=False, **options):
    def run(args):
        known = [w for w in ("new_inputs", "old_inputs", "new_outputs", "old_outputs") if getattr(args, w)]
        note(f"{kind} {'' if args.id else 'no '}id {' '.join(known)}", args.urn)
        if fails:
            raise ValueError("no way")
    return ResourceHook(kind, run, ResourceHookOptions(**options))

def again(args):
    note(f"error {args.failed_operation} {len(args.errors)}", args.urn)
    return len(args.errors) < 3

KINDS = [f"{when}_{what}" for what in ("create", "update", "delete") for when in ("before", "after")]
BOUND = ResourceHookBinding(**{kind: [hook(kind)] for kind in KINDS})
"""
_REMOTE = """
base = Thing("base", size=2)
east = Provider("mine", "east")
yard = Yard("yard", size=base.area)
"""
_CHAIN = """
a = Thing("a", size={0})
b = Thing("b", size=a.area, note="{0}")
c = Thing("c", opts=Options(depends_on=[b]), note="{0}")
d = Thing("d", note="{0}")
house = House("home", size={0})
pulumi.export("area", b.area)
"""
_DRIFT = """
a = Thing("a", size=2)
b = Thing("b", note=a.serial, size=3)
Thing("child", opts=Options(parent=b))
Thing("ignored", note="x", opts=Options(ignore_changes=["note"]))
Thing("c", size=2, opts=Options(depends_on=[b]))
pulumi.export("area", a.area)
"""

THEMES: Final[dict[str, Life]] = {
    "remote components": (
        _REMOTE
        + """
row = Row("row", size=2, note=pulumi.Output.secret("hush"), opts=Options(depends_on=[base], providers=[east]))
Thing("after", size=row.area, opts=Options(depends_on=[yard]))
Thing("under", opts=Options(parent=row))
pulumi.export("texts", [
    pulumi.runtime.call("cloud:index:Yard/measure", {}, yard), row.describe("hi", 2), row.hide(base.serial)
])
pulumi.export("row", {"area": row.area, "note": row.note, "place": row.place})
""",
        _REMOTE.replace("size=2", "size=3")
        + """
row = Row("line", size=3, note="loud", opts=Options(aliases=[pulumi.Alias(name="row")], providers=[east]))
Thing("after", size=row.area, opts=Options(depends_on=[yard]))
pulumi.export("row", {"area": row.area, "note": row.note, "place": row.place})
""",
        'Row("line", size=3, opts=Options(protect=True, retain_on_delete=True))',
        Step('Row("line", size=3, opts=Options(protect=False))'),
    ),
    "dynamic providers": (
        _DYNAMIC
        + """
a = File("a", text="one", hidden=pulumi.Output.secret("x"))
File("b", text=a.length.apply(str), kind="oak", opts=Options(additional_secret_outputs=["length"]))
pulumi.export("length", a.length)
""",
        _DYNAMIC
        + """
a = File("a", text="four", hidden=pulumi.Output.secret("y"))
File("b", text=a.length.apply(str), kind="pine")
File("c", text="c", kind="first")
pulumi.export("length", a.length)
""",
        Step(verb="refresh"),
        Step(_DYNAMIC + 'File("a", text="")'),
        Step(_DYNAMIC + 'File("a", text="four", hidden="y")'),
    ),
    "hooks": (
        _HOOKS
        + """
Thing("it", size=2, kind="oak", opts=Options(hooks=BOUND))
House("home", opts=Options(hooks=ResourceHookBinding(after_create=[hook("house")])))
""",
        _HOOKS + 'Thing("it", size=3, kind="oak", opts=Options(hooks=BOUND))',
        _HOOKS + 'Thing("it", size=3, kind="pine", opts=Options(hooks=BOUND))',
        _HOOKS
        + """
it = Thing("it", size=3, kind="elm", opts=Options(delete_before_replace=True, hooks=BOUND))
failing = ResourceHookBinding(before_create=[hook("failing", fails=True)])
Thing("never", opts=Options(hooks=failing, depends_on=[it]))
""",
        _HOOKS
        + """
it = Thing("it", size=3, kind="elm", opts=Options(hooks=BOUND))
failing = ResourceHookBinding(after_create=[hook("failing", fails=True)])
made = Thing("made", opts=Options(hooks=failing, depends_on=[it]))
""",
        _HOOKS
        + """
it = Thing("it", size=3, kind="elm", opts=Options(hooks=BOUND))
binding = ResourceHookBinding(on_error=[ErrorHook("again", again)])
Thing("made", refuse="update", opts=Options(hooks=binding, depends_on=[it]))
""",
        Step(verb="destroy"),
        _HOOKS + 'Thing("made", opts=Options(parent=House("home", opts=Options(retain_on_delete=True))))',
        'Thing("made")',
    ),
    "stash": (
        """
stash = pulumi.Stash("memory", input={"a": pulumi.Output.secret("x"), "b": [1, None]})
pulumi.export("both", [stash.input, stash.output])
""",
        """
stash = pulumi.Stash("memory", input=pulumi.Output.secret([2]))
plain = pulumi.Stash("plain", input=Thing("a").serial)
pulumi.export("both", [stash.input, stash.output])
""",
        Step(verb="refresh"),
        Step(flags=("--replace", f"{_URN}pulumi:index:Stash::memory")),
    ),
    "stack references": (
        Step(
            """
a = Thing("a", size=2)
pulumi.export("size", a.area)
pulumi.export("deep", {"token": pulumi.Output.secret("x"), "list": [1, None]})
""",
            stack="base",
        ),
        """
base = pulumi.StackReference("organization/proj/base")
again = pulumi.StackReference("again", "base", opts=Options(depends_on=[base]))
Thing("it", size=base.require_output("size"), note=base.get_output("deep"))
pulumi.export("absent", again.get_output("absent"))
pulumi.export("all", again.outputs)
""",
        Step('pulumi.export("size", 7)', stack="base"),
        """
base = pulumi.StackReference("organization/proj/base")
Thing("it", size=base.require_output("size"))
""",
        Step(verb="refresh"),
    ),
    "configuration": (
        """
config = pulumi.Config()
it = Thing("it", size=config.require_int("count"), on=config.require_bool("on"),
           deep=config.require_object("deep"), token=config.require_secret("token"),
           quiet=config.require_secret_object("deep"),
           absent=config.get("absent"), region2=pulumi.Config("cloud").require("region"))
pulumi.export("token", config.require_secret("token"))
pulumi.export("deep", it.deep if hasattr(it, "deep") else config.require_secret_object("deep"))
""",
        """
config = pulumi.Config()
Thing("it", size=config.require_secret_int("count"), deep=config.require_object("deep"))
Thing("plain", token=config.require("token"), opts=Options(additional_secret_outputs=["token"]))
""",
    ),
    "targets": (
        _CHAIN.format(2),
        Step(_CHAIN.format(3), flags=("--target", f"{_THING}b")),
        Step(flags=("--target", f"{_THING}a", "--target-dependents")),
        Step(_CHAIN.format(4), flags=("--exclude", f"{_THING}a", "--exclude", "**home**")),
        Step(_CHAIN.format(5), flags=("--exclude", f"{_THING}b", "--exclude-dependents")),
        Step(flags=("--replace", f"{_THING}b")),
        Step('Thing("new")\n' + _CHAIN.format(6), flags=("--target", "**::d", "--replace", f"{_THING}d")),
        Step('a = Thing("a", size=5)', flags=("--target", f"{_THING}b")),
        Step(flags=("--target", f"{_THING}b", "--target-dependents")),
        Step(verb="destroy", flags=("--target", "**House**")),
        Step(verb="destroy", flags=("--exclude", f"{_THING}a")),
        Step('a = Thing("a", size=6)', flags=("--target", f"{_THING}absent")),
        _CHAIN.format(2),
    ),
    "drift": (
        _DRIFT,
        Step(
            verb="refresh",
            tampered={"a": {"size": 5, "extra": "x"}, "b": {"size": 4}, "ignored": {"note": "y"}},
        ),
        Step(verb="refresh", flags=("--target", f"{_THING}c"), tampered={"a": {"size": 6}, "c": {"size": 9}}),
        Step(),
        Step(verb="refresh", tampered={"b": None}),
        Step(),
        Step(flags=("--refresh",), tampered={"a": {"size": 7}, "c": None}),
        Step(verb="destroy", flags=("--refresh", "--target", f"{_THING}c"), tampered={"a": {"size": 8}}),
        Step(verb="destroy", flags=("--refresh",), tampered={"ignored": None}),
    ),
    "aliases by URN": (
        """
house = House("home")
Thing("a", size=2, opts=Options(parent=house))
Thing("b", size=3)
Thing("c", size=3)
class Leaf(pulumi.CustomResource):
    def __init__(self, name, opts=None):
        super().__init__("cloud:index:Leaf", name, {"size": 1}, Options.merge(Options(version="1.2.3"), opts))
Leaf("leaf")
""",
        f"""
urn = "{_URN}test:index:House$cloud:index:Thing::a"
a = Thing("a2", size=2, opts=Options(aliases=[urn]))
b = pulumi.Alias(name="b", parent=pulumi.ROOT_STACK_RESOURCE)
Thing("b2", size=3, opts=Options(parent=a, aliases=["{_THING}none", b]))
Thing("c2", size=4, opts=Options(aliases=["{_THING}c"]))
Thing("leaf", size=1, opts=Options(aliases=[pulumi.Alias(type_="cloud:index:Leaf")]))
House("villa", opts=Options(aliases=["{_URN}test:index:House::home"]))
""",
        f"""
a = Thing("a3", size=2, opts=Options(aliases=[pulumi.Alias(name="a2")]))
Thing("b2", size=3, opts=Options(parent=a))
c = pulumi.Alias(stack="dev", project="proj", name="c2")
Thing("c3", size=4, opts=Options(aliases=[c, "{_THING}c2"]))
estate = House("estate", opts=Options(aliases=[pulumi.Alias(name="villa")]))
Thing("other", opts=Options(parent=estate))
""",
    ),
    "any property": (
        """
Thing("ignored", note="one", deep={"a": [1, 2]}, opts=Options(ignore_changes=["*"]))
Thing("forced", size=1, opts=Options(replace_on_changes=["*"]))
Thing("elements", deep=[{"a": 1, "b": 1}, {"a": 2, "b": 2}], opts=Options(ignore_changes=["deep[*].a"]))
Thing("below", deep={"x": {"a": 1}, "y": {"a": 2}}, opts=Options(replace_on_changes=["deep.*.a"]))
Thing("both", size=1, note="n", opts=Options(replace_on_changes=["*"], ignore_changes=["size"]))
House("home", opts=Options(ignore_changes=["*"], replace_on_changes=["*"]))
""",
        """
Thing("ignored", kind="oak", deep={"a": [2], "c": 3}, opts=Options(ignore_changes=["*"]))
Thing("forced", size=1, note="new", opts=Options(replace_on_changes=["*"]))
Thing("elements", deep=[{"a": 5, "b": 6}, {"a": 7, "b": 8}], opts=Options(ignore_changes=["deep[*].a"]))
Thing("below", deep={"x": {"a": 1}, "y": {"a": 3}}, opts=Options(replace_on_changes=["deep.*.a"]))
Thing("both", size=2, note="n", opts=Options(replace_on_changes=["*"], ignore_changes=["size"]))
House("home", size=3, opts=Options(ignore_changes=["*"], replace_on_changes=["*"]))
""",
        """
Thing("ignored", opts=Options(ignore_changes=["note", "deep"]))
ignored = ["deep[0].b", "deep[1]", "absent.x[3]"]
Thing("elements", deep=[{"a": 5, "b": 6}], opts=Options(ignore_changes=ignored))
Thing("below", deep={"x": {"a": 1, "b": 2}}, opts=Options(replace_on_changes=["deep.*.b"]))
Thing("both", size=2, note="m", opts=Options(replace_on_changes=["*"], ignore_changes=["note"]))
""",
    ),
    "hidden and timed": (
        """
times = pulumi.CustomTimeouts(create="1m", update="2m30s", delete="1h")
hidden = Options(hide_diffs=["note", "deep.a", 'odd["x.y"]'], custom_timeouts=times)
Thing("it", note="one", deep={"a": 1}, opts=hidden)
Thing("moved", kind="oak", opts=Options(custom_timeouts=times))
""",
        """
times = pulumi.CustomTimeouts(update="90s", delete="1h0m5s")
Thing("it", note="two", deep={"a": 2}, opts=Options(hide_diffs=["note"], custom_timeouts=times))
Thing("moved", kind="pine", opts=Options(custom_timeouts=pulumi.CustomTimeouts(delete="7s")))
""",
        """
Thing("it", note="three", opts=Options(custom_timeouts=pulumi.CustomTimeouts()))
""",
    ),
    "more transforms": (
        """
def words(args):
    return pulumi.InvokeTransformResult({**args.args, "word": "changed"}, args.opts)

def guard(args):
    if args.type_ != "cloud:index:Thing":
        return None
    opts = Options.merge(args.opts, Options(protect=args.name == "safe", ignore_changes=["size"]))
    return pulumi.ResourceTransformResult({**args.props, "note": args.name, "custom": args.custom}, opts)

def older(args):
    if args.type_ == "cloud:index:Thing":
        return pulumi.ResourceTransformationResult({**args.props, "old": True}, args.opts)

pulumi.runtime.register_invoke_transform(words)
pulumi.runtime.register_resource_transform(guard)
pulumi.runtime.register_stack_transformation(older)
Thing("safe", size=1)
House("home", opts=Options(transformations=[older], transforms=[
    lambda args: pulumi.ResourceTransformResult({**args.props, "extra": [1]}, args.opts)
]))
pulumi.export("said", pulumi.runtime.invoke("cloud:index:say", {"word": "hello"}).value)
""",
        """
Thing("safe", size=5, opts=Options(protect=False))
""",
    ),
    "kept": (
        """
owner = Thing("owner")
Thing("part", opts=Options(deleted_with=owner, protect=True))
kept = Thing("kept", opts=Options(retain_on_delete=True))
plain = Thing("plain", opts=Options(depends_on=[kept]))
House("home", opts=Options(protect=True))
House("left", opts=Options(retain_on_delete=True))
Thing("with", opts=Options(parent=Thing("over", opts=Options(deleted_with=plain))))
""",
        Step(verb="destroy", flags=("--target", f"{_THING}part")),
        Step(verb="destroy", flags=("--exclude-protected",)),
        Step('House("home", opts=Options(protect=True))'),
        """
owner = Thing("owner", kind="oak")
Thing("part", size=3, opts=Options(deleted_with=owner, retain_on_delete=True))
Thing("kept", kind="oak", opts=Options(retain_on_delete=True))
House("home", opts=Options(protect=False))
""",
        """
owner = Thing("owner", kind="pine", opts=Options(protect=True))
Thing("part", size=3, opts=Options(deleted_with=owner, retain_on_delete=True))
Thing("kept", kind="pine", opts=Options(retain_on_delete=True))
""",
        Step('Thing("owner", kind="elm", opts=Options(protect=True))'),
        Step('Thing("owner", kind="pine", opts=Options(protect=False))'),
    ),
    "going on": (
        """
a = Thing("a", size=2)
Thing("b", size=a.area)
Thing("stays", size=1)
""",
        Step(
            """
a = Thing("a", size=3, refuse="update")
Thing("b", size=a.area)
bad = Thing("bad", refuse="create")
under = Thing("under", opts=Options(parent=bad))
Thing("after", note=bad.serial)
House("home")
Thing("stays", size=2)
""",
            flags=("--continue-on-error",),
        ),
        """
a = Thing("a", size=3)
Thing("b", size=a.area)
Thing("stays", size=2, refuse="delete")
""",
        Step('Thing("a", size=4)', flags=("--continue-on-error",)),
        Step(verb="destroy", flags=("--continue-on-error",)),
        'Thing("stays", size=2)',
    ),
}
ALL: Final[dict[str, Life]] = {**LIVES, **THEMES}

"""Lives of stacks: the same programs, one after another, for the official engine and for ours.

Each program is the body of a `__main__.py` that has `pulumi`, `Options`, and the classes of
`programs.py`.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = """
import pulumi
from tests.engine.programs import House, Provider, Row, Thing, Yard
from pulumi import ResourceOptions as Options
"""
# The key is that of the tests' passphrase.
CONFIG: Final = """encryptionsalt: v1:QkQ/EYf/l/U=:v1:GYnpow8TmEvf026j:nqP7wSkcCpjSY39ggRGPC588hs1IcQ==
config:
  cloud:region: here
"""
_SEED: Final = """
import json, os, pathlib
for name, size in (("old-abc123", 2), ("other-abc456", 3), ("third-abc789", 3)):
    file = pathlib.Path(os.environ["CLOUD_FOLDER"]) / f"{name}.thing"
    if not file.exists():
        file.write_text(json.dumps({"urn": "by hand", "size": size, "label": name}))
"""
# What a life's configuration has besides the region.
CONFIGS: Final[dict[str, str]] = {
    "configuration": """
  proj:token:
    secure: v1:fn2C21F0AENvan7U:I0sjeMFPp+q9UY8vQqmLUiWQoOg=
  proj:deep:
    list: [1, two, {three: true}]
    hidden:
      secure: v1:QeXD3hkoV2EmgMgH:oLDwCafjfTy6AyRNeAWlvzhi2G8=
  proj:count: 3
  proj:on: true
""",
    "named by hand": """
  proj:owner: me
  pulumi:autonaming:
    pattern: "${project}-${config.owner}-${name}"
    providers:
      cloud:
        resources:
          cloud:index:Leaf: {mode: verbatim}
          cloud:index:Twig: {pattern: "${name}-${hex(7)}", enforce: true}
""",
}
_PACKAGE = """
import base64
from pulumi.runtime.settings import register_package

def package(flavour, version):
    value = base64.b64encode(flavour.encode()).decode()
    return register_package("cloud", "1.2.3", "", "sea", version, value)

class Drop(pulumi.CustomResource):
    def __init__(self, name, flavour, version, opts=None, **props):
        named = package(flavour, version)
        super().__init__("sea:index:Thing", name, {"flavour": None, **props}, opts, package_ref=named)

class Sea(pulumi.ProviderResource):
    def __init__(self, name, flavour, version, opts=None):
        super().__init__("sea", name, {"region": "north"}, opts, package_ref=package(flavour, version))
"""
_FILES = """
import gzip, io, pathlib, tarfile, zipfile

def files(word):
    names = ["a", "sub/b", "sub/" + "long-" * 30 + "name", "\u00fcber/" + "\u00e4" * 70]
    names += ["x" * 120, "d" * 99 + "/" + "e" * 99]
    return {name: (word + name).encode() for name in names}

def archives(word):
    folder = pathlib.Path("code")
    for name, content in files(word).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files(word).items():
            info = tarfile.TarInfo("./" + name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    pathlib.Path("code.tar.gz").write_bytes(gzip.compress(stream.getvalue(), mtime=0))
    with zipfile.ZipFile("code.zip", "w") as archive:
        for name, content in files(word).items():
            archive.writestr(zipfile.ZipInfo(name), content)
    parts = {"dir": pulumi.FileArchive("code"), "zip": pulumi.FileArchive("code.zip")}
    inner = {**parts, "text": pulumi.StringAsset(word), "tar": pulumi.FileArchive("code.tar.gz")}
    Thing("folder", code=parts["dir"])
    Thing("zip", code=parts["zip"])
    Thing("parts", code=pulumi.AssetArchive(inner))
    Thing("nested", code=pulumi.AssetArchive({"in/ner": pulumi.AssetArchive(inner), "in": parts["dir"]}))
"""
LIVES: Final[dict[str, tuple[str, ...]]] = {
    "update, replace, delete": (
        """
a = Thing("a", size=1)
Thing("b", size=a.area, note=a.serial)
Thing("kind", kind="oak")
Thing("plot", plot="x", note=a.serial)
Thing("gone", opts=Options(depends_on=[a]))
pulumi.export("area", a.area)
""",
        """
a = Thing("a", size=2)
Thing("b", size=a.area, note=a.serial)
kind = Thing("kind", kind="pine")
plot = Thing("plot", plot="y", note=a.serial)
Thing("leaf", note=plot.serial, other=kind.serial)
pulumi.export("area", a.area)
pulumi.export("nested", {"list": [a.serial, 1, None, True], "secret": pulumi.Output.secret({"x": 1})})
""",
        """
a = Thing("a", size=2)
kind = Thing("kind", kind="elm")
plot = Thing("plot", plot="z", note=a.serial)
Thing("leaf", note=plot.serial, other=kind.serial)
""",
    ),
    "components and aliases": (
        """
House("home", size=2)
Thing("old-name", size=3)
Thing("child", opts=Options(parent=House("estate")))
""",
        """
House("mansion", size=2, opts=Options(aliases=[pulumi.Alias(name="home")]))
Thing("new-name", size=3, opts=Options(aliases=[pulumi.Alias(name="old-name")]))
House("estate")
Thing("child", opts=Options(aliases=[
    pulumi.Alias(parent="urn:pulumi:dev::proj::test:index:House::estate"),
]))
""",
        """
House("mansion", size=4)
Thing("new-name", size=3)
""",
    ),
    "providers": (
        """
east = Provider("mine", "east")
Thing("here")
Thing("there", opts=Options(provider=east))
House("home", opts=Options(providers=[east]))
""",
        """
east = Provider("mine", "west")
Thing("here")
Thing("there", opts=Options(provider=east))
House("home", opts=Options(providers=[east]))
""",
    ),
    "ignored and forced": (
        """
Thing("ignored", note="one", deep={"a": [1, 2], "b": 2}, opts=Options(ignore_changes=["note", "deep.a[0]"]))
Thing("forced", note="one", opts=Options(replace_on_changes=["note"]))
Thing("first", kind="oak", opts=Options(delete_before_replace=True))
Thing("kept", note="x", opts=Options(retain_on_delete=True))
""",
        """
Thing("ignored", note="two", deep={"a": [7, 8], "b": 3}, opts=Options(ignore_changes=["note", "deep.a[0]"]))
Thing("forced", note="two", opts=Options(replace_on_changes=["note"]))
Thing("first", kind="pine", opts=Options(delete_before_replace=True))
""",
    ),
    "secrets": (
        """
s = Thing("s", password=pulumi.Output.secret("hunter2"), plain="p")
Thing("t", note=s.serial, opts=Options(additional_secret_outputs=["area", "serial"]))
pulumi.export("password", s.password)
pulumi.export("deep", {"in": [pulumi.Output.secret("x"), "y"]})
""",
        """
s = Thing("s", password="hunter2", plain=pulumi.Output.secret("p"))
Thing("t", note=s.serial, opts=Options(additional_secret_outputs=["area"]))
pulumi.export("password", s.password)
""",
    ),
    "reads": (
        """
a = Thing("a", size=3)
Thing("seen", opts=Options(id=a.id))
pulumi.export("said", pulumi.runtime.invoke("cloud:index:say", {"word": "hello"}).value)
""",
        """
a = Thing("a", size=4)
Thing("seen", opts=Options(id=a.id))
""",
        """
a = Thing("a", size=4)
Thing("seen", size=9)
""",
    ),
    "protected and deleted with": (
        """
owner = Thing("owner", kind="oak")
Thing("part", size=1, opts=Options(deleted_with=owner))
Thing("safe", opts=Options(protect=True, custom_timeouts=pulumi.CustomTimeouts(create="5m", update="1h30m")))
""",
        """
owner = Thing("owner", kind="pine")
Thing("part", size=1, opts=Options(deleted_with=owner))
Thing("safe", opts=Options(protect=False))
""",
        """
Thing("safe", opts=Options(protect=False))
""",
    ),
    "replaced with": (
        """
lead = Thing("lead", kind="oak")
Thing("follower", size=1, opts=Options(replace_with=[lead]))
House("home", opts=Options(replace_with=[lead]))
plot = Thing("plot", plot="x")
first = Thing("first", size=1, opts=Options(replace_with=[plot, lead]))
second = Thing("second", size=1, opts=Options(replace_with=[first]))
Thing("after", size=second.area, opts=Options(depends_on=[plot]))
""",
        """
lead = Thing("lead", kind="pine")
Thing("follower", size=1, opts=Options(replace_with=[lead]))
House("home", opts=Options(replace_with=[lead]))
plot = Thing("plot", plot="x")
first = Thing("first", size=1, opts=Options(replace_with=[plot]))
second = Thing("second", size=1, opts=Options(replace_with=[first]))
Thing("after", size=second.area, opts=Options(depends_on=[plot]))
""",
        """
lead = Thing("lead", kind="pine", size=2)
Thing("follower", size=2, opts=Options(replace_with=[lead]))
House("home", opts=Options(replace_with=[lead]))
plot = Thing("plot", plot="y")
first = Thing("first", size=1, opts=Options(replace_with=[plot]))
second = Thing("second", size=1, opts=Options(replace_with=[first]))
Thing("after", size=second.area, opts=Options(depends_on=[plot]))
""",
        """
lead = Thing("lead", kind="elm")
Thing("follower", size=2)
plot = Thing("plot", plot="z")
second = Thing("second", size=1, opts=Options(replace_with=[plot]))
""",
    ),
    "archives": (
        _FILES + 'archives("one")',
        _FILES + 'archives("two")',
    ),
    "functions": (
        """
def say(**options):
    options = pulumi.InvokeOutputOptions(version="1.2.3", **options)
    return pulumi.runtime.invoke_output("cloud:index:say", {"word": "hi"}, options)

east = Provider("mine", "east")
house = House("home", opts=Options(providers=[east]))
pulumi.export("said", [say(depends_on=[house]), say(provider=east), say(parent=house)])
pulumi.export("secret", pulumi.runtime.invoke_output(
    "cloud:index:say", {"word": pulumi.Output.secret("hush")}, pulumi.InvokeOptions(version="1.2.4")
))
""",
    ),
    "packages": (
        _PACKAGE
        + """
Drop("default", "sweet", "2.0.0", size=2)
Drop("explicit", "sour", "2.0.0", Options(provider=Sea("mine", "sour", "2.0.0")))
mapped = Options(env_var_mappings={"HOME": "CLOUD_HOME"})
Thing("plain", opts=Options(provider=Provider("east", "east", opts=mapped)))
""",
        _PACKAGE
        + """
Drop("default", "salt", "2.1.0", size=3)
Drop("explicit", "sour", "2.0.1", Options(provider=Sea("mine", "sour", "2.0.1")))
""",
    ),
    "named by hand": (
        """
class Leaf(pulumi.CustomResource):
    def __init__(self, kind, name, props, opts=None):
        super().__init__(f"cloud:index:{kind}", name, {"label": None, **props}, opts)

base = Thing("base", kind="oak")
Leaf("Leaf", "leaf", {"kind": base.serial})
Leaf("Twig", "twig", {"kind": "oak"})
Leaf("Twig", "first", {"kind": "oak"}, Options(delete_before_replace=False))
""",
        """
class Leaf(pulumi.CustomResource):
    def __init__(self, kind, name, props, opts=None):
        super().__init__(f"cloud:index:{kind}", name, {"label": None, **props}, opts)

base = Thing("base", kind="pine", opts=Options(delete_before_replace=False))
Leaf("Leaf", "leaf", {"kind": base.serial})
Leaf("Twig", "twig", {"kind": "pine"})
Leaf("Twig", "first", {"kind": "pine", "label": "own"})
""",
    ),
    "values": (
        """
Thing("values", n=None, f=1.5, i=3, t=True, e="", l=[], d={}, mixed=[None, {"a": None}, [1, [2]]],
      text="über\\n<&>", big=2**53)
Thing("assets", text=pulumi.StringAsset("text"), parts=pulumi.AssetArchive({"a": pulumi.StringAsset("b")}))
""",
        """
Thing("values", f=1.25, i=3, t=False, e="", l=[1], d={"k": []}, mixed=[{"a": None}, [1, [2]]],
      text="über\\n<&>", big=2**53)
Thing("assets", text=pulumi.StringAsset("other"), parts=pulumi.AssetArchive({"a": pulumi.StringAsset("b")}))
""",
    ),
    "dependencies of replaced things": (
        """
base = Thing("base", plot="x")
mid = Thing("mid", kind=base.serial)
top = Thing("top", note=mid.serial)
Thing("aside", opts=Options(depends_on=[base]))
Thing("under", opts=Options(parent=base))
""",
        """
base = Thing("base", plot="y")
mid = Thing("mid", kind=base.serial)
top = Thing("top", note=mid.serial)
Thing("aside", opts=Options(depends_on=[base]))
Thing("under", opts=Options(parent=base))
""",
    ),
    "half way": (
        """
a = Thing("a")
Thing("b", note=a.serial)
""",
        """
a = Thing("a", size=2)
b = Thing("b", note=a.serial)
Thing("bad", refuse="create", opts=Options(depends_on=[b]))
""",
        """
a = Thing("a", size=3)
b = Thing("b", note=a.serial, unready=True)
""",
        """
a = Thing("a", size=3)
b = Thing("b", note=a.serial)
Thing("new", unready=True, opts=Options(depends_on=[b]))
""",
        """
a = Thing("a", size=3)
b = Thing("b", note=a.serial)
Thing("new", opts=Options(depends_on=[b]))
""",
    ),
    "transforms": (
        """
def note(args):
    if args.type_ == "cloud:index:Thing":
        return pulumi.ResourceTransformResult({**args.props, "note": "n"}, args.opts)

pulumi.runtime.register_resource_transform(note)
base = Thing("base")
house = House("home", opts=Options(transforms=[lambda args: None]))
opts = Options(transforms=[note], depends_on=[base])
Thing("it", other=base.serial, secret=pulumi.Output.secret(1), opts=opts)
Thing("plain", other=base.serial)
""",
        """
base = Thing("base", size=3)
Thing("it", other=base.serial, opts=Options(transforms=[lambda args: None]))
""",
    ),
    "imports": (
        _SEED
        + """
Thing("it", size=2, opts=Options(import_="old-abc123"))
Thing("ignored", size=1, opts=Options(import_="other-abc456", ignore_changes=["size"]))
Thing("made", size=3)
""",
        _SEED
        + """
it = Thing("it", size=3, opts=Options(import_="old-abc123"))
ignored = Thing("ignored", size=1, opts=Options(ignore_changes=["size"]))
Thing("made", size=2, opts=Options(import_="absent-000000", depends_on=[it, ignored]))
""",
        _SEED
        + """
it = Thing("it", size=3, opts=Options(import_="old-abc123"))
Thing("made", size=3, other=it.serial, opts=Options(import_="third-abc789", ignore_changes=["other"]))
""",
    ),
}

"""Makes each role's README.md from its argument_specs.yml and defaults: ``python playbooks/readmes.py``."""

from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parent / "roles"


def readme(role: Path) -> str:
    """The README of one role, as Markdown."""
    spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    concerns = [task["name"] for task in yaml.safe_load((role / "tasks" / "main.yml").read_text())]
    rows = [_row(name, option, defaults) for name, option in spec["options"].items()]
    return "\n".join(
        [
            f"# {role.name}",
            "",
            f"{spec['short_description']}.",
            "",
            f"Concerns, in order: {', '.join(concerns).lower()}.",
            "",
            "| variable | type | what | default |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "Made from `meta/argument_specs.yml` and `defaults/main.yml` by `playbooks/readmes.py`.",
            "",
        ]
    )


def _row(name: str, option: dict[str, Any], defaults: dict[str, Any]) -> str:
    kind = option["type"] + (f" of {option['elements']}" if "elements" in option else "")
    return f"| `{name}` | {kind} | {option['description']} | {_default(name, defaults)} |"


def _default(name: str, defaults: dict[str, Any]) -> str:
    if name not in defaults:
        return ""
    text = str(defaults[name]).replace("|", "\\|")
    return f"`{text}`" if 0 < len(text) <= 60 else "see `defaults/main.yml`" if text else "none"


def main() -> None:
    """Write all of them."""
    for role in sorted(ROLES.iterdir()):
        (role / "README.md").write_text(readme(role))


if __name__ == "__main__":
    main()

"""A resource's state as an official event shows it."""

from __future__ import annotations

from typing import Any

from datahall.engine.paths import parse_path
from datahall.engine.state import ResourceState, encode_value
from datahall.engine.values import SECRET_MASK, Archive, Asset, Properties, Secret, Value, transform

_FLAGS = ("custom", "delete", "protect", "taint", "external")
_ELIDED = "<contents elided>"


def blinded_state(state: ResourceState | None) -> dict[str, Any] | None:
    """The state's members there; secrets have `[secret]` for a ciphertext, texts of assets are left out."""
    if state is None:
        return None
    data: dict[str, Any] = {"type": state.type, "urn": state.urn}
    data |= {name: True for name in _FLAGS if getattr(state, name)}
    data |= {"id": state.id, "parent": state.parent}
    if state.retain_on_delete:
        data["retainOnDelete"] = True
    data |= {
        "inputs": _blinded(state.inputs),
        "outputs": _blinded(state.outputs),
        "provider": state.provider,
    }
    if state.init_errors:
        data["initErrors"] = list(state.init_errors)
    if state.hide_diff:
        data["hideDiffs"] = [list(parse_path(path)) for path in state.hide_diff]
    return data


def _blinded(properties: Properties) -> Any:  # noqa: ANN401 - JSON
    return encode_value(
        {key: transform(value, _leaf) for key, value in properties.items()}, lambda _: SECRET_MASK
    )


def _leaf(value: Value) -> Value:
    if isinstance(value, Secret):
        return Secret(SECRET_MASK)
    if isinstance(value, Asset) and value.text is not None:
        return Asset(value.hash, text=_ELIDED)
    if isinstance(value, Archive) and value.assets is not None:
        return Archive(value.hash, assets={name: _leaf(each) for name, each in value.assets.items()})
    return value

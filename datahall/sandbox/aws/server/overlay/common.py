"""What the overlay's modules share: the parsed request, echoes, refusals, stores of our own."""

from typing import Any, NoReturn

from botocore import xform_name
from moto.core.base_backend import BaseBackend
from moto.core.exceptions import ServiceException
from moto.core.model import ListShape, StructureShape
from moto.core.parse import XFormedDict
from moto.core.responses import BaseResponse
from moto.core.utils import get_service_model
from moto.moto_api._internal import mock_random

Doc = dict[str, Any]
HEX = "0123456789abcdef"


class Refusal(ServiceException):
    """An error in AWS's code and words; its status and shape are those of AWS's model."""


def request_of(response: BaseResponse) -> Doc:
    """Return the request's members by their names in AWS's model, parsed by botocore's rules."""
    if not response.automated_parameter_parsing:
        response.parse_parameters(response.normalized_request)
    params = response.params
    return params.original_dict() if isinstance(params, XFormedDict) else dict(params)


def members(service: str, shape: str) -> list[str]:
    """Return the members of a structure of AWS's model, or of what a list of it holds."""
    found = get_service_model(service).shape_for(shape)
    if isinstance(found, ListShape):
        found = found.member
    if not isinstance(found, StructureShape):
        raise TypeError(f"{service} {shape} is not a structure")
    return list(found.members)


def echo(target: object, sent: Doc, names: list[str], *, skip: tuple[str, ...] = ()) -> None:
    """Keep on moto's object what was sent and is shown when read, under AWS's name and in moto's spelling."""
    for name in names:
        if name in sent and name not in skip:
            setattr(target, name, sent[name])
            setattr(target, xform_name(name), sent[name])


def refuse(code: str, message: str) -> NoReturn:
    """Answer with an error in AWS's code and words; the status is the model's."""
    raise Refusal(code, message)


def table(backend: BaseBackend, name: str) -> dict[str, Doc]:
    """Return a store of our own beside moto's, in the same backend: id -> resource in AWS's own shape."""
    store: dict[str, Doc] = vars(backend).setdefault(f"datahall_{name}", {})
    return store


def unique(prefix: str, length: int = 17) -> str:
    """Return an id as AWS makes them: a prefix and hexadecimal digits."""
    return prefix + "".join(mock_random.choice(HEX) for _ in range(length))


def merged(old: Any, new: Any) -> Any:  # noqa: ANN401 - documents of any depth
    """Return `old` with what `new` says, dictionaries in depth, all else replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return {**old, **{key: merged(old.get(key), value) for key, value in new.items()}}


def tag_dict(tags: Any) -> dict[str, str]:  # noqa: ANN401 - each service has its own form
    """Return tags as a dictionary, whatever form the service gives them."""
    if isinstance(tags, dict):
        return {key: tag["Value"] if isinstance(tag, dict) else tag for key, tag in tags.items()}
    lower = [{key.lower().removeprefix("tag"): value for key, value in tag.items()} for tag in tags or []]
    return {tag["key"]: tag["value"] for tag in lower}

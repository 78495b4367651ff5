"""A held-out record put to a model's service, to show that it answers."""

import json
import random
from typing import Any

from rich.panel import Panel

from datahall import picture, programs
from datahall.context import Context
from datahall.errors import OperationError
from datahall.loopback import post_json
from datahall.processes import Service, write_atomically
from datahall.site import Site


def ask(context: Context, found: Site, running: Service, *, data: str, token: str = "") -> dict[str, Any]:
    """Send a held-out image of a data set to the service and show what it says.

    Raises:
        OperationError: it does not answer.
    """
    with context.output.stage("ask") as stage:
        index = random.randrange(100)  # noqa: S311 - which one is shown is no secret
        record = programs.sample(found, data, index)
        request = {"instances": [record["instance"]]}
        write_atomically(context.home.request(context.environment.name), json.dumps(request))
        try:
            answer = post_json(f"{running.url}/predict", request, ca=running.ca, token=token)
        except OSError as error:
            raise OperationError(
                f"the service {running.name} did not answer: {error}; see {running.log}"
            ) from None
        best = answer["predictions"][0]
        label, score = best["label"], max(best["scores"])
        stage.summary = (
            f"held-out digit {index}: the model says {label} ({score:.1%}), the label says {record['label']}"
        )
    context.output.say(Panel(picture.draw(record["instance"]), title=f"it says {label}", expand=False))
    return {"index": index, "said": label, "label": record["label"], "model": answer["model"]}

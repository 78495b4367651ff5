"""Creations by token: one that is asked for again, as a killed update is mended, gets the first answer.

This is ours, not AWS's: AWS has such tokens in a few calls only, and none for a VPC or a key. Only what
carries the sandbox plugin's header is looked at; after a restart the journal gives the answers again.
"""

from datahall.sandbox.aws.server import wire
from datahall.sandbox.aws.server.journal import Request
from datahall.sandbox.aws.server.wire import Response

HEADER = "X-Datahall-Token"
REPEATED = "X-Datahall-Repeated"
_ENVIRON = "HTTP_X_DATAHALL_TOKEN"


class Tokens:
    """Answers by token; one caller at a time."""

    def __init__(self) -> None:
        self._answers: dict[str, Response] = {}

    def known(self, request: Request) -> Response | None:
        """The answer that the request got before, marked as such."""
        answer = self._answers.get(request.environ.get(_ENVIRON, ""))
        if answer is None:
            return None
        return Response(answer.status, [*answer.headers, (REPEATED, "yes")], answer.body)

    def keep(self, request: Request, response: Response) -> None:
        """Remember what a creation was answered."""
        token = request.environ.get(_ENVIRON)
        if token and response.status < 400 and wire.changes(request):
            self._answers[token] = response

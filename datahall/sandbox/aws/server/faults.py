"""Errors in the shape that each of AWS's protocols gives them."""

import json
from xml.sax.saxutils import escape

from datahall.sandbox.aws.server import wire
from datahall.sandbox.aws.server.journal import Request
from datahall.sandbox.aws.server.services import SERVICES
from datahall.sandbox.aws.server.wire import Response

_XML = {
    "ec2": "<Response><Errors><Error>{}</Error></Errors><RequestID>0</RequestID></Response>",
    "query": "<ErrorResponse><Error>{}</Error><RequestId>0</RequestId></ErrorResponse>",
    "rest-xml": "<Error>{}</Error>",
}


def refused(request: Request, code: str, message: str, status: int = 400) -> Response:
    """Render an error for the protocol of the request's service; JSON where the service is unknown."""
    service = SERVICES.get(wire.service_of(request))
    frame = _XML.get(service.protocol if service else "json")
    if frame:
        inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        return Response(status, [("Content-Type", "text/xml")], frame.format(inner).encode())
    headers = [("Content-Type", "application/json"), ("x-amzn-errortype", code)]
    return Response(status, headers, json.dumps({"__type": code, "message": message}).encode())

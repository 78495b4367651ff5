"""Answers that refuse a request: a status, and field, value, rule and fix."""

from collections.abc import Mapping

from fastapi.responses import JSONResponse

from workloads.errors import WorkloadError


class ProblemError(WorkloadError):
    """A request that cannot be served, with its HTTP status."""

    def __init__(
        self,
        status: int,
        *,
        field: str,
        value: object,
        rule: str,
        fix: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(field, value, rule, fix)
        self.status = status
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        """{"error": {"field", "value", "rule", "fix"}}."""
        return JSONResponse({"error": self.as_dict()}, self.status, self.headers)

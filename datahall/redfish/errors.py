"""What goes wrong: by a user's mistake, or at the controller."""


class RedfishUsageError(ValueError):
    """A user's mistake, told as ``field: value: rule; fix``."""

    def __init__(self, field: str, value: str, rule: str, fix: str) -> None:
        super().__init__(f"{field}: {value}: {rule}; {fix}")


class RedfishFailedError(RuntimeError):
    """The controller cannot be reached, or does not do what it was asked."""

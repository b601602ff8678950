"""What is wrong with a client's event, in the words of the API."""

from __future__ import annotations

from pydantic import ValidationError

from streamer.protocols.realtime import messages


class RefusedError(Exception):
    """An event that is understood, but cannot be done."""

    def __init__(self, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self._problem = messages.Problem(
            type="invalid_request_error", code=code, message=message, param=parameter
        )

    def as_event(self, event_id: str | None) -> messages.Error:
        """Return the event that says so; `event_id` is the client's."""
        return messages.Error(error=self._problem.model_copy(update={"event_id": event_id}))


def not_understood(error: ValidationError) -> messages.Error:
    """Say what is wrong with a message that is no event of the API."""
    first = error.errors(include_url=False, include_input=False)[0]
    known = ", ".join(messages.CLIENT_EVENT_TYPES)
    match first["type"]:
        case "json_invalid":
            refused = RefusedError("invalid_json", "a message is a JSON object in text")
        case "union_tag_invalid" | "union_tag_not_found":
            refused = RefusedError("invalid_value", f"supported events are: {known}", "type")
        case "missing":
            place = str(first["loc"][-1])
            refused = RefusedError("missing_required_parameter", f"{place} is missing", place)
        case _:
            place = ".".join(str(part) for part in first["loc"][1:])
            refused = RefusedError("invalid_value", first["msg"], place or None)
    return refused.as_event(None)

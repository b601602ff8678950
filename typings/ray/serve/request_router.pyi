from collections.abc import Sequence
from typing import Protocol

class ReplicaID:
    @property
    def unique_id(self) -> str: ...

class RunningReplica:
    @property
    def replica_id(self) -> ReplicaID: ...

class _RoutingContext(Protocol):
    should_backoff: bool

class PendingRequest:
    args: list[object]
    routing_context: _RoutingContext

class RequestRouter:
    @property
    def app_name(self) -> str: ...
    def update_replicas(self, replicas: Sequence[RunningReplica]) -> None: ...
    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: object
    ) -> None: ...

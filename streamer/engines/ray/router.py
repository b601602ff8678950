"""Which replica a call of this process goes to: Ray asks, the roster answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ray.serve.request_router import PendingRequest, ReplicaID, RequestRouter, RunningReplica

from streamer.engines.ray.roster import roster_of
from streamer.engines.ray.route import Route


class RosterRouter(RequestRouter):
    """Serve's own routers know nothing of a replica that is silent, and go on choosing it."""

    def update_replicas(self, replicas: Sequence[RunningReplica]) -> None:
        """Ray tells which replicas there are."""
        super().update_replicas(replicas)
        roster_of(self.app_name).update(one.replica_id.unique_id for one in replicas)

    async def choose_replicas(
        self,
        candidate_replicas: Sequence[RunningReplica],
        pending_request: PendingRequest | None = None,
    ) -> list[list[RunningReplica]]:
        """Return those that a call may go to, the best first, each a rank of its own."""
        route = _route(pending_request)
        if route is None or pending_request is None:
            return [list(candidate_replicas)]
        pending_request.routing_context.should_backoff = True
        by_name = {one.replica_id.unique_id: one for one in candidate_replicas}
        roster = roster_of(self.app_name)
        ranked = [name for name in roster.ranked(route) if name in by_name]
        if ranked:
            roster.take(route, ranked[0], asyncio.get_running_loop().time())
        return [[by_name[name]] for name in ranked]

    def on_request_routed(
        self, pending_request: PendingRequest, replica_id: ReplicaID, result: object
    ) -> None:
        """A replica has accepted a call: it need not be the best that it was meant for."""
        if (route := _route(pending_request)) is not None:
            now = asyncio.get_running_loop().time()
            roster_of(self.app_name).take(route, replica_id.unique_id, now)


def _route(pending: PendingRequest | None) -> Route | None:
    if pending is None or not pending.args or not isinstance(pending.args[-1], Route):
        return None
    return pending.args[-1]

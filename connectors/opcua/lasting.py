"""What of a connector outlives its connections: what was received, what is missing, what a person should know."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from connectors.base import Context, Health
from connectors.opcua.condition import Condition
from connectors.opcua.config import OpcUaConfig
from connectors.opcua.feed import Feeder
from connectors.opcua.holes import Holes
from connectors.opcua.patience import DataAge
from connectors.opcua.sift import Sifter
from park.index import TagInfo

_US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """One for each connector; a session borrows it."""

    config: OpcUaConfig
    context: Context
    tags: Sequence[TagInfo]
    health: Health
    condition: Condition
    sifter: Sifter
    feeder: Feeder
    holes: Holes
    age: DataAge
    #: One place for each notification asked for, on the way, or in memory and not yet in the journal.
    room: asyncio.Semaphore


def build(config: OpcUaConfig, context: Context) -> Lasting:
    """Connects to nothing."""
    tags = context.tags.of_connector(config.id)
    health = Health(connector=config.id, kind=config.kind)
    condition = Condition(health, context.clock)
    sifter = Sifter(tags, origin=config.id, endpoint=config.endpoint, letter_every_us=config.letter_every)
    if context.newest_us is not None:
        sifter.last_us[:] = np.maximum(context.newest_us[[info.ix for info in tags]], 0)
    return Lasting(
        config=config,
        context=context,
        tags=tags,
        health=health,
        condition=condition,
        sifter=sifter,
        feeder=Feeder(context, sifter, health, condition),
        holes=Holes(health, context.on_gap),
        age=DataAge(config.max_data_age / _US_PER_S, config.max_patience / _US_PER_S),
        room=asyncio.Semaphore(config.publish_requests),
    )

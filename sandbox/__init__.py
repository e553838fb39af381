"""A pretend Azure on loopback that unmodified Azure clients talk to.

It imports nothing of the other rooms; only ``tui`` starts it. State lives in one
place (:mod:`sandbox.state`); each resource provider is one module in
:mod:`sandbox.providers` that registers routes and timed work on an
:class:`sandbox.routing.Api`.
"""

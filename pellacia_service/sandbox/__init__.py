"""
A server that behaves like the six platforms, for trying, testing and demonstrating.

It is a witness: written from the platforms' documents, it imports nothing of our clients, and
other people's clients can publish through it.
"""

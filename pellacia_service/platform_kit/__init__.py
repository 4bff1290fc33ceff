"""What the six platform files share: the protocol, the line to the network, and the common rules."""

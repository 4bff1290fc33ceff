"""The step machine: the only loop, the only wait, the only retry, the only 'are we sure?'."""

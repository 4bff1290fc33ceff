"""What the program is about, as plain frozen values: no input, no output."""

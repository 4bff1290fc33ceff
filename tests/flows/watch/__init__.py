"""The watch folder, through the door."""

"""What people do, in their words."""

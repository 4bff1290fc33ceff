"""Who uses whom: `records` for what every command needs, `press` and `sign_in` for the platforms."""

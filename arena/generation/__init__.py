"""3 · Jobs with leases on workers; outputs made anonymous; streams to the browser."""

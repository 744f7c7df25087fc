"""Rating libraries measured beside ours, each in a process of its own."""

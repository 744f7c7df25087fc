"""What every room uses: typed errors, events, the schedule's rows; imports no other room."""

"""What reports read, and where their runs are kept."""

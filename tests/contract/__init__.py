"""What answers of the Graph surface are held to: Microsoft's contract, and ours beside it."""

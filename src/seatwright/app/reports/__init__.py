"""Reports: what can be asked, read now, run in the background, and run by itself."""

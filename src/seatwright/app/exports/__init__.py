"""Lists of the portal as files: short ones at once, long ones by a job that keeps them a week."""

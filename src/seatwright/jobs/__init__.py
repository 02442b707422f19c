"""The job worker: procrastinate wakes it up, `job` rows say what there is to do."""

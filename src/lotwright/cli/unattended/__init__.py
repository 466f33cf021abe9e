"""The unattended run: fetch, due, plan, write, approve or wait, execute, report, notify; once a day, after any crash."""

"""One account's behaviour: `account` runs it, `step` decides what it does next, `vendors` knows the other side.

Knows neither the daemon around it nor the database beneath it.
"""

"""What the daemon costs on this machine: `make bench`, or `python -m bench`. Asserts nothing.

| module | what it holds |
|---|---|
| `__main__` | the command line |
| `ingest`, `ingest_postgresql`, `cluster`, `idle`, `start`, `web` | what is measured |
| `floor` | the least that any replica has to do, to compare with |
| `house` | the daemon, put together around a vendor of ours and a database in a folder |
| `vendor_server`, `vendor_process`, `large_invoices`, `quiet_feed` | the vendor |
| `processor_time` | what the processes of a measurement took of the machine |
| `daemon_process` | the daemon as a process of its own, as systemd would start it |
| `postgresql` | a PostgreSQL server |
| `seed` | databases full of accounts |
| `cores`, `alone`, `machine` | where things run, and on what |
| `figures`, `report` | the results, as a table and as JSON |
"""

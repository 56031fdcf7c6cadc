"""Stand-ins for the vendors: good enough to trust, for the demo, the tests and users' own CI.

Nothing here imports the rest of the project: a sandbox answers to the vendor's documents, not to
our client.

| module | what it holds |
|---|---|
| `exchange` | what passes between a carrier and a sandbox |
| `quickbooks` | QuickBooks Online: OAuth host and accounting API |
| `housecallpro` | Housecall Pro: company keys, lists, reads by id |
| `servicetitan` | ServiceTitan: token endpoint, lists, export feeds, webhooks |
| `side_by_side` | several at one address |
| `transport` | carries httpx calls to a sandbox in process, on virtual or real time |
| `serve` | carries real HTTP to a sandbox |
"""

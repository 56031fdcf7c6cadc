"""The pages that people look at: what they show (`overview`, `account`, `service`) and how.

Nothing here knows HTTP. `web/` asks for a page, says who may see it, and sends it.
"""

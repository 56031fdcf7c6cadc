"""The replica.

What it holds is in `models`, what may be asked of it in `ports`, how it is kept in `sqlite`.

Nothing above this package knows which database is underneath; `ports` is all they see.
"""

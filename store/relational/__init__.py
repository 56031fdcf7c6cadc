"""What every relational store does alike: plain functions over a session, and who asks for them.

A function names its statements; each dialect has their texts (`store/sqlite/sql`,
`store/postgresql/sql`) under the same names, with the same parameters and the same columns.
"""

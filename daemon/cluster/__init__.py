"""Several nodes on one database: which of them hosts which accounts."""

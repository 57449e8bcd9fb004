"""A store's own Prefect: its server, its database, and who may talk to it."""

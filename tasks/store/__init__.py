"""The store on disk: where files lie, what names them, and what earlier nights left."""

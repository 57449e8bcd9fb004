"""The themes that documents mention, passage by passage."""

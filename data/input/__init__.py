"""From files as people hand them in to cells, each with its place."""

__all__ = ["cells", "draft", "folder", "raw"]

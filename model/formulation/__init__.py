"""The models, one function per constraint family (model.md sections 3 to 6)."""

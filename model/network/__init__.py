"""The case as mathematics: sides, tracked pairs, timing, prices (model.md section 2)."""

"""How Sphinx builds this site; nothing is fetched from a network."""

from __future__ import annotations

import sluicegate

project = "sluicegate"
version = release = sluicegate.__version__
extensions = ["myst_parser"]

# Two hyphens are an option, not a dash.
smartquotes = False

html_theme = "furo"
html_title = "sluicegate"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
exclude_patterns = ["studies"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
# Blocks of text are often plain output; guessing a language would colour them at random.
highlight_language = "none"

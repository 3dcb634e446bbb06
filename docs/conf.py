"""How Sphinx builds this site; nothing is fetched from a network."""

from __future__ import annotations

import sys
from pathlib import Path

import sluicegate

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "sluicegate"
version = release = sluicegate.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "case_format",
    "command_help",
    "formulas",
    "public_names",
    "several_names",
    "trade_rules",
]

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

autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False

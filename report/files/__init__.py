"""Results as folders and workbooks."""

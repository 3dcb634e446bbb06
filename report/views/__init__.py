"""What a result says, worked out once: named figures in their order, not yet formatted; terminal, page and workbook show them."""

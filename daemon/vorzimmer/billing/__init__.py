"""Money: rating, closing, statements, invoices."""

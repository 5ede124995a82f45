"""The embedded engine, GFN-xTB through tblite."""

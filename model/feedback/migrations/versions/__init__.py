"""The changes. A file is never edited once it was released: what it did to a database stays done."""

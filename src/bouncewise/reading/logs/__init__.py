"""Mail logs: lines, tables and JSON objects of mail programs, read to deliveries."""

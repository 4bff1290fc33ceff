"""The watched folder: its files, the schema of the metadata, and what is said about both."""

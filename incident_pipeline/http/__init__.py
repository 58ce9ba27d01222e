"""HTTP for every adapter: one client, its paging, retries, and errors said in one line. Knows no vendor's objects."""

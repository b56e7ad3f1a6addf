"""Reports as files: what one holds (`model`), how it is laid out (`layout`), and CSV, XLSX and PDF of it."""

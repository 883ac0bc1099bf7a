"""In what runs differ, part by part: settings, results, environment, packages, data, code."""

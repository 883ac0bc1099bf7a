"""How runs show themselves in notebooks: HTML of their own, without script, cell hooks or anything from outside."""

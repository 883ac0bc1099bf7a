"""The command line, `epochal`: it prints, all other packages do not."""

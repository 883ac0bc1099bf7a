"""How datasets are hashed: one module for each kind of thing; `epochal.fingerprint` is the door."""

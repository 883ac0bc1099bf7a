"""`epochal demo`: real small trainings on real data, one killed and resumed, then a look at what was recorded."""

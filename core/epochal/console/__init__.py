"""What a training prints, kept in files of the run's folder, and read back."""

"""Programs from elsewhere, read into the gate stream."""

"""What a gate means on each kind of machine."""

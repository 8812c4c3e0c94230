"""The strict transport: every reply is attributed or refused."""

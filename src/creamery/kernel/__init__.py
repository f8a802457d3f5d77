"""How work is done here: actors, refusals, events, the outbox, transactions, the clock, logs."""

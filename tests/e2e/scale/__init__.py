"""What a collection costs when there are many recovery points: an endpoint that makes them up, and the measurement."""

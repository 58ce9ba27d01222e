UPDATE proofs SET current = false WHERE incident = $incident AND current

UPDATE reports SET current = false WHERE incident = $incident AND current

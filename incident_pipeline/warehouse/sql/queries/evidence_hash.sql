SELECT hash FROM evidence WHERE incident = $incident

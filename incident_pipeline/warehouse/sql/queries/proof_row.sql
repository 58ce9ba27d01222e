SELECT * FROM proofs WHERE incident = $incident AND current AND window_hash = $window_hash

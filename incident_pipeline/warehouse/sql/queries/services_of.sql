SELECT label, service FROM incident_services WHERE incident = $incident

SELECT incident FROM incidents WHERE contains(lower(incident), lower($text))
ORDER BY incident <> $text, saved_at DESC LIMIT $limit

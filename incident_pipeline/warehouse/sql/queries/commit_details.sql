SELECT hash, detail FROM commits WHERE repo = $repo

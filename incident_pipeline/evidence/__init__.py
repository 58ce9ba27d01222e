"""Pure: logs and commits in, findings, suspects and a verdict out. No I/O, no clock, no randomness.

It is asked twice: `failure.what_failed` (which lines), then, once flow has gathered blame and files at head for the
places that `places.places` names, `judge.judge` (which commit, if any). Production logs are asked `began` first. A map,
each row from its entry point to what it stands on:

lines       failure, find: lines, rule, grammar*, structure, calm, novelty, blocks, reading, rank; excerpt, context
reports     junit*, annotations: what tools wrote for their CI, made into findings
names       frames, frame_shapes, test_ids, entities, entity_*, packages, places: what the lines name, and where it lies
production  began: bursts, counting, rates, deploys
commits     edits, edit_kind, tokens, interpolation: what a patch really changes; shortlist, see_through: which ones
code        outline, imports, reach, spectrum, roles: what ran, and what that could have called
suspects    judge: clues, dossier, features*, bm25, proof, suspects, telling, weights
verdict     verdict: signals, no_commit_table, history, doubts; confirm: what a replay makes of it
memory      fingerprint: the same failure again; likeness: one that resembles it
shared      inputs, loglines
"""

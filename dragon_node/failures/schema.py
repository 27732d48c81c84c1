"""The failure memory's tables in memory.db. All that is decided from them is decided in lsn order.

runs            recorded commands with their ground, by lsn
                unnamed: how many more paths changed than run_changes names
                run, running: parts of a program that told of itself while it ran
run_changes     paths that differ from the ground of the run before, in the same working copy
occurrences     failures, by run and place in it
episodes        from the first failing run of a symptom in a working copy to what ended it
                unsaid_lsn: a later run in which the test failed without saying how
remedies        what made an episode pass; remedy_paths: its hunks and what else changed
flaky           symptoms that passed on an unchanged ground
verdicts        what people thought of a remedy
proofs          remedies that were tried again, the newest of each
snoozes         symptoms that a person put off in a project; lsn: of the run that the card was of
receptions      what a person said of a card, the newest word; goes with its card
quiet           the owner's word on a project's cards, and from which card on they are counted
rules           the version of the rules that made the fingerprints in here
commits         commits that were seen being made; commit_parents, commit_paths, branch heads
cards           suggestions, by cursor
touched         when something last changed in a working copy, and the commit that it is at
roots           where a working copy lies, to understand paths in commands
"""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs(
  lsn INTEGER PRIMARY KEY, event_id TEXT NOT NULL, project TEXT NOT NULL,
  project_name TEXT NOT NULL, wc TEXT NOT NULL, at_ms INTEGER NOT NULL,
  duration_ms INTEGER NOT NULL, command TEXT NOT NULL, cwd TEXT NOT NULL, ok INTEGER NOT NULL,
  head TEXT NOT NULL, tree TEXT NOT NULL, tree_after TEXT NOT NULL, previous_tree TEXT NOT NULL,
  lock_hash TEXT NOT NULL, interpreter TEXT NOT NULL, packages TEXT NOT NULL,
  variables TEXT NOT NULL, tested INTEGER NOT NULL, passed INTEGER NOT NULL,
  failed INTEGER NOT NULL, skipped INTEGER NOT NULL, deselected INTEGER NOT NULL,
  unnamed INTEGER NOT NULL, ci INTEGER NOT NULL DEFAULT 0, recorder TEXT NOT NULL DEFAULT '',
  run TEXT NOT NULL DEFAULT '', running INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS runs_by_tree ON runs(wc, tree, lsn);
CREATE INDEX IF NOT EXISTS runs_by_run ON runs(run) WHERE run<>'';
CREATE INDEX IF NOT EXISTS runs_by_copy ON runs(wc, lsn);
CREATE TABLE IF NOT EXISTS run_changes(
  lsn INTEGER NOT NULL, path TEXT NOT NULL, old_git TEXT NOT NULL, new_git TEXT NOT NULL,
  old_content TEXT NOT NULL, new_content TEXT NOT NULL, mode TEXT NOT NULL DEFAULT '',
  PRIMARY KEY(lsn, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS run_changes_by_path ON run_changes(path, lsn);
CREATE TABLE IF NOT EXISTS occurrences(
  lsn INTEGER NOT NULL, n INTEGER NOT NULL, project TEXT NOT NULL, wc TEXT NOT NULL,
  fingerprint TEXT NOT NULL, "values" TEXT NOT NULL, test TEXT NOT NULL, episode INTEGER,
  failure TEXT NOT NULL, PRIMARY KEY(lsn, n)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS occurrences_by_fingerprint ON occurrences(fingerprint, lsn);
CREATE TABLE IF NOT EXISTS episodes(
  id INTEGER PRIMARY KEY, project TEXT NOT NULL, wc TEXT NOT NULL, fingerprint TEXT NOT NULL,
  "values" TEXT NOT NULL, test TEXT NOT NULL, command TEXT NOT NULL, cwd TEXT NOT NULL,
  last_lsn INTEGER NOT NULL, last_n INTEGER NOT NULL, closed_lsn INTEGER, state TEXT NOT NULL,
  note TEXT NOT NULL, unsaid_lsn INTEGER);
CREATE INDEX IF NOT EXISTS episodes_open ON episodes(wc) WHERE closed_lsn IS NULL;
CREATE INDEX IF NOT EXISTS episodes_by_fingerprint ON episodes(fingerprint, closed_lsn);
CREATE TABLE IF NOT EXISTS remedies(
  id TEXT PRIMARY KEY, episode INTEGER NOT NULL, project TEXT NOT NULL,
  fingerprint TEXT NOT NULL, "values" TEXT NOT NULL, state TEXT NOT NULL, kind TEXT NOT NULL,
  why TEXT NOT NULL, failed_lsn INTEGER NOT NULL, passed_lsn INTEGER NOT NULL,
  contradicted_lsn INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS remedies_by_fingerprint ON remedies(fingerprint, passed_lsn);
CREATE TABLE IF NOT EXISTS remedy_paths(
  remedy TEXT NOT NULL, path TEXT NOT NULL, related INTEGER NOT NULL, old_git TEXT NOT NULL,
  new_git TEXT NOT NULL, old_content TEXT NOT NULL, new_content TEXT NOT NULL,
  mode TEXT NOT NULL DEFAULT '', PRIMARY KEY(remedy, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS flaky(
  project TEXT NOT NULL, fingerprint TEXT NOT NULL, lsn INTEGER NOT NULL,
  failed INTEGER NOT NULL, runs INTEGER NOT NULL,
  PRIMARY KEY(project, fingerprint)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS verdicts(
  remedy TEXT PRIMARY KEY, verdict TEXT NOT NULL, lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commits(
  project TEXT NOT NULL, sha TEXT NOT NULL, subject TEXT NOT NULL, at_ms INTEGER NOT NULL,
  made INTEGER NOT NULL, gone INTEGER NOT NULL, patch BLOB NOT NULL,
  PRIMARY KEY(project, sha)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commits_gone ON commits(project) WHERE gone;
CREATE TABLE IF NOT EXISTS commit_parents(
  project TEXT NOT NULL, sha TEXT NOT NULL, parent TEXT NOT NULL,
  PRIMARY KEY(project, sha, parent)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS commit_paths(
  project TEXT NOT NULL, path TEXT NOT NULL, sha TEXT NOT NULL, old_git TEXT NOT NULL,
  new_git TEXT NOT NULL, PRIMARY KEY(project, path, sha)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS commit_paths_by_sha ON commit_paths(project, sha);
CREATE TABLE IF NOT EXISTS heads(
  wc TEXT NOT NULL, ref TEXT NOT NULL, project TEXT NOT NULL, sha TEXT NOT NULL,
  PRIMARY KEY(wc, ref)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cards(
  cursor INTEGER PRIMARY KEY, id TEXT NOT NULL, lsn INTEGER NOT NULL, n INTEGER NOT NULL,
  at_ms INTEGER NOT NULL, event_id TEXT NOT NULL, project TEXT NOT NULL,
  project_name TEXT NOT NULL, wc TEXT NOT NULL, fingerprint TEXT NOT NULL,
  episode INTEGER, "match" TEXT NOT NULL, why TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS cards_by_project ON cards(project, at_ms);
CREATE INDEX IF NOT EXISTS cards_by_fingerprint ON cards(fingerprint);
CREATE TABLE IF NOT EXISTS proofs(
  remedy TEXT PRIMARY KEY, verdict TEXT NOT NULL, at_ms INTEGER NOT NULL, reason TEXT NOT NULL,
  red INTEGER NOT NULL, green INTEGER NOT NULL, runs INTEGER NOT NULL, event_id TEXT NOT NULL,
  lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS snoozes(
  project TEXT NOT NULL, fingerprint TEXT NOT NULL, until_ms INTEGER NOT NULL, card TEXT NOT NULL,
  lsn INTEGER NOT NULL, PRIMARY KEY(project, fingerprint)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receptions(
  cursor INTEGER PRIMARY KEY, verdict TEXT NOT NULL, lsn INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quiet(
  project TEXT PRIMARY KEY, quiet INTEGER NOT NULL, after_cursor INTEGER NOT NULL,
  lsn INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rules(version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS touched(
  wc TEXT PRIMARY KEY, lsn INTEGER NOT NULL, project TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roots(wc TEXT PRIMARY KEY, path TEXT NOT NULL) WITHOUT ROWID;
"""

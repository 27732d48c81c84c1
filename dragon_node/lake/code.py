"""Code of one project: what each working copy holds now, cut into chunks.

blobs     hash, data (zstd), size       every content that an event of the project refers to
docs      id, path, content, lines      a file's content under its path, shared by working copies
versions  working_copy, path -> doc     the newest of each file; deleted files have none
copies    working_copy: path, head, indexed commit, files as the laptop counts them, files kept,
          anew: the lsn since which the laptop tells every file again; 0 when it does not
chunks    id, doc, lines, characters, symbol, hash, lsn
symbols   name, qualified, kind, lines, doc, chunk
trigrams  FTS5 over whole docs, row by doc
gone      chunk, lsn                    chunks that derived indexes may still hold
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import apsw
import zstandard

from common.errors import Corrupt
from common.model.answer import Hit, ProjectFreshness
from common.model.event import Commit, Event, FileChanged, GitOperation, WorkingCopySeen
from common.model.ids import ContentHash, WorkingCopyId, content_hash
from dragon_node.lake.records import Blobs, Chunker, Span

PACK_LEVEL = 3

SCHEMA = """
CREATE TABLE IF NOT EXISTS blobs(
  hash BLOB PRIMARY KEY, data BLOB NOT NULL, size INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS docs(
  id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL, content BLOB NOT NULL,
  UNIQUE(path, content));
CREATE TABLE IF NOT EXISTS versions(
  working_copy TEXT NOT NULL, path TEXT NOT NULL, doc INTEGER, git_blob TEXT NOT NULL,
  size INTEGER NOT NULL, skipped TEXT NOT NULL, commit_sha TEXT NOT NULL, dirty INTEGER NOT NULL,
  lsn INTEGER NOT NULL, PRIMARY KEY(working_copy, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS versions_by_doc ON versions(doc);
CREATE TABLE IF NOT EXISTS copies(
  working_copy TEXT PRIMARY KEY, path TEXT NOT NULL, head TEXT NOT NULL, indexed TEXT NOT NULL,
  files INTEGER NOT NULL, kept INTEGER NOT NULL, anew INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS chunks(
  id INTEGER PRIMARY KEY AUTOINCREMENT, doc INTEGER NOT NULL, start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL, symbol TEXT NOT NULL,
  hash BLOB NOT NULL, lsn INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS chunks_by_doc ON chunks(doc);
CREATE INDEX IF NOT EXISTS chunks_by_hash ON chunks(hash);
CREATE INDEX IF NOT EXISTS chunks_by_lsn ON chunks(lsn);
CREATE TABLE IF NOT EXISTS symbols(
  name TEXT NOT NULL COLLATE NOCASE, qualified TEXT NOT NULL, kind TEXT NOT NULL,
  start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, doc INTEGER NOT NULL,
  chunk INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS symbols_by_name ON symbols(name);
CREATE INDEX IF NOT EXISTS symbols_by_doc ON symbols(doc);
CREATE VIRTUAL TABLE IF NOT EXISTS trigrams USING fts5(
  text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
CREATE TABLE IF NOT EXISTS gone(chunk INTEGER PRIMARY KEY, lsn INTEGER NOT NULL);
"""


@dataclass(slots=True)
class Changed:
    """What a batch did to the chunks, for the indexes that are derived from them."""

    chunks: bool = False
    dead: list[ContentHash] = field(default_factory=list[ContentHash])
    """Chunk hashes that no chunk has any more."""


@dataclass(frozen=True, slots=True)
class Doc:
    """A file's content under its path."""

    id: int
    path: str
    content: ContentHash


def apply(
    db: apsw.Connection, event: Event, lsn: int, blobs: Blobs, chunker: Chunker, changed: Changed
) -> None:
    """What one event says about code. Content that it refers to is in `blobs` or here already."""
    match event.body:
        case FileChanged() as file:
            _file(db, event.working_copy, file, lsn, blobs, chunker, changed)
        case GitOperation() as git:
            _git(db, event.working_copy, git)
        case WorkingCopySeen() as seen:
            _seen(db, event.working_copy, seen, lsn, changed)
        case _:
            pass


def keep(db: apsw.Connection, blobs: Blobs) -> None:
    """Keeps contents; those that are here already stay as they are."""
    packer = zstandard.ZstdCompressor(level=PACK_LEVEL)
    for content, raw in blobs.items():
        key = bytes.fromhex(content)
        if db.execute("SELECT 1 FROM blobs WHERE hash=?", (key,)).fetchone() is None:
            db.execute("INSERT INTO blobs VALUES(?,?,?)", (key, packer.compress(raw), len(raw)))


def leave(db: apsw.Connection, working_copy: WorkingCopyId, lsn: int, changed: Changed) -> None:
    """The working copy is another project's now: its files are no longer found here."""
    docs = db.execute("SELECT doc FROM versions WHERE working_copy=?", (working_copy,)).fetchall()
    db.execute("DELETE FROM versions WHERE working_copy=?", (working_copy,))
    db.execute("DELETE FROM copies WHERE working_copy=?", (working_copy,))
    for (doc,) in docs:
        _release(db, doc, lsn, changed)


def blob(db: apsw.Connection, content: ContentHash) -> bytes | None:
    """Raw content; None when it is not here."""
    row = db.execute("SELECT data FROM blobs WHERE hash=?", (bytes.fromhex(content),)).fetchone()
    return None if row is None else zstandard.ZstdDecompressor().decompress(row[0])


def text_of(db: apsw.Connection, content: ContentHash) -> str:
    """Content as it is searched. Corrupt when it is not here."""
    raw = blob(db, content)
    if raw is None:
        raise Corrupt(f"content {content} is referred to and not held")
    return decoded(raw)


def decoded(raw: bytes) -> str:
    """Bytes as text; what is not UTF-8 is replaced, so that offsets are well defined."""
    return raw.decode("utf-8", "replace")


def head_of(path: str, symbol: str) -> str:
    """What is put before a chunk when it is embedded or indexed by its words."""
    return f"{symbol}. {path}" if symbol else path


class ChunkTexts:
    """Heads and texts of many chunks: a file's content is unpacked once for all of its chunks."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db
        self._content = b""
        self._text = ""

    def of(self, chunk: int) -> tuple[str, str] | None:
        """A chunk's head and its text; None when it is gone."""
        row = self._db.execute(
            """SELECT docs.path, chunks.symbol, docs.content, chunks.start, chunks.stop
               FROM chunks JOIN docs ON docs.id=chunks.doc WHERE chunks.id=?""",
            (chunk,),
        ).fetchone()
        if row is None:
            return None
        path, symbol, content, start, stop = row
        if content != self._content:
            self._content, self._text = content, text_of(self._db, ContentHash(content.hex()))
        return head_of(path, symbol), self._text[start:stop]


def hit_of(db: apsw.Connection, chunk: int, project: str) -> Hit | None:
    """A chunk as a place in the file's newest version; None when it is gone."""
    row = db.execute(
        """SELECT copies.path, docs.path, chunks.start_line, chunks.end_line, chunks.symbol,
             versions.commit_sha, docs.content, versions.dirty, chunks.start, chunks.stop
           FROM chunks JOIN docs ON docs.id=chunks.doc JOIN versions ON versions.doc=docs.id
           LEFT JOIN copies ON copies.working_copy=versions.working_copy
           WHERE chunks.id=? ORDER BY versions.dirty, versions.lsn DESC LIMIT 1""",
        (chunk,),
    ).fetchone()
    if row is None:
        return None
    copy, path, first, last, symbol, commit, content, dirty, start, stop = row
    text = text_of(db, ContentHash(content.hex()))[start:stop]
    return Hit(
        project=project,
        working_copy=copy or "",
        path=path,
        start_line=first,
        end_line=last,
        symbol=symbol,
        commit=commit,
        blob=ContentHash(content.hex()),
        dirty=bool(dirty),
        text=text,
    )


def by_name(db: apsw.Connection, names: Sequence[str], limit: int) -> list[tuple[int, float]]:
    """Chunks in which a symbol of such a name begins: exact case first, then any case."""
    scores: dict[int, float] = {}
    for name in names:
        last = name.rpartition(".")[2]
        rows = db.execute(
            "SELECT chunk, name, qualified FROM symbols WHERE name=? LIMIT ?", (last, limit * 4)
        )
        for chunk, found, qualified in rows:
            score = 3.0 if qualified == name and "." in name else 2.0 if found == last else 1.0
            if "." in name and qualified != name:
                score /= 2
            scores[chunk] = scores.get(chunk, 0.0) + score
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:limit]


def freshness(db: apsw.Connection, project: str) -> list[ProjectFreshness]:
    """One entry a working copy."""
    rows = db.execute("SELECT path, indexed, head, files, kept FROM copies ORDER BY path")
    return [
        ProjectFreshness(project, path, indexed, head, -1 if files < 0 else max(0, files - kept))
        for path, indexed, head, files, kept in rows
    ]


def counts(db: apsw.Connection) -> tuple[int, int]:
    """Files at their newest version, and chunks."""
    files: int = db.execute("SELECT count(*) FROM versions").get
    chunks: int = db.execute("SELECT count(*) FROM chunks").get
    return files, chunks


def _file(
    db: apsw.Connection,
    copy: WorkingCopyId,
    file: FileChanged,
    lsn: int,
    blobs: Blobs,
    chunker: Chunker,
    changed: Changed,
) -> None:
    key = (copy, file.path)
    old = db.execute(
        "SELECT doc, skipped FROM versions WHERE working_copy=? AND path=?", key
    ).fetchone()
    if file.deleted:
        db.execute("DELETE FROM versions WHERE working_copy=? AND path=?", key)
        doc = None
    else:
        doc = _doc(db, file, lsn, blobs, chunker, changed) if file.content else None
        db.execute(
            "INSERT OR REPLACE INTO versions VALUES(?,?,?,?,?,?,?,?,?)",
            (
                *key,
                doc,
                file.git_blob,
                file.size,
                file.skipped,
                file.head,
                file.dirty,
                lsn,
            ),
        )
    was = int(old is not None and not old[1])
    now = int(not file.deleted and not file.skipped)
    # The laptop's count is from its last report: what comes and goes since then moves it along.
    db.execute(
        """UPDATE copies SET kept=kept+?1,
             files=CASE WHEN files<0 THEN files ELSE max(files+min(?1, 0), kept+?1) END
           WHERE working_copy=?2""",
        (now - was, copy),
    )
    if old is not None and old[0] != doc:
        _release(db, old[0], lsn, changed)


def _doc(
    db: apsw.Connection,
    file: FileChanged,
    lsn: int,
    blobs: Blobs,
    chunker: Chunker,
    changed: Changed,
) -> int:
    content = bytes.fromhex(file.content)
    row = db.execute(
        "SELECT id FROM docs WHERE path=? AND content=?", (file.path, content)
    ).fetchone()
    if row is not None:
        return row[0]
    raw = blobs.get(file.content)
    text = decoded(raw) if raw is not None else text_of(db, file.content)
    db.execute("INSERT INTO docs(path, content) VALUES(?,?)", (file.path, content))
    doc = db.last_insert_rowid()
    db.execute("INSERT INTO trigrams(rowid, text) VALUES(?,?)", (doc, text))
    _cut(db, doc, file.path, text, lsn, chunker)
    changed.chunks = True
    return doc


def _cut(db: apsw.Connection, doc: int, path: str, text: str, lsn: int, chunker: Chunker) -> None:
    pieces = chunker(path, text)
    ids: list[tuple[Span, int]] = []
    for span in pieces.spans:
        body = f"{head_of(path, span.symbol)}\n{text[span.start : span.end]}"
        db.execute(
            """INSERT INTO chunks(doc, start_line, end_line, start, stop, symbol, hash, lsn)
               VALUES(?,?,?,?,?,?,?,?)""",
            (
                doc,
                span.start_line,
                span.end_line,
                span.start,
                span.end,
                span.symbol,
                bytes.fromhex(content_hash(body.encode("utf-8", "replace"))),
                lsn,
            ),
        )
        ids.append((span, db.last_insert_rowid()))
    for symbol in pieces.symbols:
        chunk = next((i for s, i in ids if s.start_line <= symbol.start_line <= s.end_line), None)
        if chunk is not None:
            db.execute(
                "INSERT INTO symbols VALUES(?,?,?,?,?,?,?)",
                (
                    symbol.name,
                    symbol.qualified,
                    symbol.kind,
                    symbol.start_line,
                    symbol.end_line,
                    doc,
                    chunk,
                ),
            )


def _release(db: apsw.Connection, doc: int | None, lsn: int, changed: Changed) -> None:
    """Drops a doc that no working copy holds any more."""
    if doc is None or db.execute("SELECT 1 FROM versions WHERE doc=?", (doc,)).fetchone():
        return
    hashes = db.execute("SELECT DISTINCT hash FROM chunks WHERE doc=?", (doc,)).fetchall()
    db.execute("INSERT OR IGNORE INTO gone SELECT id, ? FROM chunks WHERE doc=?", (lsn, doc))
    for table in ("chunks", "symbols"):
        db.execute(f"DELETE FROM {table} WHERE doc=?", (doc,))
    db.execute("DELETE FROM trigrams WHERE rowid=?", (doc,))
    db.execute("DELETE FROM docs WHERE id=?", (doc,))
    changed.chunks = True
    for (key,) in hashes:
        if db.execute("SELECT 1 FROM chunks WHERE hash=?", (key,)).fetchone() is None:
            db.execute("DELETE FROM embeddings WHERE hash=?", (key,))
            changed.dead.append(ContentHash(key.hex()))


def _git(db: apsw.Connection, copy: WorkingCopyId, git: GitOperation) -> None:
    for commit in git.commits:
        _committed(db, copy, commit)
    if git.operation in ("commit", "amend"):
        # A commit moves no file; after any other verb only the laptop's next report says that
        # the files have followed.
        db.execute(
            "UPDATE copies SET indexed=? WHERE working_copy=? AND indexed<>'' AND indexed=head",
            (git.new, copy),
        )
    if git.new:
        db.execute("UPDATE copies SET head=? WHERE working_copy=?", (git.new, copy))


def _committed(db: apsw.Connection, copy: WorkingCopyId, commit: Commit) -> None:
    for change in commit.changes:
        if change.new_git:
            db.execute(
                """UPDATE versions SET dirty=0, commit_sha=?
                   WHERE working_copy=? AND path=? AND git_blob=?""",
                (commit.sha, copy, change.path, change.new_git),
            )


def _seen(
    db: apsw.Connection, copy: WorkingCopyId, seen: WorkingCopySeen, lsn: int, changed: Changed
) -> None:
    if seen.files >= 0:
        _forget_untold(db, copy, lsn, changed)
    kept: int = db.execute(
        "SELECT count(*) FROM versions WHERE working_copy=? AND skipped=''", (copy,)
    ).get
    db.execute(
        """INSERT INTO copies VALUES(?,?,?,?,?,?,?) ON CONFLICT(working_copy) DO UPDATE SET
             path=excluded.path, head=excluded.head, kept=excluded.kept,
             files=CASE WHEN excluded.files >= 0 THEN excluded.files ELSE files END,
             indexed=CASE WHEN excluded.files >= 0 THEN excluded.indexed ELSE indexed END,
             anew=CASE WHEN excluded.files >= 0 THEN 0 ELSE max(anew, excluded.anew) END""",
        (
            copy,
            seen.path,
            seen.head,
            seen.head if seen.files >= 0 else "",
            seen.files,
            kept,
            lsn if seen.anew else 0,
        ),
    )


def _forget_untold(db: apsw.Connection, copy: WorkingCopyId, lsn: int, changed: Changed) -> None:
    """The laptop lost its memory and has told every file again: what it did not tell is gone."""
    untold = """working_copy=?1
                AND lsn < (SELECT anew FROM copies WHERE working_copy=?1 AND anew > 0)"""
    docs = db.execute(f"SELECT doc FROM versions WHERE {untold}", (copy,)).fetchall()
    db.execute(f"DELETE FROM versions WHERE {untold}", (copy,))
    for (doc,) in docs:
        _release(db, doc, lsn, changed)

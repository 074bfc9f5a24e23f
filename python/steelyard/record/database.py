"""Opens the database and turns its errors into verdicts: busy is worth a retry, the rest stops the keeper."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from steelyard.exceptions import ConfigError, StoreBusy, StoreUnavailable
from steelyard.record.migrations import OLDEST_VERSION, migrate
from steelyard.record.tables import SCHEMA_VERSION, Base, SchemaInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.pool import ConnectionPoolEntry

_WRITES: Final = "steelyard_writes"
_REMEDIES: Final = {
    "SQLITE_FULL": "the disk or the file's quota is full; free some space and start again",
    "SQLITE_READONLY": "it cannot be written; check the rights of the file and of its folder",
    "SQLITE_PERM": "access is denied; check the rights of the file and of its folder",
    "SQLITE_CANTOPEN": "it cannot be opened; check that the folder exists and may be written",
    "SQLITE_CORRUPT": "it is damaged; move it aside, but keep it: it may name open transactions",
    "SQLITE_NOTADB": "it is not a SQLite database; name another file, or move this one aside",
    "SQLITE_IOERR": "the disk reports an error or is full; check the disk and start again",
}


class Database:
    """One database, shared by the writer thread and by readers.

    SQLite is opened with a write-ahead log, every commit reaching the disk before it returns; another
    database is opened as its URL says. Nothing outside this module knows which one it is.
    """

    def __init__(self, url: str, *, create: bool = True, busy_timeout_seconds: float = 5.0) -> None:
        """Open the database and check its schema version; set it up where it is new.

        Args:
            url: an SQLAlchemy URL such as ``sqlite:///keeper.sqlite``.
            create: set up a database that is missing; otherwise say that there is none.
            busy_timeout_seconds: how long a write waits for another process's lock.

        Raises:
            ConfigError: the URL is not one.
            StoreBusy: somebody else holds the database locked.
            StoreUnavailable: it cannot be opened, is damaged, or is of another version.
        """
        self._url = _parse(url)
        self.name = self._url.render_as_string(hide_password=True)
        self._busy_timeout_seconds = busy_timeout_seconds
        if self.path is not None:
            self._prepare_file(self.path, create)
        self._engine = self._new_engine()
        with self._translated():
            self._check_schema(create)
            if create and self.path is not None:
                self._keep_write_ahead_log()

    @property
    def path(self) -> Path | None:
        """The database's file, where it is one."""
        return _file(self._url)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One writing transaction: durable when the block ends, undone where it raises."""
        with self._translated(), self._session(writes=True) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view for reading."""
        with self._translated(), self._session(writes=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close the kept connections."""
        self._engine.dispose()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _session(self, *, writes: bool) -> Session:
        return Session(self._engine.execution_options(**{_WRITES: writes}), expire_on_commit=False)

    def _prepare_file(self, path: Path, create: bool) -> None:
        if path.exists():
            return
        if not create:
            raise StoreUnavailable(f"there is no database at {path}; `steelyard run` makes one")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"database {path}: its folder cannot be made ({error.strerror}); name another path"
            ) from None

    def _new_engine(self) -> Engine:
        if self._url.get_backend_name() != "sqlite":
            return create_engine(self._url, pool_pre_ping=True)
        engine = create_engine(self._url, connect_args={"timeout": self._busy_timeout_seconds})
        event.listen(engine, "connect", _set_up_sqlite_connection)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _check_schema(self, create: bool) -> None:
        with self._engine.execution_options(**{_WRITES: create}).begin() as connection:
            names = inspect(connection).get_table_names()
            if SchemaInfo.__tablename__ not in names:
                # A server's database may hold other programs' tables too; a file is ours or it is not.
                if not create or (names and self.path is not None):
                    raise StoreUnavailable(f"database {self.name} is not a keeper's: name the right one")
                Base.metadata.create_all(connection)
            with Session(connection) as session:
                info = session.get(SchemaInfo, 1)
                if info is None:
                    session.add(SchemaInfo(id=1, version=SCHEMA_VERSION))
                    session.commit()
                elif info.version != SCHEMA_VERSION:
                    self._require_known(info.version, create)
                    migrate(connection, info.version)
                    info.version = SCHEMA_VERSION
                    session.commit()

    def _require_known(self, version: int, create: bool) -> None:
        """Raise StoreUnavailable unless the tables can be brought to this version by who may write."""
        known = OLDEST_VERSION <= version < SCHEMA_VERSION
        if known and create:
            return
        remedy = "`steelyard run` brings it up to date" if known else "use the matching program"
        raise StoreUnavailable(
            f"database {self.name} has schema version {version}, this program knows {SCHEMA_VERSION}: "
            f"{remedy}, or name another database"
        )

    def _keep_write_ahead_log(self) -> None:
        """Only now: the mode is written into the file, and only a keeper's file is ours to write into."""
        connection = self._engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA journal_mode=WAL")
        finally:
            connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._verdict(error.orig) from error
        except sqlite3.Error as error:  # raised while a connection is set up, before SQLAlchemy wraps errors
            raise self._verdict(error) from error

    def _verdict(self, error: object) -> Exception:
        name = getattr(error, "sqlite_errorname", None) or ""
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or getattr(error, "sqlstate", None) == "55P03":
            return StoreBusy(
                f"database {self.name} is locked by another process and stayed so for "
                f"{self._busy_timeout_seconds:g} s; close what holds it"
            )
        base = "_".join(name.split("_")[:2])
        remedy = _REMEDIES.get(base, "check that the database is there and may be used")
        return StoreUnavailable(f"database {self.name}: {remedy} ({error})")


def database_file(url: str) -> Path | None:
    """Return the file of the database that an SQLAlchemy URL names, None where it is none.

    Raises:
        ConfigError: the URL is not one.
    """
    return _file(_parse(url))


def _file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(str(url.database))


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise ConfigError(
            "keeper.database_url must be an SQLAlchemy URL such as sqlite:///keeper.sqlite"
        ) from None


def _set_up_sqlite_connection(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin in _begin_sqlite, and only there
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at the start: a lock taken midway could fail without waiting for its turn."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
